/** What every scheduling policy has to do, whatever it decides. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomState } from '../../../src/base/random.ts';
import type {
  Schedulable,
  SchedulingDefinition,
  StopReason,
} from '../../../src/policies/scheduling/contract.ts';
import { Mechanism, plain } from './mechanism.ts';
import type { NaiveScheduler } from './naive.ts';

const MS = 1e6;
const MOST_PROCESSES = 7;

const kinds = [
  'arrive',
  'arrive',
  'wake',
  'wake',
  'run',
  'run',
  'run',
  'stop',
  'kill',
  'change',
  'resume',
] as const;

/** One step of a random run; `pick` chooses whom it is about, and everything else. */
interface Step {
  readonly kind: (typeof kinds)[number];
  readonly pick: number;
  /** Virtual time that passes before it, ms. */
  readonly pause: number;
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    pick: fc.nat(100_000),
    pause: fc.oneof(fc.constant(0), fc.nat(20), fc.nat(400)),
  }),
  { maxLength: 80 },
);

const of = <T>(list: readonly T[], pick: number): T | undefined => list[pick % Math.max(1, list.length)];

const described = (pid: number, pick: number): Schedulable =>
  plain(pid, {
    length: pick % 3 === 0 ? undefined : (pick % 7) * 5 * MS,
    tickets: 1 + (pick % 11) * 40,
    currency: [undefined, 'alice', 'bob'][pick % 4],
    nice: (pick % 8) - 3,
  });

/** A random history, with everything that has to hold checked on the way. */
class Run {
  readonly mechanism: Mechanism;
  readonly twin: NaiveScheduler | undefined;
  pids = 0;

  constructor(definition: SchedulingDefinition, seed: number, twin?: NaiveScheduler) {
    this.mechanism = new Mechanism(definition, { seed });
    this.twin = twin;
  }

  do({ kind, pick, pause }: Step): void {
    const { mechanism } = this;
    this.pass(pause * MS);
    const blocked = of([...mechanism.blocked], pick);
    const idle = of([...mechanism.blocked, ...mechanism.ready], pick);
    if (kind === 'arrive' && mechanism.processes.size < MOST_PROCESSES)
      this.ready(described(++this.pids, pick));
    else if (kind === 'wake' && blocked !== undefined) this.ready(described(blocked, pick));
    else if (kind === 'run' && mechanism.running === undefined) this.dispatch();
    else if (kind === 'run' || kind === 'stop') this.stop(of(['blocked', 'yielded'] as const, pick)!);
    else if (kind === 'kill' && idle !== undefined) this.end(idle);
    else if (kind === 'change') this.change(pick);
    else if (kind === 'resume') mechanism.resume();
  }

  /** Time passes; events are called and quanta end when they are due. */
  private pass(time: number): void {
    const { mechanism } = this;
    const end = mechanism.now + time;
    while (mechanism.now < end) {
      const event = mechanism.policy.nextEvent() ?? Number.POSITIVE_INFINITY;
      const { running } = mechanism;
      const expiry = running === undefined ? Number.POSITIVE_INFINITY : running.since + running.quantum;
      mechanism.now = Math.min(end, event, expiry);
      if (mechanism.now >= event) this.twin?.event?.();
      const verdict = mechanism.event();
      if (mechanism.now === expiry) this.stop('expired');
      else if (verdict === 'preempt' && mechanism.running !== undefined) this.stop('preempted');
    }
  }

  private ready(process: Schedulable): void {
    const { mechanism } = this;
    const why = mechanism.blocked.has(process.pid) ? 'woken' : 'arrived';
    const verdict = mechanism.makeReady(process);
    if (this.twin) expect(this.twin.ready(process, why, mechanism.now)).toBe(verdict);
    if (verdict === 'preempt' && mechanism.running !== undefined) this.stop('preempted');
  }

  private dispatch(): void {
    const choice = this.mechanism.dispatch();
    const expected = this.twin?.next(this.mechanism.now);
    if (this.twin) expect(choice?.pid).toBe(expected?.pid);
    if (expected?.quantum !== undefined) expect(choice?.quantum).toBe(expected.quantum);
  }

  private stop(why: StopReason): void {
    const { running, now } = this.mechanism;
    if (running === undefined) return;
    this.mechanism.stop(now - running.since, why);
    this.twin?.ran(running.pid, now - running.since, why, now);
  }

  private end(pid: number): void {
    this.mechanism.end(pid);
    this.twin?.gone(pid);
  }

  private change(pick: number): void {
    const pid = of([...this.mechanism.processes.keys()], pick);
    if (pid === undefined) return;
    const process = described(pid, Math.floor(pick / 10));
    this.mechanism.change(process);
    this.twin?.changed(process);
  }
}

const play = (run: Run, script: readonly Step[]) => {
  for (const step of script) run.do(step);
  return run;
};

/** Nothing but numbers, strings, arrays, maps, typed arrays and records of them. */
function expectPlain(value: unknown): void {
  if (value instanceof Map) for (const part of value) expectPlain(part);
  else if (Array.isArray(value)) for (const part of value) expectPlain(part);
  else if (typeof value === 'object' && value !== null) {
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    for (const part of Object.values(value)) expectPlain(part);
  } else expect(typeof value).not.toBe('function');
}

/**
 * Registers the suite for one policy.
 * @param twin the naive scheduler that has to decide the same
 */
export function schedulingConformance(
  definition: SchedulingDefinition,
  twin: (() => NaiveScheduler) | undefined,
): void {
  describe(`scheduling policy ${definition.name}`, () => {
    it('says what it is', () => {
      for (const text of [definition.summary, definition.source, definition.ties]) {
        expect(text.length).toBeGreaterThan(10);
      }
    });

    it('chooses nobody when nobody is ready, and whoever there is', () => {
      const mechanism = new Mechanism(definition);
      expect(mechanism.dispatch()).toBeUndefined();
      mechanism.makeReady(plain(4));
      expect(mechanism.dispatch()?.pid).toBe(4);
      mechanism.stop(1000, 'blocked');
      expect(mechanism.dispatch()).toBeUndefined();
      mechanism.makeReady(plain(4));
      mechanism.end(4);
      expect(mechanism.dispatch()).toBeUndefined();
    });

    it('forgets who is gone, so that the number may be used again', () => {
      const mechanism = new Mechanism(definition);
      const fresh = new Mechanism(definition);
      for (const one of [mechanism, fresh]) one.makeReady(plain(1));
      mechanism.makeReady(plain(2, { nice: 5, tickets: 7 }));
      mechanism.dispatch();
      mechanism.end([...mechanism.ready][0]!);
      mechanism.stop(1000, 'blocked');
      mechanism.end([...mechanism.blocked][0]!);
      expect(mechanism.processes.size).toBe(0);
      mechanism.makeReady(plain(1));
      expect(Object.keys(mechanism.policy.describe(1))).toEqual(Object.keys(fresh.policy.describe(1)));
    });

    it('gives a ready process whenever there is one, and nobody else, after any history', () => {
      fc.assert(fc.property(steps, fc.nat(), (script, seed) => void play(new Run(definition, seed), script)));
    });

    it('keeps all of its state in the record, so that a copy goes on the same', () => {
      const property = fc.property(steps, steps, fc.nat(), (before, after, seed) => {
        const [original, copied] = [1, 2].map(() => play(new Run(definition, seed), before)) as [Run, Run];
        expectPlain(copied.mechanism.state);
        copied.mechanism.resume();
        expect(play(copied, after).mechanism.answers).toEqual(play(original, after).mechanism.answers);
        expect(copied.mechanism.state).toEqual(original.mechanism.state);
      });
      fc.assert(property);
    });

    it('decides the same for the same seed, and copies the random numbers that it is given', () => {
      const random = randomState(3);
      const policy = definition.attach(definition.initial(random));
      for (const pid of [1, 2, 3]) policy.ready(plain(pid), 'arrived', 0);
      policy.next(0);
      expect(random).toEqual(randomState(3));
      const property = fc.property(steps, fc.nat(), (script, seed) => {
        const [one, other] = [1, 2].map(() => play(new Run(definition, seed), script)) as [Run, Run];
        expect(one.mechanism.answers).toEqual(other.mechanism.answers);
      });
      fc.assert(property, { numRuns: 20 });
    });

    if (twin === undefined) return;
    it('decides as its naive twin does', () => {
      const property = fc.property(steps, fc.nat(), (script, seed) => {
        play(new Run(definition, seed, twin()), script);
      });
      fc.assert(property, { numRuns: 300 });
    });
  });
}
