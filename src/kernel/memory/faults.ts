/**
 * The fault path, the same for the guest's accesses and for the kernel's on its behalf:
 * gather the site, classify, resolve.
 */
import { pageOf, type VirtualAddress } from '../../base/numbers.ts';
import type { Access, MachinePort } from '../../machine/contract.ts';
import type { EventSink, FaultCase } from '../events.ts';
import type { Area, Costs, SpaceState } from '../state.ts';
import { findArea, growableTo } from './areas.ts';
import { classify, type EntryView, SEGV_ACCERR, SIGSEGV, type Verdict } from './classify.ts';
import type { BackingObjects, Clock, MemoryCounters, Outcome } from './contract.ts';
import { type FaultSite, locate, viewEntry } from './fault-site.ts';
import type { PageCache } from './pagecache.ts';
import type { Pins } from './pins.ts';
import type { Resolvers } from './resolvers.ts';
import type { PageTables } from './tables.ts';
import type { Transfers } from './transfers.ts';

export interface FaultParts {
  readonly machine: MachinePort;
  readonly tables: PageTables;
  readonly cache: PageCache;
  readonly objects: BackingObjects;
  readonly pins: Pins;
  readonly resolvers: Resolvers;
  readonly transfers: Transfers;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly costs: Pick<Costs, 'fault'>;
  readonly events: EventSink;
}

/** An access that could not be made. */
export interface FaultingAccess {
  readonly space: SpaceState;
  readonly address: VirtualAddress;
  readonly access: Access;
  readonly pc: VirtualAddress;
  readonly by: 'guest' | 'kernel';
}

const NOTHING_THERE: EntryView = { kind: 'nothing' };

export class Faults {
  readonly #parts: FaultParts;

  constructor(parts: FaultParts) {
    this.#parts = parts;
  }

  /** Brings the page that an access needs, or says why it can't be had now or at all. */
  handle(fault: FaultingAccess): Outcome {
    const { space, address, access, by, pc } = fault;
    this.enter(space, by, pc);
    this.#parts.clock.charge('faults', this.#parts.costs.fault);
    const area = findArea(space.areas, address) ?? grow(space, address);
    const page = pageOf(address);
    const { tables, cache, objects, transfers } = this.#parts;
    const entryAddress = area === undefined ? -1 : tables.find(space, page);
    const low = entryAddress === -1 ? 0 : tables.low(entryAddress);
    const entry = low === 0 ? NOTHING_THERE : viewEntry(tables.geometry, low);
    const verdict = classify(area, entry, access, () => locate(area as Area, page, cache, objects));
    this.#report(fault, verdict);
    if (verdict.kind === 'signal') return { ...verdict, address };
    const pending = transfers.pending(space.id, page);
    if (pending !== undefined) return pending;
    const high = low === 0 ? 0 : tables.high(entryAddress);
    return this.#resolve(verdict.case, {
      space,
      area: area as Area,
      address,
      page,
      access,
      by,
      entryAddress,
      low,
      high,
    });
  }

  /** An access of the space's program begins, so that pins of completed instructions are let go. */
  enter(space: SpaceState, by: 'guest' | 'kernel', pc: VirtualAddress): void {
    this.#parts.pins.enter(space, by, pc);
  }

  #resolve(which: Exclude<FaultCase, 'invalid' | 'protection'>, site: FaultSite): Outcome {
    const { resolvers } = this.#parts;
    switch (which) {
      case 'zero':
        return resolvers.zero(site);
      case 'file':
        return resolvers.file(site);
      case 'swapped':
        return resolvers.swapped(site);
      case 'mapped':
        return resolvers.mapped(site);
      case 'copy-on-write':
        return resolvers.copyOnWrite(site);
      case 'spurious':
        return resolvers.spurious(site);
    }
  }

  #report({ address, access, by, pc }: FaultingAccess, verdict: Verdict): void {
    const { counters, events } = this.#parts;
    const name = caseOf(verdict);
    counters.faults[name] = (counters.faults[name] ?? 0) + 1;
    if (events.watched) events.emit({ type: 'fault', address, access, by, case: name, pc });
  }
}

function caseOf(verdict: Verdict): FaultCase {
  if (verdict.kind === 'case') return verdict.case;
  return verdict.signal === SIGSEGV && verdict.code === SEGV_ACCERR ? 'protection' : 'invalid';
}

/** A stack grows to an access just below it. */
function grow(space: SpaceState, address: VirtualAddress): Area | undefined {
  const area = growableTo(space.areas, address);
  if (area === undefined) return undefined;
  area.start = (address - (address % 4096)) as VirtualAddress;
  return area;
}
