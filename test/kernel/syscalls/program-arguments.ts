/** What calls that make processes and programs refuse; what they do is tested with real programs. */
import { BAD, BUF, type Case, CLOSED, CWD } from './argument-guest.ts';

export const programs: Case[] = [
  // CLONE_THREAD without CLONE_SIGHAND, that without CLONE_VM, CLONE_NEWNS.
  ['clone', [0x10000, 0, 0, 0, 0], 'EINVAL'],
  ['clone', [0x10800, 0, 0, 0, 0], 'EINVAL'],
  ['clone', [0x20000 | 17, 0, 0, 0, 0], 'EINVAL'],
  ['clone3', [BUF, 88], 'ENOSYS'],
  ['execve', [BAD, 0, 0], 'EFAULT'],
  ['execve', ['n'.repeat(5000), 0, 0], 'ENAMETOOLONG'],
  ['execve', ['/prog', BAD, 0], 'EFAULT'],
  ['execve', ['/prog', 0, BAD], 'EFAULT'],
  ['execveat', [CWD, BAD, 0, 0, 0], 'EFAULT'],
  ['execveat', [CWD, '/prog', BAD, 0, 0], 'EFAULT'],
  ['execveat', [CLOSED, 'n'.repeat(5000), 0, 0, 0], 'ENAMETOOLONG'],
];
