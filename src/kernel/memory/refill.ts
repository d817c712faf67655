/**
 * The kernel's part of a software-managed TLB, as on MIPS: a miss is a trap, and the handler looks the page up in the
 * space's own structure, whatever that is.
 *
 *   miss ──▶ walk ─┬─ valid, and the access is allowed ──▶ referenced (and dirty) set, entry into the TLB ──▶ retry
 *                  └─ else ──▶ page fault ──▶ resolved ─┬─ on retry: the instruction misses again ──▶ as above
 *                                                       └─ by the handler: entry into the TLB at once ──▶ retry
 *   store by a clean entry ──▶ dirty set in the structure, entry replaced ──▶ retry
 *
 * Source: the lecture on the operating system's review (hardware- and software-managed TLBs); MIPS32 Architecture,
 * volume III, sections 4.8 and 6.2 (TLB Refill, TLB Modified).
 */
import { assert } from '../../base/errors.ts';
import { pageOf, type VirtualAddress } from '../../base/numbers.ts';
import type { Access, MachinePort } from '../../machine/contract.ts';
import { permits } from '../../translation/radix.ts';
import type { EventSink } from '../events.ts';
import type { Costs, SpaceState } from '../state.ts';
import { NO_ASID } from './asids.ts';
import type { Clock, MemoryCounters } from './contract.ts';
import type { PageTables } from './page-tables.ts';

/** Whether the entry of a page that a fault has brought waits for the retry, or is put in by the fault's handler. */
export type RefillTime = 'retry' | 'handler';

export interface RefillParts {
  readonly machine: MachinePort;
  readonly tables: PageTables;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly costs: Pick<Costs, 'refill' | 'walkLoad'>;
  readonly events: EventSink;
}

export class Refill {
  readonly #parts: RefillParts;
  /** Words that the last look-up took. */
  #reads = 0;

  constructor(parts: RefillParts) {
    this.#parts = parts;
  }

  /** Puts the page's entry into the TLB; false when the access is a page fault. */
  miss(space: SpaceState, address: VirtualAddress, access: Access): boolean {
    const { counters, clock, costs } = this.#parts;
    counters.refills.misses++;
    clock.charge('refills', costs.refill);
    const isIn = this.#put(space, address, access);
    const { events } = this.#parts;
    if (events.watched)
      events.emit({ type: 'refill', space: space.id, vpn: pageOf(address), access, reads: this.#reads });
    return isIn;
  }

  /** A store found its page's entry clean: false when it is a page fault all the same. */
  modify(space: SpaceState, address: VirtualAddress): boolean {
    const { counters, clock, costs } = this.#parts;
    counters.refills.modifies++;
    clock.charge('refills', costs.refill);
    return this.#put(space, address, 'store');
  }

  /** The fault handler has mapped the page and puts its entry in, so that the retry hits. */
  afterFault(space: SpaceState, address: VirtualAddress, access: Access): void {
    if (this.#put(space, address, access)) this.#parts.counters.refills.byHandler++;
  }

  /** Whether the entry allows the access, and is in the TLB now. */
  #put(space: SpaceState, address: VirtualAddress, access: Access): boolean {
    const { machine, tables, counters, clock, costs } = this.#parts;
    this.#reads = 0;
    if (address >= space.layout.end) return false;
    const page = pageOf(address);
    const before = tables.reads;
    const at = tables.walk(space, page);
    this.#reads = tables.reads - before;
    counters.refills.reads += this.#reads;
    clock.charge('walks', this.#reads * costs.walkLoad);
    const low = at === -1 ? 0 : tables.low(at);
    const { entry } = tables.format;
    if (!tables.isValid(low) || !permits(entry, low, 0, access)) return false;
    const wanted = (1 << entry.accessed) | (access === 'store' ? 1 << entry.dirty : 0);
    if ((low & wanted) !== wanted) tables.setBits(at, wanted);
    assert(space.asid !== NO_ASID, 'a space whose program misses has an identifier');
    machine.fillTlb(space.asid, page, access, { frame: tables.frameAt(at), flags: (low | wanted) & FLAGS });
    return true;
  }
}

/** V to D. */
const FLAGS = 0x3ff;
