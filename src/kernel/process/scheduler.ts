/**
 * The mechanism of scheduling: states, context switches and the end of a quantum. Which process runs, and for how
 * long, is the policy's; it never sees a process's state.
 *
 *                  choose                            leave('blocked')
 *     ready ───────────────────────────▶ running ────────────────────────▶ blocked · stopped · zombie
 *       ▲ ▲                                 │                                     │
 *       │ └── leave('expired', 'yielded', ──┘                                     │
 *       │            'preempted')                         ready                   │
 *       └─────────────────────────────────────────────────────────────────────────┘
 *
 * The registers of the process that ran last stay in the machine until another one runs: one that blocks and is the
 * next to run costs no switch.
 */
import { assert } from '../../base/errors.ts';
import type { Pid } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type {
  ReadyReason,
  Schedulable,
  SchedulingPolicy,
  StopReason,
  Verdict,
} from '../../policies/scheduling/contract.ts';
import type { VirtualClock } from '../clock.ts';
import type { VirtualMemory } from '../memory/contract.ts';
import type { Costs, ProcessState, RootState, SchedulerState } from '../state.ts';
import type { EventStream } from '../stream.ts';

export interface SchedulerParts {
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly memory: Pick<VirtualMemory, 'enterSpace'>;
  readonly clock: VirtualClock;
  readonly stream: EventStream;
  readonly costs: Costs;
  /** Acts on `root.scheduler.policy`. */
  readonly policy: SchedulingPolicy;
  /** `off`: nothing takes the processor from a process that does not give it up. */
  readonly timer: 'on' | 'off';
}

export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #state: SchedulerState;
  #running: ProcessState | undefined;

  constructor(parts: SchedulerParts) {
    this.#parts = parts;
    this.#state = parts.root.scheduler;
  }

  /** The process on the processor, if there is one. */
  get running(): ProcessState | undefined {
    if (!this.#state.busy) return undefined;
    const { running } = this.#parts.root;
    if (this.#running?.pid !== running) this.#running = this.#find(running);
    return this.#running;
  }

  /** Virtual time at which the timer is to interrupt what runs; Infinity: never. */
  get due(): number {
    const event = this.#parts.timer === 'on' ? (this.#parts.policy.nextEvent() ?? Infinity) : Infinity;
    return Math.min(this.#state.quantumEnd, event);
  }

  /** Takes up those that were made or woken, in the order in which they were. */
  takeUpWoken(): void {
    const { woken } = this.#parts.root;
    if (woken.length === 0) return;
    for (const pid of woken.splice(0)) {
      const process = this.#parts.root.processes.find((candidate) => candidate.pid === pid);
      if (process !== undefined && waiting.has(process.status)) this.#ready(process);
    }
  }

  /** Ends the quantum if it is over, and lets the policy do what is due. */
  tick(): void {
    const { policy, clock, costs, timer } = this.#parts;
    if (timer === 'off') return;
    for (let at = policy.nextEvent(); at !== undefined && at <= clock.now; at = policy.nextEvent())
      this.#heed(policy.event(clock.now));
    const { running } = this;
    if (running === undefined || clock.now < this.#state.quantumEnd) return;
    clock.charge('traps', costs.trap);
    this.#state.expired++;
    this.leave(running, 'expired');
  }

  /** The process that is to run now: who runs, or whom the policy chooses; `undefined` when nobody can. */
  choose(): ProcessState | undefined {
    const { running } = this;
    if (running !== undefined) return running;
    const { policy, clock, timer } = this.#parts;
    const choice = policy.next(clock.now);
    if (choice === undefined) return undefined;
    const process = this.#find(choice.pid as Pid);
    this.#switchTo(process);
    this.#become(process, 'running');
    this.#state.busy = true;
    this.#state.since = clock.now;
    this.#state.quantumEnd = timer === 'on' ? clock.now + choice.quantum : Infinity;
    process.times.firstRun ??= clock.now;
    return process;
  }

  /** The running process gives the processor up, or it is taken from it. */
  leave(process: ProcessState, why: StopReason): void {
    const { policy, clock, root } = this.#parts;
    assert(this.#state.busy && root.running === process.pid, 'only who runs leaves');
    // Whoever became ready while it ran is ahead of it.
    if (why !== 'blocked') this.takeUpWoken();
    if (!this.#state.busy) return;
    this.#state.busy = false;
    this.#become(process, why === 'blocked' ? 'blocked' : 'ready');
    process.times[why === 'blocked' || why === 'yielded' ? 'voluntary' : 'involuntary']++;
    policy.ran(process.pid, clock.now - this.#state.since, why, clock.now);
  }

  /** The running process keeps the processor while it waits for `ns`, which is no part of its quantum. */
  keepWaiting(ns: number): void {
    this.#state.quantumEnd += ns;
  }

  /** It has ended, and does not run. */
  gone(process: ProcessState): void {
    const hasArrived = process.status !== 'new';
    this.#become(process, 'zombie');
    process.times.ended = this.#parts.clock.now;
    if (hasArrived) this.#parts.policy.gone(process.pid);
  }

  /** What policies go by has changed (nice(2)). */
  changed(process: ProcessState): void {
    this.#parts.policy.changed(schedulable(process));
  }

  #ready(process: ProcessState): void {
    const { policy, clock } = this.#parts;
    const why: ReadyReason = process.status === 'new' ? 'arrived' : 'woken';
    // A first thread that execve(2) has made go on arrives a second time.
    if (why === 'arrived' && process.times.firstRun === undefined) {
      process.times.arrived = clock.now;
      this.#state.created++;
    }
    this.#become(process, 'ready');
    this.#heed(policy.ready(schedulable(process), why, clock.now));
  }

  #heed(verdict: Verdict): void {
    const { running } = this;
    if (verdict !== 'preempt' || running === undefined || this.#parts.timer === 'off') return;
    const isOver = this.#parts.clock.now >= this.#state.quantumEnd;
    this.leave(running, isOver ? 'expired' : 'preempted');
  }

  #become(process: ProcessState, status: 'ready' | 'running' | 'blocked' | 'zombie'): void {
    const { times, pid } = process;
    const { clock, stream } = this.#parts;
    const { now } = clock;
    if (stream.watched) stream.emit({ type: 'state', process: pid, state: status });
    if (process.status === 'running' || process.status === 'ready')
      times[process.status] += now - times.since;
    times.since = now;
    process.status = status;
  }

  /** Puts a process's registers and address space into the machine, and those there away. */
  #switchTo(process: ProcessState): void {
    const { root, machine, clock, costs, stream, policy } = this.#parts;
    this.#running = process;
    if (root.running === process.pid) return;
    const last = root.processes.find(({ pid }) => pid === root.running);
    if (last !== undefined && last.script === undefined) machine.saveRegisters(last.registers);
    this.#state.switches++;
    clock.charge('switches', costs.contextSwitch);
    root.running = process.pid;
    if (stream.watched) stream.emit({ type: 'switch', known: policy.describe(process.pid) });
    if (process.script !== undefined) return;
    machine.loadRegisters(process.registers);
    this.useSpace(process);
  }

  /** Makes the machine translate in the process's address space. */
  useSpace(process: ProcessState): void {
    const space = this.#parts.root.spaces[process.space];
    assert(space !== undefined, 'a process that runs has an address space');
    this.#parts.memory.enterSpace(space);
  }

  #find(pid: Pid): ProcessState {
    const found = this.#parts.root.processes.find((process) => process.pid === pid);
    assert(found !== undefined, `process ${pid} exists`);
    return found;
  }
}

const waiting: ReadonlySet<ProcessState['status']> = new Set(['new', 'blocked', 'stopped']);

/** What policies may know of a process. */
const schedulable = ({ pid, scheduling }: ProcessState): Schedulable => ({ pid, ...scheduling });
