/** Radix tables that a configuration gives entry by entry, as a lecture draws them. */
import { UserError } from '../../base/errors.ts';
import { frameIn, hasBit, isLeaf, type RadixFormat, writeEntry } from '../../translation/radix.ts';
import type { Place, RadixConfig } from './config.ts';
import { entryBits } from './paged.ts';

/** Entries by the frame of their table, and their index. */
export type GivenTables = NonNullable<RadixConfig['tables']>;

export class TableWriter {
  /** The last frame that is said to hold a table. */
  readonly lastTable: number;
  readonly #format: RadixFormat;
  readonly #given: GivenTables;
  readonly #place: Place;
  readonly #frames: readonly number[];
  /** Level of each table that was written. */
  readonly #levels = new Map<number, number>();

  /** @throws UserError when a table is named by no frame */
  constructor(format: RadixFormat, given: GivenTables, place: Place) {
    this.#format = format;
    this.#given = given;
    this.#place = place;
    this.#frames = Object.keys(given).map((text) => numberIn(text, place(`tables.${text}`)));
    const targets = Object.values(given).flatMap((entries) =>
      Object.values(entries).map((entry) =>
        entry !== null && typeof entry === 'object' && 'table' in entry ? entry.table : 0,
      ),
    );
    this.lastTable = [...this.#frames, ...targets].reduce((most, frame) => Math.max(most, frame), 0);
  }

  /** Frame of the root: as given, or the first of the tables. @throws UserError when it is none of them */
  rootOf(given: number | undefined): number {
    const root = given ?? this.#frames[0];
    if (root !== undefined && this.#frames.includes(root)) return root;
    throw new UserError(this.#place('root'), 'expected the frame of one of the tables');
  }

  /** Writes all tables. @throws UserError naming an entry, or a table that cannot be reached */
  write(ram: DataView, root: number): void {
    this.#enter(ram, root, 0);
    const lost = this.#frames.find((frame) => !this.#levels.has(frame));
    if (lost === undefined) return;
    throw new UserError(this.#place(`tables.${lost}`), 'no entry leads to this table');
  }

  /** A table of which nothing is said has no valid entry. */
  #enter(ram: DataView, frame: number, level: number): void {
    const before = this.#levels.get(frame);
    if (before === level) return;
    if (before !== undefined)
      throw new UserError(
        this.#place(`tables.${frame}`),
        `is a table of level ${this.#down(before)} and of level ${this.#down(level)}`,
      );
    this.#levels.set(frame, level);
    for (const [index, entry] of Object.entries(this.#given[String(frame)] ?? {}))
      this.#writeEntry(ram, frame, level, index, entry);
  }

  /** Levels as they are called: 0 is the last. */
  #down(level: number): number {
    return this.#format.indexBits.length - 1 - level;
  }

  #writeEntry(
    ram: DataView,
    frame: number,
    level: number,
    text: string,
    given: GivenTables[string][string],
  ): void {
    const { indexBits, entryBytes, entry, offsetBits } = this.#format;
    const size = 2 ** offsetBits;
    const place = this.#place(`tables.${frame}.${text}`);
    const count = 2 ** indexBits[level]!;
    const index = /^\d{1,9}$/.test(text) ? Number(text) : count;
    if (index >= count) throw new UserError(place, `expected an index below ${count}`);
    const last = level === indexBits.length - 1;
    const halves = entryBits(this.#format, given, last ? 'last' : 'upper', place);
    writeEntry(this.#format, ram, frame * size + index * entryBytes, halves);
    if (last || !hasBit(halves.low, entry.valid) || isLeaf(entry, halves.low)) return;
    const target = frameIn(entry, halves.low, halves.high);
    if ((target + 1) * size > ram.byteLength)
      throw new UserError(place, `leads to frame ${target}, behind the last of the tables`);
    this.#enter(ram, target, level + 1);
  }
}

function numberIn(text: string, place: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UserError(place, 'expected the number of a frame');
}
