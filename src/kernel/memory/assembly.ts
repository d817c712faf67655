/**
 * How the parts of virtual memory hang together. `Structures` are what there is, from the frame table up to the
 * mappings; `Paths` are what happens to it: faults, transfers, system calls.
 */
import { assert } from '../../base/errors.ts';
import type { Slot, Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { PlacementDefinition } from '../../policies/placement/contract.ts';
import type { PolicyDefinition } from '../../policies/replacement/contract.ts';
import type { PageStore } from '../../stores/contract.ts';
import type { EventSink } from '../events.ts';
import { layoutBelow } from '../loader/layout.ts';
import type { Costs, RootState, SpaceState } from '../state.ts';
import type { AccessParts } from './access.ts';
import type { AdviseParts } from './advise.ts';
import { type AsidChoice, Asids } from './asids.ts';
import { cleanPages } from './cleaning.ts';
import { Clusters } from './clusters.ts';
import type { BackingObjects, Clock, MemoryCounters, ReferenceSink } from './contract.ts';
import type { ExecuteRule } from './execute-rule.ts';
import { Faults } from './faults.ts';
import { FirstTouch } from './first-touch.ts';
import { Forks } from './fork.ts';
import { ForkPages } from './fork-pages.ts';
import { FramedTables } from './framed-tables.ts';
import { FrameTable } from './frames.ts';
import { LeafTables } from './leaf-tables.ts';
import { Mappings } from './mappings.ts';
import { ObjectAreas } from './object-areas.ts';
import { type BitsMode, PageBits } from './page-bits.ts';
import { PageDaemon } from './page-daemon.ts';
import type { PageTables } from './page-tables.ts';
import { PageCache } from './pagecache.ts';
import type { PagingRules } from './paging-rules.ts';
import { PeriodicCleaning } from './periodic-cleaning.ts';
import { Pins } from './pins.ts';
import { DiskPlaces } from './places.ts';
import { ReadAhead } from './read-ahead.ts';
import { Reclaim } from './reclaim.ts';
import { Refill, type RefillTime } from './refill.ts';
import type { RemapParts } from './remap.ts';
import { Replacement } from './replacement.ts';
import { Resolvers } from './resolvers.ts';
import { buildTables, type PagingScheme } from './schemes.ts';
import type { ShareRule } from './shares.ts';
import { Spaces } from './spaces.ts';
import type { MemoryState } from './state.ts';
import type { SuperpageRule } from './superpage-state.ts';
import { SuperpageTables } from './superpage-tables.ts';
import { Swap } from './swap.ts';
import { SwapIo } from './swap-io.ts';
import { TableEviction } from './table-eviction.ts';
import { TableTransfers } from './table-transfers.ts';
import { Transfers } from './transfers.ts';
import { WriteBack } from './writeback.ts';

/** Whether all page tables stay in memory, or those that lead to no page there may go to swap. */
export type PageTableRule = 'resident' | 'pageable';

export interface MemoryParts {
  /** `memory` in it is a `MemoryState`: see `initialMemoryState`. */
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly store: PageStore;
  readonly clock: Clock;
  /** The policy that the state was made for. */
  readonly policyDefinition: PolicyDefinition;
  readonly objects: BackingObjects;
  readonly events: EventSink;
  readonly costs: Pick<Costs, 'fault' | 'copyPage' | 'refill' | 'walkLoad'>;
  /** Takes down references of the kernel, and pages that are gone. */
  readonly references: ReferenceSink | undefined;
  /** How addresses are translated: the usual way first, then those that programs may ask for. */
  readonly schemes: readonly PagingScheme[];
  /** Where tables of all sizes go. */
  readonly placement: PlacementDefinition;
  /** Who fills the TLB; where software does, when. */
  readonly refill: 'hardware' | RefillTime;
  readonly options: {
    /** No page may be writable and executable at once. */
    readonly writeXorExecute: boolean;
    /** Which pages may be executed. */
    readonly execute: ExecuteRule;
    /** Whether pages that come back from swap are checked. */
    readonly checksums: 'on' | 'off';
    /** What is read, freed and written beside what a fault asks for. */
    readonly paging: PagingRules;
    /** Who keeps referenced and dirty bits. */
    readonly bits: BitsMode;
    /** Busy time between samples of referenced bits, ns, instead of what the policy asks for. */
    readonly sampleEvery: number | undefined;
    /** How many spaces the TLB can tell apart. */
    readonly asids: AsidChoice;
    /** How frames are divided among processes, for a policy that keeps them apart. */
    readonly shares: ShareRule;
    /** Whether leaf tables may go to swap. */
    readonly pageTables: PageTableRule;
    /** Which areas get superpages; only where tables of one radix format stay in memory, and the hardware keeps bits. */
    readonly superpages: SuperpageRule;
  };
}

export interface Structures {
  readonly root: RootState;
  readonly spaces: readonly (SpaceState | undefined)[];
  readonly state: MemoryState;
  readonly counters: MemoryCounters;
  readonly machine: MachinePort;
  readonly references: ReferenceSink | undefined;
  readonly asids: Asids;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly framed: FramedTables | undefined;
  /** `undefined`: there are no superpages. */
  readonly superpages: SuperpageTables | undefined;
  /** `undefined`: all tables stay in memory. */
  readonly leaves: LeafTables | undefined;
  readonly swap: Swap;
  readonly swapIo: SwapIo;
  readonly cache: PageCache;
  readonly pageBits: PageBits;
  readonly pins: Pins;
  readonly replacement: Replacement;
  readonly mappings: Mappings;
}

export interface Paths {
  readonly daemon: PageDaemon;
  readonly cleaning: PeriodicCleaning;
  readonly reclaim: Reclaim;
  readonly tableEviction: TableEviction;
  readonly tableTransfers: TableTransfers;
  readonly transfers: Transfers;
  readonly faults: Faults;
  readonly refill: Refill;
  readonly spaces: Spaces;
  readonly forks: Forks;
  readonly calls: RemapParts & AdviseParts;
  readonly access: AccessParts;
}

/** @throws UserError when the policy can't run live */
export function buildStructures(parts: MemoryParts): Structures {
  const { root, machine, events, policyDefinition: definition, schemes, references } = parts;
  const { execute, bits, sampleEvery, shares, pageTables } = parts.options;
  const { spaces } = root;
  const state = root.memory as MemoryState;
  assert(state !== undefined && state.frames.count === machine.frames, 'the state was made for this machine');
  const { counters } = state;
  const stamps = bits === 'stamps' ? state.stampFrames : undefined;
  const frames = new FrameTable(state.frames, counters);
  const asids = new Asids({ root, state: state.asids, machine, events, choice: parts.options.asids });
  const { checksums } = parts.options;
  const { daemon, cleanEvery } = parts.options.paging;
  // Only then are there writes that can be taken back.
  const writesBehind = daemon !== undefined || cleanEvery !== undefined;
  const freed = (slot: Slot) => {
    if (writesBehind) parts.clock.forget(slot);
  };
  const swapIo = new SwapIo({ state: state.swap, store: parts.store, counters, events, checksums });
  const swap = new Swap(state.swap, swapIo, counters, freed);
  const cache = new PageCache(state, frames);
  const pins = new Pins({ root, state, frames, counters });
  const { framed: form } = schemes[0]!;
  const leafParts = { state, ram: machine.ram, swap, pins, counters };
  const mayLeave = pageTables === 'pageable' && form !== undefined;
  const leaves = mayLeave ? new LeafTables({ ...leafParts, form }) : undefined;
  const { placement } = parts;
  const own = { state, machine, frames, pins, events, stamps, leaves, placement };
  const mayBeLarge = parts.options.superpages !== 'off';
  const tables = buildTables(schemes, { ...own, superpages: mayBeLarge ? spaces : undefined });
  const framed = tables instanceof FramedTables ? tables : undefined;
  const superpages = tables instanceof SuperpageTables ? tables : undefined;
  const pageBits = new PageBits({ mode: bits, spaces, frames, tables, superpages, pins });
  const held = { root, spaces, state, counters, machine, asids, references };
  const below = { ...held, frames, tables, framed, superpages, swap, cache, pageBits };
  const replacement = new Replacement({ ...below, definition, events, sampleEvery, shares });
  const mappings = new Mappings({ ...below, pins, replacement, events, execute });
  return { ...below, leaves, swapIo, pins, replacement, mappings };
}

export function buildPaths(parts: MemoryParts, structures: Structures): Paths {
  const { clock, costs, events, objects, options } = parts;
  const { machine, tables } = structures;
  const { writeXorExecute, execute } = options;
  const places = new DiskPlaces({ disk: structures.root.disk, objects });
  const { paging: rules, superpages: superpageRule } = options;
  const chosen = { rules, superpageRule, execute };
  const basics = { ...structures, ...chosen, places, clock, costs, events, objects };
  const writeBack = new WriteBack({ ...basics, ram: machine.ram });
  const clusters = new Clusters({ ...basics, ram: machine.ram, writeBack });
  structures.replacement.connect((frames) => cleanPages({ ...structures, clusters }, frames));
  const tableEviction = new TableEviction({ ...basics, ram: machine.ram, writeBack });
  const reclaim = new Reclaim({ ...basics, writeBack, clusters, tableEviction });
  const tableTransfers = new TableTransfers({ ...basics, reclaim });
  const ensureEntry = (space: SpaceState, page: Vpn, key: number) =>
    tables.ensure(space, page, () => reclaim.table(key, space.id));
  const transfers = new Transfers({ ...basics, ensureEntry });
  const readAhead = new ReadAhead({ ...basics, reclaim, transfers });
  const firstTouch = new FirstTouch({ ...basics, reclaim });
  const resolvers = new Resolvers({ ...basics, reclaim, transfers, readAhead, firstTouch });
  const faults = new Faults({ ...basics, resolvers, transfers, tableTransfers });
  const objectAreas = new ObjectAreas({ ...basics, writeBack });
  const calls = { ...basics, writeBack, objectAreas, ensureEntry, tableTransfers, writeXorExecute };
  const schemes = parts.schemes.map(({ name, end, mmapEnd }) => ({
    translation: name,
    layout: layoutBelow(end, mmapEnd),
  }));
  const refill = new Refill({ ...basics, counters: structures.counters });
  const spaces = new Spaces({ ...basics, reclaim, transfers, tableTransfers, calls, schemes });
  const pages = new ForkPages({ ...basics, reclaim, resolvers, transfers, tableTransfers });
  const forks = new Forks({ ...basics, spaces, objectAreas, pages });
  const daemon = new PageDaemon({ ...basics, reclaim, tableEviction });
  const cleaning = new PeriodicCleaning({ ...basics, clusters });
  return {
    daemon,
    cleaning,
    reclaim,
    tableEviction,
    tableTransfers,
    transfers,
    faults,
    refill,
    spaces,
    forks,
    calls,
    access: { ...basics, faults },
  };
}
