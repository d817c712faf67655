/**
 * The replacement policy among its surroundings: what it may ask of frames, and what it has to be told.
 *
 * A page is referenced or dirty when one of its mappings says so, or when the frame's own flags do, which keep
 * what mappings that are gone knew. To a policy that needs the order of last uses the frames used since its last
 * decision are reported before each one, in the order of their uses; nothing happens at the references
 * themselves.
 */
import { UserError } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type {
  FrameBits,
  PageKey,
  PolicyDefinition,
  ReplacementPolicy,
  Why,
} from '../../policies/replacement/contract.ts';
import type { SpaceState } from '../state.ts';
import type { FrameTable } from './frames.ts';
import type { PageCache } from './pagecache.ts';
import {
  ADMITTED,
  LOADING,
  type MemoryState,
  MODIFIED,
  PAGE,
  pageOfCode,
  spaceOfCode,
  USED,
} from './state.ts';
import type { Swap } from './swap.ts';
import type { PageTables } from './tables.ts';

export interface ReplacementParts {
  readonly definition: PolicyDefinition;
  readonly state: MemoryState;
  readonly spaces: readonly (SpaceState | undefined)[];
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly cache: PageCache;
  readonly swap: Swap;
}

export class Replacement implements FrameBits {
  readonly name: string;
  readonly #parts: ReplacementParts;
  readonly #policy: ReplacementPolicy;
  readonly #stamped: boolean;
  readonly #accessed: number;
  readonly #dirty: number;
  #slotsLeft = true;

  /** @throws UserError when the policy needs what a running system can't tell it */
  constructor(parts: ReplacementParts) {
    const { definition, state, tables } = parts;
    refuseImpossible(definition);
    this.name = definition.name;
    this.#parts = parts;
    this.#stamped = definition.needs === 'last-use order';
    this.#accessed = 1 << tables.geometry.entry.accessed;
    this.#dirty = 1 << tables.geometry.entry.dirty;
    this.#policy = definition.attach(state.policy, { frameLimit: state.frames.pages.limit, bits: this });
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
    this.#policy.admitted(frame, key, owner);
  }

  evicted(frame: Frame): void {
    this.#policy.evicted(frame);
    if (this.#stamped) this.#parts.machine.clearStamp(frame);
  }

  released(frame: Frame): void {
    this.#policy.released(frame);
    if (this.#stamped) this.#parts.machine.clearStamp(frame);
  }

  victim(incoming: PageKey, now: number, why: Why | undefined): Frame | -1 {
    if (this.#stamped) this.#deliverUses();
    return why === undefined ? this.#policy.victim(incoming, now) : this.#policy.victim(incoming, now, why);
  }

  /** When the policy's next clock interrupt is due, in busy time; `undefined` when it wants none. */
  get nextInterrupt(): number | undefined {
    const { definition, state } = this.#parts;
    return definition.interval === undefined ? undefined : definition.interval * (state.interrupts + 1);
  }

  /** Tells the policy of its clock interrupts that are due. */
  interrupt(busy: number): void {
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
    const { frames, tables, spaces } = this.#parts;
    if (!this.isReferenced(frame)) return false;
    frames.clear(frame, USED);
    for (const code of frames.mappersOf(frame)) {
      const space = spaces[spaceOfCode(code)]!;
      const page = pageOfCode(code);
      const at = tables.find(space, page);
      if (!this.#has(at, this.#accessed)) continue;
      tables.clearBits(at, this.#accessed);
      tables.flush(space, page);
    }
    return true;
  }

  isReferenced(frame: Frame): boolean {
    return this.#parts.frames.has(frame, USED) || this.#anyMapping(frame, this.#accessed);
  }

  isDirty(frame: Frame): boolean {
    return this.#parts.frames.has(frame, MODIFIED) || this.#anyMapping(frame, this.#dirty);
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

  #anyMapping(frame: Frame, bit: number): boolean {
    const { frames, tables } = this.#parts;
    const sole = frames.soleEntry(frame);
    if (sole !== 0) return this.#has(sole, bit);
    for (const code of frames.mappersOf(frame)) {
      const space = this.#parts.spaces[spaceOfCode(code)]!;
      if (this.#has(tables.find(space, pageOfCode(code)), bit)) return true;
    }
    return false;
  }

  #has(entryAddress: number, bit: number): boolean {
    const low = this.#parts.tables.low(entryAddress);
    return (low & bit) !== 0 && this.#parts.tables.isValid(low);
  }

  #deliverUses(): void {
    const { machine, state } = this.#parts;
    const { use, flags } = state.frames;
    machine.drainUses((frame) => {
      // A page that is still being read is admitted, and stamped anew, when it is there.
      const isAdmitted = use[frame] === PAGE && (flags[frame]! & LOADING) === 0;
      if (isAdmitted) this.#policy.referenced(frame);
    });
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
