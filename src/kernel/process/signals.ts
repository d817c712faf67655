/**
 * Signals of a process: made pending, and on the way back to user mode turned into a handler's call or the
 * process's end. Source: kernel/signal.c and arch/riscv/kernel/signal.c of Linux.
 */
import { virtualAddress } from '../../base/numbers.ts';
import type { MachinePort, RegisterContext } from '../../machine/contract.ts';
import type { EventSink } from '../events.ts';
import { BadAddress, type VirtualMemory } from '../memory/contract.ts';
import type {
  PendingSignal,
  ProcessState,
  RootState,
  SignalAction,
  SpaceState,
  ThreadGroup,
} from '../state.ts';
import type { Signals } from './contract.ts';
import { NO_PARENT } from './create.ts';
import { endProcess } from './exit.ts';
import { isOrphaned } from './orphans.ts';
import { isIgnored, nextPending, queue, senderOf, takeSignal, waitsForSignals } from './pending-signals.ts';
import {
  addressFrom,
  decodeFrame,
  encodeFrame,
  FRAME_BYTES,
  type SignalStack,
  UCONTEXT_OFFSET,
} from './signal-frame.ts';
import {
  defaultAction,
  isSynchronous,
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SIG_IGN,
  Signal,
  SignalCode,
  SS_AUTODISARM,
  SS_DISABLE,
  SS_ONSTACK,
  signalBit,
  UNBLOCKABLE,
} from './signal-table.ts';
import type { PosixTimer } from './state.ts';
import { childChannel, rouse, wake } from './wakeups.ts';

/** No SIGCHLD for children that stop. */
const SA_NOCLDSTOP = 1;

/** Integer registers by their ABI names. */
const RA = 1;
const SP = 2;
const A0 = 10;
const A1 = 11;
const A2 = 12;

export interface SignalParts {
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly memory: Pick<VirtualMemory, 'user'>;
  readonly events: EventSink;
  /** User that signals come from, as getuid(2) tells it. */
  readonly uid: number;
}

export class ProcessSignals implements Signals {
  readonly #parts: SignalParts;

  constructor(parts: SignalParts) {
    this.#parts = parts;
  }

  send(process: ProcessState, signal: number, code: number, address: bigint, sender = NO_PARENT): void {
    this.#send(process, { signal, code, address, sender });
  }

  #send(process: ProcessState, added: PendingSignal): void {
    const { group } = process;
    const { signal, code, address } = added;
    this.#change(process, signal);
    const threads = this.#threadsOf(group);
    const takers = threads.filter(({ signals }) => (signals.mask & signalBit(signal)) === 0n);
    if (takers.length > 0 && isIgnored(process, signal)) {
      this.#tell(signal, code, address, 'ignored');
      return;
    }
    if (!queue(group.pending, added)) return;
    // Its first thread if that may take it, else any; one that can't be disturbed now takes it later.
    const taker = takers.find(({ pid }) => pid === group.id) ?? takers[0];
    for (const thread of threads) if (thread === taker || waitsForSignals(thread)) this.#rouse(thread);
  }

  sendToThread(
    process: ProcessState,
    signal: number,
    code: number,
    address: bigint,
    sender = NO_PARENT,
  ): void {
    this.#sendToThread(process, { signal, code, address, sender });
  }

  sendOfTimer(process: ProcessState, { id, tells, signal, value }: PosixTimer): boolean {
    const { processes } = this.#parts.root;
    const thread = processes.find(({ pid, group }) => pid === tells && group === process.group);
    const lists = [process.group, ...this.#threadsOf(process.group).map(({ signals }) => signals)];
    if (lists.some(({ pending }) => pending.some(({ timer }) => timer === id))) return false;
    const added = { signal, code: SignalCode.timer, address: value, sender: NO_PARENT, timer: id };
    if (thread === undefined) this.#send(process, added);
    else this.#sendToThread(thread, added);
    return true;
  }

  #sendToThread(process: ProcessState, added: PendingSignal): void {
    const { signal, code, address } = added;
    // First, for it may put another list in the place of what is pending.
    this.#change(process, signal);
    const { pending, mask } = process.signals;
    const isBlocked = (mask & signalBit(signal)) !== 0n;
    if (!isBlocked && isIgnored(process, signal)) {
      this.#tell(signal, code, address, 'ignored');
      return;
    }
    if (!queue(pending, added)) return;
    if (!isBlocked || waitsForSignals(process)) this.#rouse(process);
  }

  force(process: ProcessState, signal: number, code: number, address: bigint, detail?: string): void {
    const { signals } = process;
    const isBlocked = (signals.mask & signalBit(signal)) !== 0n;
    if (isBlocked || signals.actions[signal]?.handler === SIG_IGN) {
      signals.actions[signal] = undefined;
      signals.mask &= ~signalBit(signal);
    }
    if (signals.pending.some((other) => other.signal === signal)) return;
    const told = detail === undefined ? {} : { detail };
    signals.pending.push({ signal, code, address, sender: NO_PARENT, ...told });
  }

  /** What a signal does when it is sent, whether or not it is taken: to stop and to continue cancel one another. */
  #change(process: ProcessState, signal: number): void {
    const { group } = process;
    if (signal === Signal.SIGCONT) {
      this.#drop(group, (other) => defaultAction(other) === 'stop');
      if (group.stopped === 0) return;
      group.untold = 'continued';
      this.#goOn(group);
      this.#tellParent(group);
    } else if (defaultAction(signal) === 'stop') this.#drop(group, (other) => other === Signal.SIGCONT);
    else if (signal === Signal.SIGKILL && group.stopped !== 0) this.#goOn(group);
  }

  #drop(group: ThreadGroup, drops: (signal: number) => boolean): void {
    const keep = (pending: PendingSignal[]): PendingSignal[] =>
      pending.filter(({ signal }) => !drops(signal));
    group.pending = keep(group.pending);
    for (const { signals } of this.#threadsOf(group)) signals.pending = keep(signals.pending);
  }

  #goOn(group: ThreadGroup): void {
    group.stopped = 0;
    for (const thread of this.#threadsOf(group))
      if (thread.status === 'stopped') rouse(this.#parts.root, thread);
  }

  /** A stop or its end: SIGCHLD, unless the parent does not want it for these, and its waits. */
  #tellParent(group: ThreadGroup): void {
    const { root } = this.#parts;
    const isStop = group.stopped !== 0;
    const code = isStop ? SignalCode.childStopped : SignalCode.childContinued;
    const signal = isStop ? group.stopped : Signal.SIGCONT;
    const parent = root.processes.find(({ pid }) => pid === group.parent);
    if (parent === undefined) return;
    const action = parent.signals.actions[Signal.SIGCHLD];
    if (((action?.flags ?? 0) & SA_NOCLDSTOP) === 0)
      this.send(parent, Signal.SIGCHLD, code, BigInt(signal), group.id);
    wake(root, childChannel(group.parent));
  }

  #threadsOf(group: ThreadGroup): ProcessState[] {
    return this.#parts.root.processes.filter((thread) => thread.group === group && thread.exit === undefined);
  }

  #rouse(thread: ProcessState): void {
    if (thread.sleep !== undefined) rouse(this.#parts.root, thread);
  }

  deliver(process: ProcessState, space: SpaceState): 'none' | 'handler' | 'killed' | 'stopped' {
    for (;;) {
      const next = nextPending(process);
      if (next === undefined) {
        restoreMask(process);
        return 'none';
      }
      const action = process.signals.actions[next.signal];
      if (action !== undefined && action.handler > SIG_IGN && next.signal !== Signal.SIGKILL) {
        if (this.#enterHandler(process, space, next, action)) return 'handler';
        continue;
      }
      takeSignal(process, next);
      if (isIgnored(process, next.signal)) continue;
      // Nobody could continue a process that stops when its process group has no connection to its session.
      if (next.signal !== Signal.SIGSTOP && defaultAction(next.signal) === 'stop') {
        if (isOrphaned(this.#parts.root, process.group.processGroup)) continue;
      }
      return this.#actByDefault(process, next);
    }
  }

  restore(process: ProcessState, space: SpaceState): boolean {
    const { machine, memory } = this.#parts;
    const bytes = new Uint8Array(FRAME_BYTES);
    try {
      memory.user(space).read(addressFrom(BigInt.asUintN(64, machine.x[SP]!)), bytes);
    } catch (error) {
      if (error instanceof BadAddress) return false;
      throw error;
    }
    const saved = decodeFrame(bytes);
    if (saved === undefined) return false;
    machine.loadRegisters(saved.registers);
    process.signals.mask = saved.mask & ~UNBLOCKABLE;
    process.signals.alternate = { ...saved.stack, flags: saved.stack.flags & ~SS_ONSTACK };
    return true;
  }

  #tell(signal: number, code: number, address: bigint, action: string): void {
    const { events } = this.#parts;
    if (events.watched)
      events.emit({ type: 'signal', signal, code, address: virtualAddress(Number(address)), action });
  }

  #actByDefault(
    process: ProcessState,
    { signal, code, address, detail }: PendingSignal,
  ): 'killed' | 'stopped' {
    if (defaultAction(signal) === 'stop') {
      this.#tell(signal, code, address, 'stopped');
      process.group.stopped = signal;
      process.group.untold = 'stopped';
      this.#tellParent(process.group);
      return 'stopped';
    }
    this.#tell(signal, code, address, 'killed');
    endProcess(process, { code: 0, signal, ...(detail === undefined ? {} : { reason: detail }) });
    return 'killed';
  }

  /**
   * Builds the frame and sets the registers; false when the stack can't take it, and SIGSEGV is pending
   * instead. Nothing is changed before the frame is written, so a wait for a page can be started over.
   */
  #enterHandler(
    process: ProcessState,
    space: SpaceState,
    next: PendingSignal,
    action: SignalAction,
  ): boolean {
    const { machine, memory } = this.#parts;
    const { signals } = process;
    const saved = registersOf(machine);
    const pointer = framePointer(signals.alternate, BigInt.asUintN(64, saved.x[SP]!), action);
    const isFault = isSynchronous(next.signal) && next.code > 0 && next.code < SignalCode.kernel;
    const frame = encodeFrame(
      {
        signal: next.signal,
        code: next.code,
        address: BigInt.asUintN(64, next.address),
        sender: isFault ? undefined : senderOf(process, next, this.#parts.uid),
        stack: {
          ...signals.alternate,
          flags: stackFlags(signals.alternate, BigInt.asUintN(64, saved.x[SP]!)),
        },
        mask: signals.saved ?? signals.mask,
      },
      saved,
    );
    try {
      memory.user(space).write(addressFrom(pointer), frame);
    } catch (error) {
      if (!(error instanceof BadAddress)) throw error;
      this.#refuseFrame(process, next);
      return false;
    }
    takeSignal(process, next);
    this.#tell(next.signal, next.code, next.address, 'handler');
    signals.saved = undefined;
    this.#enter(process, pointer, next.signal, action);
    const own = action.flags & SA_NODEFER ? 0n : signalBit(next.signal);
    signals.mask = (signals.mask | action.mask | own) & ~UNBLOCKABLE;
    if ((action.flags & SA_RESETHAND) !== 0) signals.actions[next.signal] = undefined;
    if ((signals.alternate.flags & SS_AUTODISARM) !== 0)
      signals.alternate = { address: 0n, size: 0n, flags: SS_DISABLE };
    return true;
  }

  #enter({ space }: ProcessState, pointer: bigint, signal: number, action: SignalAction): void {
    const { root, machine } = this.#parts;
    machine.x[RA] = BigInt(root.spaces[space]!.layout.trampoline);
    machine.x[SP] = BigInt.asIntN(64, pointer);
    machine.x[A0] = BigInt(signal);
    machine.x[A1] = BigInt.asIntN(64, pointer);
    machine.x[A2] = BigInt.asIntN(64, pointer + BigInt(UCONTEXT_OFFSET));
    machine.pc = addressFrom(action.handler);
  }

  /** As force_sigsegv(): no room for the frame of SIGSEGV itself is the end. */
  #refuseFrame(process: ProcessState, next: PendingSignal): void {
    takeSignal(process, next);
    if (next.signal === Signal.SIGSEGV) process.signals.actions[Signal.SIGSEGV] = undefined;
    this.force(process, Signal.SIGSEGV, SignalCode.kernel, 0n);
  }
}

/** Ends the time for which rt_sigsuspend(2) and the like put another mask in place. */
function restoreMask({ signals }: ProcessState): void {
  if (signals.saved === undefined) return;
  signals.mask = signals.saved;
  signals.saved = undefined;
}

function registersOf(machine: MachinePort): RegisterContext {
  const saved: RegisterContext = {
    x: new BigInt64Array(32),
    f: new BigUint64Array(32),
    pc: machine.pc,
    fcsr: 0,
  };
  machine.saveRegisters(saved);
  return saved;
}

const isDisabled = (stack: SignalStack): boolean => stack.size === 0n || (stack.flags & SS_DISABLE) !== 0;

/** Whether `sp` lies on the alternate stack. */
export function isOnStack(stack: SignalStack, sp: bigint): boolean {
  if (isDisabled(stack) || (stack.flags & SS_AUTODISARM) !== 0) return false;
  return sp > stack.address && sp - stack.address <= stack.size;
}

/** ss_flags as sigaltstack(2) reports them. */
export function stackFlags(stack: SignalStack, sp: bigint): number {
  if (isDisabled(stack)) return SS_DISABLE;
  return (stack.flags & SS_AUTODISARM) | (isOnStack(stack, sp) ? SS_ONSTACK : 0);
}

/** Where the frame goes: below sp, or on the alternate stack; 16-byte aligned. */
function framePointer(stack: SignalStack, sp: bigint, action: SignalAction): bigint {
  const onStack = isOnStack(stack, sp);
  const switches = (action.flags & SA_ONSTACK) !== 0 && !isDisabled(stack) && !onStack;
  const top = switches ? stack.address + stack.size : sp;
  const pointer = BigInt.asUintN(64, top - BigInt(FRAME_BYTES)) & ~15n;
  // An overflow of the alternate stack must not run into what lies below it.
  return onStack && !isOnStack(stack, pointer) ? BigInt.asUintN(64, -16n) : pointer;
}
