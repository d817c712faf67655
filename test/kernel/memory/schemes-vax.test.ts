/** The VAX's tables keep the contract, and the walker of the definition finds in RAM what was written. */
import { describe, expect, it } from 'vitest';
import { type PagingScheme, pagingSchemes } from '../../../src/kernel/memory/schemes.ts';
import { newWalk } from '../../../src/translation/contract.ts';
import { type VaxFormat, vaxFormat, vaxWalk } from '../../../src/translation/vax.ts';
import {
  conforms,
  type Halves,
  type StructureTwin,
  type Subject,
  TableTrial,
  type TableWorld,
} from './schemes.conformance.ts';
import { smallVax } from './small-schemes.ts';

const whole: PagingScheme = pagingSchemes.find(({ name }) => name === 'vax')!;

/** A slot in the system table is as long as both tables of a space. */
class VaxTwin implements StructureTwin {
  readonly #world: () => TableWorld;
  readonly #format: VaxFormat;
  /** Entries of both tables of each space, in whole pages of 1,024. */
  readonly #lengths = new Map<number, [p0: number, p1: number]>();

  constructor(world: () => TableWorld, format: VaxFormat) {
    this.#world = world;
    this.#format = format;
  }

  #units([p0, p1]: readonly [number, number]): number {
    return (p0 + p1) / 1024;
  }

  opened(space: number): void {
    this.#lengths.set(space, [0, 0]);
  }

  closed(space: number): void {
    this.#lengths.delete(space);
  }

  /** A table becomes longer even if there is no frame for its page then. */
  hasRoom(space: number, page: number | undefined): false | undefined {
    if (page === undefined) return undefined;
    const { regionPages } = this.#format;
    const [p0, p1] = this.#lengths.get(space)!;
    const longer: [number, number] =
      page < regionPages
        ? [Math.max(p0, (page | 1023) + 1), p1]
        : [p0, Math.max(p1, 2 * regionPages - (page & ~1023))];
    const others = [...this.#lengths].reduce(
      (sum, [id, one]) => sum + (id === space ? 0 : this.#units(one)),
      0,
    );
    if (others + this.#units(longer) > this.#world().state.tables.vax!.system.units) return false;
    this.#lengths.set(space, longer);
    return undefined;
  }

  reads(space: number, page: number, frame: number | undefined): number {
    const { regionPages } = this.#format;
    const [p0, p1] = this.#lengths.get(space)!;
    if (page < regionPages ? page >= p0 : 2 * regionPages - page > p1) return 0;
    return frame === undefined ? 1 : 2;
  }

  check(spaces: ReadonlyMap<number, ReadonlyMap<number, Halves>>): void {
    const { machine, state } = this.#world();
    const { system, registers } = state.tables.vax!;
    const { regionPages } = this.#format;
    const lengths = [...registers].map(([id, { p0Length, p1Length }]) => [
      id,
      [p0Length, regionPages - p1Length],
    ]);
    expect(new Map(lengths as [number, [number, number]][])).toEqual(this.#lengths);
    const table = { base: system.base * 4096, length: system.units };
    const out = newWalk();
    const wrong: unknown[] = [];
    for (const [id, entries] of spaces)
      for (const [page, { low }] of entries) {
        vaxWalk(this.#format, machine.ramView, table, registers.get(id)!, page * 4096, 'load', out);
        const isRight = out.loads === 2 && (out.low & 1) === (low & 1);
        if (!isRight || (out.low & 1 && out.low >>> 10 !== low >>> 10)) wrong.push({ id, page, low, out });
      }
    expect(wrong).toEqual([]);
  }
}

/** Both sides of the edges of the eight pages of tables. */
const pages = Array.from({ length: 9 }, (_, i) => i * 1024)
  .flatMap((edge) => [edge - 2, edge - 1, edge, edge + 1])
  .filter((page) => page >= 0 && page < 2 ** 13);

const vax: Subject = {
  // Three spaces would want 24 entries.
  scheme: smallVax(26, 11),
  frames: 24,
  pages,
  mostPayload: 2 ** 28 - 1,
  twin: (world) => new VaxTwin(world, vaxFormat({ addressBits: 26 })),
};

describe('vax', () => {
  it('keeps the contract, and refuses only what does not fit', () => {
    const seen = { lacked: 0, compactions: 0, moves: 0 };
    conforms(vax, 40, ({ seen: { lacked }, world }) => {
      seen.lacked += lacked;
      seen.compactions += world.state.tables.vax!.system.compactions;
      seen.moves += world.state.tables.vax!.system.moves;
      expect(world.state.counters.tableFrames).toBe(1);
    });
    expect(Math.min(seen.lacked, seen.compactions, seen.moves)).toBeGreaterThan(0);
  });

  it('in its full size takes an entry for each page of a table, and a frame for those in use', () => {
    const { twin: _, ...subject } = vax;
    const ends = [0, 2 ** 18 - 1, 2 ** 19 - 1];
    const trial = new TableTrial({ ...subject, scheme: whole, frames: 100, pages: ends });
    for (const page of ends) trial.write(trial.spaces[0]!, page, { kind: 'valid', frame: 7, flags: 0xd3 });
    expect(trial.spaces[0]!.state.tableFrames).toBe(3);
    const { system, registers } = trial.world.state.tables.vax!;
    // 256 pages of P0's table, one of P1's. A 32nd of 100 frames is 3.
    expect([system.usedPeak, system.units]).toEqual([257, 3 * 1024]);
    expect(registers.get(0)).toEqual({
      p0Base: 0x8000_0000,
      p0Length: 2 ** 18,
      p1Base: 0x8000_0000 + 257 * 4096 - 2 ** 20,
      p1Length: 2 ** 18 - 1024,
    });
    trial.compare();
    trial.end();
  });
});
