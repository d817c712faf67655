/**
 * The trap loop: lets the process run until it needs the kernel, finds out why, and turns the answer into
 * resume, sleep, signal or end. Everything it knows between two steps is in the root state, so it can stop
 * and be taken up again, elsewhere too, at any step.
 */
import { assert, unreachable } from '../base/errors.ts';
import type { Pid } from '../base/numbers.ts';
import type { MachinePort, Trap } from '../machine/contract.ts';
import type { VirtualClock } from './clock.ts';
import type { Files } from './files/contract.ts';
import { type Outcome, PageWait, type VirtualMemory } from './memory/contract.ts';
import { expireAlarm } from './process/alarm.ts';
import type { Signals } from './process/contract.ts';
import { endProcess } from './process/exit.ts';
import { Signal, SignalCode } from './process/signal-table.ts';
import type { Area, Costs, ProcessState, RootState, SpaceState } from './state.ts';
import type { EventStream } from './stream.ts';
import type { Dispatched } from './syscalls/contract.ts';

/** Carries out the system call that the running process has trapped with. */
export interface SystemCalls {
  dispatch(process: ProcessState, space: SpaceState): Dispatched;
}

/** The outside, as far as the loop needs it. */
export interface HostTurns {
  /** Lets the host handle what waits for it (an interrupt from the keyboard, progress). */
  turn(): Promise<void>;
}

export interface KernelParts {
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly memory: VirtualMemory;
  readonly files: Files;
  readonly calls: SystemCalls;
  readonly signals: Signals;
  readonly clock: VirtualClock;
  readonly stream: EventStream;
  readonly costs: Costs;
  readonly host: HostTurns;
  /** Takes the machine's references out of its ring; called after each run when they are recorded. */
  readonly drain: (() => void) | undefined;
}

/** Where to stop a run that has not ended; both are reached at the first stop after them. */
export interface RunLimits {
  /** Instructions retired since the start. */
  readonly instructions?: number | undefined;
  /** Virtual time, ns. */
  readonly time?: number | undefined;
}

export type RunEnd = 'ended' | 'instructions' | 'time';

/** Areas of a process as they were when it ended. */
export type AreaList = readonly {
  readonly area: Area;
  readonly resident: number;
  readonly swapped: number;
}[];

/** Longest run without a look at limits and host. */
const QUANTUM = 200_000;
/** Traps between two turns of the host; an unbroken quantum counts as many. */
const TRAPS_A_TURN = 4_096;
const QUANTUM_WEIGHT = 64;

export class Kernel {
  readonly #parts: KernelParts;
  #sinceTurn = 0;
  #lastAreas: AreaList = [];

  constructor(parts: KernelParts) {
    this.#parts = parts;
  }

  /** The process that runs, or ran last. */
  get process(): ProcessState {
    return this.#processOf(this.#parts.root.running);
  }

  /** Areas of the running process, or of the last one when it ended. */
  areas(): AreaList {
    const space = this.#parts.root.spaces[this.process.space];
    return space === undefined ? this.#lastAreas : this.#parts.memory.listAreas(space);
  }

  /** Runs until the process has ended or a limit is reached. */
  async run(limits: RunLimits = {}): Promise<RunEnd> {
    for (;;) {
      const { process } = this;
      if (process.exit !== undefined) {
        this.#bury(process);
        return 'ended';
      }
      const reached = this.#limitReached(limits);
      if (reached !== undefined) return reached;
      if (!this.#parts.memory.hasRoom) {
        endProcess(process, {
          code: 0,
          signal: Signal.SIGKILL,
          reason: 'too little memory',
          lacks: 'frames',
        });
        continue;
      }
      const step = process.waitsFor === undefined ? this.#step(process, limits) : this.#awaitPage(process);
      // Awaiting costs a turn of the microtask queue, so only what needs it is awaited.
      if (step !== undefined) await step;
      if (this.#sinceTurn >= TRAPS_A_TURN) {
        this.#sinceTurn = 0;
        await this.#parts.host.turn();
      }
    }
  }

  /** Sends the running process a signal from outside. */
  interrupt(signal: number): void {
    this.#parts.signals.send(this.process, signal, SignalCode.kernel, 0n);
  }

  /**
   * Does what needs the process's memory before it runs (the loader's writes), waiting for pages as a system
   * call would; `action` is started over after each wait. False when the process has been killed by it.
   */
  async attempt(process: ProcessState, action: () => void): Promise<boolean> {
    for (;;) {
      if (this.#holdingPages(process, action)) return true;
      while (process.waitsFor !== undefined) await this.#awaitPage(process);
      if (process.exit !== undefined) return false;
    }
  }

  #processOf(pid: Pid): ProcessState {
    const found = this.#parts.root.processes.find((process) => process.pid === pid);
    assert(found !== undefined, `process ${pid} exists`);
    return found;
  }

  #spaceOf(process: ProcessState): SpaceState {
    const space = this.#parts.root.spaces[process.space];
    assert(space !== undefined, 'a process that runs has an address space');
    return space;
  }

  #limitReached(limits: RunLimits): RunEnd | undefined {
    if (limits.time !== undefined && this.#parts.clock.now >= limits.time) return 'time';
    if (limits.instructions === undefined) return undefined;
    return this.#parts.machine.counters().instructions >= limits.instructions ? 'instructions' : undefined;
  }

  #step(process: ProcessState, limits: RunLimits): undefined {
    const { machine, clock, drain, signals, memory } = this.#parts;
    const space = this.#spaceOf(process);
    expireAlarm(process, clock.now, signals);
    const { pending, saved } = process.signals;
    if ((pending.length > 0 || saved !== undefined) && !this.#deliverSignals(process, space))
      return undefined;
    const trap = machine.run(this.#fuel(process, limits));
    const counters = machine.counters();
    space.instructions = (space.instructions ?? 0) + counters.instructions - clock.instructions;
    clock.ran(counters);
    drain?.();
    memory.clockInterrupt();
    this.#handle(trap, process, space);
    return undefined;
  }

  /** Instructions to run at most: no further than a limit, and not past the time at which an alarm is due. */
  #fuel({ alarm }: ProcessState, { instructions }: RunLimits): number {
    const { machine, clock, costs, memory } = this.#parts;
    let fuel = QUANTUM;
    if (instructions !== undefined) fuel = Math.min(fuel, instructions - machine.counters().instructions);
    // Each instruction takes at least its own time and that of its fetch, so this many can't be too many.
    const each = Math.max(1, costs.instruction + costs.memory);
    if (alarm !== undefined) fuel = Math.min(fuel, (alarm.due - clock.now) / each);
    const { nextInterrupt } = memory;
    if (nextInterrupt !== undefined) fuel = Math.min(fuel, (nextInterrupt - clock.busy) / each);
    return Math.max(1, Math.floor(fuel));
  }

  /** Whether the process can go on: it was not killed, and waits for no page. */
  #deliverSignals(process: ProcessState, space: SpaceState): boolean {
    const { signals } = this.#parts;
    return (
      this.#holdingPages(process, () => {
        while (signals.deliver(process, space) === 'handler');
      }) && process.exit === undefined
    );
  }

  /** Runs `action`; false when it has to be started over because a page must come first, or could not. */
  #holdingPages(process: ProcessState, action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof PageWait)) throw error;
      this.#settle(process, error.outcome);
      return false;
    }
  }

  #handle(trap: Trap, process: ProcessState, space: SpaceState): void {
    const { memory, signals } = this.#parts;
    this.#sinceTurn += trap.cause === 'timer' ? QUANTUM_WEIGHT : 1;
    // These two come of how the machine is run, not of what it runs: they cost no time and leave no trace.
    if (trap.cause === 'timer' || trap.cause === 'ring-full') return;
    this.#enter(trap);
    switch (trap.cause) {
      case 'system-call':
        this.#call(process, space);
        break;
      case 'page-fault':
        this.#settle(process, memory.fault(space, trap.address, trap.access, trap.pc));
        break;
      case 'illegal-instruction':
        signals.force(process, Signal.SIGILL, SignalCode.illegalOpcode, BigInt(trap.pc));
        break;
      case 'breakpoint':
        signals.force(process, Signal.SIGTRAP, SignalCode.breakpoint, BigInt(trap.pc));
        break;
      case 'misaligned':
        signals.force(process, Signal.SIGBUS, SignalCode.misaligned, BigInt(trap.pc));
        break;
      default:
        unreachable(trap.cause);
    }
  }

  #enter({ cause, pc }: Trap): void {
    const { clock, costs, stream } = this.#parts;
    if (stream.watched) stream.emit({ type: 'trap', cause, pc });
    clock.charge('traps', costs.trap);
  }

  #call(process: ProcessState, space: SpaceState): void {
    const { calls, clock, costs, root } = this.#parts;
    clock.charge('systemCalls', costs.systemCall);
    const result = calls.dispatch(process, space);
    // Otherwise its registers, or its end, are in place already.
    if (typeof result !== 'object') return;
    // The machine takes the ecall for retired, but it will be executed again.
    space.instructions = (space.instructions ?? 0) - 1;
    root.calls.restarted = (root.calls.restarted ?? 0) + 1;
    this.#settle(process, result.wait);
  }

  #settle(process: ProcessState, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'resumed':
        break;
      case 'blocked':
        process.waitsFor = outcome.request;
        process.status = 'blocked';
        break;
      case 'signal':
        this.#parts.signals.force(process, outcome.signal, outcome.code, BigInt(outcome.address));
        break;
      case 'out-of-memory':
        endProcess(process, {
          code: 0,
          signal: Signal.SIGKILL,
          reason: outcome.detail,
          lacks: outcome.lacks,
        });
        break;
      default:
        unreachable(outcome);
    }
  }

  /** There is no other process to run: time passes until the page has come. */
  #awaitPage(process: ProcessState): Promise<void> | undefined {
    const { root, clock, memory } = this.#parts;
    const request = root.requests.find(({ id }) => id === process.waitsFor);
    assert(request !== undefined, 'a blocked process waits for a request that exists');
    clock.idleUntil(request.due);
    const outcome = memory.complete(request);
    if (outcome instanceof Promise) return outcome.then((value) => this.#wake(process, value));
    this.#wake(process, outcome);
    return undefined;
  }

  #wake(process: ProcessState, outcome: Outcome): void {
    process.waitsFor = undefined;
    process.status = 'running';
    this.#settle(process, outcome);
  }

  /** Gives back what an ended process held; once. */
  #bury(process: ProcessState): void {
    const { root, memory, files, stream } = this.#parts;
    const exit = process.exit;
    if (exit === undefined || root.spaces[process.space] === undefined) return;
    this.#lastAreas = structuredClone(this.areas());
    files.closeAll(process);
    memory.destroySpace(process.space);
    if (stream.watched) stream.emit({ type: 'exit', status: exit.code, signal: exit.signal });
  }
}
