/** Process groups and sessions, which shells are built on: setpgid(2), setsid(2). */
import { pid } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { leaderOf } from './children.ts';
import type { CallContext, SystemCall } from './contract.ts';

export const sessionCalls: readonly SystemCall[] = [
  { number: 154, name: 'setpgid', arguments: ['int', 'int'], handle: setpgid },
  { number: 155, name: 'getpgid', arguments: ['int'], handle: getpgid },
  { number: 156, name: 'getsid', arguments: ['int'], handle: getsid },
  { number: 157, name: 'setsid', arguments: [], handle: setsid },
];

/** Moves itself, or a child that has not called execve(2), to a process group of the same session, or a new one. */
function setpgid(call: CallContext): Result {
  const wanted = call.int(1);
  if (wanted < 0) return Errno.EINVAL;
  const found = leaderOf(call, call.int(0));
  if (typeof found === 'number') return found;
  const { group } = found;
  const own = call.process.group;
  if (group !== own && group.parent !== own.id) return Errno.ESRCH;
  if (group !== own && group.session !== own.session) return Errno.EPERM;
  if (group !== own && group.executed) return Errno.EACCES;
  if (group.session === group.id) return Errno.EPERM;
  const to = wanted === 0 ? group.id : wanted;
  const exists = call.processes.leaders.some(
    ({ group: other }) => other.processGroup === to && other.session === own.session,
  );
  if (to !== group.id && !exists) return Errno.EPERM;
  group.processGroup = pid(to);
  return 0;
}

function getpgid(call: CallContext): Result {
  const found = leaderOf(call, call.int(0));
  return typeof found === 'number' ? found : found.group.processGroup;
}

function getsid(call: CallContext): Result {
  const found = leaderOf(call, call.int(0));
  return typeof found === 'number' ? found : found.group.session;
}

function setsid(call: CallContext): Result {
  const { group } = call.process;
  if (call.processes.leaders.some(({ group: other }) => other.processGroup === group.id)) return Errno.EPERM;
  group.session = group.id;
  group.processGroup = group.id;
  group.terminal = 'none';
  return group.id;
}
