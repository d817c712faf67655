/**
 * Address-space identifiers: which one a space's translations are tagged with in the TLB.
 *
 *   a space is to run ─┬─ has an identifier ──────────────────────▶ runs
 *                      ├─ one is free ────────────────────────────▶ gets it
 *                      └─ all are taken: a new generation begins ─▶ all TLB entries dropped, nobody has one, gets the first
 *
 * Every space gets a new identifier when it runs next in the new generation. So identifiers are tags of a few spaces that
 * run, and not names of all that there are. A space without one has nothing in the TLB, and nothing has to be dropped
 * for it. The identifier of a space that ends is free again at once, because its entries are dropped with it.
 *
 * Without identifiers (`none`) there is one tag, which means "the space that runs": a change of spaces drops all.
 *
 * Source: the lecture on TLBs (flush at a switch, or identifiers); generations and roll-over as in Linux 6.6,
 * arch/arm64/mm/context.c and arch/riscv/mm/context.c. There each space carries the number of its generation, so that
 * nobody has to be told of a new one; here they are told, because there is one processor and nothing to lock.
 */
import { assert } from '../../base/errors.ts';
import type { SpaceId } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { EventSink } from '../events.ts';
import type { RootState, SpaceState } from '../state.ts';

/** How many identifiers there are, 2 to 65,536; `none`: the TLB tells no spaces apart. */
export type AsidChoice = number | 'none';

/** RISC-V's satp has 16 bits for them (privileged architecture, section 12.1.11). */
export const MOST_ASIDS = 65_536;

/** `asid` of a space that has none. */
export const NO_ASID = -1;

/** Plain data. */
export interface AsidState {
  /** Identifiers below it were given in this generation. */
  next: number;
  /** Of those, the ones whose spaces have ended. */
  free: number[];
  /** Whose translations the TLB serves; -1: those of nobody, or of a space that has ended. */
  current: SpaceId | -1;
  counts: AsidCounts;
}

export interface AsidCounts {
  /** Times that another space than the one before was put on the processor. */
  switches: number;
  /** Flushes of the whole TLB at such a switch. */
  flushes: number;
  /** Of them, those that began a new generation. */
  rollOvers: number;
  /** Entries that these flushes dropped. */
  dropped: number;
}

export const initialAsidState = (): AsidState => ({
  next: 0,
  free: [],
  current: -1,
  counts: { switches: 0, flushes: 0, rollOvers: 0, dropped: 0 },
});

export interface AsidParts {
  readonly root: Pick<RootState, 'spaces'>;
  readonly state: AsidState;
  readonly machine: Pick<MachinePort, 'flushSpace' | 'flushAll' | 'setSpace' | 'counters'>;
  readonly events: EventSink;
  readonly choice: AsidChoice;
}

export class Asids {
  readonly #parts: AsidParts;
  readonly #state: AsidState;
  readonly #many: number;

  constructor(parts: AsidParts) {
    this.#parts = parts;
    this.#state = parts.state;
    this.#many = parts.choice === 'none' ? 1 : parts.choice;
    assert(this.#many >= 1 && this.#many <= MOST_ASIDS, 'identifiers have 16 bits');
  }

  /** The machine translates in this space from now on. */
  enter(space: SpaceState): void {
    const { counts } = this.#state;
    if (space.id !== this.#state.current) {
      counts.switches++;
      this.#state.current = space.id;
    }
    if (space.asid === NO_ASID) space.asid = this.#free() ?? this.#newGeneration();
    this.#parts.machine.setSpace(space.root, space.asid);
  }

  /** The space is no more: its entries go, and its identifier is free. */
  end(space: SpaceState): void {
    if (this.#state.current === space.id) this.#state.current = -1;
    if (space.asid === NO_ASID) return;
    this.#parts.machine.flushSpace(space.asid);
    // Where there is one tag only, nobody knows that nothing has it.
    if (this.#parts.choice !== 'none') this.#state.free.push(space.asid);
    space.asid = NO_ASID;
  }

  #free(): number | undefined {
    const freed = this.#state.free.pop();
    if (freed !== undefined) return freed;
    return this.#state.next < this.#many ? this.#state.next++ : undefined;
  }

  /** Drops all entries and takes all identifiers back; the first one. */
  #newGeneration(): number {
    const { machine, events, root, choice } = this.#parts;
    const { counts } = this.#state;
    const before = machine.counters().flushed;
    machine.flushAll();
    const entries = machine.counters().flushed - before;
    if (events.watched) events.emit({ type: 'flush', what: 'all', entries });
    counts.flushes++;
    counts.dropped += entries;
    if (choice !== 'none') counts.rollOvers++;
    for (const other of root.spaces) if (other !== undefined) other.asid = NO_ASID;
    this.#state.free.length = 0;
    this.#state.next = 1;
    return 0;
  }
}
