/**
 * What is known of a page's use: whether it was referenced, and whether it was modified, through any of its mappings
 * or through one that is gone (the frame's own flags).
 *
 *              referenced                           modified
 *   hardware   A, set by the walker                 D, set by the walker
 *   stamps     the same, beside a stamp of the last use in each entry, which takes room and time: see tables.ts
 *   traps      the entry is valid                   the entry allows stores
 *
 * Under `traps` the walker finds A in every valid entry and D in every one with W, so it never has anything to set.
 * A page is mapped without W until a store traps (`first-write`). Its referenced bit is cleared by making its
 * entries invalid while it stays in its frame; the next access traps (`first-use`) and makes its entry valid again.
 *
 *   valid  A     ── a load came first ──────────────── first-write ─▶ valid  A W D
 *     ▲  └────────── bit cleared ─────────▶ UNUSED ◀── bit cleared ──────┘    D goes into MODIFIED
 *     └───────────── first-use ────────────────┘
 *
 * A page that an instruction under way needs keeps its valid entry at a clock interrupt, and while a victim is sought
 * for another process: sampling between its faults could keep it from ever completing. (Its own searches hide its
 * pages as well: there are no more of these than pages that it needs.) (Dirty bits by traps: lecture "Throw away the victim page if it was not modified";
 * referenced bits by invalidation: Babaoglu and Joy, "Converting a swap-based system to do paging in an
 * architecture lacking page-referenced bits", SOSP 1981.)
 */
import type { Frame, Vpn } from '../../base/numbers.ts';
import { encodeInvalid, UNUSED } from '../../translation/invalid-entry.ts';
import type { SpaceState } from '../state.ts';
import type { FrameTable } from './frames.ts';
import type { PageTables } from './page-tables.ts';
import type { Pins } from './pins.ts';
import { MODIFIED, pageOfCode, spaceOfCode, USED } from './state.ts';
import type { SuperpageTables } from './superpage-tables.ts';

/** Who keeps referenced and dirty bits: see above. */
export type BitsMode = 'hardware' | 'traps' | 'stamps';

export interface PageBitsParts {
  readonly mode: BitsMode;
  readonly spaces: readonly (SpaceState | undefined)[];
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly superpages: SuperpageTables | undefined;
  readonly pins: Pins;
}

export class PageBits {
  readonly mode: BitsMode;
  readonly #parts: PageBitsParts;
  readonly #accessed: number;
  readonly #dirty: number;
  readonly #write: number;

  constructor(parts: PageBitsParts) {
    const { entry } = parts.tables.format;
    this.mode = parts.mode;
    this.#parts = parts;
    this.#accessed = 1 << entry.accessed;
    this.#dirty = 1 << entry.dirty;
    this.#write = 1 << entry.write;
  }

  isReferenced(frame: Frame): boolean {
    return this.#parts.frames.has(frame, USED) || this.#anyMapping(frame, this.#accessed);
  }

  isModified(frame: Frame): boolean {
    return this.#parts.frames.has(frame, MODIFIED) || this.#anyMapping(frame, this.#dirty);
  }

  /**
   * Whether the page was referenced since this was last asked.
   * @param asker the clock, or the running process, whose fault makes a policy look for a victim
   */
  testAndClearReferenced(frame: Frame, asker: 'clock' | 'fault'): boolean {
    const { frames, tables, pins } = this.#parts;
    if (!this.isReferenced(frame)) return false;
    if (this.mode === 'traps') {
      if (!pins.isNeededBy(asker === 'fault' ? 'others' : 'anybody', frame)) this.hide(frame);
      return true;
    }
    frames.clear(frame, USED);
    this.#eachValid(frame, (space, page, at) => {
      if ((tables.low(at) & this.#accessed) === 0) return;
      tables.clearBits(at, this.#accessed);
      tables.flush(space, page);
    });
    return true;
  }

  /** Makes every entry for the page invalid; it stays in its frame, and each entry says in which. */
  hide(frame: Frame): void {
    const { frames, tables, superpages } = this.#parts;
    frames.clear(frame, USED);
    const hidden = encodeInvalid(tables.format, UNUSED, frame);
    this.#eachValid(frame, (space, page, at) => {
      superpages?.split(at, 'setAside');
      tables.flush(space, page);
      if ((tables.low(at) & this.#dirty) !== 0) frames.set(frame, MODIFIED);
      tables.write(at, hidden.low, hidden.high);
    });
  }

  /** The page is like its copy again, in its file or in swap: the next store to it is told anew. */
  clean(frame: Frame): void {
    const { frames, tables } = this.#parts;
    const bits = this.mode === 'traps' ? this.#dirty | this.#write : this.#dirty;
    frames.clear(frame, MODIFIED);
    this.#eachValid(frame, (space, page, at) => {
      if ((tables.low(at) & bits) === 0) return;
      tables.clearBits(at, bits);
      tables.flush(space, page);
    });
  }

  #eachValid(frame: Frame, each: (space: SpaceState, page: Vpn, entryAddress: number) => void): void {
    const { frames, tables, spaces } = this.#parts;
    const sole = frames.soleEntry(frame);
    if (sole !== 0) {
      if (!tables.isValid(tables.low(sole))) return;
      const code = frames.firstMapper(frame);
      each(spaces[spaceOfCode(code)]!, pageOfCode(code), sole);
      return;
    }
    for (const code of frames.mappersOf(frame)) {
      const space = spaces[spaceOfCode(code)]!;
      const page = pageOfCode(code);
      const at = tables.find(space, page);
      if (tables.isValid(tables.low(at))) each(space, page, at);
    }
  }

  #anyMapping(frame: Frame, bit: number): boolean {
    const { frames, tables, spaces } = this.#parts;
    const sole = frames.soleEntry(frame);
    if (sole !== 0) return this.#has(sole, bit);
    for (const code of frames.mappersOf(frame)) {
      if (this.#has(tables.find(spaces[spaceOfCode(code)]!, pageOfCode(code)), bit)) return true;
    }
    return false;
  }

  #has(entryAddress: number, bit: number): boolean {
    const low = this.#parts.tables.low(entryAddress);
    return (low & bit) !== 0 && this.#parts.tables.isValid(low);
  }
}
