/**
 * Load control: looks at what the processes do with memory, suspends those that the admission policy will not have
 * compete, and lets them go on later.
 *
 *   every interval: what each process used and did since the last look ──▶ policy ──▶ suspend or resume one
 *
 * Under crude time sharing only one process is in memory at a time: when another one gets the processor the pages of
 * the one before go to swap, and who waits for a page keeps the processor, which then waits as well.
 *
 * A suspended process sleeps when it is next to run, wherever it was; its pages go to swap at once, or stay for the
 * replacement policy to take. The last process that competes is never suspended, and when nobody did anything since
 * the last look, one that waits goes on: what the others wait for may be its to do.
 */
import type { Pid } from '../../base/numbers.ts';
import type { AdmissionPolicy, Competitor, LoadView } from '../../policies/admission/contract.ts';
import type { Clock, VirtualMemory } from '../memory/contract.ts';
import type { ProcessState, RootState, SpaceState, ThreadGroup } from '../state.ts';
import type { EventStream } from '../stream.ts';
import type { LoadSeen, LoadState } from './load-state.ts';
import { processUse } from './use.ts';
import { admissionChannel, wake } from './wakeups.ts';

/** What becomes of the pages of a process: see `SystemOptions.swapping`. */
export type Swapping = 'off' | 'suspended' | 'switch';

export interface LoadControlParts {
  readonly root: RootState;
  readonly memory: VirtualMemory;
  readonly clock: Clock;
  readonly stream: EventStream;
  /** `undefined`: every process competes, and nobody looks. */
  readonly policy: AdmissionPolicy | undefined;
  /** Whether what a look found is thrashing: for the report, whatever the policy makes of it. */
  readonly isThrashing: (view: LoadView) => boolean;
  /** Time between two looks, ns. */
  readonly interval: number;
  readonly swapping: Swapping;
  /** What reading a page takes, ns. */
  readonly transfer: number;
  /** Frames that pages may have. */
  readonly frames: number;
}

/** Windows of processor time in an interval between two looks. */
const WINDOWS = 5;
const NOT_SEEN: LoadSeen = { cpu: 0, faults: 0, admitted: 0, workingSet: 0, sampled: 0 };

export class LoadControl {
  readonly #parts: LoadControlParts;
  readonly #state: LoadState;

  constructor(parts: LoadControlParts) {
    this.#parts = parts;
    this.#state = parts.root.load;
  }

  /** When the next look is due; Infinity: never. */
  get due(): number {
    return this.#parts.policy === undefined ? Number.POSITIVE_INFINITY : this.#state.next;
  }

  /** The same if something may come of it although nobody runs. */
  get dueWhileIdle(): number {
    return this.#state.suspended.length === 0 ? Number.POSITIVE_INFINITY : this.due;
  }

  isSuspended({ id }: ThreadGroup): boolean {
    return this.#state.suspended.some(({ pid }) => pid === id);
  }

  /** `process` is on the processor: under crude time sharing whoever had it before leaves memory. */
  runs({ group, space }: ProcessState): void {
    const state = this.#state;
    if (this.#parts.swapping !== 'switch' || state.last?.pid === group.id) return;
    const before = state.last;
    state.last = { pid: group.id, space };
    const left = before && this.#parts.root.spaces[before.space];
    if (left !== undefined && before?.space !== space)
      state.counts.swappedOut += this.#parts.memory.swapOut(left);
  }

  /** Whether a process that waits for a page keeps the processor: nobody else is in memory under crude time sharing. */
  get keepsProcessor(): boolean {
    return this.#parts.swapping === 'switch';
  }

  /** Looks, if it is time. */
  look(): void {
    const { policy, clock, interval } = this.#parts;
    const state = this.#state;
    if (policy === undefined || clock.now < state.next) return;
    state.next = clock.now + interval;
    const view = this.#view();
    state.counts.looks++;
    if (this.#parts.isThrashing(view)) state.counts.thrashing++;
    const decision = policy.decide(view);
    const [first] = view.waiting;
    const isIdle = view.competing.every(({ cpu, faults }) => cpu === 0 && faults === 0);
    if (decision.kind === 'resume') this.#resume(decision.pid);
    else if (decision.kind === 'suspend' && (view.competing.length > 1 || first !== undefined)) {
      this.#suspend(decision.pid, view);
      // The processor is not left to nobody.
      if (view.competing.length === 1 && first !== undefined) this.#resume(first.pid);
    } else if (isIdle && first !== undefined) this.#resume(first.pid);
  }

  #view(): LoadView {
    const { memory, clock, interval, frames, transfer } = this.#parts;
    const state = this.#state;
    const { evictionsClean, evictionsDirty } = memory.counters;
    const evicted = evictionsClean + evictionsDirty;
    const competing: Competitor[] = [];
    const seen: LoadState['seen'] = {};
    for (const [leader, space] of this.#competitors()) {
      const { pid } = leader;
      const before = state.seen[pid] ?? { ...NOT_SEEN, admitted: leader.times.arrived };
      const now = this.#seen(leader, space, before);
      seen[pid] = now;
      const since = { cpu: now.cpu - before.cpu, faults: now.faults - before.faults };
      competing.push({ pid, admitted: now.admitted, workingSet: now.workingSet, ...since });
    }
    const evictions = evicted - state.evicted;
    for (const { pid } of state.suspended) seen[pid] = state.seen[pid] ?? NOT_SEEN;
    state.seen = seen;
    state.evicted = evicted;
    state.suspended = state.suspended.filter(({ pid }) => this.#isAlive(pid));
    competing.sort((a, b) => a.admitted - b.admitted || a.pid - b.pid);
    return { now: clock.now, interval, frames, transfer, evictions, competing, waiting: state.suspended };
  }

  /** A working set is of a window of the process's own time: what it uses while others run says little. */
  #seen(leader: ProcessState, space: SpaceState, before: LoadSeen): LoadSeen {
    const { root, memory, interval, policy } = this.#parts;
    const { user, system, major: faults } = processUse(root, leader);
    const cpu = user + system;
    const isOver = policy?.needs === 'working sets' && cpu - before.sampled >= interval / WINDOWS;
    const sample = isOver
      ? { workingSet: memory.sampleWorkingSet(space), sampled: cpu }
      : { workingSet: before.workingSet, sampled: before.sampled };
    return { cpu, faults, admitted: before.admitted, ...sample };
  }

  /** The first threads of processes that may run, with the space of each; one that shares its space counts for both. */
  *#competitors(): Iterable<[leader: ProcessState, space: SpaceState]> {
    const { root } = this.#parts;
    const counted = new Set<number>();
    for (const process of root.processes) {
      const { pid, group, status } = process;
      const space = root.spaces[process.space];
      if (pid !== group.id || group.exit !== undefined || status === 'new' || space === undefined) continue;
      if (counted.has(process.space) || this.isSuspended(group)) continue;
      counted.add(process.space);
      yield [process, space];
    }
  }

  #isAlive(pid: Pid): boolean {
    const group = this.#parts.root.processes.find((process) => process.pid === pid)?.group;
    return group !== undefined && group.exit === undefined;
  }

  #suspend(pid: Pid, { competing }: LoadView): void {
    const { root, memory, clock, stream, swapping } = this.#parts;
    const process = root.processes.find((one) => one.pid === pid);
    const space = process && root.spaces[process.space];
    if (space === undefined) return;
    const { workingSet } = competing.find((one) => one.pid === pid)!;
    this.#state.suspended.push({ pid, since: clock.now, workingSet });
    this.#state.counts.suspended++;
    const pages = swapping === 'suspended' ? memory.swapOut(space) : 0;
    this.#state.counts.swappedOut += pages;
    if (stream.watched) stream.emit({ type: 'load', change: 'suspended', suspended: pid, workingSet, pages });
  }

  #resume(pid: Pid): void {
    const { root, clock, stream } = this.#parts;
    const state = this.#state;
    state.suspended = state.suspended.filter((one) => one.pid !== pid);
    state.counts.resumed++;
    const process = root.processes.find((one) => one.pid === pid);
    if (process !== undefined) {
      const { user, system, major: faults } = processUse(root, process);
      const cpu = user + system;
      state.seen[pid] = { ...(state.seen[pid] ?? NOT_SEEN), cpu, faults, admitted: clock.now };
    }
    if (stream.watched)
      stream.emit({ type: 'load', change: 'resumed', suspended: pid, workingSet: 0, pages: 0 });
    wake(root, admissionChannel(pid));
  }
}
