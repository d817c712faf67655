/**
 * The replacement policy among its surroundings: what it may ask of frames, and what it has to be told.
 *
 * Whether a page is referenced or dirty is told by page-bits.ts. To a policy that needs the order of last uses the
 * frames used since its last decision are reported before each one, in the order of their uses; nothing happens at
 * the references themselves. Where the hardware tells nothing (`--bits traps`) it gets samples instead: at each clock
 * interrupt every page is made inaccessible, and the first use after it is reported when it traps.
 */
import { assert, UserError } from '../../base/errors.ts';
import { type Frame, NOBODY } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type {
  FrameBits,
  PageKey,
  PolicyDefinition,
  ReplacementPolicy,
  SecondChances,
  Why,
} from '../../policies/replacement/contract.ts';
import type { EventSink } from '../events.ts';
import type { SpaceState } from '../state.ts';
import type { MemoryCounters } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { PageBits } from './page-bits.ts';
import type { PageCache } from './pagecache.ts';
import { type ShareRule, sharesOf } from './shares.ts';
import { ADMITTED, ASIDE, LOADING, type MemoryState, PAGE, spaceOfCode } from './state.ts';
import type { Swap } from './swap.ts';

export interface ReplacementParts {
  readonly definition: PolicyDefinition;
  readonly state: MemoryState;
  readonly spaces: readonly (SpaceState | undefined)[];
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly pageBits: PageBits;
  readonly counters: MemoryCounters;
  readonly events: EventSink;
  /** Busy time between samples, ns, instead of what the policy asks for. */
  readonly sampleEvery: number | undefined;
  readonly shares: ShareRule;
}

/** Where pages are written back together; gives those that are clean now. */
export type Cleaner = (frames: readonly Frame[]) => readonly Frame[];

const SAMPLE_EVERY = 1_000_000;

export class Replacement implements FrameBits, SecondChances {
  readonly name: string;
  readonly #parts: ReplacementParts;
  readonly #policy: ReplacementPolicy;
  readonly #stamped: boolean;
  /** Whether the order of last uses is made of samples. */
  readonly #sampled: boolean;
  readonly #interval: number | undefined;
  #slotsLeft = true;
  /** On whose behalf the policy acts. */
  #asker: 'clock' | 'fault' = 'clock';
  #cleaner: Cleaner | undefined;

  /** @throws UserError when the policy needs what a running system can't tell it */
  constructor(parts: ReplacementParts) {
    const { definition, state, pageBits, sampleEvery } = parts;
    refuseImpossible(definition);
    this.name = definition.name;
    this.#parts = parts;
    const isOrdered = definition.needs === 'last-use order';
    this.#sampled = isOrdered && pageBits.mode === 'traps';
    this.#stamped = isOrdered && !this.#sampled;
    this.#interval = sampleEvery ?? definition.interval ?? (this.#sampled ? SAMPLE_EVERY : undefined);
    this.#policy = definition.attach(state.policy, {
      frameLimit: state.frames.pages.limit,
      bits: this,
      chances: definition.needs === 'rescues' ? this : undefined,
      room: (owner) => this.#room(owner),
    });
  }

  /** Who writes pages back; once, before anything is replaced. */
  connect(cleaner: Cleaner): void {
    this.#cleaner = cleaner;
  }

  /** The page in `frame` was used, by the guest or the kernel. Only for policies that want every reference. */
  referenced(frame: Frame): void {
    const { frames } = this.#parts;
    // The use that a page was brought in for was told by its admission.
    if (frames.has(frame, ADMITTED)) frames.clear(frame, ADMITTED);
    else this.#policy.referenced(frame);
  }

  /** Whether the policy is told of every reference. */
  get needsReferences(): boolean {
    return this.#parts.definition.needs === 'every reference';
  }

  /** Whether uses have to be stamped. */
  get needsStamps(): boolean {
    return this.#stamped;
  }

  admitted(frame: Frame, key: PageKey, owner: number): void {
    // The admission takes its place in the order of uses.
    if (this.#stamped) this.#parts.machine.stamp(frame);
    if (this.needsReferences) this.#parts.frames.set(frame, ADMITTED);
    // A page that was asked for may arrive when its process is gone, for others that wait for it too.
    const { spaces } = this.#parts;
    this.#policy.admitted(frame, key, spaces[owner] === undefined ? NOBODY : owner);
  }

  evicted(frame: Frame): void {
    this.#policy.evicted(frame);
    if (this.#stamped) this.#parts.machine.clearStamp(frame);
  }

  released(frame: Frame): void {
    this.#policy.released(frame);
    if (this.#stamped) this.#parts.machine.clearStamp(frame);
  }

  victim(incoming: PageKey, now: number, why: Why | undefined, owner: number): Frame | -1 {
    if (this.#stamped) this.#deliverUses();
    this.#asker = 'fault';
    try {
      return this.#policy.victim(incoming, now, why, owner);
    } finally {
      this.#asker = 'clock';
    }
  }

  /** Whether a space may not have so many frames more than it has. */
  isFull(owner: number, more = 1): boolean {
    return this.#policy.isFull?.(owner, more) ?? false;
  }

  /** A space is gone; pages that it brought in and that others use pass to one of those. */
  ended(owner: number): void {
    const { frames } = this.#parts;
    this.#policy.ended?.(owner, (frame) => {
      const code = frames.firstMapper(frame);
      return code === 0 ? NOBODY : spaceOfCode(code);
    });
  }

  /** The first use of a page since its entries were made invalid. */
  seen(frame: Frame): void {
    if (this.#sampled) this.#policy.referenced(frame);
  }

  setAside(frame: Frame): void {
    const { frames, pageBits, counters, events } = this.#parts;
    pageBits.hide(frame);
    frames.set(frame, ASIDE);
    counters.setAside++;
    if (events.watched) events.emit({ type: 'set-aside', frame, page: frames.key(frame) });
  }

  /** A space uses a page that was set aside, and is going to have a valid entry for it. */
  rescue(frame: Frame, owner: number): void {
    const { frames, counters } = this.#parts;
    frames.clear(frame, ASIDE);
    counters.rescues++;
    this.#policy.rescued?.(frame, owner);
  }

  clean(frames: readonly Frame[]): readonly Frame[] {
    assert(this.#cleaner !== undefined, 'pages are cleaned when memory is put together');
    return this.#cleaner(frames);
  }

  /** When the policy's next clock interrupt is due, in busy time; `undefined` when it wants none. */
  get nextInterrupt(): number | undefined {
    const { interrupts } = this.#parts.state;
    return this.#interval === undefined ? undefined : this.#interval * (interrupts + 1);
  }

  /** Tells the policy of its clock interrupts that are due. */
  interrupt(busy: number): void {
    if (this.#sampled && (this.nextInterrupt ?? Number.POSITIVE_INFINITY) <= busy) this.#hideAll();
    for (let due = this.nextInterrupt; due !== undefined && due <= busy; due = this.nextInterrupt) {
      this.#parts.state.interrupts++;
      if (this.#stamped) this.#deliverUses();
      this.#policy.interrupt?.(due);
    }
  }

  /** Runs `decide` with all pages taken for pinned that would need a slot of their own to be evicted. */
  withoutSlots<T>(decide: () => T): T {
    this.#slotsLeft = false;
    try {
      return decide();
    } finally {
      this.#slotsLeft = true;
    }
  }

  testAndClearReferenced(frame: Frame): boolean {
    return this.#parts.pageBits.testAndClearReferenced(frame, this.#asker);
  }

  isReferenced(frame: Frame): boolean {
    return this.#parts.pageBits.isReferenced(frame);
  }

  isDirty(frame: Frame): boolean {
    return this.#parts.pageBits.isModified(frame);
  }

  isPinned(frame: Frame): boolean {
    return this.#parts.frames.isPinned(frame) || (!this.#slotsLeft && this.needsNewSlot(frame));
  }

  /** Whether the page can only be evicted into a slot that it has not got yet. */
  needsNewSlot(frame: Frame): boolean {
    const { cache, frames, swap } = this.#parts;
    if (!cache.livesInSwap(frame)) return false;
    const slot = frames.slot(frame);
    if (slot !== -1 && swap.references(slot) === 1) return false;
    return this.isDirty(frame);
  }

  #room(owner: number | undefined): number {
    const { state, spaces, shares } = this.#parts;
    const { pages, tables } = state.frames;
    const room = pages.limit - (tables === undefined ? state.counters.tableFrames : 0);
    return owner === undefined ? room : sharesOf(spaces, room, owner, shares);
  }

  /** From now on the next use of every page traps. */
  #hideAll(): void {
    const { state, pageBits } = this.#parts;
    for (let frame = 0; frame < state.frames.pages.fresh; frame++)
      if (this.#isAdmitted(frame as Frame)) pageBits.testAndClearReferenced(frame as Frame, 'clock');
  }

  #deliverUses(): void {
    const { machine } = this.#parts;
    machine.drainUses((frame) => {
      if (this.#isAdmitted(frame)) this.#policy.referenced(frame);
    });
  }

  /** A page that is still being read is admitted, and stamped anew, when it is there. */
  #isAdmitted(frame: Frame): boolean {
    const { use, flags } = this.#parts.state.frames;
    return use[frame] === PAGE && (flags[frame]! & LOADING) === 0;
  }
}

function refuseImpossible({ name, needs }: PolicyDefinition): void {
  if (needs === 'the future') {
    throw new UserError(
      '--replacement',
      `${name} has to know the future; record the run and replay the recording under it`,
    );
  }
}
