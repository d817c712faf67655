/**
 * A mechanism without a machine: it changes the states of processes, tells a policy, and checks every answer and,
 * after every step, that the policy knows exactly who is ready.
 */
import { expect } from 'vitest';
import { randomState } from '../../../src/base/random.ts';
import type {
  Choice,
  Schedulable,
  SchedulingDefinition,
  SchedulingPolicy,
  StopReason,
  Verdict,
} from '../../../src/policies/scheduling/contract.ts';

/** A process that declares nothing, with one ticket. */
export const plain = (pid: number, rest: Partial<Schedulable> = {}): Schedulable => ({
  pid,
  length: undefined,
  tickets: 1,
  currency: undefined,
  nice: 0,
  ...rest,
});

export interface MechanismOptions {
  readonly seed?: number;
  /** Whether the policy's books are checked after every step, too, or its answers only; for long runs. */
  readonly checks?: 'every step' | 'answers';
}

export class Mechanism {
  readonly options: MechanismOptions;
  readonly definition: SchedulingDefinition;
  state: unknown;
  policy: SchedulingPolicy;
  now = 0;
  readonly ready = new Set<number>();
  readonly blocked = new Set<number>();
  running: (Choice & { readonly since: number }) | undefined;
  readonly processes = new Map<number, Schedulable>();
  /** Everything that the policy answered, in order. */
  readonly answers: unknown[] = [];

  constructor(definition: SchedulingDefinition, options: MechanismOptions = {}) {
    this.options = options;
    this.definition = definition;
    this.state = definition.initial(randomState(options.seed ?? 1));
    this.policy = definition.attach(this.state);
  }

  /** The process arrives, or is woken when it was blocked. */
  makeReady(process: Schedulable): Verdict {
    const why = this.blocked.delete(process.pid) ? 'woken' : 'arrived';
    this.processes.set(process.pid, process);
    this.ready.add(process.pid);
    return this.answered(this.policy.ready(process, why, this.now));
  }

  /** Puts somebody on the CPU when somebody is ready. */
  dispatch(): Choice | undefined {
    expect(this.running).toBeUndefined();
    const choice = this.policy.next(this.now);
    if (choice === undefined) expect([...this.ready]).toEqual([]);
    else {
      expect([...this.ready]).toContain(choice.pid);
      expect(choice.quantum).toBeGreaterThan(0);
      this.ready.delete(choice.pid);
      this.running = { ...choice, since: this.now };
    }
    this.answered(choice);
    return choice;
  }

  stop(used: number, why: StopReason): void {
    const { pid } = this.running!;
    this.running = undefined;
    (why === 'blocked' ? this.blocked : this.ready).add(pid);
    this.policy.ran(pid, used, why, this.now);
    this.check();
  }

  /** Who is ready or blocked ends. */
  end(pid: number): void {
    this.ready.delete(pid);
    this.blocked.delete(pid);
    this.processes.delete(pid);
    this.policy.gone(pid);
    expect(this.policy.describe(pid)).toEqual({});
    this.check();
  }

  change(process: Schedulable): void {
    this.processes.set(process.pid, process);
    this.policy.changed(process);
    this.check();
  }

  /** Calls the policy's event if one is due. */
  event(): Verdict {
    const due = this.policy.nextEvent();
    if (due === undefined || due > this.now) return 'wait';
    const verdict = this.answered(this.policy.event(this.now));
    expect(this.policy.nextEvent() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(this.now);
    return verdict;
  }

  /** Goes on with a copy of the state, as after a snapshot. */
  resume(): void {
    this.state = structuredClone(this.state);
    this.policy = this.definition.attach(this.state);
  }

  private answered<T>(answer: T): T {
    this.answers.push(answer);
    this.check();
    return answer;
  }

  /**
   * A copy of the policy, asked until it has nobody left, gives each ready process once. Describing changes nothing,
   * and gives something for who is known only.
   */
  private check(): void {
    if (this.options.checks === 'answers') return;
    const before = structuredClone(this.state);
    for (const pid of this.processes.keys()) {
      for (const value of Object.values(this.policy.describe(pid))) expect(value).not.toBeNaN();
    }
    expect(this.policy.describe(999_999)).toEqual({});
    expect(this.state).toEqual(before);
    const copy = this.definition.attach(before);
    if (this.running !== undefined) copy.ran(this.running.pid, 1, 'blocked', this.now);
    const found: number[] = [];
    for (let choice = copy.next(this.now); choice !== undefined; choice = copy.next(this.now)) {
      found.push(choice.pid);
      expect(found.length).toBeLessThanOrEqual(this.ready.size);
      copy.ran(choice.pid, 1, 'blocked', this.now);
    }
    expect(found.sort((a, b) => a - b)).toEqual([...this.ready].sort((a, b) => a - b));
  }
}
