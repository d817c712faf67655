/**
 * Every system call with arguments that it takes and with arguments that it must refuse: results as Linux's manual
 * pages have them. `BAD` is an address that faults, `BUF` one that does not.
 */
import { describe, expect, it } from 'vitest';
import { allCalls } from '../../../src/kernel/syscalls/registry.ts';
import { BASE } from './flat-memory.ts';
import { Guest } from './guest.ts';

const BUF = BASE + 0x1000;
const BAD = 0x10;
const CWD = -100;
const O_RDWR_CREAT = 0o102;
const MAX = 0x7fff_ffff_ffff_ffffn;

/** Descriptors that every guest has: 0 to 2 the streams, and */
const DIRECTORY = 3;
const READ_ONLY = 4;
const WRITABLE = 5;
const PATH_ONLY = 6;
const PIPE_OUT = 7;
const PIPE_IN = 8;
const CLOSED = 99;

function guest(): Guest {
  const made = new Guest({ files: { entries: { '/dir/file': 'contents', '/prog': 'x', '/link': { link: 'dir' } } } });
  made.call('openat', CWD, '/dir', 0o200000);
  made.call('openat', CWD, '/dir/file', 0);
  made.call('openat', CWD, '/tmp/w', O_RDWR_CREAT, 0o600);
  made.call('openat', CWD, '/dir/file', 0o10000000);
  made.call('pipe2', BUF, 0);
  return made;
}

type Argument = number | bigint | string;
type Case = readonly [name: string, args: readonly Argument[], expected: string];

/** timespec at BUF + 0x100: 1.5 s; at BUF + 0x120: nanoseconds out of range. iovec at BUF + 0x200. */
const GOOD_TIME = BUF + 0x100;
const BAD_TIME = BUF + 0x120;
const IOVEC = BUF + 0x200;
const LONG_IOVEC = BUF + 0x220;
const LOCK = BUF + 0x240;
const SET = BUF + 0x280;
const ZEROS = BUF + 0x300;
const POLL = BUF + 0x400;

function fill(made: Guest): void {
  const word = (at: number, value: bigint | number) => made.view(at).setBigInt64(0, BigInt(value), true);
  word(GOOD_TIME, 1);
  word(GOOD_TIME + 8, 500_000_000);
  word(BAD_TIME, 1);
  word(BAD_TIME + 8, 1_000_000_000);
  word(IOVEC, BUF + 0x800);
  word(IOVEC + 8, 5);
  word(LONG_IOVEC, BUF);
  word(LONG_IOVEC + 8, -1);
  made.view(LOCK).setInt16(0, 1, true);
  made.view(LOCK + 32).setInt16(0, 7, true);
  // All but the one that is for its path only.
  word(SET, 0x1bf);
  made.view(POLL).setInt32(0, WRITABLE, true);
  made.view(POLL).setInt16(4, 5, true);
  made.view(POLL + 8).setInt32(0, CLOSED, true);
}

const io: Case[] = [
  ['read', [READ_ONLY, BUF + 0x800, 100], '8'],
  ['read', [READ_ONLY, BUF + 0x800, 0], '0'],
  ['read', [READ_ONLY, BAD, 10], 'EFAULT'],
  ['read', [DIRECTORY, BUF, 10], 'EISDIR'],
  ['read', [PATH_ONLY, BUF, 10], 'EBADF'],
  ['read', [CLOSED, BUF, 10], 'EBADF'],
  ['read', [CLOSED, BUF, 0], 'EBADF'],
  ['read', [PIPE_IN, BUF, 10], 'EBADF'],
  ['read', [1, BUF, 10], 'EBADF'],
  ['write', [WRITABLE, BUF, 10], '10'],
  ['write', [READ_ONLY, BUF, 10], 'EBADF'],
  ['write', [READ_ONLY, BUF, 0], 'EBADF'],
  ['write', [WRITABLE, BAD, 10], 'EFAULT'],
  ['write', [PIPE_OUT, BUF, 10], 'EBADF'],
  ['write', [PIPE_IN, BUF, 10], '10'],
  ['readv', [READ_ONLY, IOVEC, 1], '5'],
  ['readv', [READ_ONLY, IOVEC, 0], '0'],
  ['readv', [READ_ONLY, IOVEC, -1], 'EINVAL'],
  ['readv', [READ_ONLY, IOVEC, 1025], 'EINVAL'],
  ['readv', [READ_ONLY, LONG_IOVEC, 1], 'EINVAL'],
  ['readv', [READ_ONLY, BAD, 1], 'EFAULT'],
  ['writev', [WRITABLE, IOVEC, 1], '5'],
  ['writev', [WRITABLE, LONG_IOVEC, 1], 'EINVAL'],
  ['pread64', [READ_ONLY, BUF + 0x800, 100, 6], '2'],
  ['pread64', [READ_ONLY, BUF, 100, -1], 'EINVAL'],
  ['pread64', [PIPE_OUT, BUF, 100, 0], 'ESPIPE'],
  ['pwrite64', [WRITABLE, BUF, 4, 6], '4'],
  ['pwrite64', [WRITABLE, BUF, 4, -1], 'EINVAL'],
  ['preadv', [READ_ONLY, IOVEC, 1, 6], '2'],
  ['preadv', [READ_ONLY, IOVEC, 1, -1], 'EINVAL'],
  ['pwritev', [WRITABLE, IOVEC, 1, 6], '5'],
  ['preadv2', [READ_ONLY, IOVEC, 1, -1, 0, 0], '5'],
  ['preadv2', [READ_ONLY, IOVEC, 1, -2, 0, 0], 'EINVAL'],
  ['preadv2', [READ_ONLY, IOVEC, 1, 0, 0, 1], 'EOPNOTSUPP'],
  ['pwritev2', [WRITABLE, IOVEC, 1, -1, 0, 0], '5'],
  ['sendfile', [WRITABLE, READ_ONLY, 0, 100], '8'],
  ['sendfile', [WRITABLE, READ_ONLY, ZEROS, 3], '3'],
  ['sendfile', [WRITABLE, READ_ONLY, BAD, 3], 'EFAULT'],
  ['sendfile', [READ_ONLY, READ_ONLY, 0, 3], 'EBADF'],
  ['sendfile', [WRITABLE, PIPE_OUT, 0, 3], 'EINVAL'],
  ['copy_file_range', [READ_ONLY, 0, WRITABLE, 0, 100, 0], '8'],
  ['copy_file_range', [READ_ONLY, 0, WRITABLE, 0, 100, 1], 'EINVAL'],
  ['copy_file_range', [WRITABLE, 0, WRITABLE, 0, 100, 0], 'EINVAL'],
  ['copy_file_range', [READ_ONLY, 0, PIPE_IN, 0, 100, 0], 'EINVAL'],
];

const descriptors: Case[] = [
  ['openat', [CWD, '/dir/file', 0], '9'],
  ['openat', [DIRECTORY, 'file', 0], '9'],
  ['openat', [READ_ONLY, 'file', 0], 'ENOTDIR'],
  ['openat', [CLOSED, 'file', 0], 'EBADF'],
  ['openat', [CLOSED, '/dir/file', 0], '9'],
  ['openat', [CWD, '/dir/file', 3], 'EINVAL'],
  ['openat', [CWD, '/dir/file', 0o20000], 'EINVAL'],
  ['openat', [CWD, '/dir', 1], 'EISDIR'],
  ['openat', [CWD, '/none', 0], 'ENOENT'],
  ['openat', [CWD, BAD, 0], 'EFAULT'],
  ['openat', [CWD, '/dir/file', 0o300], 'EEXIST'],
  ['openat', [CWD, '/tmp', 0o20200002, 0o600], '9'],
  ['openat', [CWD, '/tmp', 0o20200000, 0o600], 'EINVAL'],
  ['openat', [CWD, '/dir', 0o20200002, 0o600], 'EOPNOTSUPP'],
  ['openat', [CWD, '/dev/tty', 2], 'ENXIO'],
  ['close', [READ_ONLY], '0'],
  ['close', [CLOSED], 'EBADF'],
  ['close', [-1], 'EBADF'],
  ['dup', [1], '9'],
  ['dup', [CLOSED], 'EBADF'],
  ['dup3', [1, 20, 0], '20'],
  ['dup3', [1, 1, 0], 'EINVAL'],
  ['dup3', [1, 20, 0o2000000], '20'],
  ['dup3', [1, 20, 1], 'EINVAL'],
  ['dup3', [1, 5000, 0], 'EBADF'],
  ['dup3', [CLOSED, 20, 0], 'EBADF'],
  ['close_range', [3, 0xffff_ffff, 0], '0'],
  ['close_range', [4, 3, 0], 'EINVAL'],
  ['close_range', [3, 4, 8], 'EINVAL'],
  ['lseek', [READ_ONLY, 3, 0], '3'],
  ['lseek', [READ_ONLY, -1, 0], 'EINVAL'],
  ['lseek', [READ_ONLY, 0, 2], '8'],
  ['lseek', [READ_ONLY, 0, 3], '0'],
  ['lseek', [READ_ONLY, 0, 4], '8'],
  ['lseek', [READ_ONLY, 8, 3], 'ENXIO'],
  ['lseek', [READ_ONLY, 0, 5], 'EINVAL'],
  ['lseek', [READ_ONLY, MAX, 0], 'EOVERFLOW'],
  ['lseek', [PIPE_OUT, 0, 0], 'ESPIPE'],
  ['ftruncate', [WRITABLE, 100], '0'],
  ['ftruncate', [WRITABLE, -1], 'EINVAL'],
  ['ftruncate', [READ_ONLY, 1], 'EINVAL'],
  ['ftruncate', [PIPE_IN, 1], 'EINVAL'],
  ['ftruncate', [WRITABLE, MAX], 'EFBIG'],
  ['fallocate', [WRITABLE, 0, 0, 4096], '0'],
  ['fallocate', [WRITABLE, 0, 0, 0], 'EINVAL'],
  ['fallocate', [WRITABLE, 3, 0, 10], '0'],
  ['fallocate', [WRITABLE, 2, 0, 10], 'EOPNOTSUPP'],
  ['fallocate', [READ_ONLY, 0, 0, 10], 'EBADF'],
  ['fallocate', [PIPE_IN, 0, 0, 10], 'ESPIPE'],
  ['fallocate', [WRITABLE, 0, 0, 2 ** 31], 'ENOSPC'],
  ['pipe2', [BUF, 0], '0'],
  ['pipe2', [BUF, 0o2004000], '0'],
  ['pipe2', [BUF, 1], 'EINVAL'],
  ['pipe2', [BAD, 0], 'EFAULT'],
  ['flock', [WRITABLE, 2], '0'],
  ['flock', [WRITABLE, 6], '0'],
  ['flock', [WRITABLE, 3], 'EINVAL'],
  ['flock', [CLOSED, 2], 'EBADF'],
  ['sync', [], '0'],
  ['fsync', [WRITABLE], '0'],
  ['fsync', [PIPE_IN], 'EINVAL'],
  ['fdatasync', [CLOSED], 'EBADF'],
  ['syncfs', [DIRECTORY], '0'],
  ['sync_file_range', [WRITABLE, 0, 0, 7], '0'],
  ['sync_file_range', [WRITABLE, 0, 0, 8], 'EINVAL'],
  ['fadvise64', [READ_ONLY, 0, 0, 3], '0'],
  ['fadvise64', [READ_ONLY, 0, 0, 6], 'EINVAL'],
  ['fadvise64', [PIPE_OUT, 0, 0, 3], 'ESPIPE'],
  ['readahead', [READ_ONLY, 0, 10], '0'],
  ['readahead', [DIRECTORY, 0, 10], 'EINVAL'],
  ['memfd_create', ['name', 3], '9'],
  ['memfd_create', ['name', 4], 'EINVAL'],
  ['memfd_create', ['n'.repeat(250), 0], 'EINVAL'],
  ['getdents64', [DIRECTORY, BUF + 0x800, 1000], '72'],
  ['getdents64', [DIRECTORY, BUF, 20], 'EINVAL'],
  ['getdents64', [READ_ONLY, BUF, 1000], 'ENOTDIR'],
  ['getdents64', [DIRECTORY, BAD, 1000], 'EFAULT'],
];

const control: Case[] = [
  ['fcntl', [1, 0, 30], '30'],
  ['fcntl', [1, 0, -1], 'EINVAL'],
  ['fcntl', [1, 1030, 30], '30'],
  ['fcntl', [1, 1, 0], '0'],
  ['fcntl', [1, 2, 1], '0'],
  ['fcntl', [WRITABLE, 3, 0], '2'],
  ['fcntl', [WRITABLE, 4, 0o4000], '0'],
  ['fcntl', [WRITABLE, 4, 0o20000], 'EINVAL'],
  ['fcntl', [WRITABLE, 6, LOCK], '0'],
  ['fcntl', [READ_ONLY, 6, LOCK], 'EBADF'],
  ['fcntl', [WRITABLE, 5, LOCK], '0'],
  ['fcntl', [WRITABLE, 6, LOCK + 32], 'EINVAL'],
  ['fcntl', [WRITABLE, 38, BAD], 'EFAULT'],
  ['fcntl', [PATH_ONLY, 4, 0], 'EBADF'],
  ['fcntl', [PATH_ONLY, 3, 0], String(0o10000000)],
  ['fcntl', [PIPE_IN, 1032, 0], '65536'],
  ['fcntl', [WRITABLE, 1032, 0], 'EBADF'],
  ['fcntl', [WRITABLE, 77, 0], 'EINVAL'],
  ['fcntl', [CLOSED, 1, 0], 'EBADF'],
  ['ioctl', [1, 0x5401, BUF], 'ENOTTY'],
  ['ioctl', [1, 0x5413, BUF], 'ENOTTY'],
  ['ioctl', [READ_ONLY, 0x541b, BUF], '0'],
  ['ioctl', [READ_ONLY, 0x541b, BAD], 'EFAULT'],
  ['ioctl', [PIPE_OUT, 0x541b, BUF], '0'],
  ['ioctl', [1, 0x5451, 0], '0'],
  ['ioctl', [1, 0x5421, BUF], '0'],
  ['ioctl', [1, 0x1234, 0], 'ENOTTY'],
  ['ioctl', [CLOSED, 0x5401, BUF], 'EBADF'],
];

const names: Case[] = [
  ['mkdirat', [CWD, '/tmp/d', 0o755], '0'],
  ['mkdirat', [CWD, '/dir', 0o755], 'EEXIST'],
  ['mkdirat', [CWD, '/none/d', 0o755], 'ENOENT'],
  ['mkdirat', [CWD, '/dev/d', 0o755], 'EACCES'],
  ['mkdirat', [CWD, '/', 0o755], 'EEXIST'],
  ['mknodat', [CWD, '/tmp/n', 0o100644, 0], '0'],
  ['mknodat', [CWD, '/tmp/n', 0o010644, 0], 'EPERM'],
  ['unlinkat', [CWD, '/tmp/w', 0], '0'],
  ['unlinkat', [CWD, '/tmp', 0], 'EBUSY'],
  ['unlinkat', [CWD, '/dir', 0], 'EISDIR'],
  ['unlinkat', [CWD, '/dir', 0x200], 'ENOTEMPTY'],
  ['unlinkat', [CWD, '/dir/file', 0x200], 'ENOTDIR'],
  ['unlinkat', [CWD, '/dir/file', 1], 'EINVAL'],
  ['unlinkat', [CWD, '/dir/.', 0x200], 'EINVAL'],
  ['unlinkat', [CWD, '/dir/..', 0x200], 'ENOTEMPTY'],
  ['unlinkat', [CWD, '/', 0x200], 'EBUSY'],
  ['symlinkat', ['to', CWD, '/tmp/s'], '0'],
  ['symlinkat', ['', CWD, '/tmp/s'], 'ENOENT'],
  ['symlinkat', ['to', CWD, '/dir'], 'EEXIST'],
  ['linkat', [CWD, '/tmp/w', CWD, '/tmp/l', 0], '0'],
  ['linkat', [CWD, '/tmp/w', CWD, '/l', 0], 'EXDEV'],
  ['linkat', [CWD, '/dir', CWD, '/l', 0], 'EPERM'],
  ['linkat', [CWD, '/prog', CWD, '/l', 1], 'EINVAL'],
  ['renameat2', [CWD, '/tmp/w', CWD, '/tmp/v', 0], '0'],
  ['renameat2', [CWD, '/tmp/w', CWD, '/v', 0], 'EXDEV'],
  ['renameat2', [CWD, '/dir', CWD, '/dir/x', 0], 'EINVAL'],
  ['renameat2', [CWD, '/prog', CWD, '/dir/file', 1], 'EEXIST'],
  ['renameat2', [CWD, '/prog', CWD, '/dir/file', 4], 'EINVAL'],
  ['renameat2', [CWD, '/prog', CWD, '/none', 2], 'ENOENT'],
  ['statfs', ['/', BUF], '0'],
  ['statfs', ['/none', BUF], 'ENOENT'],
  ['fstatfs', [READ_ONLY, BUF], '0'],
  ['fstatfs', [CLOSED, BUF], 'EBADF'],
  ['truncate', ['/tmp/w', 10], '0'],
  ['truncate', ['/dir', 10], 'EISDIR'],
  ['truncate', ['/tmp/w', -1], 'EINVAL'],
  ['faccessat', [CWD, '/prog', 1], '0'],
  ['faccessat', [CWD, '/tmp/w', 1], 'EACCES'],
  ['faccessat', [CWD, '/prog', 8], 'EINVAL'],
  ['faccessat', [CWD, '/none', 0], 'ENOENT'],
  ['faccessat2', [CWD, '/prog', 0, 0x200], '0'],
  ['faccessat2', [CWD, '/prog', 0, 0x400], 'EINVAL'],
  ['chdir', ['/dir'], '0'],
  ['chdir', ['/prog'], 'ENOTDIR'],
  ['chdir', ['/none'], 'ENOENT'],
  ['fchdir', [DIRECTORY], '0'],
  ['fchdir', [READ_ONLY], 'ENOTDIR'],
  ['chroot', ['/dir'], 'EPERM'],
  ['fchmod', [WRITABLE, 0o777], '0'],
  ['fchmod', [CLOSED, 0o777], 'EBADF'],
  ['fchmodat', [CWD, '/tmp/w', 0o777], '0'],
  ['fchmodat2', [CWD, '/link', 0o777, 0x100], 'EOPNOTSUPP'],
  ['fchmodat2', [CWD, '/link', 0o777, 1], 'EINVAL'],
  ['fchownat', [CWD, '/tmp/w', 1000, -1, 0], '0'],
  ['fchownat', [CWD, '/tmp/w', 0, -1, 0], 'EPERM'],
  ['fchownat', [CWD, '/tmp/w', 0, -1, 2], 'EINVAL'],
  ['fchown', [WRITABLE, -1, -1], '0'],
  ['readlinkat', [CWD, '/link', BUF + 0x800, 100], '3'],
  ['readlinkat', [CWD, '/link', BUF + 0x800, 2], '2'],
  ['readlinkat', [CWD, '/link', BUF, 0], 'EINVAL'],
  ['readlinkat', [CWD, '/dir', BUF, 100], 'EINVAL'],
  ['newfstatat', [CWD, '/link', BUF + 0x800, 0], '0'],
  ['newfstatat', [READ_ONLY, '', BUF + 0x800, 0x1000], '0'],
  ['newfstatat', [READ_ONLY, '', BUF, 0], 'ENOENT'],
  ['newfstatat', [CWD, '/link', BUF, 1], 'EINVAL'],
  ['newfstatat', [CWD, '/link', BAD, 0], 'EFAULT'],
  ['fstat', [0, BUF + 0x800], '0'],
  ['fstat', [CLOSED, BUF], 'EBADF'],
  ['statx', [CWD, '/link', 0, 0x7ff, BUF + 0x800], '0'],
  ['statx', [CWD, '/link', 0, 0x8000_0000n, BUF], 'EINVAL'],
  ['statx', [CWD, '/link', 0x6000, 0x7ff, BUF], 'EINVAL'],
  ['statx', [CWD, '/link', 1, 0x7ff, BUF], 'EINVAL'],
  ['utimensat', [CWD, '/tmp/w', 0, 0], '0'],
  ['utimensat', [WRITABLE, 0, 0, 0], '0'],
  ['utimensat', [CWD, 0, 0, 0], 'EFAULT'],
  ['utimensat', [CWD, '/tmp/w', BAD_TIME, 0], 'EINVAL'],
  ['utimensat', [CWD, '/tmp/w', ZEROS, 0], '0'],
  ['utimensat', [CWD, '/tmp/w', 0, 1], 'EINVAL'],
  ['getcwd', [BUF + 0x800, 100], '2'],
  ['getcwd', [BUF, 1], 'ERANGE'],
  ['umask', [0o77], String(0o22)],
];

const memory: Case[] = [
  ['brk', [0x21000], String(0x21000)],
  ['munmap', [0x1000, 0x1000], '0'],
  ['mremap', [0x1000, 0x1000, 0x2000, 0, 0], 'ENOMEM'],
  ['mmap', [0, 4096, 3, 0x22, -1, 0], String(0x5000_0000)],
  ['mmap', [0, 4096, 1, 2, READ_ONLY, 0], String(0x5000_0000)],
  ['mmap', [0, 4096, 3, 1, READ_ONLY, 0], 'EACCES'],
  ['mmap', [0, 4096, 1, 2, PIPE_OUT, 0], 'ENODEV'],
  ['mmap', [0, 4096, 1, 2, CLOSED, 0], 'EBADF'],
  ['mmap', [0, 0, 3, 0x22, -1, 0], 'EINVAL'],
  ['mmap', [0, 4096, 3, 0x20, -1, 0], 'EINVAL'],
  ['mmap', [0, 4096, 3, 0x22, -1, 1], 'EINVAL'],
  ['mmap', [0, 4096, 3, 0x2022, -1, 0], 'EPERM'],
  ['mmap', [0, 4096, 3, 0x40022, -1, 0], 'ENOMEM'],
  ['mmap', [0, 4096, 3, 0x200022, -1, 0], 'EINVAL'],
  ['mmap', [0, 4096, 3, 0x80003, WRITABLE, 0], 'EOPNOTSUPP'],
  ['mmap', [0, 4096, 0x100, 0x22, -1, 0], 'EINVAL'],
  ['mprotect', [0x1000, 0x1000, 1], '0'],
  ['mprotect', [0x1000, 0x1000, 8], 'EINVAL'],
  ['msync', [0x1000, 0x1000, 4], '0'],
  ['mlock', [0x1000, 0x1000], 'EPERM'],
  ['mlock2', [0x1000, 0x1000, 2], 'EINVAL'],
  ['munlock', [0x1000, 0x1000], '0'],
  ['mlockall', [1], 'EPERM'],
  ['mlockall', [0], 'EINVAL'],
  ['mlockall', [4], 'EINVAL'],
  ['munlockall', [], '0'],
  ['mincore', [0x1000, 0x2000, BUF], '0'],
  ['mincore', [0x1000, 0x2000, BAD], 'EFAULT'],
  ['madvise', [0x1000, 0x1000, 4], '0'],
  ['membarrier', [0, 0, 0], '0'],
  ['membarrier', [1, 0, 0], 'EINVAL'],
];

const process: Case[] = [
  ['getpid', [], '1'],
  ['gettid', [], '1'],
  ['getppid', [], '0'],
  ['getuid', [], '1000'],
  ['geteuid', [], '1000'],
  ['getgid', [], '1000'],
  ['getegid', [], '1000'],
  ['getresuid', [BUF, BUF + 4, BUF + 8], '0'],
  ['getresuid', [BUF, BAD, BUF + 8], 'EFAULT'],
  ['getresgid', [BUF, BUF + 4, BUF + 8], '0'],
  ['setuid', [1000], '0'],
  ['setuid', [0], 'EPERM'],
  ['setuid', [-1], 'EINVAL'],
  ['setgid', [0], 'EPERM'],
  ['setreuid', [-1, 1000], '0'],
  ['setregid', [-1, 7], 'EPERM'],
  ['setresuid', [-1, -1, -1], '0'],
  ['setresgid', [-1, -1, 3], 'EPERM'],
  ['getgroups', [0, 0], '1'],
  ['getgroups', [1, BUF], '1'],
  ['getgroups', [-1, BUF], 'EINVAL'],
  ['setgroups', [0, 0], 'EPERM'],
  ['getpgid', [0], '1'],
  ['getpgid', [7], 'ESRCH'],
  ['getsid', [0], '1'],
  ['setsid', [], 'EPERM'],
  ['setpgid', [0, 0], 'EPERM'],
  ['setpgid', [0, -1], 'EINVAL'],
  ['setpgid', [7, 0], 'ESRCH'],
  ['getpriority', [0, 0], '20'],
  ['getpriority', [5, 0], 'EINVAL'],
  ['getpriority', [0, 7], 'ESRCH'],
  ['setpriority', [0, 0, 0], '0'],
  ['setpriority', [0, 0, -5], 'EACCES'],
  ['set_tid_address', [BUF], '1'],
  ['set_robust_list', [BUF, 24], '0'],
  ['set_robust_list', [BUF, 12], 'EINVAL'],
  ['get_robust_list', [0, BUF, BUF + 8], '0'],
  ['get_robust_list', [7, BUF, BUF + 8], 'ESRCH'],
  ['getrlimit', [7, BUF], '0'],
  ['getrlimit', [16, BUF], 'EINVAL'],
  ['setrlimit', [7, ZEROS], '0'],
  ['prlimit64', [0, 7, 0, BUF], '0'],
  ['prlimit64', [7, 7, 0, BUF], 'ESRCH'],
  ['prlimit64', [0, 16, 0, BUF], 'EINVAL'],
  ['prlimit64', [0, 3, SET, 0], 'EINVAL'],
  ['getrusage', [0, BUF], '0'],
  ['getrusage', [-1, BUF], '0'],
  ['getrusage', [2, BUF], 'EINVAL'],
  ['wait4', [-1, 0, 0, 0], 'ECHILD'],
  ['wait4', [-1, 0, 0x100, 0], 'EINVAL'],
  ['waitid', [0, 0, BUF, 4, 0], 'ECHILD'],
  ['personality', [0xffff_ffffn], '0'],
  ['personality', [8], 'EINVAL'],
  ['prctl', [15, 'name'], '0'],
  ['prctl', [16, BUF], '0'],
  ['prctl', [3], '1'],
  ['prctl', [39], '0'],
  ['prctl', [999], 'EINVAL'],
  ['capget', [ZEROS, 0], '0'],
  ['exit_group', [3], 'exited'],
  ['exit', [3], 'exited'],
];

const time: Case[] = [
  ['clock_gettime', [0, BUF], '0'],
  ['clock_gettime', [1, BUF], '0'],
  ['clock_gettime', [-6, BUF], '0'],
  ['clock_gettime', [99, BUF], 'EINVAL'],
  ['clock_gettime', [0, BAD], 'EFAULT'],
  ['clock_getres', [1, 0], '0'],
  ['clock_getres', [99, 0], 'EINVAL'],
  ['clock_settime', [0, BUF], 'EPERM'],
  ['settimeofday', [BUF, 0], 'EPERM'],
  ['gettimeofday', [BUF, 0], '0'],
  ['nanosleep', [GOOD_TIME, 0], '0'],
  ['nanosleep', [BAD_TIME, 0], 'EINVAL'],
  ['nanosleep', [BAD, 0], 'EFAULT'],
  ['clock_nanosleep', [1, 0, GOOD_TIME, 0], '0'],
  ['clock_nanosleep', [1, 1, GOOD_TIME, 0], '0'],
  ['clock_nanosleep', [1, 2, GOOD_TIME, 0], 'EINVAL'],
  ['clock_nanosleep', [2, 0, GOOD_TIME, 0], 'EOPNOTSUPP'],
  ['clock_nanosleep', [99, 0, GOOD_TIME, 0], 'EINVAL'],
  ['times', [BUF], '150'],
  ['getitimer', [0, BUF], '0'],
  ['getitimer', [3, BUF], 'EINVAL'],
  ['setitimer', [0, ZEROS, 0], '0'],
  ['setitimer', [1, GOOD_TIME - 16, 0], 'EINVAL'],
  ['setitimer', [3, ZEROS, 0], 'EINVAL'],
];

const signals: Case[] = [
  ['kill', [1, 0], '0'],
  ['kill', [1, 15], '0'],
  ['kill', [0, 15], '0'],
  ['kill', [7, 15], 'ESRCH'],
  ['kill', [1, 65], 'EINVAL'],
  ['tkill', [1, 10], '0'],
  ['tkill', [0, 10], 'EINVAL'],
  ['tgkill', [1, 1, 10], '0'],
  ['tgkill', [1, 7, 10], 'ESRCH'],
  ['tgkill', [7, 1, 10], 'ESRCH'],
  ['rt_sigaction', [10, 0, BUF, 8], '0'],
  ['rt_sigaction', [10, ZEROS, 0, 8], '0'],
  ['rt_sigaction', [9, 0, BUF, 8], '0'],
  ['rt_sigaction', [9, ZEROS, 0, 8], 'EINVAL'],
  ['rt_sigaction', [0, ZEROS, 0, 8], 'EINVAL'],
  ['rt_sigaction', [65, ZEROS, 0, 8], 'EINVAL'],
  ['rt_sigaction', [10, ZEROS, 0, 4], 'EINVAL'],
  ['rt_sigaction', [10, BAD, 0, 8], 'EFAULT'],
  ['rt_sigprocmask', [2, SET, BUF, 8], '0'],
  ['rt_sigprocmask', [3, SET, 0, 8], 'EINVAL'],
  ['rt_sigprocmask', [9, 0, BUF, 8], '0'],
  ['rt_sigprocmask', [0, SET, 0, 4], 'EINVAL'],
  ['rt_sigpending', [BUF, 8], '0'],
  ['rt_sigpending', [BUF, 9], 'EINVAL'],
  ['rt_sigtimedwait', [SET, 0, GOOD_TIME, 8], 'EAGAIN'],
  ['rt_sigtimedwait', [SET, 0, BAD_TIME, 8], 'EINVAL'],
  ['rt_sigtimedwait', [SET, 0, 0, 4], 'EINVAL'],
  ['rt_sigtimedwait', [SET, 0, 0, 8], 'exited'],
  ['rt_sigsuspend', [SET, 8], 'exited'],
  ['rt_sigsuspend', [SET, 4], 'EINVAL'],
  ['rt_sigqueueinfo', [1, 10, ZEROS], '0'],
  ['rt_sigqueueinfo', [7, 10, ZEROS], 'ESRCH'],
  ['rt_tgsigqueueinfo', [1, 1, 10, ZEROS], '0'],
  ['rt_tgsigqueueinfo', [1, 2, 10, ZEROS], 'ESRCH'],
  ['sigaltstack', [0, BUF], '0'],
  ['sigaltstack', [ZEROS, 0], 'ENOMEM'],
  ['sigaltstack', [BAD, 0], 'EFAULT'],
  ['rt_sigreturn', [], 'replaced'],
];

const waits: Case[] = [
  ['ppoll', [POLL, 1, 0, 0, 0], '1'],
  ['ppoll', [POLL, 2, 0, 0, 0], '2'],
  ['ppoll', [0, 0, GOOD_TIME, 0, 0], '0'],
  ['ppoll', [0, 0, BAD_TIME, 0, 0], 'EINVAL'],
  ['ppoll', [0, 0, 0, 0, 0], 'exited'],
  ['ppoll', [POLL, 2000, 0, 0, 0], 'EINVAL'],
  ['ppoll', [POLL, 1, 0, SET, 4], 'EINVAL'],
  ['pselect6', [0, 0, 0, 0, GOOD_TIME, 0], '0'],
  ['pselect6', [-1, 0, 0, 0, 0, 0], 'EINVAL'],
  ['pselect6', [8, SET, 0, 0, 0, 0], '4'],
  ['pselect6', [9, 0, SET, 0, GOOD_TIME, 0], '4'],
  ['pselect6', [64, ZEROS, SET + 0x40, 0, GOOD_TIME, 0], '0'],
  ['futex', [ZEROS, 1, 1, 0, 0, 0], '0'],
  ['futex', [ZEROS, 129, 1, 0, 0, 0], '0'],
  ['futex', [ZEROS + 1, 1, 1, 0, 0, 0], 'EINVAL'],
  ['futex', [BAD + 0x10, 1, 1, 0, 0, 0], 'EFAULT'],
  ['futex', [ZEROS, 0, 5, 0, 0, 0], 'EAGAIN'],
  ['futex', [ZEROS, 0, 0, GOOD_TIME, 0, 0], 'ETIMEDOUT'],
  ['futex', [ZEROS, 0, 0, 0, 0, 0], 'exited'],
  ['futex', [ZEROS, 9, 0, GOOD_TIME, 0, 0], 'EINVAL'],
  ['futex', [ZEROS, 9, 0, GOOD_TIME, 0, -1], 'ETIMEDOUT'],
  ['futex', [ZEROS, 4, 0, 0, ZEROS, 1], 'EAGAIN'],
  ['futex', [ZEROS, 6, 0, 0, 0, 0], 'ENOSYS'],
];

const system: Case[] = [
  ['uname', [BUF], '0'],
  ['uname', [BAD], 'EFAULT'],
  ['sysinfo', [BUF], '0'],
  ['getcpu', [BUF, BUF + 4, 0], '0'],
  ['sched_yield', [], '0'],
  ['sched_getaffinity', [0, 128, BUF], '8'],
  ['sched_getaffinity', [0, 4, BUF], 'EINVAL'],
  ['sched_getaffinity', [7, 128, BUF], 'ESRCH'],
  ['sched_setaffinity', [0, 8, SET], '0'],
  ['sched_setaffinity', [0, 8, ZEROS], 'EINVAL'],
  ['sched_getscheduler', [0], '0'],
  ['sched_getscheduler', [-1], 'EINVAL'],
  ['sched_getparam', [0, BUF], '0'],
  ['sched_setparam', [0, ZEROS], '0'],
  ['sched_setparam', [0, SET], 'EINVAL'],
  ['sched_setscheduler', [0, 0, ZEROS], '0'],
  ['sched_setscheduler', [0, 1, SET], 'EPERM'],
  ['sched_setscheduler', [0, 77, ZEROS], 'EINVAL'],
  ['sched_get_priority_max', [1], '99'],
  ['sched_get_priority_max', [0], '0'],
  ['sched_get_priority_min', [2], '1'],
  ['sched_get_priority_min', [9], 'EINVAL'],
  ['sched_rr_get_interval', [0, BUF], '0'],
  ['riscv_flush_icache', [0, 100, 1], '0'],
  ['riscv_flush_icache', [0, 100, 2], 'EINVAL'],
  ['getrandom', [BUF, 100, 0], '100'],
  ['getrandom', [BUF, 100, 8], 'EINVAL'],
  ['getrandom', [BUF, 100, 6], 'EINVAL'],
  ['getrandom', [BAD, 100, 0], 'EFAULT'],
  ['no_such_call', [], 'ENOSYS'],
];

const groups = { io, descriptors, control, names, memory, process, time, signals, waits, system };

describe.each(Object.entries(groups))('%s', (_, cases) => {
  it.each(cases.map(([name, args, expected]) => [`${name}(${args.join(', ')})`, expected, name, args] as const))('%s = %s', (_shown, expected, name, args) => {
    const made = guest();
    fill(made);
    expect(made.try(name, ...args)).toBe(expected);
  });
});

it('the table has every call', () => {
  const tested = new Set(Object.values(groups).flatMap((cases) => cases.map(([name]) => name)));
  expect(allCalls.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
});

it('a call that does not exist is counted', () => {
  const made = guest();
  made.call('no_such_call');
  expect(made.root.calls.unknown).toEqual({ 9999: 1 });
  expect(made.root.calls.made[56]).toBe(4);
});
