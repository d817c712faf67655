/**
 * Radix tables in which a leaf above the last level may map a whole aligned range (2 MiB under Sv39), in the place of
 * the pointer to a table of pages. That table stays where it is, *deposited*, and is the kernel's record:
 *
 *   level above ──▶ leaf: frame F, R W X U, A and D of all parts together        what the hardware walks
 *                     ┊
 *                     └┄▶ deposited table: F, F + 1, F + 2, …, each with an A and a D of its own
 *
 * So a page has its place in the deposited table, as it would have without a superpage, and whoever finds it there need
 * not know of one. What the hardware notes is in the leaf, and may be any part's:
 *
 *   an entry reads as       its own A and D, and those of the leaf
 *   A or D is set           in the leaf, as the hardware does it
 *   A or D is cleared       the leaf's goes to all entries first (it is *settled*), then it is taken from the one
 *   anything else changes   the superpage has to be split before: the leaf's A and D are settled, and the pointer is put back
 *
 * Splitting therefore needs no frame and can't fail. The TLB forgets the superpage then; pages of 4 KiB that it holds
 * of one stay right, as nothing that they say has changed, and what they won't note again has been settled.
 *
 * Source: Navarro, Iyer, Druschel and Cox, "Practical, transparent operating system support for superpages", OSDI 2002,
 * on demotion and what one dirty bit costs; the deposited table is Linux's (mm/huge_memory.c, pgtable_trans_huge_deposit).
 */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import { kernelEntries } from '../../translation/entry-codec.ts';
import { encodePointer, hasBit, isLeaf, type RadixFormat } from '../../translation/radix.ts';
import type { EventSink } from '../events.ts';
import type { SpaceState } from '../state.ts';
import type { MemoryCounters } from './contract.ts';
import type { SplitCause, Superpage, SuperpageState } from './superpage-state.ts';
import { type RadixTableParts, RadixTables } from './tables.ts';

export interface SuperpageTableParts extends RadixTableParts {
  readonly superpages: SuperpageState;
  readonly spaces: readonly (SpaceState | undefined)[];
  readonly counters: MemoryCounters;
  readonly events: EventSink;
}

const ACCESSED = 1 << kernelEntries.entry.accessed;
const DIRTY = 1 << kernelEntries.entry.dirty;
const NOTED = ACCESSED | DIRTY;

/** Pages that one entry above the last level maps. */
export const superpageSpan = ({ indexBits }: RadixFormat): number => 2 ** indexBits.at(-1)!;

export class SuperpageTables extends RadixTables {
  /** Pages of a superpage. */
  readonly span: number;
  readonly #parts: SuperpageTableParts;
  readonly #mapped: SuperpageState['mapped'];
  /** Deposited tables by the address of the leaf entry that stands for each. */
  readonly #tables = new Map<number, Frame>();
  readonly #ram: Uint8Array;

  constructor(parts: SuperpageTableParts) {
    super(parts);
    this.#parts = parts;
    this.#mapped = parts.superpages.mapped;
    this.#ram = parts.machine.ram;
    this.span = superpageSpan(parts.radix);
    for (const [table, { at }] of this.#mapped) this.#tables.set(at, table as Frame);
  }

  /** How many there are. */
  get count(): number {
    return this.#mapped.size;
  }

  /** The superpage that the page of an entry lies in. */
  superpageOf(entryAddress: number): Superpage | undefined {
    return entryAddress < 0 ? undefined : this.#mapped.get(Math.floor(entryAddress / PAGE_SIZE));
  }

  /** First page of the range that a superpage would map. */
  firstOf(page: number): Vpn {
    return (page - (page % this.span)) as Vpn;
  }

  override walk(space: SpaceState, page: Vpn): number {
    const at = super.walk(space, page);
    // The leaf ends it, and the table behind it is not read.
    if (this.superpageOf(at) !== undefined) this.reads--;
    return at;
  }

  override low(entryAddress: number): number {
    const own = super.low(entryAddress);
    const superpage = this.superpageOf(entryAddress);
    return superpage === undefined ? own : (own | this.#noted(superpage)) >>> 0;
  }

  override write(entryAddress: number, low: number, high: number): void {
    assert(this.superpageOf(entryAddress) === undefined, 'a superpage is split before an entry changes');
    super.write(entryAddress, low, high);
  }

  override setBits(entryAddress: number, bits: number): void {
    const superpage = this.superpageOf(entryAddress);
    if (superpage === undefined) super.setBits(entryAddress, bits);
    else this.#writeNoted(superpage, this.#noted(superpage) | bits);
  }

  override clearBits(entryAddress: number, bits: number): void {
    const superpage = this.superpageOf(entryAddress);
    if (superpage === undefined) {
      super.clearBits(entryAddress, bits);
      return;
    }
    assert((bits & ~NOTED) === 0, 'a superpage is split before an entry changes');
    const noted = this.#noted(superpage);
    if ((noted & bits) !== 0) {
      this.#settle(superpage, noted & bits);
      this.#writeNoted(superpage, noted & ~bits);
    }
    super.write(entryAddress, (super.low(entryAddress) & ~bits) >>> 0, super.high(entryAddress));
  }

  /**
   * Makes one leaf of the table of an entry if its pages lie as those of a superpage do and all may be used in the same
   * way; what was noted of each stays its own.
   * @returns whether there is a superpage now
   */
  join(space: SpaceState, page: Vpn, change: 'mapped' | 'joined'): boolean {
    const first = this.firstOf(page);
    const from = this.find(space, first);
    if (from < 0 || this.superpageOf(from) !== undefined) return false;
    const low = super.low(from);
    if (!this.#isUniform(from, low)) return false;
    const table = Math.floor(from / PAGE_SIZE) as Frame;
    const at = this.pointerTo(space, first);
    this.#mapped.set(table, { space: space.id, first, at });
    this.#tables.set(at, table);
    this.#writeLeaf(at, (low & ~NOTED) >>> 0);
    const { superpages: counters } = this.#parts.counters;
    counters[change]++;
    counters.peak = Math.max(counters.peak, this.#mapped.size);
    this.#tell(this.#mapped.get(table)!, change);
    return true;
  }

  /** The superpage of an entry, if there is one, becomes pages, because something is to be done to a part of it. */
  split(entryAddress: number, cause: SplitCause): void {
    const superpage = this.superpageOf(entryAddress);
    if (superpage === undefined) return;
    this.#parts.counters.superpages.split[cause]++;
    this.#undo(superpage, cause);
  }

  /**
   * Pages `from` to `to` - 1 are going to be changed: superpages that lie in them partly, or any if they don't go but
   * stay, are split, and those that are given up whole become pages to be cleared.
   */
  splitRange(space: SpaceState, from: number, to: number, cause: 'unmap' | 'protect'): void {
    for (const superpage of [...this.#mapped.values()]) {
      const { first } = superpage;
      if (superpage.space !== space.id || first >= to || first + this.span <= from) continue;
      const goesWhole = cause === 'unmap' && first >= from && first + this.span <= to;
      if (!goesWhole) this.#parts.counters.superpages.split[cause]++;
      else this.#parts.counters.superpages.freed++;
      this.#undo(superpage, goesWhole ? 'freed' : cause);
    }
  }

  /** Joins what pages `from` to `to` - 1 lie in, where that can be. @param may whether it is wanted of a range */
  joinRange(space: SpaceState, from: number, to: number, may: (first: Vpn) => boolean): void {
    for (let first: number = this.firstOf(from); first < to; first += this.span)
      if (may(first as Vpn)) this.join(space, first as Vpn, 'joined');
  }

  /** Pages of the superpages that there are that hold nothing but zeros. */
  zeroPages(): number {
    let zeros = 0;
    for (const superpage of this.#mapped.values()) zeros += this.#zeroPagesOf(superpage);
    return zeros;
  }

  protected override target(low: number, entryAddress: number): Frame {
    if (!isLeaf(this.radix.entry, low)) return super.target(low, entryAddress);
    const table = this.#tables.get(entryAddress);
    assert(table !== undefined, 'a leaf above the last level stands for a table');
    return table;
  }

  #undo(superpage: Superpage, why: SplitCause | 'freed'): void {
    const { spaces, counters } = this.#parts;
    const table = this.#tables.get(superpage.at)!;
    counters.superpages.zeroPages += this.#zeroPagesOf(superpage);
    this.#settle(superpage, this.#noted(superpage));
    this.#mapped.delete(table);
    this.#tables.delete(superpage.at);
    const { low, high } = encodePointer(this.radix.entry, table);
    this.writePointer(superpage.at, low, high);
    this.flush(spaces[superpage.space]!, superpage.first);
    this.#tell(superpage, why);
  }

  /** What the leaf has noted, in the kernel's form. */
  #noted({ at }: Superpage): number {
    const { low } = this.pointerAt(at);
    const { accessed, dirty } = this.radix.entry;
    return (hasBit(low, accessed) ? ACCESSED : 0) | (hasBit(low, dirty) ? DIRTY : 0);
  }

  #writeNoted({ at }: Superpage, noted: number): void {
    assert((noted & ~NOTED) === 0, 'a superpage is split before an entry changes');
    const { low, high } = this.pointerAt(at);
    const { accessed, dirty } = this.radix.entry;
    const flags = ((noted & ACCESSED) === 0 ? 0 : 1 << accessed) | ((noted & DIRTY) === 0 ? 0 : 1 << dirty);
    const others = low & ~((1 << accessed) | (1 << dirty));
    this.writePointer(at, (others | flags) >>> 0, high);
  }

  /** Whatever is in `noted` is every part's own from now on. */
  #settle(superpage: Superpage, noted: number): void {
    if (noted === 0) return;
    const from = this.#tables.get(superpage.at)! * PAGE_SIZE;
    const { entryBytes } = this.radix;
    for (let at = from; at < from + this.span * entryBytes; at += entryBytes)
      super.write(at, (super.low(at) | noted) >>> 0, super.high(at));
  }

  /** Whether the entries from `from` on lead to adjacent frames, the first of which is aligned, and allow the same. */
  #isUniform(from: number, low: number): boolean {
    if (!this.isValid(low) || this.frameAt(from) % this.span !== 0) return false;
    const { entryBytes } = this.radix;
    const oneFrame = 1 << kernelEntries.entry.ppnShift;
    const flags = low & ~NOTED;
    for (let i = 1; i < this.span; i++)
      if ((super.low(from + i * entryBytes) & ~NOTED) !== ((flags + i * oneFrame) | 0)) return false;
    return true;
  }

  /** Writes the entry of a page, and makes it one of a superpage. */
  #writeLeaf(at: number, low: number): void {
    super.write(at, low, 0);
    const { leaf } = this.radix.entry;
    if (leaf === undefined) return;
    const written = this.pointerAt(at);
    this.writePointer(at, (written.low | (1 << leaf)) >>> 0, written.high);
  }

  #zeroPagesOf({ at }: Superpage): number {
    const from = this.frameAt(this.#tables.get(at)! * PAGE_SIZE) * PAGE_SIZE;
    let zeros = 0;
    for (let page = 0; page < this.span; page++) if (isZero(this.#ram, from + page * PAGE_SIZE)) zeros++;
    return zeros;
  }

  #tell({ space, first }: Superpage, change: 'mapped' | 'joined' | 'freed' | SplitCause): void {
    const { events, spaces } = this.#parts;
    if (!events.watched) return;
    const frame = this.frameAt(this.find(spaces[space]!, first));
    events.emit({ type: 'superpage', space, vpn: first, frame, pages: this.span, change });
  }
}

/** Whether a page in RAM holds nothing but zeros. */
function isZero(ram: Uint8Array, from: number): boolean {
  const words = new Uint32Array(ram.buffer, ram.byteOffset + from, PAGE_SIZE / 4);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}
