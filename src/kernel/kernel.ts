/**
 * The trap loop: lets the chosen process run until it needs the kernel, finds out why, and turns the answer into
 * resume, sleep, signal or end; between two steps it takes up what has come due, and who can run again. Everything it
 * knows between two steps is in the root state, so it can stop and be taken up again, elsewhere too, at any step.
 */
import { assert, unreachable } from '../base/errors.ts';
import { nanoseconds, type Pid, virtualAddress } from '../base/numbers.ts';
import type { MachinePort, Trap } from '../machine/contract.ts';
import type { InputWaits } from './files/input-waits.ts';
import { BadAddress, type Outcome, PageWait, type VirtualMemory } from './memory/contract.ts';
import { FIRST_PID } from './process/create.ts';
import { endProcess } from './process/exit.ts';
import { hasLastWords, writeLastWords } from './process/last-words.ts';
import { type OutcomeParts, Outcomes } from './process/outcomes.ts';
import { hasPending } from './process/pending-signals.ts';
import type { Scripts } from './process/script.ts';
import { Signal, SignalCode } from './process/signal-table.ts';
import { signalFromOutside } from './process/terminal.ts';
import { expireTimers, hasTimers, timeCpu } from './process/timers.ts';
import { admissionChannel, rouse } from './process/wakeups.ts';
import type { Area, Costs, ExitState, ProcessState, SpaceState } from './state.ts';
import type { EventStream } from './stream.ts';
import { fuelOf, type Moment, type RunLimits, type Stretch, stretchTo } from './stretch.ts';
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

export interface KernelParts extends Omit<OutcomeParts, 'saysLastWords'> {
  readonly machine: MachinePort;
  readonly memory: VirtualMemory;
  readonly calls: SystemCalls;
  readonly scripts: Scripts;
  readonly stream: EventStream;
  readonly costs: Costs;
  readonly host: HostTurns;
  readonly input: InputWaits;
  /** Takes the machine's references out of its ring; called after each run when they are recorded. */
  readonly drain: (() => void) | undefined;
}

export type RunEnd = 'ended' | 'instructions' | 'time';

/** Areas of a process as they were when it ended. */
export type AreaList = readonly {
  readonly area: Area;
  readonly resident: number;
  readonly swapped: number;
}[];

/** Traps between two turns of the host; an unbroken quantum counts as many. */
const TRAPS_A_TURN = 4_096;
const QUANTUM_WEIGHT = 64;

export class Kernel {
  readonly #parts: KernelParts;
  readonly #outcomes: Outcomes;
  #sinceTurn = 0;
  /** When the next request, sleep or timer is due; Infinity: none. */
  #due = Number.POSITIVE_INFINITY;
  /** When a timer of the running process's CPU time is due. */
  #cpuDue = Number.POSITIVE_INFINITY;
  /** The process on the processor waits for input, and nothing else can happen before there is some. */
  #standsStill = false;

  constructor(parts: KernelParts) {
    this.#parts = parts;
    this.#outcomes = new Outcomes({ ...parts, saysLastWords: (thread) => void this.#hasSaidAll(thread) });
  }

  /** How the first program ended; `undefined` while it runs. */
  get exit(): ExitState | undefined {
    return this.#parts.root.processes.find(({ pid }) => pid === FIRST_PID)?.group.exit;
  }

  /** Areas of the first program, as they are or were when it ended. */
  areas(): AreaList {
    return this.#parts.processes.areas();
  }

  /** Runs until all processes have ended or a limit is reached. */
  async run(limits: RunLimits = {}): Promise<RunEnd> {
    const { root, scheduler, processes, load, input, memory } = this.#parts;
    for (;;) {
      const reached = this.#limitReached(limits);
      if (reached !== undefined) return reached;
      if (root.underway !== undefined) {
        this.#goOn(limits);
        continue;
      }
      // Awaiting costs a turn of the microtask queue, so only what needs it is awaited.
      for (let coming = this.#takeUpDue(); coming !== undefined; coming = this.#takeUpDue()) await coming;
      scheduler.takeUpWoken();
      scheduler.tick();
      load.look();
      memory.background();
      const process = scheduler.choose();
      if (process !== undefined) {
        this.#step(process, limits);
        if (process.exit !== undefined && this.#hasSaidAll(process)) processes.bury(process);
        if (this.#standsStill) await input.pause(Infinity);
        this.#standsStill = false;
      } else if (processes.live === 0) return 'ended';
      else if (input.isAwaited) await this.#awaitInput(limits);
      else if (!this.#passTime(limits)) processes.endStuck();
      if (this.#sinceTurn >= TRAPS_A_TURN) {
        this.#sinceTurn = 0;
        await this.#parts.host.turn();
        if (input.isAwaited) input.look();
      }
    }
  }

  /**
   * Nobody can run, and somebody waits for input: as long, in the host's time, as virtual time has to what programs wait
   * for. The machine's own doings, pages that are on their way, are not held up.
   */
  async #awaitInput(limits: RunLimits): Promise<void> {
    const { root, input, clock, load } = this.#parts;
    const own = Math.min(load.dueWhileIdle, ...root.requests.map(({ due }) => due));
    const isOwn = own !== Infinity && own <= this.#due;
    const left = isOwn ? 0 : Math.min(this.#due, limits.time ?? Infinity) - clock.now;
    if ((await input.pause(left)) === 'late') this.#passTime(limits);
  }

  /** A run of the machine that was cut short ends where it would have ended, and nothing is looked at before. */
  #goOn(limits: RunLimits): void {
    const process = this.#parts.scheduler.running;
    const space = process && this.#parts.root.spaces[process.space];
    assert(process !== undefined && space !== undefined, 'only who runs can be cut short');
    this.#execute(process, space, limits);
  }

  /** Sends a signal from outside. */
  interrupt(signal: number): void {
    this.#parts.root.underway = undefined;
    signalFromOutside(this.#parts.root, this.#parts.signals, signal);
    this.#parts.input.stop();
  }

  /**
   * Does what needs a process's memory before it runs (the loader's writes), waiting for pages as a system
   * call would; `action` is started over after each wait. False when the process has been killed by it.
   */
  async attempt(process: ProcessState, action: () => void): Promise<boolean> {
    for (;;) {
      if (this.#holdingPages(process, action)) return true;
      while (process.waitsFor !== undefined) {
        this.#passTime({});
        for (let coming = this.#takeUpDue(); coming !== undefined; coming = this.#takeUpDue()) await coming;
      }
      if (process.exit !== undefined) return false;
    }
  }

  #limitReached(limits: RunLimits): RunEnd | undefined {
    if (limits.time !== undefined && this.#parts.clock.now >= limits.time) return 'time';
    if (limits.instructions === undefined) return undefined;
    return this.#parts.machine.counters().instructions >= limits.instructions ? 'instructions' : undefined;
  }

  /** Completes requests that are due, ends sleeps and timers, and finds out when the next one is. */
  #takeUpDue(): Promise<void> | undefined {
    const { root, clock, memory, signals } = this.#parts;
    const { now } = clock;
    let due = this.#parts.load.dueWhileIdle;
    for (const request of root.requests) {
      if (request.due <= now) {
        const asker = memory.askerOf(request);
        const outcome = memory.complete(request);
        if (outcome instanceof Promise)
          return outcome.then((value) => this.#completed(request.id, asker, value));
        this.#completed(request.id, asker, outcome);
        return this.#takeUpDue();
      }
      due = Math.min(due, request.due);
    }
    for (const process of root.processes) {
      const { sleep, group } = process;
      if (process.pid === group.id && hasTimers(group))
        due = Math.min(due, expireTimers(root, process, signals));
      if (sleep === undefined) continue;
      if (sleep.until <= now) rouse(root, process);
      else due = Math.min(due, sleep.until);
    }
    this.#due = due;
    return undefined;
  }

  /** Those who waited for a request go on and try again; what came of it is for who asked for it. */
  #completed(id: number, asker: Pid, outcome: Outcome): void {
    const { root } = this.#parts;
    for (const process of root.processes) {
      if (process.waitsFor !== id) continue;
      process.waitsFor = undefined;
      if (process.pid === asker) this.#outcomes.settle(process, outcome);
      if (process.waitsFor === undefined) rouse(root, process);
    }
  }

  /** Nobody can run: time passes until something is due. False when nothing will ever be. */
  #passTime({ time }: RunLimits): boolean {
    if (this.#due === Number.POSITIVE_INFINITY) return false;
    const until = Math.min(this.#due, this.#backgroundDue, time ?? Number.POSITIVE_INFINITY);
    this.#parts.clock.idleUntil(nanoseconds(until));
    return true;
  }

  /** When memory has something to do by itself, which nobody waits for; Infinity: it has not. */
  get #backgroundDue(): number {
    const { memory, clock } = this.#parts;
    const { nextBackground } = memory;
    // Before the first program runs there is nobody to do it.
    if (nextBackground === undefined || nextBackground <= clock.now) return Number.POSITIVE_INFINITY;
    return nextBackground;
  }

  #step(process: ProcessState, limits: RunLimits): void {
    if (process.exit !== undefined) return;
    this.#cpuDue = timeCpu(this.#parts.root, process, this.#parts.signals);
    if (!this.#mayRun(process)) return;
    this.#parts.load.runs(process);
    const { script } = process;
    if (script !== undefined) {
      this.#holdingPages(process, () =>
        this.#parts.scripts.perform(
          process,
          script,
          Math.min(this.#next(), limits.time ?? Number.POSITIVE_INFINITY),
        ),
      );
      return;
    }
    const space = this.#parts.root.spaces[process.space];
    assert(space !== undefined, 'a process that runs has an address space');
    if (process.setChildTid !== 0 && !this.#storeTid(process, space)) return;
    // What was begun is begun again before anything else.
    if (process.call !== undefined) this.#call(process, space);
    else if (this.#deliverSignals(process, space)) this.#execute(process, space, limits);
  }

  /** Whether a thread that has ended has told those who rely on it; it may wait for pages, if they can be had. */
  #hasSaidAll(process: ProcessState): boolean {
    const { root, memory } = this.#parts;
    const space = root.spaces[process.space];
    if (space === undefined || !hasLastWords(process) || !memory.hasRoom) return true;
    try {
      writeLastWords(root, process, space, memory.user(space));
      return true;
    } catch (error) {
      if (!(error instanceof PageWait)) throw error;
      return !this.#outcomes.settle(process, error.outcome);
    }
  }

  /** Ends or stops a process that was to end or to stop while it was not running, or that memory can't hold. */
  #mayRun(process: ProcessState): boolean {
    const { group } = process;
    if (group.exit !== undefined) process.exit = group.exit;
    else if (!this.#parts.memory.hasRoom) {
      endProcess(process, { code: 0, signal: Signal.SIGKILL, reason: 'too little memory', lacks: 'frames' });
    } else if (group.stopped !== 0) {
      this.#parts.scheduler.leave(process, 'blocked');
      process.status = 'stopped';
      return false;
    } else if (this.#parts.load.isSuspended(group)) {
      this.#parts.scheduler.leave(process, 'blocked');
      process.sleep = {
        channels: [admissionChannel(group.id)],
        until: Number.POSITIVE_INFINITY,
        reason: 'admission to memory',
      };
      return false;
    }
    return process.exit === undefined;
  }

  #storeTid(process: ProcessState, space: SpaceState): boolean {
    const stored = this.#holdingPages(process, () => {
      try {
        this.#parts.memory.user(space).writeU32(process.setChildTid, process.pid);
      } catch (error) {
        // As Linux does: who gave a bad address is not told.
        if (!(error instanceof BadAddress)) throw error;
      }
    });
    if (stored) process.setChildTid = virtualAddress(0);
    return stored;
  }

  #execute(process: ProcessState, space: SpaceState, limits: RunLimits): void {
    const { root, machine, clock, drain, memory } = this.#parts;
    const moment: Moment = {
      now: clock.now,
      instructions: clock.instructions,
      least: clock.leastPerInstruction,
      average: clock.perInstruction,
    };
    const stretch = root.underway ?? this.#stretch(moment);
    const trap = machine.run(fuelOf(stretch, moment, limits), stretch.stop);
    const counters = machine.counters();
    const retired = counters.instructions - clock.instructions;
    space.instructions = (space.instructions ?? 0) + retired;
    process.instructions += retired;
    const before = clock.now;
    process.tlbMisses -= clock.tlbMisses;
    clock.ran(counters);
    process.tlbMisses += clock.tlbMisses;
    process.times.user += clock.now - before;
    drain?.();
    const isCut = trap.cause === 'timer' && counters.instructions < stretch.until;
    root.underway = isCut || trap.cause === 'ring-full' ? stretch : undefined;
    if (root.underway !== undefined) return;
    memory.clockInterrupt();
    this.#handle(trap, process, space);
  }

  #stretch(moment: Moment): Stretch {
    const { memory, clock, processes } = this.#parts;
    const { nextInterrupt = Number.POSITIVE_INFINITY } = memory;
    return stretchTo(moment, {
      due: this.#next() - moment.now,
      interrupt: nextInterrupt - clock.busy,
      company: processes.live === 1 ? 'alone' : 'others',
    });
  }

  /** When the processor has to be looked after next, ns. */
  #next(): number {
    return Math.min(
      this.#due,
      this.#cpuDue,
      this.#parts.load.due,
      this.#parts.scheduler.due,
      this.#backgroundDue,
    );
  }

  /** Whether the process can go on: it was not killed or stopped, and waits for no page. */
  #deliverSignals(process: ProcessState, space: SpaceState): boolean {
    const { signals } = this.#parts;
    if (!hasPending(process) && process.signals.saved === undefined) return true;
    return (
      this.#holdingPages(process, () => {
        while (signals.deliver(process, space) === 'handler');
      }) &&
      process.exit === undefined &&
      process.group.stopped === 0
    );
  }

  /** Runs `action`; false when it has to be started over because a page must come first, or could not. */
  #holdingPages(process: ProcessState, action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof PageWait)) throw error;
      this.#outcomes.settle(process, error.outcome);
      return false;
    }
  }

  #handle(trap: Trap, process: ProcessState, space: SpaceState): void {
    const { memory, signals } = this.#parts;
    this.#sinceTurn += trap.cause === 'timer' ? QUANTUM_WEIGHT : 1;
    // These two come of how the machine is run, not of what it runs: they cost no time and leave no trace.
    if (trap.cause === 'timer' || trap.cause === 'ring-full') return;
    // So does a miss where the TLB stands for registers, if it was no more than that.
    if (trap.cause === 'tlb-miss' && memory.refills === 'for registers') {
      const outcome = memory.tlbMiss(space, trap.address, trap.access, trap.pc);
      if (outcome === undefined) return;
      this.#enter(trap);
      this.#fault(process, outcome);
      return;
    }
    this.#enter(trap);
    switch (trap.cause) {
      case 'system-call':
        this.#parts.clock.charge('systemCalls', this.#parts.costs.systemCall);
        this.#call(process, space);
        break;
      case 'page-fault':
        this.#fault(process, memory.fault(space, trap.address, trap.access, trap.pc));
        break;
      case 'tlb-miss':
        this.#fault(process, memory.tlbMiss(space, trap.address, trap.access, trap.pc));
        break;
      case 'tlb-modify':
        this.#fault(process, memory.tlbModify(space, trap.address, trap.pc));
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

  /** @param outcome `undefined`: the TLB has the entry now, and there was no fault */
  #fault(process: ProcessState, outcome: Outcome | undefined): void {
    if (outcome === undefined) return;
    process.faults[outcome.kind === 'blocked' ? 'major' : 'minor']++;
    this.#outcomes.settle(process, outcome);
  }

  #enter({ cause, pc }: Trap): void {
    const { clock, costs, stream } = this.#parts;
    if (stream.watched) stream.emit({ type: 'trap', cause, pc });
    clock.charge('traps', costs.trap);
  }

  #call(process: ProcessState, space: SpaceState): void {
    const { calls, scheduler, stream } = this.#parts;
    const result = calls.dispatch(process, space);
    if (result === 'yielded') scheduler.leave(process, 'yielded');
    // Signals are looked at before it is begun again, so that the one that interrupted it is taken.
    else if (result === 'interrupted') this.#deliverSignals(process, space);
    else if (typeof result !== 'object') return;
    else if ('wait' in result) this.#outcomes.settle(process, result.wait);
    else if (this.#parts.input.stopsAll(result.sleep, this.#due)) this.#standsStill = true;
    else {
      process.sleep = { ...result.sleep, channels: [...result.sleep.channels] };
      if (stream.watched) stream.emit({ type: 'block', reason: result.sleep.reason });
      scheduler.leave(process, 'blocked');
    }
  }
}
