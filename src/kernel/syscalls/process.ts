/** The process: its numbers, owners, limits and name. */
import { Errno } from '../errno.ts';
import { GUEST_GID, GUEST_UID } from '../files/flags.ts';
import { nameOf } from '../files/proc-texts.ts';
import { LIMITS, limitOf } from '../limits.ts';
import type { Result } from '../memory/contract.ts';
import { LAST_SIGNAL } from '../process/signal-table.ts';
import type { CallContext, SystemCall } from './contract.ts';
import { structure, textField, words } from './layout.ts';

const own = (call: CallContext): Result => call.process.group.id;
const user = (): Result => GUEST_UID;
const group = (): Result => GUEST_GID;

export const processCalls: readonly SystemCall[] = [
  { number: 90, name: 'capget', arguments: ['pointer', 'pointer'], handle: capget },
  { number: 92, name: 'personality', arguments: ['hex'], handle: personality },
  { number: 96, name: 'set_tid_address', arguments: ['pointer'], handle: setTidAddress },
  { number: 99, name: 'set_robust_list', arguments: ['pointer', 'size'], handle: setRobustList },
  { number: 100, name: 'get_robust_list', arguments: ['int', 'pointer', 'pointer'], handle: getRobustList },
  { number: 143, name: 'setregid', arguments: ['int', 'int'], handle: (call) => become(call, 2, GUEST_GID) },
  { number: 144, name: 'setgid', arguments: ['int'], handle: (call) => become(call, 1, GUEST_GID) },
  { number: 145, name: 'setreuid', arguments: ['int', 'int'], handle: (call) => become(call, 2, GUEST_UID) },
  { number: 146, name: 'setuid', arguments: ['int'], handle: (call) => become(call, 1, GUEST_UID) },
  {
    number: 147,
    name: 'setresuid',
    arguments: ['int', 'int', 'int'],
    handle: (call) => become(call, 3, GUEST_UID),
  },
  {
    number: 148,
    name: 'getresuid',
    arguments: ['pointer', 'pointer', 'pointer'],
    handle: (call) => threeTimes(call, GUEST_UID),
  },
  {
    number: 149,
    name: 'setresgid',
    arguments: ['int', 'int', 'int'],
    handle: (call) => become(call, 3, GUEST_GID),
  },
  {
    number: 150,
    name: 'getresgid',
    arguments: ['pointer', 'pointer', 'pointer'],
    handle: (call) => threeTimes(call, GUEST_GID),
  },
  { number: 158, name: 'getgroups', arguments: ['int', 'pointer'], handle: getgroups },
  { number: 159, name: 'setgroups', arguments: ['int', 'pointer'], handle: () => Errno.EPERM },
  { number: 163, name: 'getrlimit', arguments: ['limit', 'pointer'], handle: getrlimit },
  { number: 164, name: 'setrlimit', arguments: ['limit', 'pointer'], handle: setrlimit },
  { number: 167, name: 'prctl', arguments: ['int', 'hex', 'hex', 'hex', 'hex'], handle: prctl },
  { number: 172, name: 'getpid', arguments: [], handle: own },
  { number: 173, name: 'getppid', arguments: [], handle: (call) => call.process.group.parent },
  { number: 174, name: 'getuid', arguments: [], handle: user },
  { number: 175, name: 'geteuid', arguments: [], handle: user },
  { number: 176, name: 'getgid', arguments: [], handle: group },
  { number: 177, name: 'getegid', arguments: [], handle: group },
  { number: 178, name: 'gettid', arguments: [], handle: (call) => call.process.pid },
  { number: 261, name: 'prlimit64', arguments: ['int', 'limit', 'pointer', 'pointer'], handle: prlimit64 },
];

const isOwn = (call: CallContext, pid: number): boolean => pid === 0 || pid === call.process.group.id;

function setTidAddress(call: CallContext): Result {
  call.process.clearChildTid = call.address(0);
  return call.process.pid;
}

const ROBUST_LIST_HEAD_BYTES = 24;

function setRobustList(call: CallContext): Result {
  if (call.size(1) !== ROBUST_LIST_HEAD_BYTES) return Errno.EINVAL;
  call.process.robustList = call.address(0);
  return 0;
}

/** Of any thread, since all are the same user's. */
function getRobustList(call: CallContext): Result {
  const thread = call.int(0) === 0 ? call.process : call.processes.find(call.int(0));
  if (thread === undefined) return Errno.ESRCH;
  call.user.prepare(call.address(2), 8, 'store');
  call.user.writeU64(call.address(1), BigInt(thread.robustList));
  call.user.writeU64(call.address(2), BigInt(ROBUST_LIST_HEAD_BYTES));
  return 0;
}

/** set*id(2): the process may only become what it is. */
function become(call: CallContext, count: 1 | 2 | 3, id: number): Result {
  for (let i = 0; i < count; i++) {
    const wanted = call.int(i);
    const isKept = wanted === -1 && count > 1;
    if (wanted === -1 && count === 1) return Errno.EINVAL;
    if (!isKept && wanted !== id) return Errno.EPERM;
  }
  return 0;
}

function threeTimes(call: CallContext, id: number): Result {
  for (const i of [0, 1, 2]) call.user.prepare(call.address(i), 4, 'store');
  for (const i of [0, 1, 2]) call.user.writeU32(call.address(i), id);
  return 0;
}

function getgroups(call: CallContext): Result {
  const size = call.int(0);
  if (size < 0) return Errno.EINVAL;
  if (size > 0) call.user.writeU32(call.address(1), GUEST_GID);
  return 1;
}

function personality(call: CallContext): Result {
  const wanted = call.uint(0);
  return wanted === 0xffff_ffff || wanted === 0 ? 0 : Errno.EINVAL;
}

/** capget(2), version 3: the process has no capability. */
function capget(call: CallContext): Result {
  const LINUX_CAPABILITY_VERSION_3 = 0x20080522;
  const [header, sets] = [call.address(0), call.address(1)];
  const version = call.user.readU32(header);
  const pid = call.user.readU32((header + 4) as typeof header) | 0;
  if (version !== LINUX_CAPABILITY_VERSION_3) {
    call.user.writeU32(header, LINUX_CAPABILITY_VERSION_3);
    return sets === 0 && version === 0 ? 0 : Errno.EINVAL;
  }
  if (!isOwn(call, pid)) return Errno.ESRCH;
  if (sets !== 0) call.user.write(sets, new Uint8Array(24));
  return 0;
}

const RLIM_BYTES = 16;

function getrlimit(call: CallContext): Result {
  const limit = LIMITS[call.uint(0)];
  if (limit === undefined) return Errno.EINVAL;
  call.user.write(call.address(1), words(...limitOf(call.process, limit.name)));
  return 0;
}

function setrlimit(call: CallContext): Result {
  return changeLimit(call, call.uint(0), readLimit(call, 1));
}

function prlimit64(call: CallContext): Result {
  const limit = LIMITS[call.uint(1)];
  if (!isOwn(call, call.int(0))) return Errno.ESRCH;
  if (limit === undefined) return Errno.EINVAL;
  const wanted = call.address(2) === 0 ? undefined : readLimit(call, 2);
  const old = limitOf(call.process, limit.name);
  if (call.address(3) !== 0) call.user.prepare(call.address(3), RLIM_BYTES, 'store');
  const result = wanted === undefined ? 0 : changeLimit(call, call.uint(1), wanted);
  if (result === 0 && call.address(3) !== 0) call.user.write(call.address(3), words(...old));
  return result;
}

function readLimit(call: CallContext, i: number): [bigint, bigint] {
  const bytes = new Uint8Array(RLIM_BYTES);
  call.user.read(call.address(i), bytes);
  const view = new DataView(bytes.buffer);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
}

function changeLimit(call: CallContext, resource: number, [soft, hard]: [bigint, bigint]): Result {
  const limit = LIMITS[resource];
  if (limit === undefined || soft > hard) return Errno.EINVAL;
  if (hard > limitOf(call.process, limit.name)[1]) return Errno.EPERM;
  call.process.limits[limit.name] = [soft, hard];
  return 0;
}

const COMM_BYTES = 16;

/** prctl(2): the name, and what a process without privileges may ask. Everything else is EINVAL. */
function prctl(call: CallContext): Result {
  const { process } = call;
  switch (call.int(0)) {
    // PR_SET_PDEATHSIG
    case 1: {
      const signal = call.size(1);
      if (!(signal <= LAST_SIGNAL)) return Errno.EINVAL;
      process.parentDeathSignal = signal;
      return 0;
    }
    case 2: // PR_GET_PDEATHSIG
      call.user.writeU32(call.address(1), process.parentDeathSignal);
      return 0;
    case 3: // PR_GET_DUMPABLE
      return 1;
    case 15: {
      const name = call.user.readString(call.address(1), 4096) ?? '';
      process.name = new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, COMM_BYTES - 1));
      return 0;
    }
    case 16:
      call.user.write(
        call.address(1),
        structure(COMM_BYTES, (view) =>
          textField(new Uint8Array(view.buffer), 0, COMM_BYTES, nameOf(process)),
        ),
      );
      return 0;
    // PR_SET_TIMERSLACK
    case 29:
      process.timerSlack.current = call.big(1) > 0n ? Number(call.big(1)) : process.timerSlack.initial;
      return 0;
    case 30: // PR_GET_TIMERSLACK
      return process.timerSlack.current;
    case 36: // PR_SET_CHILD_SUBREAPER
      process.group.isSubreaper = call.big(1) !== 0n;
      return 0;
    case 37: // PR_GET_CHILD_SUBREAPER
      call.user.writeU32(call.address(1), process.group.isSubreaper ? 1 : 0);
      return 0;
    case 39: // PR_GET_NO_NEW_PRIVS
      return 0;
    default:
      return Errno.EINVAL;
  }
}
