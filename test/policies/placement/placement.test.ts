import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Placement, PlacementDefinition } from '../../../src/policies/placement/contract.ts';
import { findPlacementPolicy, placementPolicies } from '../../../src/policies/placement/registry.ts';
import { naivePlacements } from './naive.ts';

interface Step {
  readonly kind: 'place' | 'lowest' | 'highest' | 'release' | 'resize' | 'resume';
  readonly pick: number;
  readonly size: number;
  readonly shift: number;
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind'][]>(
      'place',
      'place',
      'place',
      'lowest',
      'highest',
      'release',
      'release',
      'resize',
      'resume',
    ),
    pick: fc.nat(1000),
    size: fc.integer({ min: 1, max: 20 }),
    shift: fc.integer({ min: -6, max: 6 }),
  }),
  { maxLength: 150 },
);

/** A policy beside its twin: every answer and every hole is compared. */
class Pair {
  readonly #definition: PlacementDefinition;
  readonly #units: number;
  #state: unknown;
  #policy: Placement;
  readonly #twin;
  readonly #pieces: { start: number; size: number }[] = [];
  #searched = 0;
  #placed = 0;
  #failed = 0;

  constructor(definition: PlacementDefinition, units: number) {
    this.#definition = definition;
    this.#units = units;
    this.#state = definition.initial(units);
    this.#policy = definition.attach(this.#state);
    this.#twin = naivePlacements[definition.name]!(units);
  }

  do({ kind, pick, size, shift }: Step): void {
    const at = pick % Math.max(1, this.#pieces.length);
    const piece = this.#pieces[at];
    if (kind === 'place') this.#place(size);
    else if (kind === 'lowest') this.#take(this.#twin.lowest(size), this.#policy.placeLowest(size), size);
    else if (kind === 'highest') this.#take(this.#twin.highest(size), this.#policy.placeHighest(size), size);
    else if (kind === 'resume') {
      this.#state = structuredClone(this.#state);
      this.#policy = this.#definition.attach(this.#state);
    } else if (piece === undefined) return;
    else if (kind === 'resize') this.#resize(piece, piece.start + shift, size);
    else {
      this.#pieces.splice(at, 1);
      this.#policy.release(piece.start, piece.size);
      this.#twin.fill(piece.start, piece.size, false);
    }
  }

  #place(size: number): void {
    const expected = this.#twin.place(size);
    expect(this.#policy.place(size)).toBe(expected.start);
    this.#searched += expected.searched;
    if (expected.start === -1) this.#failed++;
    else {
      this.#placed++;
      this.#pieces.push({ start: expected.start, size });
    }
  }

  #take(start: number, got: number, size: number): void {
    expect(got).toBe(start);
    if (start === -1) return;
    this.#twin.fill(start, size, true);
    this.#pieces.push({ start, size });
  }

  #resize(piece: { start: number; size: number }, start: number, size: number): void {
    const keepsSome = start < piece.start + piece.size && start + size > piece.start;
    if (!keepsSome || start < 0 || start + size > this.#units) return;
    const can = this.#twin.canResize(piece.start, piece.size, start, size);
    expect(this.#policy.resize(piece.start, piece.size, start, size)).toBe(can);
    if (!can) return;
    this.#twin.fill(piece.start, piece.size, false);
    this.#twin.fill(start, size, true);
    Object.assign(piece, { start, size });
  }

  compare(): void {
    const holes = this.#twin.holes();
    expect(this.#policy.holes()).toEqual(holes);
    const inUse = this.#twin.used.filter((used) => used).length;
    const asked = this.#pieces.reduce((sum, { size }) => sum + size, 0);
    const free = this.#units - inUse;
    const largest = Math.max(0, ...holes.map(({ size }) => size));
    expect(this.#policy.figures()).toEqual({
      units: this.#units,
      free,
      largest,
      holes: holes.length,
      external: free === 0 ? 0 : 1 - largest / free,
      internal: inUse - asked,
      placed: this.#placed,
      failed: this.#failed,
      searched: this.#searched,
    });
  }

  /** Everything given back is one hole again, or what there was at first. */
  empty(): void {
    for (const { start, size } of this.#pieces) this.#policy.release(start, size);
    expect(this.#policy.holes()).toEqual(
      this.#definition.attach(this.#definition.initial(this.#units)).holes(),
    );
  }
}

describe.each(placementPolicies)('$name', (definition) => {
  it('does what its definition says on a bitmap of units', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 90 }), steps, (units, todo) => {
        const pair = new Pair(definition, units);
        for (const step of todo) {
          pair.do(step);
          pair.compare();
        }
        pair.empty();
      }),
      { numRuns: 300 },
    );
  });
});

describe('placement worked out by hand', () => {
  /** Holes of 10 at 0, 4 at 15, 20 at 24, between pieces; the rover of next fit is at 49. */
  const withHoles = (name: string) => {
    const policy = findPlacementPolicy(name, '--placement').attach(
      findPlacementPolicy(name, '--placement').initial(49),
    );
    const sizes = [10, 5, 4, 5, 20, 5];
    const starts = sizes.map((size) => policy.place(size));
    for (const at of [0, 2, 4]) policy.release(starts[at]!, sizes[at]!);
    return policy;
  };

  it('puts 3 units where each fit says', () => {
    expect(withHoles('first-fit').place(3)).toBe(0);
    expect(withHoles('best-fit').place(3)).toBe(15);
    expect(withHoles('worst-fit').place(3)).toBe(24);
    // Behind the last piece there is nothing, so the search goes round to the bottom.
    expect(withHoles('next-fit').place(3)).toBe(0);
    expect(withHoles('segregated').place(3)).toBe(15);
  });

  it('goes on with next fit where the last piece ended', () => {
    const policy = withHoles('next-fit');
    expect([policy.place(7), policy.place(3), policy.place(3), policy.place(4)]).toEqual([0, 7, 15, 24]);
  });

  it('fails to place 21 units though 34 are free', () => {
    const policy = withHoles('best-fit');
    expect(policy.place(21)).toBe(-1);
    expect(policy.figures()).toMatchObject({
      free: 34,
      largest: 20,
      holes: 3,
      external: 1 - 20 / 34,
      failed: 1,
    });
  });

  it('halves 16 units for 3, and loses one inside', () => {
    const { attach, initial } = findPlacementPolicy('buddy', '--placement');
    const policy = attach(initial(16));
    expect(policy.place(3)).toBe(0);
    expect(policy.holes()).toEqual([
      { start: 4, size: 4 },
      { start: 8, size: 8 },
    ]);
    expect(policy.figures()).toMatchObject({ internal: 1, free: 12, external: 1 - 8 / 12 });
    expect([policy.place(5), policy.place(4), policy.place(1)]).toEqual([8, 4, -1]);
    policy.release(4, 4);
    policy.release(0, 3);
    policy.release(8, 5);
    expect(policy.holes()).toEqual([{ start: 0, size: 16 }]);
  });

  it.each(placementPolicies.map(({ name }) => name))('%s places nothing in no memory', (name) => {
    const { attach, initial } = findPlacementPolicy(name, '--placement');
    const policy = attach(initial(0));
    expect([policy.place(1), policy.placeLowest(1), policy.placeHighest(1)]).toEqual([-1, -1, -1]);
    expect(policy.holes()).toEqual([]);
    expect(policy.figures()).toMatchObject({ units: 0, free: 0, largest: 0, external: 0, failed: 1 });
  });

  it('knows no other name', () => {
    expect(() => findPlacementPolicy('fist-fit', '--placement')).toThrow(
      "unknown policy 'fist-fit'; known: first-fit, best-fit, worst-fit, next-fit, segregated, buddy",
    );
  });
});
