/**
 * Pages in order of their last use, and at which depth each is found: the LRU stack of Mattson et al. (1970), as a
 * line of time slots of which those of last uses are occupied (Bennett and Kruskal, "LRU stack processing", IBM
 * Journal of Research and Development 19(4), 1975).
 *
 * A released page leaves a hole: a free frame in every memory that is large enough to have held the page. Memories
 * in which a page is missed fill their free frame before they evict, so what is referenced takes up the topmost
 * hole that is above it; a page that is found below that hole leaves its own place free instead, for in memories
 * that held both the hole is still there.
 */
import { OccupiedSlots } from './occupied-slots.ts';
import { SlotHeap } from './slot-heap.ts';

const LEAST_SLOTS = 1 << 12;
/** Slots to one that is occupied: fewer take more frequent renumbering, more take more of the processor's cache. */
const SPARE = 4;

export class LruStack {
  /** 1 + slot of each page; 0 when it is not on the stack. */
  #last: Uint32Array;
  readonly #holes = new SlotHeap();
  #slots: OccupiedSlots;
  /** The slot that comes next. */
  #next: number;

  /**
   * @param pages pages are 0 to `pages` - 1
   * @param order of those that are on the stack already: by page 1 + how many lie below it; 0 for the others
   */
  constructor(pages: number, order: Uint32Array = new Uint32Array(0)) {
    this.#last = new Uint32Array(pages);
    this.#last.set(order);
    this.#next = order.reduce((most, place) => Math.max(most, place), 0);
    this.#slots = slotsFor(this.#next, LEAST_SLOTS);
  }

  /** Brings `page` to the top; gives the depth where it was, from 1, or 0 when it was not on the stack. */
  reference(page: number): number {
    const last = this.#last[page]!;
    if (last === this.#next && last > 0) return 1;
    if (this.#next === this.#slots.capacity) {
      this.#renumber();
      return this.reference(page);
    }
    const to = this.#next++;
    this.#last[page] = this.#next;
    if (this.#holes.size > 0) return this.#referenceWithHoles(last - 1, to);
    if (last > 0) return this.#slots.move(last - 1, to) + 1;
    this.#slots.occupy(to);
    return 0;
  }

  /** Takes `page` off for good; gives the depth where it was, from 1, or 0 when it was not on the stack. */
  release(page: number): number {
    const depth = this.depth(page);
    if (depth === 0) return 0;
    this.#holes.push(this.#last[page]! - 1);
    this.#last[page] = 0;
    return depth;
  }

  /** Takes `page`, which is on the stack, off as if it had never been there: what is below moves up. */
  forget(page: number): void {
    this.#slots.free(this.#last[page]! - 1);
    this.#last[page] = 0;
  }

  /** Makes room for pages up to `pages` - 1. */
  reserve(pages: number): void {
    if (pages <= this.#last.length) return;
    const last = new Uint32Array(pages);
    last.set(this.#last);
    this.#last = last;
  }

  /** Depth of `page`, from 1; 0 when it is not on the stack. The least memory that holds the page. */
  depth(page: number): number {
    const last = this.#last[page]!;
    return last === 0 ? 0 : this.#slots.after(last - 1) + 1;
  }

  /** @param slot of the page, -1 when it is not on the stack */
  #referenceWithHoles(slot: number, to: number): number {
    const hole = this.#holes.latest;
    if (slot > hole) return this.#slots.move(slot, to) + 1;
    if (slot < 0) this.#holes.pop();
    else this.#holes.replaceLatest(slot);
    const depth = slot < 0 ? 0 : this.#slots.after(slot) + 1;
    this.#slots.move(hole, to);
    return depth;
  }

  /** Numbers the occupied slots from 0 again, in their order. */
  #renumber(): void {
    const rank = this.#slots.ranks();
    const last = this.#last;
    for (let page = 0; page < last.length; page++)
      if (last[page]! > 0) last[page] = rank(last[page]! - 1) + 1;
    this.#holes.renumber(rank);
    this.#next = this.#slots.count;
    this.#slots = slotsFor(this.#next, this.#slots.capacity);
  }
}

/** At least `least` slots, of which the first `occupied` are. */
function slotsFor(occupied: number, least: number): OccupiedSlots {
  let capacity = least;
  while (capacity < occupied * SPARE) capacity *= 2;
  return new OccupiedSlots(capacity, occupied);
}
