/**
 * Segmented FIFO, as in VAX/VMS: a FIFO queue for each process, and two lists for second chances behind them.
 *
 *   fault ─▶ resident set of its process ── over its limit: the oldest ─┬─ clean ─▶ clean list ─▶ frame for a fault
 *                    ▲            ▲                                     └─ dirty ─▶ dirty list ──┐      ▲
 *                    └── rescue ──┴── used while on a list: no transfer ◀── either list          └ written ┘
 *
 * Nothing but faults is needed, no referenced bits: a page on a list has no valid entry, so its next use is seen. The
 * longer the lists, the more of all pages are in order of their last use. With a limit of 1 and a dirty list of 0
 * this is LRU; with a limit of all frames the lists stay empty, and it is FIFO.
 */
import { assert } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import type {
  FrameBits,
  PageKey,
  PolicyDefinition,
  PolicyEnvironment,
  PolicyParameter,
  ReplacementPolicy,
  SecondChances,
  Why,
} from './contract.ts';
import { firstUnpinned } from './frame-lists.ts';
import { after, append, emptyLists, first, type Lists, listOf, remove } from './lists.ts';
import {
  dequeue,
  enqueue,
  framesOf,
  isQueued,
  type OwnerQueues,
  oldestThat,
  ownerQueues,
  sizeOf,
} from './owner-queues.ts';

const CLEAN = 0;
const DIRTY = 1;

export interface VmsState {
  readonly resident: OwnerQueues;
  /** Lists CLEAN and DIRTY: pages in order of leaving their resident sets. */
  readonly lists: Lists;
}

/** What was given behind the colon; the rest depends on the memory. */
interface Limits {
  /** Pages of a resident set. */
  readonly limit?: number | undefined;
  /** Pages of the dirty list that have not been written. */
  readonly dirty?: number | undefined;
}

class Vms implements ReplacementPolicy {
  readonly #resident: OwnerQueues;
  readonly #lists: Lists;
  readonly #bits: FrameBits;
  readonly #chances: SecondChances;
  readonly #limits: Limits;
  readonly #room: () => number;

  constructor({ resident, lists }: VmsState, environment: PolicyEnvironment, limits: Limits) {
    this.#resident = resident;
    this.#lists = lists;
    this.#bits = environment.bits;
    this.#chances = environment.chances!;
    this.#limits = limits;
    this.#room = () => environment.room?.() ?? environment.frameLimit;
  }

  admitted(frame: Frame, _page: PageKey, owner: number): void {
    assert(listOf(this.#lists, frame) === -1, 'a frame is admitted only when it is not resident');
    enqueue(this.#resident, owner, frame);
    this.#trim(owner, frame);
  }

  referenced(): void {}

  rescued(frame: Frame, owner: number): void {
    // A page that another's policy had set aside when its process ended was admitted here at once.
    if (isQueued(this.#resident, frame)) return;
    remove(this.#lists, frame);
    enqueue(this.#resident, owner, frame);
    this.#trim(owner, frame);
  }

  evicted(frame: Frame): void {
    if (isQueued(this.#resident, frame)) dequeue(this.#resident, frame);
    else remove(this.#lists, frame);
  }

  released(frame: Frame): void {
    this.evicted(frame);
  }

  ended(owner: number, heir: (frame: Frame) => number): void {
    for (const frame of framesOf(this.#resident, owner)) {
      dequeue(this.#resident, frame);
      enqueue(this.#resident, heir(frame), frame);
    }
  }

  victim(_incoming: PageKey, _now: number, why?: Why): Frame | -1 {
    if (this.#lists.sizes[CLEAN] === 0) this.#clean();
    const clean = firstUnpinned(this.#lists, CLEAN, this.#bits, why, 'clean');
    if (clean !== -1) return clean;
    const dirty = firstUnpinned(this.#lists, DIRTY, this.#bits, why, 'dirty');
    return dirty === -1 ? this.#fromResident(why) : dirty;
  }

  /** The oldest page of the largest set that has one to give; of equal sets, the one of the lowest owner. */
  #fromResident(why: Why | undefined): Frame | -1 {
    const owners = [...this.#resident.queues].sort(([a, one], [b, other]) => other.size - one.size || a - b);
    for (const [owner] of owners) {
      const frame = oldestThat(this.#resident, owner, (candidate, position) => {
        const pinned = this.#bits.isPinned(candidate);
        why?.considered(candidate, { list: 'resident', owner, position, pinned });
        return !pinned;
      });
      if (frame !== -1) return frame;
    }
    return -1;
  }

  /** Sets aside the oldest pages of a set that is over its limit; those that are pinned, or just came, stay. */
  #trim(owner: number, newcomer: Frame): void {
    const limit = this.#limit();
    while (sizeOf(this.#resident, owner) > limit) {
      const frame = oldestThat(this.#resident, owner, (at) => at !== newcomer && !this.#bits.isPinned(at));
      if (frame === -1) return;
      dequeue(this.#resident, frame);
      this.#chances.setAside(frame);
      append(this.#lists, this.#bits.isDirty(frame) ? DIRTY : CLEAN, frame);
      if (this.#lists.sizes[DIRTY]! > this.#dirtyLimit) this.#clean();
    }
  }

  /** Writes the pages at the head of the dirty list, until it is half as long as it may be. */
  #clean(): void {
    const lists = this.#lists;
    const batch: Frame[] = [];
    let frame = first(lists, DIRTY) as Frame | -1;
    for (let left = lists.sizes[DIRTY]! - Math.floor(this.#dirtyLimit / 2); left > 0; left--) {
      batch.push(frame as Frame);
      frame = after(lists, frame) as Frame | -1;
    }
    if (batch.length === 0) return;
    for (const written of this.#chances.clean(batch)) {
      remove(lists, written);
      append(lists, CLEAN, written);
    }
  }

  #limit(): number {
    const { limit } = this.#limits;
    if (limit !== undefined) return limit;
    return Math.max(1, Math.floor((this.#room() * 3) / 4 / this.#resident.queues.size));
  }

  get #dirtyLimit(): number {
    return this.#limits.dirty ?? Math.floor(this.#room() / 16);
  }
}

const parameter: PolicyParameter = {
  syntax: 'vms:limit=N+dirty=N',
  summary:
    'limit, pages of a resident set, from 1 (default: three quarters of the frames divided by the processes); dirty, pages that may wait to be written, from 0 (default: a sixteenth of the frames); either may be left out',
  parse: (text) => {
    const limits: Record<string, number> = {};
    for (const part of text.split('+')) {
      const [, name, digits] = /^(limit|dirty)=(\d{1,9})$/.exec(part) ?? [];
      if (name === undefined || name in limits) return undefined;
      limits[name] = Number(digits);
    }
    return limits.limit === 0 ? undefined : variant(limits, `vms:${text}`);
  },
};

function variant(limits: Limits, name: string): PolicyDefinition<VmsState> {
  return {
    name,
    summary: 'FIFO in the resident set of each process, with second chances on a clean and a dirty list',
    source:
      'Levy and Lipman, "Virtual memory management in the VAX/VMS operating system", Computer 15(3), 1982; Turner and Levy, "Segmented FIFO page replacement", SIGMETRICS 1981',
    needs: 'rescues',
    ties: 'lists in order of leaving the resident sets; a batch that was written keeps its order; with both lists empty the oldest page of the largest set goes, of equal sets that of the lowest process; a pinned frame is passed over',
    parameter,
    initial: (frameLimit) => ({ resident: ownerQueues(frameLimit), lists: emptyLists(2, frameLimit) }),
    attach: (state, environment) => new Vms(state, environment, limits),
  };
}

/**
 * A frame is taken from the head of the clean list. When the dirty list is longer than its limit, or the clean one is
 * empty, the pages at its head are written together and join the clean list. A page that a process shares counts in
 * the set of who used it last when it had no valid entry. `why` gets the frames with the `list` they are on,
 * `position` and `pinned`; the last one is the victim.
 */
export const vms = variant({}, 'vms');
