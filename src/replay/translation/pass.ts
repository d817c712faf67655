/**
 * A trace under page tables and a TLB: what the hardware would have looked up, missed and walked.
 *
 *   reference ──▶ TLB ─┬─ held ────────────────────────────────────────▶ done; a store to a clean entry walks, to set the dirty bit
 *                      └─ missed ──▶ walk ─┬─ mapped ──▶ into the TLB ─▶ done
 *                                          └─ not ─────▶ fault ──▶ victims go, the page comes ──▶ tried again: missed, walked, held
 *
 * What is in memory is not decided here: a log says which pages a replacement policy gave up, and when (paging-log.ts). A page
 * that goes, or whose referenced bit is cleared, is dropped from the TLB. As the TLB's answers do not depend on how pages are
 * found, tables of several schemes are kept beside one TLB.
 *
 * Pages have the numbers of the trace. The loop over references touches for a hit what the page and the way have, and
 * nothing else.
 */
import { KIND, KIND_SHIFT, PAGE_MASK } from '../dense.ts';
import { REMARK, type TraceRemarks } from '../remarks.ts';
import type { Identifiers } from './identifiers.ts';
import type { PagingLog } from './paging-log.ts';
import type { ReplayedTables } from './tables.ts';
import { type ReplayedTlb, TlbSide } from './tlb.ts';
import { TlbRandom } from './tlb-random.ts';

export interface PassOptions {
  readonly tlb: ReplayedTlb;
  readonly tables: readonly ReplayedTables[];
  /** Lower halves of the numbers of pages in their spaces. */
  readonly numbers: Uint32Array;
  /** Space of each page, by index; `undefined`: there is one. */
  readonly spaceOf: Uint32Array | undefined;
  readonly spaces: number;
  readonly identifiers: Identifiers;
  readonly remarks: TraceRemarks | undefined;
  readonly seed: number;
}

export interface PassCounts {
  /** Look-ups that missed, retries after faults included. */
  instructionMisses: number;
  dataMisses: number;
  /** Walks, those that ended in a fault or set a dirty bit included. */
  walks: number;
  dirtyWalks: number;
  /** Pages that were not mapped when they were wanted, by the program and by the kernel. */
  faults: number;
  kernelFaults: number;
  /** References of the kernel's, which no TLB is asked for. */
  kernelReferences: number;
  /** Stores that an entry did not allow until the kernel changed it: to pages that were shared, or a file's. */
  refused: number;
  /** Changes of spaces, flushes of the whole TLB, and entries that were dropped for whatever reason. */
  switches: number;
  flushes: number;
  dropped: number;
}

/** Bits of a page. */
const MAPPED = 1;
const DIRTY = 2;
/** Its entry in the TLB for data says that it is dirty. */
const HELD_DIRTY = 4;

const NEVER = Number.POSITIVE_INFINITY;

export class TranslationPass {
  readonly counts: PassCounts = {
    instructionMisses: 0,
    dataMisses: 0,
    walks: 0,
    dirtyWalks: 0,
    faults: 0,
    kernelFaults: 0,
    kernelReferences: 0,
    refused: 0,
    switches: 0,
    flushes: 0,
    dropped: 0,
  };
  /** Loads of walks, by tables. */
  readonly loads: Float64Array;
  readonly #options: PassOptions;
  readonly #instructions: TlbSide;
  readonly #data: TlbSide;
  readonly #bits: Uint8Array;
  /** Pages of each space that are in use; kept where there are several. */
  readonly #live: Float64Array;
  readonly #isKnown: Uint8Array;
  #log: PagingLog | undefined;
  #logged = 0;
  #remarked = 0;
  /** References done. */
  #reference = 0;
  /** Number of the reference before which a remark or the log has something to say. */
  #due = NEVER;
  #space = -1;

  constructor(options: PassOptions) {
    const { tlb, numbers, seed } = options;
    const random = new TlbRandom(seed);
    const side = (shape: ConstructorParameters<typeof TlbSide>[0]) => new TlbSide(shape, numbers, random);
    this.#options = options;
    this.#data = side(tlb.kind === 'none' ? undefined : tlb.kind === 'split' ? tlb.data : tlb.shape);
    this.#instructions = tlb.kind === 'split' ? side(tlb.instructions) : this.#data;
    this.#bits = new Uint8Array(numbers.length);
    this.#isKnown = new Uint8Array(options.spaceOf === undefined ? 0 : numbers.length);
    this.#live = new Float64Array(options.spaces);
    this.loads = new Float64Array(options.tables.length);
    this.#findDue();
  }

  /** References so far. */
  get references(): number {
    return this.#reference;
  }

  /**
   * Goes through entries `from` to `to` - 1 of a chunk, which are fed in order.
   * @param log of this piece, to be used up; its references are counted from the beginning of the trace
   */
  feed(entries: Uint32Array, from: number, to: number, log?: PagingLog): void {
    this.#log = log;
    this.#logged = 0;
    this.#findDue();
    const { spaceOf } = this.#options;
    const { wayOf: fetched, touched: fetches } = this.#instructions;
    const { wayOf: accessed, touched: accesses } = this.#data;
    const bits = this.#bits;
    let space = this.#space;
    let due = this.#due;
    let now = this.#reference;
    for (let i = from; i < to; i++) {
      const entry = entries[i]!;
      const page = entry & PAGE_MASK;
      const kind = entry >>> KIND_SHIFT;
      if (kind === KIND.release) {
        this.#release(page);
        continue;
      }
      if (now === due) {
        this.#reference = now;
        const byKernel = this.#happens(page, kind);
        due = this.#due;
        now = this.#reference;
        if (byKernel) continue;
      }
      if (spaceOf !== undefined && spaceOf[page] !== space) {
        space = spaceOf[page]!;
        this.#enter(space);
      }
      if (kind === KIND.fetch) {
        const way = fetched[page]!;
        if (way >= 0) fetches[way] = now;
        else due = this.#missed(page, kind, now);
      } else {
        const way = accessed[page]!;
        if (way >= 0 && (kind === KIND.load || (bits[page]! & HELD_DIRTY) !== 0)) accesses[way] = now;
        else due = this.#missed(page, kind, now);
      }
      now++;
    }
    this.#reference = now;
  }

  /** A miss, or a store whose entry is clean; when something is due next. */
  #missed(page: number, kind: number, now: number): number {
    this.#reference = now;
    const { counts } = this;
    const bits = this.#bits;
    const side = kind === KIND.fetch ? this.#instructions : this.#data;
    const way = side.wayOf[page]!;
    if (way >= 0) {
      side.touched[way] = now;
      counts.dirtyWalks++;
      this.#walk(page);
      bits[page]! |= DIRTY | HELD_DIRTY;
      return this.#due;
    }
    this.#count(kind);
    if ((bits[page]! & MAPPED) === 0) {
      counts.faults++;
      counts.walks++;
      const { tables } = this.#options;
      for (let i = 0; i < tables.length; i++) this.loads[i]! += tables[i]!.missing(page);
      this.#bring(page);
      this.#count(kind);
    }
    this.#walk(page);
    if (kind === KIND.store) bits[page]! |= DIRTY;
    side.fill(page, now);
    if (side === this.#data)
      bits[page] = (bits[page]! & DIRTY) !== 0 ? bits[page]! | HELD_DIRTY : bits[page]! & ~HELD_DIRTY;
    return this.#due;
  }

  #count(kind: number): void {
    if (kind === KIND.fetch) this.counts.instructionMisses++;
    else this.counts.dataMisses++;
  }

  #walk(page: number): void {
    const { tables } = this.#options;
    this.counts.walks++;
    for (let i = 0; i < tables.length; i++) this.loads[i]! += tables[i]!.found(page);
  }

  /** The page comes, after those that have to go for it. */
  #bring(page: number): void {
    this.#followLog();
    this.#findDue();
    this.#bits[page]! |= MAPPED;
    this.#use(page);
    for (const tables of this.#options.tables) tables.map(page);
  }

  /** What is due before a reference; whether the reference is the kernel's, and done with it. */
  #happens(page: number, kind: number): boolean {
    const byKernel = this.#takeRemarks();
    const isMapped = (this.#bits[page]! & MAPPED) !== 0;
    // Of a page that is not mapped the TLB is asked first, and then somebody has to go.
    if (isMapped) this.#followLog();
    if (byKernel) {
      this.counts.kernelReferences++;
      if (!isMapped) {
        this.counts.kernelFaults++;
        this.#bring(page);
      }
      if (kind === KIND.store) this.#bits[page]! |= DIRTY;
      this.#reference++;
    }
    this.#findDue();
    return byKernel;
  }

  /** Whether the reference that follows is the kernel's. */
  #takeRemarks(): boolean {
    const { remarks } = this.#options;
    let byKernel = false;
    if (remarks === undefined) return false;
    for (; remarks.references[this.#remarked] === this.#reference; this.#remarked++) {
      const page = remarks.pages[this.#remarked]!;
      switch (remarks.kinds[this.#remarked]) {
        case REMARK.kernel:
          byKernel = true;
          break;
        case REMARK.refused:
          this.#refused(page);
          break;
        case REMARK.flush:
          this.#drop(page);
          break;
        default:
          this.#dropSpace(page);
      }
    }
    return byKernel;
  }

  /** A store that the page's entry did not allow, before the kernel changed that. */
  #refused(page: number): void {
    if ((this.#bits[page]! & MAPPED) === 0) return;
    this.counts.refused++;
    if (this.#data.wayOf[page]! < 0) {
      this.counts.dataMisses++;
      this.#walk(page);
    }
    this.#drop(page);
  }

  #followLog(): void {
    const log = this.#log;
    if (log === undefined) return;
    for (; this.#logged < log.length; this.#logged++) {
      if (log.references[this.#logged]! > this.#reference) return;
      const change = log.changes[this.#logged]!;
      this.#changed(change < 0 ? -1 - change : change, change < 0);
    }
  }

  #changed(page: number, isHidden: boolean): void {
    this.#drop(page);
    if (isHidden || (this.#bits[page]! & MAPPED) === 0) return;
    this.#bits[page] = 0;
    for (const tables of this.#options.tables) tables.evict(page);
  }

  #release(page: number): void {
    this.#drop(page);
    this.#bits[page] = 0;
    for (const tables of this.#options.tables) tables.release(page);
    const { spaceOf, identifiers } = this.#options;
    if (spaceOf === undefined || this.#isKnown[page] === 0) return;
    this.#isKnown[page] = 0;
    if (--this.#live[spaceOf[page]!]! === 0) identifiers.end(spaceOf[page]!);
  }

  /** A page of a space is in use from now on. */
  #use(page: number): void {
    const { spaceOf } = this.#options;
    if (spaceOf === undefined || this.#isKnown[page] === 1) return;
    this.#isKnown[page] = 1;
    this.#live[spaceOf[page]!]!++;
  }

  #enter(space: number): void {
    if (this.#space !== -1) this.counts.switches++;
    this.#space = space;
    if (!this.#options.identifiers.enter(space)) return;
    this.counts.flushes++;
    this.#dropWhere(() => true);
  }

  #drop(page: number): void {
    if (this.#data.drop(page)) this.counts.dropped++;
    if (this.#instructions.drop(page)) this.counts.dropped++;
  }

  #dropSpace(space: number): void {
    const { spaceOf } = this.#options;
    this.#dropWhere((page) => spaceOf === undefined || spaceOf[page] === space);
  }

  #dropWhere(isChosen: (page: number) => boolean): void {
    this.counts.dropped += this.#data.dropWhere(isChosen) + this.#instructions.dropWhere(isChosen);
  }

  #findDue(): void {
    const { remarks } = this.#options;
    const log = this.#log;
    const remark = remarks === undefined ? NEVER : (remarks.references[this.#remarked] ?? NEVER);
    const change = log !== undefined && this.#logged < log.length ? log.references[this.#logged]! : NEVER;
    this.#due = Math.min(remark, change);
  }
}
