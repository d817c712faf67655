/** Signals: actions, masks, sending. What becomes of a pending signal is decided on the way back to the program. */
import { Errno } from '../errno.ts';
import { GUEST_UID } from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import { FIRST_PID } from '../process/create.ts';
import { senderOf, takeSignal } from '../process/pending-signals.ts';
import {
  defaultAction,
  LAST_SIGNAL,
  SIG_DFL,
  SIG_IGN,
  Signal,
  SignalCode,
  SS_AUTODISARM,
  SS_DISABLE,
  SS_ONSTACK,
  signalBit,
  UNBLOCKABLE,
} from '../process/signal-table.ts';
import { isOnStack, stackFlags } from '../process/signals.ts';
import { signalChannel } from '../process/wakeups.ts';
import type { PendingSignal, ProcessState } from '../state.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { structure, words } from './layout.ts';
import { readTimespec } from './time.ts';
import { block, deadlineOf, FOREVER, waitUnderMask } from './waiting.ts';

export const signalCalls: readonly SystemCall[] = [
  { number: 129, name: 'kill', arguments: ['int', 'signal'], handle: kill },
  { number: 130, name: 'tkill', arguments: ['int', 'signal'], handle: (call) => sendToThread(call, 0) },
  { number: 131, name: 'tgkill', arguments: ['int', 'int', 'signal'], handle: tgkill },
  { number: 132, name: 'sigaltstack', arguments: ['pointer', 'pointer'], handle: sigaltstack },
  { number: 133, name: 'rt_sigsuspend', arguments: ['pointer', 'size'], handle: rtSigsuspend },
  {
    number: 134,
    name: 'rt_sigaction',
    arguments: ['signal', 'pointer', 'pointer', 'size'],
    handle: rtSigaction,
  },
  {
    number: 135,
    name: 'rt_sigprocmask',
    arguments: ['how', 'pointer', 'pointer', 'size'],
    handle: rtSigprocmask,
  },
  { number: 136, name: 'rt_sigpending', arguments: ['pointer', 'size'], handle: rtSigpending },
  {
    number: 137,
    name: 'rt_sigtimedwait',
    arguments: ['pointer', 'pointer', 'timespec', 'size'],
    handle: rtSigtimedwait,
  },
  {
    number: 138,
    name: 'rt_sigqueueinfo',
    arguments: ['int', 'signal', 'pointer'],
    handle: (call) => rtSigqueueinfo(call, 'process'),
  },
  {
    number: 240,
    name: 'rt_tgsigqueueinfo',
    arguments: ['int', 'int', 'signal', 'pointer'],
    handle: (call) => rtSigqueueinfo(call, 'thread'),
  },
  { number: 139, name: 'rt_sigreturn', arguments: [], handle: rtSigreturn },
];

/** sizeof(sigset_t) of the kernel. */
const SIGSET_BYTES = 8;
const SIGACTION_BYTES = 24;
const SIGINFO_BYTES = 128;

const isSignal = (signal: number): boolean => signal >= 1 && signal <= LAST_SIGNAL;

function kill(call: CallContext): Result {
  const [pid, signal] = [call.int(0), call.int(1)];
  if (signal !== 0 && !isSignal(signal)) return Errno.EINVAL;
  const targets = targetsOf(call, pid);
  const own = call.process.group;
  if (signal !== 0)
    for (const target of targets) call.signals.send(target, signal, SignalCode.user, 0n, own.id);
  return targets.length > 0 ? 0 : Errno.ESRCH;
}

/** The processes that kill(2) means: one, those of a process group, or all but the caller and the first. */
function targetsOf(call: CallContext, pid: number): ProcessState[] {
  const { processes, process } = call;
  const { leaders } = processes;
  if (pid > 0) return leaders.filter((leader) => leader.pid === pid);
  if (pid === -1) return leaders.filter(({ group }) => group !== process.group && group.id !== FIRST_PID);
  const wanted = pid === 0 ? process.group.processGroup : -pid;
  return leaders.filter(({ group }) => group.processGroup === wanted);
}

function sendToThread(call: CallContext, i: number): Result {
  const [thread, signal] = [call.int(i), call.int(i + 1)];
  if (thread <= 0 || (signal !== 0 && !isSignal(signal))) return Errno.EINVAL;
  const target = call.processes.find(thread);
  if (target === undefined || (i === 1 && target.group.id !== call.int(0))) return Errno.ESRCH;
  if (signal !== 0) call.signals.sendToThread(target, signal, SignalCode.thread, 0n, call.process.group.id);
  return 0;
}

function tgkill(call: CallContext): Result {
  if (call.int(0) <= 0) return Errno.EINVAL;
  return sendToThread(call, 1);
}

/** struct sigaltstack: ss_sp, ss_flags, ss_size. */
function sigaltstack(call: CallContext): Result {
  const { process, user } = call;
  const stack = process.signals.alternate;
  const sp = BigInt.asUintN(64, call.machine.x[2]!);
  const old = words(stack.address, stackFlags(stack, sp), stack.size);
  if (call.address(1) !== 0) user.prepare(call.address(1), old.length, 'store');
  if (call.address(0) !== 0) {
    const bytes = new Uint8Array(24);
    user.read(call.address(0), bytes);
    const result = changeStack(process, new DataView(bytes.buffer), sp);
    if (result < 0) return result;
  }
  if (call.address(1) !== 0) user.write(call.address(1), old);
  return 0;
}

const MINSIGSTKSZ = 2048n;

function changeStack(process: ProcessState, wanted: DataView, sp: bigint): Result {
  const flags = wanted.getUint32(8, true);
  const mode = flags & ~SS_AUTODISARM;
  if (isOnStack(process.signals.alternate, sp)) return Errno.EPERM;
  if (mode !== 0 && mode !== SS_ONSTACK && mode !== SS_DISABLE) return Errno.EINVAL;
  const isOff = mode === SS_DISABLE;
  const size = wanted.getBigUint64(16, true);
  if (!isOff && size < MINSIGSTKSZ) return Errno.ENOMEM;
  process.signals.alternate = isOff
    ? { address: 0n, size: 0n, flags: SS_DISABLE }
    : { address: wanted.getBigUint64(0, true), size, flags: flags & SS_AUTODISARM };
  return 0;
}

/** The flags of sigaction(2) that Linux knows; it drops the others, so that programs can tell. */
const SA_KNOWN = 0x1 | 0x2 | 0x4 | 0x0800_0000 | 0x1000_0000 | 0x4000_0000 | 0x8000_0000;

/** struct sigaction of the kernel: handler, flags, mask; RISC-V has no restorer. */
function rtSigaction(call: CallContext): Result {
  const { process, user } = call;
  const signal = call.int(0);
  const [wanted, previous] = [call.address(1), call.address(2)];
  if (call.size(3) !== SIGSET_BYTES || !isSignal(signal)) return Errno.EINVAL;
  const isFixed = (signalBit(signal) & UNBLOCKABLE) !== 0n;
  if (wanted !== 0 && isFixed) return Errno.EINVAL;
  const bytes = new Uint8Array(SIGACTION_BYTES);
  if (wanted !== 0) user.read(wanted, bytes);
  if (previous !== 0) {
    const { handler, flags, mask } = process.signals.actions[signal] ?? { handler: 0n, flags: 0, mask: 0n };
    user.write(previous, words(handler, flags >>> 0, mask));
  }
  if (wanted !== 0) setAction(process, signal, new DataView(bytes.buffer));
  return 0;
}

function setAction(process: ProcessState, signal: number, wanted: DataView): void {
  const handler = wanted.getBigUint64(0, true);
  const flags = Number(wanted.getBigUint64(8, true) & BigInt(SA_KNOWN >>> 0));
  const mask = wanted.getBigUint64(16, true) & ~UNBLOCKABLE;
  process.signals.actions[signal] = { handler, flags, mask };
  const isIgnored = handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === 'ignore');
  if (!isIgnored) return;
  const keep = (pending: readonly PendingSignal[]) => pending.filter((other) => other.signal !== signal);
  process.signals.pending = keep(process.signals.pending);
  process.group.pending = keep(process.group.pending);
}

function rtSigprocmask(call: CallContext): Result {
  const { process, user } = call;
  const [wanted, previous] = [call.address(1), call.address(2)];
  if (call.size(3) !== SIGSET_BYTES) return Errno.EINVAL;
  const old = process.signals.mask;
  const set = wanted === 0 ? undefined : user.readU64(wanted) & ~UNBLOCKABLE;
  const next = set === undefined ? old : changedMask(old, set, call.int(0));
  if (next === undefined) return Errno.EINVAL;
  if (previous !== 0) user.writeU64(previous, old);
  process.signals.mask = next;
  return 0;
}

/** SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK. */
function changedMask(old: bigint, set: bigint, how: number): bigint | undefined {
  switch (how) {
    case 0:
      return old | set;
    case 1:
      return old & ~set;
    case 2:
      return set;
    default:
      return undefined;
  }
}

function rtSigpending(call: CallContext): Result {
  const size = call.size(1);
  if (size > SIGSET_BYTES) return Errno.EINVAL;
  const { mask, pending: own } = call.process.signals;
  const pending = [...own, ...call.process.group.pending];
  const set = pending.reduce((bits, { signal }) => bits | signalBit(signal), 0n) & mask;
  call.user.write(call.address(0), words(set).subarray(0, size));
  return 0;
}

/** rt_sigsuspend(2): a pending signal that the new mask lets through ends it at once, or the timer's. */
function rtSigsuspend(call: CallContext): CallResult {
  if (call.size(1) !== SIGSET_BYTES) return Errno.EINVAL;
  waitUnderMask(call, call.user.readU64(call.address(0)) & ~UNBLOCKABLE);
  return block(call, { channels: [], reason: 'a signal' }, 'fails');
}

/** rt_sigtimedwait(2): takes a pending signal of the set; without one the time passes. */
function rtSigtimedwait(call: CallContext): CallResult {
  const { process } = call;
  if (call.size(3) !== SIGSET_BYTES) return Errno.EINVAL;
  const set = call.user.readU64(call.address(0)) & ~UNBLOCKABLE;
  const timeout = call.address(2) === 0 ? FOREVER : readTimespec(call, call.address(2));
  if (timeout < 0) return timeout;
  if (call.address(1) !== 0) call.user.prepare(call.address(1), SIGINFO_BYTES, 'store');
  const found = pendingOf(process, set);
  if (found === undefined) {
    const until = deadlineOf(call, timeout);
    if (call.clock.now >= until) return Errno.EAGAIN;
    return block(call, { channels: [signalChannel(process.pid)], until, reason: 'a signal' }, 'fails');
  }
  if (call.address(1) !== 0) call.user.write(call.address(1), signalInfo(process, found));
  takeSignal(process, found);
  return found.signal;
}

/** The pending signal of a set that has the lowest number. */
function pendingOf({ signals, group }: ProcessState, set: bigint): PendingSignal | undefined {
  return [...signals.pending, ...group.pending]
    .filter(({ signal }) => (set & signalBit(signal)) !== 0n)
    .sort((a, b) => a.signal - b.signal)[0];
}

/** siginfo_t of a signal that was sent: number, errno, code, sender, value. */
const signalInfo = (process: ProcessState, pending: PendingSignal): Uint8Array =>
  structure(SIGINFO_BYTES, (view) => {
    const { signal, code, address } = pending;
    const sender = senderOf(process, pending, GUEST_UID);
    view.setInt32(0, signal, true);
    view.setInt32(8, code, true);
    view.setInt32(16, sender.pid, true);
    view.setUint32(20, sender.uid, true);
    view.setBigUint64(24, BigInt.asUintN(64, address), true);
  });

/** rt_sigqueueinfo(2), which sigqueue(3) uses: a signal with a code and a value of the sender's. */
function rtSigqueueinfo(call: CallContext, to: 'process' | 'thread'): Result {
  const { process, user } = call;
  const i = to === 'process' ? 1 : 2;
  const signal = call.int(i);
  const info = new Uint8Array(SIGINFO_BYTES);
  user.read(call.address(i + 1), info);
  if (signal !== 0 && !isSignal(signal)) return Errno.EINVAL;
  const target = call.processes.find(call.int(i - 1));
  if (target === undefined || target.group.id !== call.int(0)) return Errno.ESRCH;
  const view = new DataView(info.buffer);
  const [code, value] = [view.getInt32(8, true), view.getBigUint64(24, true)];
  // Only to itself may a process pretend that the kernel sent it.
  if (code >= 0 && target.group !== process.group) return Errno.EPERM;
  if (signal === 0) return 0;
  if (to === 'process') call.signals.send(target, signal, code, value, process.group.id);
  else call.signals.sendToThread(target, signal, code, value, process.group.id);
  return 0;
}

function rtSigreturn(call: CallContext): CallResult {
  if (!call.signals.restore(call.process, call.space)) {
    call.signals.force(call.process, Signal.SIGSEGV, SignalCode.kernel, 0n);
  }
  return 'replaced';
}
