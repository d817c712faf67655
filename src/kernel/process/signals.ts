/**
 * Signals of a process: made pending, and on the way back to user mode turned into a handler's call or the
 * process's end. Source: kernel/signal.c and arch/riscv/kernel/signal.c of Linux.
 */
import { virtualAddress } from '../../base/numbers.ts';
import type { MachinePort, RegisterContext } from '../../machine/contract.ts';
import type { EventSink } from '../events.ts';
import { BadAddress, type VirtualMemory } from '../memory/contract.ts';
import type { ProcessState, SignalAction, SpaceState } from '../state.ts';
import type { Signals } from './contract.ts';
import { endProcess } from './exit.ts';
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
  FIRST_REAL_TIME,
  isSynchronous,
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SIG_DFL,
  SIG_IGN,
  Signal,
  SignalCode,
  SS_AUTODISARM,
  SS_DISABLE,
  SS_ONSTACK,
  signalBit,
  UNBLOCKABLE,
} from './signal-table.ts';

type Pending = ProcessState['signals']['pending'][number];

/** Integer registers by their ABI names. */
const RA = 1;
const SP = 2;
const A0 = 10;
const A1 = 11;
const A2 = 12;

export interface SignalParts {
  readonly machine: MachinePort;
  readonly memory: Pick<VirtualMemory, 'user'>;
  readonly events: EventSink;
  /** Address of the code that calls rt_sigreturn, mapped in every process. */
  readonly trampoline: number;
  /** User that signals come from, as getuid(2) tells it. */
  readonly uid: number;
}

export class ProcessSignals implements Signals {
  readonly #parts: SignalParts;

  constructor(parts: SignalParts) {
    this.#parts = parts;
  }

  send(process: ProcessState, signal: number, code: number, address: bigint): void {
    const { pending, mask } = process.signals;
    const isBlocked = (mask & signalBit(signal)) !== 0n;
    if (!isBlocked && this.#isIgnored(process, signal)) {
      this.#tell(signal, code, address, 'ignored');
      return;
    }
    // Only real-time signals queue; of the others one is pending or none.
    if (signal < FIRST_REAL_TIME && pending.some((other) => other.signal === signal)) return;
    pending.push({ signal, code, address });
  }

  force(process: ProcessState, signal: number, code: number, address: bigint): void {
    const { signals } = process;
    const isBlocked = (signals.mask & signalBit(signal)) !== 0n;
    if (isBlocked || signals.actions[signal]?.handler === SIG_IGN) {
      signals.actions[signal] = undefined;
      signals.mask &= ~signalBit(signal);
    }
    if (!signals.pending.some((other) => other.signal === signal))
      signals.pending.push({ signal, code, address });
  }

  deliver(process: ProcessState, space: SpaceState): 'none' | 'handler' | 'killed' {
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
      take(process, next);
      if (this.#isIgnored(process, next.signal)) continue;
      if (this.#actByDefault(process, next)) return 'killed';
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

  #isIgnored(process: ProcessState, signal: number): boolean {
    if (signal === Signal.SIGKILL || signal === Signal.SIGSTOP) return false;
    const handler = process.signals.actions[signal]?.handler ?? SIG_DFL;
    return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === 'ignore');
  }

  #tell(signal: number, code: number, address: bigint, action: string): void {
    const { events } = this.#parts;
    if (events.watched)
      events.emit({ type: 'signal', signal, code, address: virtualAddress(Number(address)), action });
  }

  /** Whether the process has ended. A stop is passed over: nobody is there who could continue it. */
  #actByDefault(process: ProcessState, { signal, code, address }: Pending): boolean {
    if (defaultAction(signal) === 'stop') {
      this.#tell(signal, code, address, 'stop (passed over: no other process could continue it)');
      return false;
    }
    this.#tell(signal, code, address, 'killed');
    endProcess(process, { code: 0, signal });
    return true;
  }

  /**
   * Builds the frame and sets the registers; false when the stack can't take it, and SIGSEGV is pending
   * instead. Nothing is changed before the frame is written, so a wait for a page can be started over.
   */
  #enterHandler(process: ProcessState, space: SpaceState, next: Pending, action: SignalAction): boolean {
    const { machine, memory } = this.#parts;
    const { signals } = process;
    const saved = registersOf(machine);
    const pointer = framePointer(signals.alternate, BigInt.asUintN(64, saved.x[SP]!), action);
    const isFault = next.code > 0 && next.code < SignalCode.kernel;
    const frame = encodeFrame(
      {
        signal: next.signal,
        code: next.code,
        address: BigInt.asUintN(64, next.address),
        sender: isFault ? undefined : { pid: process.pid, uid: this.#parts.uid },
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
    take(process, next);
    this.#tell(next.signal, next.code, next.address, 'handler');
    signals.saved = undefined;
    this.#enter(pointer, next.signal, action);
    const own = action.flags & SA_NODEFER ? 0n : signalBit(next.signal);
    signals.mask = (signals.mask | action.mask | own) & ~UNBLOCKABLE;
    if ((action.flags & SA_RESETHAND) !== 0) signals.actions[next.signal] = undefined;
    if ((signals.alternate.flags & SS_AUTODISARM) !== 0)
      signals.alternate = { address: 0n, size: 0n, flags: SS_DISABLE };
    return true;
  }

  #enter(pointer: bigint, signal: number, action: SignalAction): void {
    const { machine, trampoline } = this.#parts;
    machine.x[RA] = BigInt(trampoline);
    machine.x[SP] = BigInt.asIntN(64, pointer);
    machine.x[A0] = BigInt(signal);
    machine.x[A1] = BigInt.asIntN(64, pointer);
    machine.x[A2] = BigInt.asIntN(64, pointer + BigInt(UCONTEXT_OFFSET));
    machine.pc = addressFrom(action.handler);
  }

  /** As force_sigsegv(): no room for the frame of SIGSEGV itself is the end. */
  #refuseFrame(process: ProcessState, next: Pending): void {
    take(process, next);
    if (next.signal === Signal.SIGSEGV) process.signals.actions[Signal.SIGSEGV] = undefined;
    this.force(process, Signal.SIGSEGV, SignalCode.kernel, 0n);
  }
}

/** Among those not blocked: the ones an instruction raised first, then the lowest number, oldest first. */
function nextPending({ signals }: ProcessState): Pending | undefined {
  let best: Pending | undefined;
  for (const pending of signals.pending) {
    if ((signals.mask & signalBit(pending.signal)) !== 0n && pending.signal !== Signal.SIGKILL) continue;
    if (best === undefined || rank(pending) < rank(best)) best = pending;
  }
  return best;
}

const rank = ({ signal }: Pending): number =>
  signal === Signal.SIGKILL ? -1000 : isSynchronous(signal) ? signal - 100 : signal;

function take({ signals }: ProcessState, taken: Pending): void {
  signals.pending.splice(signals.pending.indexOf(taken), 1);
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
