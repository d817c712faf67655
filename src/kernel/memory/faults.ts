/**
 * The fault path, the same for the guest's accesses and for the kernel's on its behalf:
 * gather the site, classify, resolve.
 */
import { type Frame, pageOf, type VirtualAddress } from '../../base/numbers.ts';
import type { Access, MachinePort } from '../../machine/contract.ts';
import type { EventSink, FaultCase } from '../events.ts';
import type { Area, Costs, RootState, SpaceState } from '../state.ts';
import { findArea, growableTo } from './areas.ts';
import {
  classify,
  type EntryView,
  type ResolvedCase,
  SEGV_ACCERR,
  SIGSEGV,
  type Verdict,
} from './classify.ts';
import type { BackingObjects, Clock, MemoryCounters, Outcome } from './contract.ts';
import type { ExecuteRule } from './execute-rule.ts';
import { type FaultSite, locate, viewEntry } from './fault-site.ts';
import { lostPageText, refusalText } from './fault-text.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageTables } from './page-tables.ts';
import type { PageCache } from './pagecache.ts';
import type { Pins } from './pins.ts';
import { lostPage, type Resolvers } from './resolvers.ts';
import { ASIDE } from './state.ts';
import type { TableTransfers } from './table-transfers.ts';
import type { Transfers } from './transfers.ts';

export interface FaultParts {
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly tables: PageTables;
  readonly cache: PageCache;
  readonly frames: FrameTable;
  readonly mappings: Mappings;
  readonly objects: BackingObjects;
  readonly pins: Pins;
  readonly resolvers: Resolvers;
  readonly transfers: Transfers;
  readonly tableTransfers: TableTransfers;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly costs: Pick<Costs, 'fault'>;
  readonly execute: ExecuteRule;
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
const TABLE_SWAPPED: EntryView = { kind: 'table swapped' };

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
    const { tables, cache, objects, pins, transfers, execute } = this.#parts;
    const entryAddress = area === undefined ? -1 : tables.find(space, page);
    const low = entryAddress === -1 ? 0 : tables.low(entryAddress);
    const entry = this.#view(area as Area, low, entryAddress);
    const where = () => locate(area as Area, page, cache, objects);
    const verdict = classify(area, entry, access, where, execute);
    this.#report(fault, verdict);
    if (verdict.kind === 'signal') {
      const { signal, code } = verdict;
      return { ...verdict, address, detail: refusalText(fault, area, signal, code) };
    }
    const refused = transfers.takeRefusal(space.id, page);
    if (refused !== undefined) return this.#refuse(fault, area as Area, refused);
    const pending = transfers.pending(space.id, page);
    if (pending !== undefined) return pending;
    const high = low === 0 ? 0 : tables.high(entryAddress);
    pins.needTable(entryAddress, by);
    tables.noteUse(entryAddress);
    const site = { space, area: area as Area, address, page, access, by, entryAddress, low, high };
    const outcome = this.#resolve(verdict.case, site);
    return outcome.kind === 'signal' ? this.#refuse(fault, site.area, outcome.detail ?? '') : outcome;
  }

  /** The page is there no more, or can't be read: only who touches it is told. */
  #refuse(fault: FaultingAccess, area: Area, why: string): Outcome {
    const { root, counters } = this.#parts;
    const process = root.processes.find(({ pid }) => pid === root.running);
    const pid = process?.group.id ?? root.running;
    counters.refused[pid] ??= { signals: 0, calls: 0 };
    counters.refused[pid][fault.by === 'guest' ? 'signals' : 'calls']++;
    return lostPage(fault, lostPageText(fault, area, why));
  }

  /** An access of the space's program begins, so that pins of completed instructions are let go. */
  enter(space: SpaceState, by: 'guest' | 'kernel', pc: VirtualAddress): void {
    this.#parts.pins.enter(space, by, pc);
  }

  #view(area: Area, low: number, entryAddress: number): EntryView {
    const { tables, frames, mappings } = this.#parts;
    if (tables.isSwapped(entryAddress)) return TABLE_SWAPPED;
    if (low === 0) return NOTHING_THERE;
    const entry = viewEntry(tables.format, low);
    if (entry.kind === 'unused') {
      const frame = mappings.frameOf(entryAddress) as Frame;
      const kind = frames.has(frame, ASIDE) ? 'aside' : 'unused';
      return { kind, copied: !mappings.isWritable(area, frame) };
    }
    if (entry.kind !== 'valid' || entry.write) return entry;
    return { ...entry, unmodified: mappings.isUnmodified(area, entryAddress) };
  }

  #resolve(which: ResolvedCase, site: FaultSite): Outcome {
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
      case 'first-use':
      case 'rescue':
        return resolvers.firstUse(site);
      case 'first-write':
        return resolvers.firstWrite(site);
      case 'spurious':
        return resolvers.spurious(site);
      case 'table':
        return this.#parts.tableTransfers.bring(site);
    }
  }

  #report({ space, address, access, by, pc }: FaultingAccess, verdict: Verdict): void {
    const { counters, events } = this.#parts;
    const name = caseOf(verdict);
    counters.faults[name] = (counters.faults[name] ?? 0) + 1;
    if (events.watched) events.emit({ type: 'fault', space: space.id, address, access, by, case: name, pc });
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
