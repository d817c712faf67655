/** The machine and its processors, and random numbers. */
import { Errno } from '../errno.ts';
import { fillRandom } from '../files/device-filesystem.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, SystemCall } from './contract.ts';
import { structure, textField, timespec, words } from './layout.ts';
import { fillUser, MOST_BYTES } from './transfer.ts';

export const systemCalls: readonly SystemCall[] = [
  { number: 118, name: 'sched_setparam', arguments: ['int', 'pointer'], handle: schedSetparam },
  {
    number: 119,
    name: 'sched_setscheduler',
    arguments: ['int', 'int', 'pointer'],
    handle: schedSetscheduler,
  },
  {
    number: 120,
    name: 'sched_getscheduler',
    arguments: ['int'],
    handle: (call) => ifOwn(call, () => SCHED_OTHER),
  },
  { number: 121, name: 'sched_getparam', arguments: ['int', 'pointer'], handle: schedGetparam },
  { number: 122, name: 'sched_setaffinity', arguments: ['int', 'size', 'pointer'], handle: schedSetaffinity },
  { number: 123, name: 'sched_getaffinity', arguments: ['int', 'size', 'pointer'], handle: schedGetaffinity },
  { number: 125, name: 'sched_get_priority_max', arguments: ['int'], handle: (call) => priority(call, 99) },
  { number: 126, name: 'sched_get_priority_min', arguments: ['int'], handle: (call) => priority(call, 1) },
  { number: 127, name: 'sched_rr_get_interval', arguments: ['int', 'pointer'], handle: schedRrGetInterval },
  { number: 160, name: 'uname', arguments: ['pointer'], handle: uname },
  { number: 168, name: 'getcpu', arguments: ['pointer', 'pointer', 'pointer'], handle: getcpu },
  { number: 179, name: 'sysinfo', arguments: ['pointer'], handle: sysinfo },
  {
    number: 259,
    name: 'riscv_flush_icache',
    arguments: ['pointer', 'pointer', 'hex'],
    handle: flushInstructions,
  },
  { number: 278, name: 'getrandom', arguments: ['buffer-out', 'size', 'hex'], handle: getrandom },
];

const SCHED_OTHER = 0;
const MASK_BYTES = 8;

function ifOwn(call: CallContext, go: () => Result): Result {
  const pid = call.int(0);
  if (pid < 0) return Errno.EINVAL;
  return pid === 0 || pid === call.process.pid ? go() : Errno.ESRCH;
}

function schedSetparam(call: CallContext): Result {
  return ifOwn(call, () => (call.user.readU32(call.address(1)) === 0 ? 0 : Errno.EINVAL));
}

/** Only the policy that the process has already; real-time ones need privileges. */
function schedSetscheduler(call: CallContext): Result {
  const SCHED_RESET_ON_FORK = 0x4000_0000;
  const policy = call.int(1) & ~SCHED_RESET_ON_FORK;
  return ifOwn(call, () => {
    const wanted = call.user.readU32(call.address(2));
    if (![0, 1, 2, 3, 5].includes(policy)) return Errno.EINVAL;
    if (policy === SCHED_OTHER) return wanted === 0 ? 0 : Errno.EINVAL;
    return Errno.EPERM;
  });
}

function schedGetparam(call: CallContext): Result {
  return ifOwn(call, () => {
    call.user.writeU32(call.address(1), 0);
    return 0;
  });
}

function schedSetaffinity(call: CallContext): Result {
  return ifOwn(call, () => {
    const mask = new Uint8Array(Math.min(call.size(1), MASK_BYTES));
    call.user.read(call.address(2), mask);
    return ((mask[0] ?? 0) & 1) === 1 ? 0 : Errno.EINVAL;
  });
}

/** One processor. The result is the size of the kernel's mask. */
function schedGetaffinity(call: CallContext): Result {
  const size = call.uint(1);
  if (size < MASK_BYTES || size % MASK_BYTES !== 0) return Errno.EINVAL;
  return ifOwn(call, () => {
    call.user.write(call.address(2), words(1));
    return MASK_BYTES;
  });
}

function priority(call: CallContext, ofRealTime: number): Result {
  const policy = call.int(0);
  if (policy === 1 || policy === 2) return ofRealTime;
  return [0, 3, 5, 6].includes(policy) ? 0 : Errno.EINVAL;
}

function schedRrGetInterval(call: CallContext): Result {
  return ifOwn(call, () => {
    call.user.write(call.address(1), timespec(0, 0));
    return 0;
  });
}

const UTS_FIELD = 65;

/** What uname(2) says, in its order. */
export const SYSTEM_NAMES: readonly string[] = [
  'Linux',
  'pagewalk',
  '6.6.0',
  '#1 Thu Jan  1 00:00:00 UTC 2026',
  'riscv64',
  '(none)',
];

function uname(call: CallContext): Result {
  const bytes = new Uint8Array(UTS_FIELD * SYSTEM_NAMES.length);
  SYSTEM_NAMES.forEach((name, i) => {
    textField(bytes, i * UTS_FIELD, UTS_FIELD, name);
  });
  call.user.write(call.address(0), bytes);
  return 0;
}

function getcpu(call: CallContext): Result {
  for (const i of [0, 1]) if (call.address(i) !== 0) call.user.writeU32(call.address(i), 0);
  return 0;
}

/** struct sysinfo, 112 bytes. */
function sysinfo(call: CallContext): Result {
  const { counters } = call.memory;
  const total = call.machine.frames * 4096;
  const used = (counters.residentPages + counters.tableFrames) * 4096;
  const bytes = structure(112, (view) => {
    view.setBigInt64(0, BigInt(Math.floor(call.clock.now / 1e9)), true);
    view.setBigUint64(32, BigInt(total), true);
    view.setBigUint64(40, BigInt(total - used), true);
    view.setUint16(80, call.root.processes.length, true);
    view.setUint32(104, 1, true);
  });
  call.user.write(call.address(0), bytes);
  return 0;
}

/** riscv_flush_icache(2): the machine sees changed code by itself, so there is nothing left to flush. */
function flushInstructions(call: CallContext): Result {
  const SYS_RISCV_FLUSH_ICACHE_LOCAL = 1n;
  return (call.big(2) & ~SYS_RISCV_FLUSH_ICACHE_LOCAL) !== 0n ? Errno.EINVAL : 0;
}

const GRND_NONBLOCK = 1;
const GRND_RANDOM = 2;
const GRND_INSECURE = 4;

/** getrandom(2), from the system's seeded generator. */
function getrandom(call: CallContext): Result {
  const flags = call.uint(2);
  if ((flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) !== 0) return Errno.EINVAL;
  if ((flags & GRND_RANDOM) !== 0 && (flags & GRND_INSECURE) !== 0) return Errno.EINVAL;
  const buffer = { address: call.address(0), length: Math.min(call.size(1), MOST_BYTES) };
  return fillUser(call, [buffer], (part) => {
    fillRandom(call.root.random, part);
    return part.length;
  });
}
