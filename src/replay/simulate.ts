/**
 * Replays a dense trace through a replacement policy on a fixed number of page frames: what the kernel does to a
 * policy in a live run, without the machine.
 *
 * Each of the three loops does for every reference just what a kind of policy needs, so that a policy that wants
 * to hear of faults only costs nothing on a hit. Watching (`why`, `fed` in small pieces) takes the same loops.
 */
import { assert } from '../base/errors.ts';
import type { Frame } from '../base/numbers.ts';
import { policyRandom } from '../base/random.ts';
import type {
  FrameBits,
  Future,
  PolicyDefinition,
  ReplacementPolicy,
  SecondChances,
  Why,
} from '../policies/replacement/contract.ts';
import { KIND_SHIFT, PAGE_MASK } from './dense.ts';
import type { NextUses } from './next-use.ts';

/** Virtual time of a reference in ns: what the notes take for a memory access. */
export const REFERENCE_TIME = 100;
const ABSENT = -1;
const RELEASE = 3;
const STORE = 2;

/** What happened at one entry, for those who watch. */
export interface SimulationWatcher {
  /** Takes down what each victim was chosen from. */
  readonly why?: Why | undefined;
  hit?(page: number, frame: Frame): void;
  /** `victim` is the page that was evicted, -1 when a frame was free. */
  fault?(page: number, frame: Frame, victim: number, written: boolean): void;
  released?(page: number, frame: Frame): void;
}

/**
 * Told what becomes of pages in memory, so that whoever keeps translations of them can forget these.
 * @param reference number of references before the one that it happens at
 */
export interface PagingListener {
  evicted(page: number, reference: number): void;
  /** The page's referenced bit was cleared, or it was set aside: its next use must be seen. */
  hidden(page: number, reference: number): void;
}

export interface SimulationOptions {
  readonly definition: PolicyDefinition;
  /** Page frames, at least 1. */
  readonly frames: number;
  /** Different pages that the trace has. */
  readonly pages: number;
  /** Whether pages are released; `some` unless it is known that none are, which makes faults cheaper. */
  readonly releases?: 'some' | 'none' | undefined;
  /** Process of each page; all are of process 0 without it. */
  readonly owners?: Uint32Array | undefined;
  readonly seed: number;
  /** For policies that need the future: where each entry's page is used next. */
  readonly nextUses?: NextUses | undefined;
  readonly watcher?: SimulationWatcher | undefined;
  readonly listener?: PagingListener | undefined;
}

export interface SimulationCounts {
  references: number;
  faults: number;
  /** Faults on pages that were never in memory before. */
  compulsory: number;
  /** Victims that had not been written to since they came. */
  cleanEvictions: number;
  /** Victims that had to be written back. */
  dirtyEvictions: number;
  releases: number;
  /**
   * References to pages that the policy had set aside and that were still in their frames, which are no faults; and
   * pages that were written so as to be clean while they stayed. Only for policies that do so.
   */
  secondChances?: { rescues: number; cleaned: number };
}

/**
 * What is known of a page, in one byte, so that a hit of a policy that needs no more touches no more.
 *
 *   bit 0 in memory · bit 1 referenced · bit 2 dirty · bit 3 was in memory before · bit 4 set aside
 */
const RESIDENT = 1;
const REFERENCED = 2;
const DIRTY = 4;
const SEEN = 8;
const ASIDE = 16;

/** Page frames and the bits that hardware keeps for the pages in them. */
class Frames implements FrameBits, SecondChances {
  /** What became of pages that were set aside. */
  readonly chances = { rescues: 0, cleaned: 0 };
  /** Bits of each page, see above. */
  readonly bits: Uint8Array;
  /** Frame of a page that is in memory; kept only where somebody asks for it. */
  readonly frameOf: Int32Array;
  /** Page of a frame; of the page that was there last when it is free. */
  readonly pageOf: Int32Array;
  /** References before the present one; kept at faults and interrupts only. */
  reference = 0;
  readonly #listener: PagingListener | undefined;

  constructor(frames: number, pages: number, listener: PagingListener | undefined) {
    this.#listener = listener;
    this.bits = new Uint8Array(pages);
    this.frameOf = new Int32Array(pages).fill(ABSENT);
    this.pageOf = new Int32Array(frames).fill(ABSENT);
  }

  testAndClearReferenced(frame: Frame): boolean {
    const page = this.pageOf[frame]!;
    const bits = this.bits[page]!;
    this.bits[page] = bits & ~REFERENCED;
    if ((bits & REFERENCED) !== 0) this.#listener?.hidden(page, this.reference);
    return (bits & REFERENCED) !== 0;
  }

  isReferenced(frame: Frame): boolean {
    return (this.bits[this.pageOf[frame]!]! & REFERENCED) !== 0;
  }

  isDirty(frame: Frame): boolean {
    return (this.bits[this.pageOf[frame]!]! & DIRTY) !== 0;
  }

  isPinned(): boolean {
    return false;
  }

  setAside(frame: Frame): void {
    const page = this.pageOf[frame]!;
    this.bits[page]! |= ASIDE;
    this.#listener?.hidden(page, this.reference);
  }

  clean(frames: readonly Frame[]): readonly Frame[] {
    for (const frame of frames) {
      if (!this.isDirty(frame)) continue;
      this.chances.cleaned++;
      this.bits[this.pageOf[frame]!]! &= ~DIRTY;
    }
    return frames;
  }
}

/** The future as a policy sees it while the trace is replayed. */
class Ahead implements Future {
  readonly length: number;
  nextUse = 0;
  readonly #uses: NextUses;
  readonly #frameOf: Int32Array;

  constructor(uses: NextUses, frameOf: Int32Array) {
    this.length = uses.length;
    this.#uses = uses;
    this.#frameOf = frameOf;
  }

  frameAt(position: number): Frame {
    return this.#frameOf[this.#uses.pageAt(position)]! as Frame;
  }
}

export class Simulation {
  readonly frames: number;
  readonly counts: SimulationCounts = {
    references: 0,
    faults: 0,
    compulsory: 0,
    cleanEvictions: 0,
    dirtyEvictions: 0,
    releases: 0,
  };
  readonly #definition: PolicyDefinition;
  readonly #policy: ReplacementPolicy;
  readonly #memory: Frames;
  readonly #watcher: SimulationWatcher | undefined;
  readonly #listener: PagingListener | undefined;
  readonly #nextUses: NextUses | undefined;
  /** Whether the frame of a page has to be known: on hits, on releases, or by who watches. */
  readonly #findsFrames: boolean;
  readonly #owners: Uint32Array | undefined;
  readonly #ahead: Ahead | undefined;
  /** Frames below were used at least once; those from here on are free. */
  #fresh = 0;
  readonly #freed: number[] = [];
  /** Entries fed. */
  #position = 0;
  #interrupts = 0;

  /** @throws UserError what the policy throws when it is made */
  constructor(options: SimulationOptions) {
    const { definition, frames, pages, seed } = options;
    this.frames = frames;
    this.#definition = definition;
    this.#memory = new Frames(frames, pages, options.listener);
    this.#watcher = options.watcher;
    this.#listener = options.listener;
    this.#owners = options.owners;
    const onFaultsOnly = definition.needs === 'nothing' || definition.needs === 'bits';
    this.#findsFrames = !onFaultsOnly || options.releases !== 'none' || options.watcher !== undefined;
    if (definition.needs === 'the future') {
      assert(options.nextUses !== undefined, 'a policy that needs the future is given it');
      this.#nextUses = options.nextUses;
      this.#ahead = new Ahead(options.nextUses, this.#memory.frameOf);
    }
    const state = definition.initial(frames, policyRandom(seed));
    if (definition.needs === 'rescues') this.counts.secondChances = this.#memory.chances;
    this.#policy = definition.attach(state, {
      frameLimit: frames,
      bits: this.#memory,
      future: this.#ahead,
      chances: definition.needs === 'rescues' ? this.#memory : undefined,
    });
  }

  /** Replays entries `from` to `to` - 1 of a chunk; chunks and pieces of them are fed in order. */
  feed(entries: Uint32Array, from: number, to: number): void {
    const every =
      this.#definition.interval === undefined ? undefined : this.#definition.interval / REFERENCE_TIME;
    if (every === undefined) {
      this.#feed(entries, from, to);
      return;
    }
    for (let at = from; at < to; ) {
      const due = Math.ceil(every * (this.#interrupts + 1));
      if (this.#position >= due) {
        this.#interrupts++;
        this.#memory.reference = this.#position - this.counts.releases;
        this.#policy.interrupt?.(this.#position * REFERENCE_TIME);
        continue;
      }
      const end = Math.min(to, at + due - this.#position);
      this.#feed(entries, at, end);
      at = end;
    }
  }

  /** The page that a frame holds, or -1. */
  pageIn(frame: Frame): number {
    const page = this.#memory.pageOf[frame]!;
    return page !== ABSENT && this.#memory.frameOf[page] === frame ? page : ABSENT;
  }

  #feed(entries: Uint32Array, from: number, to: number): void {
    const { releases } = this.counts;
    if (this.#watcher === undefined) this.#replay(entries, from, to);
    else this.#replayWatched(this.#watcher, entries, from, to);
    this.counts.references += to - from - (this.counts.releases - releases);
  }

  #replay(entries: Uint32Array, from: number, to: number): void {
    const { needs } = this.#definition;
    if (needs === 'nothing') this.#replayFaults(entries, from, to);
    else if (needs === 'bits') this.#replayBits(entries, from, to);
    else if (needs === 'the future') this.#replayFuture(entries, from, to);
    else if (needs === 'rescues') this.#replayRescues(entries, from, to);
    else this.#replayReferences(entries, from, to);
    this.#position += to - from;
  }

  #replayWatched(watcher: SimulationWatcher, entries: Uint32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const page = entries[i]! & PAGE_MASK;
      const frame = this.#memory.frameOf[page]! as Frame;
      this.#replay(entries, i, i + 1);
      if (frame === ABSENT) continue;
      if (entries[i]! >>> KIND_SHIFT === RELEASE) watcher.released?.(page, frame);
      else watcher.hit?.(page, frame);
    }
  }

  #replayFaults(entries: Uint32Array, from: number, to: number): void {
    const { bits } = this.#memory;
    for (let i = from; i < to; i++) {
      const entry = entries[i]!;
      const page = entry & PAGE_MASK;
      const known = bits[page]!;
      if ((known & RESIDENT) === 0) this.#miss(entry, i - from);
      // The sign bit is set in stores and releases only.
      else if ((entry | 0) < 0) {
        if (entry >>> KIND_SHIFT === RELEASE) this.#release(page);
        else bits[page] = known | DIRTY;
      }
    }
  }

  #replayBits(entries: Uint32Array, from: number, to: number): void {
    const { bits } = this.#memory;
    for (let i = from; i < to; i++) {
      const entry = entries[i]!;
      const page = entry & PAGE_MASK;
      const known = bits[page]!;
      if ((known & RESIDENT) === 0) this.#miss(entry, i - from);
      else if ((entry | 0) >= 0) bits[page] = known | REFERENCED;
      else if (entry >>> KIND_SHIFT === RELEASE) this.#release(page);
      else bits[page] = known | REFERENCED | DIRTY;
    }
  }

  #replayRescues(entries: Uint32Array, from: number, to: number): void {
    const { bits } = this.#memory;
    for (let i = from; i < to; i++) {
      const entry = entries[i]!;
      const page = entry & PAGE_MASK;
      const known = bits[page]!;
      if ((known & RESIDENT) === 0) this.#miss(entry, i - from);
      else if (entry >>> KIND_SHIFT === RELEASE) this.#release(page);
      else {
        bits[page] = (known & ~ASIDE) | ((entry | 0) < 0 ? REFERENCED | DIRTY : REFERENCED);
        if ((known & ASIDE) !== 0) this.#rescue(page);
      }
    }
  }

  #rescue(page: number): void {
    this.#memory.chances.rescues++;
    this.#policy.rescued?.(this.#memory.frameOf[page]! as Frame, this.#ownerOf(page));
  }

  #ownerOf(page: number): number {
    return this.#owners?.[page] ?? 0;
  }

  #replayReferences(entries: Uint32Array, from: number, to: number): void {
    const { frameOf, bits } = this.#memory;
    const policy = this.#policy;
    for (let i = from; i < to; i++) {
      const entry = entries[i]!;
      const page = entry & PAGE_MASK;
      const frame = frameOf[page]! as Frame;
      if (frame === ABSENT) this.#miss(entry, i - from);
      else if (entry >>> KIND_SHIFT === RELEASE) this.#release(page);
      else {
        bits[page] = bits[page]! | ((entry | 0) < 0 ? REFERENCED | DIRTY : REFERENCED);
        policy.referenced(frame);
      }
    }
  }

  #replayFuture(entries: Uint32Array, from: number, to: number): void {
    const { frameOf, bits } = this.#memory;
    const policy = this.#policy;
    const ahead = this.#ahead!;
    const uses = this.#nextUses!;
    for (let i = from; i < to; i++) {
      const entry = entries[i]!;
      const page = entry & PAGE_MASK;
      const frame = frameOf[page]! as Frame;
      ahead.nextUse = uses.at(this.#position + i - from);
      if (frame === ABSENT) this.#miss(entry, i - from);
      else if (entry >>> KIND_SHIFT === RELEASE) this.#release(page);
      else {
        bits[page] = bits[page]! | ((entry | 0) < 0 ? REFERENCED | DIRTY : REFERENCED);
        policy.referenced(frame);
      }
    }
  }

  #release(page: number): void {
    const { frameOf, bits } = this.#memory;
    const frame = frameOf[page]! as Frame;
    this.counts.releases++;
    this.#policy.released(frame);
    frameOf[page] = ABSENT;
    bits[page] = SEEN;
    this.#freed.push(frame);
  }

  /** @param offset of the entry from the position that the present piece started at */
  #miss(entry: number, offset: number): void {
    const page = entry & PAGE_MASK;
    const kind = entry >>> KIND_SHIFT;
    if (kind === RELEASE) {
      this.counts.releases++;
      return;
    }
    const { counts } = this;
    const { bits } = this.#memory;
    counts.faults++;
    this.#memory.reference = this.#position + offset - counts.releases;
    if ((bits[page]! & SEEN) === 0) counts.compulsory++;
    this.#bringIn(page, kind, (this.#position + offset) * REFERENCE_TIME);
  }

  #bringIn(page: number, kind: number, now: number): void {
    const { frameOf, pageOf, bits } = this.#memory;
    const owner = this.#ownerOf(page);
    let frame = this.#policy.isFull?.(owner) ? ABSENT : this.#freeFrame();
    let victim = ABSENT;
    let known = 0;
    if (frame === ABSENT) {
      frame = this.#policy.victim(page, now, this.#watcher?.why, owner);
      victim = pageOf[frame]!;
      known = bits[victim]!;
      if ((known & DIRTY) !== 0) this.counts.dirtyEvictions++;
      else this.counts.cleanEvictions++;
      this.#policy.evicted(frame as Frame);
      this.#listener?.evicted(victim, this.#memory.reference);
      if (this.#findsFrames) frameOf[victim] = ABSENT;
      bits[victim] = SEEN;
    }
    if (this.#findsFrames) frameOf[page] = frame;
    pageOf[frame] = page;
    bits[page] = kind === STORE ? RESIDENT | REFERENCED | DIRTY | SEEN : RESIDENT | REFERENCED | SEEN;
    this.#policy.admitted(frame as Frame, page, owner);
    this.#watcher?.fault?.(page, frame as Frame, victim, (known & DIRTY) !== 0);
  }

  #freeFrame(): number {
    if (this.#fresh < this.frames) return this.#fresh++;
    return this.#freed.pop() ?? ABSENT;
  }
}
