/** What every replacement policy has to do, whatever it decides. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, frame, NEVER } from '../../src/base/numbers.ts';
import { randomState } from '../../src/base/random.ts';
import type { Future, PolicyDefinition, ReplacementPolicy } from '../../src/policies/replacement/contract.ts';
import { Considerations, make, TestBits } from './frames.ts';
import type { NaivePolicy, Twin } from './naive-policies.ts';

const frames = 6;

/** One step of a random run; `pick` chooses the frame among those that the step can apply to. */
interface Step {
  readonly kind:
    | 'admit'
    | 'return'
    | 'tick'
    | 'use'
    | 'write'
    | 'evict'
    | 'release'
    | 'pin'
    | 'ask'
    | 'resume';
  readonly pick: number;
}

const kinds = [
  'admit',
  'admit',
  'admit',
  'return',
  'return',
  'tick',
  'use',
  'use',
  'write',
  'evict',
  'evict',
  'release',
  'pin',
  'ask',
  'resume',
];
const steps = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds) as fc.Arbitrary<Step['kind']>, pick: fc.nat(1000) }),
  { maxLength: 120 },
);

/**
 * A future in which every page is used next at a place of its own, or never. Pages may be used before or after
 * their place, but what is never used again is not used.
 */
class TestFuture implements Future {
  readonly length = 10_000;
  nextUse: number = NEVER;
  #position = 0;
  readonly #frames = new Map<number, Frame>();
  readonly #done = new Set<Frame>();

  /** Whether the page in `at` was said to be used again. */
  mayUse(at: Frame): boolean {
    return !this.#done.has(at);
  }

  /** The page in `at` is referenced now. */
  reference(at: Frame, pick: number): void {
    this.#position++;
    this.nextUse = NEVER;
    this.#done.add(at);
    if (pick % 4 === 0) return;
    this.#done.delete(at);
    this.nextUse = this.#position + (pick % 300);
    while (this.#frames.has(this.nextUse)) this.nextUse++;
    this.#frames.set(this.nextUse, at);
  }

  frameAt(position: number): Frame {
    return this.#frames.get(position) ?? frame(-1);
  }
}

/** A mechanism that does what it is told, checks every answer, and keeps a log of the victims. */
class Run {
  readonly definition: PolicyDefinition;
  readonly bits = new TestBits(frames);
  readonly resident = new Set<number>();
  readonly victims: number[] = [];
  readonly watched: boolean;
  state: unknown;
  policy: ReplacementPolicy;
  twin: NaivePolicy | undefined;
  twinBits = new TestBits(frames);
  readonly future: TestFuture | undefined;
  /** Pages in frames, and those that were evicted and may return. */
  readonly pageIn = new Map<number, number>();
  readonly evictedPages: number[] = [];
  #now = 0;
  #pages = 0;

  constructor(
    definition: PolicyDefinition,
    seed: number,
    options: { watched?: true; twin?: Twin | undefined } = {},
  ) {
    this.definition = definition;
    this.watched = options.watched ?? options.twin !== undefined;
    this.state = definition.initial(frames, randomState(seed));
    this.future = definition.needs === 'the future' ? new TestFuture() : undefined;
    this.policy = this.attach();
    this.twin = options.twin?.(this.twinBits, randomState(seed));
  }

  private attach(): ReplacementPolicy {
    const { definition, state, bits, future } = this;
    return definition.attach(state, { frameLimit: frames, bits, future, chances: bits });
  }

  do(step: Step): void {
    if (step.kind !== 'resume') this.#now += 100;
    const free = [...Array(frames).keys()].filter((f) => !this.resident.has(f));
    const from = step.kind === 'admit' || step.kind === 'return' ? free : [...this.resident].sort();
    const at = frame(from[step.pick % from.length] ?? -1);
    if (step.kind === 'ask') this.ask();
    else if (step.kind === 'resume') this.resume();
    else if (step.kind === 'tick') this.policy.interrupt?.(this.#now);
    else if (at === -1) return;
    else if (step.kind === 'admit') this.admit(at, step.pick, this.#pages++);
    else if (step.kind === 'return') this.admit(at, step.pick, this.returning(step.pick));
    else if (step.kind === 'use') this.use(at, step.pick);
    else if (step.kind === 'write') this.write(at, step.pick);
    else if (step.kind === 'pin') this.setBit('pinned', at, !this.bits.pinned[at]);
    else if (step.kind === 'release') this.release(at);
    else this.evict();
  }

  private setBit(bit: 'referenced' | 'dirty' | 'pinned', at: Frame, value: boolean): void {
    this.bits[bit][at] = value;
    this.twinBits[bit][at] = value;
  }

  /** A page that was evicted, a new one when there is none. */
  private returning(pick: number): number {
    const { evictedPages } = this;
    if (evictedPages.length === 0) return this.#pages++;
    return evictedPages.splice(pick % evictedPages.length, 1)[0] as number;
  }

  private admit(at: Frame, pick: number, page: number): void {
    this.resident.add(at);
    this.pageIn.set(at, page);
    this.future?.reference(at, pick);
    this.setBit('referenced', at, true);
    this.setBit('dirty', at, false);
    this.setBit('pinned', at, false);
    this.bits.aside[at] = false;
    this.policy.admitted(at, page, 1 + (pick % 3));
    this.twin?.admitted(at);
  }

  private use(at: Frame, pick: number): void {
    if (this.future?.mayUse(at) === false) return;
    this.setBit('referenced', at, true);
    if (this.bits.aside[at]) {
      this.bits.aside[at] = false;
      this.policy.rescued?.(at, 1 + (pick % 3));
    }
    if (['nothing', 'bits', 'rescues'].includes(this.definition.needs)) return;
    this.future?.reference(at, pick);
    this.policy.referenced(at);
    this.twin?.referenced(at);
  }

  private write(at: Frame, pick: number): void {
    this.use(at, pick);
    this.setBit('dirty', at, true);
  }

  private release(at: Frame): void {
    this.resident.delete(at);
    this.policy.released(at);
    this.twin?.gone(at);
  }

  private evict(): void {
    const victim = this.ask();
    if (victim === -1) return;
    this.resident.delete(victim);
    this.evictedPages.push(this.pageIn.get(victim) as number);
    this.policy.evicted(victim);
    this.twin?.gone(victim);
  }

  /** Asks for a victim and checks what has to hold of any answer. */
  private ask(): Frame | -1 {
    const why = this.watched ? new Considerations() : undefined;
    const victim = this.policy.victim(this.evictedPages.at(-1) ?? this.#pages, this.#now, why);
    const evictable = [...this.resident].filter((f) => !this.bits.pinned[f]);
    if (evictable.length === 0) expect(victim).toBe(-1);
    else expect(evictable).toContain(victim);
    for (const look of why?.list ?? []) expect(this.resident).toContain(look.frame);
    if (victim !== -1 && why) expect(why.list.at(-1)?.frame).toBe(victim);
    if (this.twin) {
      expect({ victim, why: why?.list }).toEqual(this.twin.victim());
      expect(this.bits).toEqual(this.twinBits);
    }
    this.victims.push(victim);
    return victim;
  }

  /** Goes on with a copy of the state, as after a snapshot. */
  private resume(): void {
    this.state = structuredClone(this.state);
    this.policy = this.attach();
  }
}

const play = (run: Run, script: readonly Step[]) => {
  for (const step of script) run.do(step);
  return run;
};

/**
 * Registers the suite for one policy.
 * @param twin the naive policy that has to decide the same, for the same reasons, pinned frames included
 */
export function replacementConformance(definition: PolicyDefinition, twin: Twin | undefined): void {
  describe(`replacement policy ${definition.name}`, () => {
    it('says what it is', () => {
      for (const text of [definition.summary, definition.source, definition.ties]) {
        expect(text.length).toBeGreaterThan(10);
      }
    });

    it('gives -1 when nothing is resident and when everything is pinned, and recovers', () => {
      const bits = new TestBits(frames);
      const policy = make(definition, frames, bits);
      expect(policy.victim(0, 0)).toBe(-1);
      for (const at of [2, 0, 1].map(frame)) {
        policy.admitted(at, at, 1);
        bits.pinned[at] = true;
      }
      expect(policy.victim(9, 0)).toBe(-1);
      bits.pinned[0] = false;
      expect(policy.victim(9, 0)).toBe(0);
    });

    it('gives a resident frame that is not pinned, after any history', () => {
      fc.assert(fc.property(steps, fc.nat(), (script, seed) => void play(new Run(definition, seed), script)));
    });

    it('keeps all of its state in the record, so that a copy goes on the same', () => {
      const property = fc.property(steps, steps, fc.nat(), (before, after, seed) => {
        const [original, copied] = [1, 2].map(() => play(new Run(definition, seed), before)) as [Run, Run];
        copied.do({ kind: 'resume', pick: 0 });
        expect(play(copied, after).victims).toEqual(play(original, after).victims);
        expect(copied.state).toEqual(original.state);
      });
      fc.assert(property);
    });

    it('decides the same whether or not somebody watches', () => {
      const property = fc.property(steps, fc.nat(), (script, seed) => {
        const watched = play(new Run(definition, seed, { watched: true }), script);
        const unwatched = play(new Run(definition, seed), script);
        expect(watched.victims).toEqual(unwatched.victims);
        expect(watched.state).toEqual(unwatched.state);
      });
      fc.assert(property);
    });

    it('serves every frame number there is', () => {
      const policy = make(definition, 1000, new TestBits(1000));
      for (let at = 999; at >= 0; at--) policy.admitted(frame(at), at, 1);
      const seen = new Set<number>();
      for (let left = 1000; left > 0; left--) {
        const victim = policy.victim(1000, 0) as Frame;
        policy.evicted(victim);
        seen.add(victim);
      }
      expect(seen.size).toBe(1000);
      expect(policy.victim(1000, 0)).toBe(-1);
    });

    it('refuses a frame that is admitted twice, or goes without being there', () => {
      const policy = make(definition, 2, new TestBits(2));
      expect(() => policy.evicted(frame(0))).toThrow('invariant');
      expect(() => policy.released(frame(0))).toThrow('invariant');
      policy.admitted(frame(0), 0, 1);
      expect(() => policy.admitted(frame(0), 1, 1)).toThrow('invariant');
    });

    if (twin === undefined) return;
    it('decides as its naive twin does, for the same reasons', () => {
      fc.assert(
        fc.property(
          steps,
          fc.nat(),
          (script, seed) => void play(new Run(definition, seed, { twin }), script),
        ),
        { numRuns: 500 },
      );
    });
  });
}
