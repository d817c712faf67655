/**
 * How the parts of virtual memory hang together. `Structures` are what there is, from the frame table up to the
 * mappings; `Paths` are what happens to it: faults, transfers, system calls.
 */
import { assert } from '../../base/errors.ts';
import type { Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { PolicyDefinition } from '../../policies/replacement/contract.ts';
import type { PageStore } from '../../stores/contract.ts';
import { type RadixGeometry, userLimit } from '../../translation/radix.ts';
import type { EventSink } from '../events.ts';
import type { Costs, RootState, SpaceState } from '../state.ts';
import type { AccessParts } from './access.ts';
import type { AdviseParts } from './advise.ts';
import type { BackingObjects, Clock, MemoryCounters, ReferenceSink } from './contract.ts';
import { Faults } from './faults.ts';
import { Forks } from './fork.ts';
import { ForkPages } from './fork-pages.ts';
import { FrameTable } from './frames.ts';
import { Mappings } from './mappings.ts';
import { ObjectAreas } from './object-areas.ts';
import { PageCache } from './pagecache.ts';
import { Pins } from './pins.ts';
import { Reclaim } from './reclaim.ts';
import type { RemapParts } from './remap.ts';
import { Replacement } from './replacement.ts';
import { Resolvers } from './resolvers.ts';
import { Spaces } from './spaces.ts';
import type { MemoryState } from './state.ts';
import { Swap } from './swap.ts';
import { PageTables } from './tables.ts';
import { Transfers } from './transfers.ts';
import { WriteBack } from './writeback.ts';

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
  readonly costs: Pick<Costs, 'fault' | 'copyPage'>;
  /** Takes down references of the kernel, and pages that are gone. */
  readonly references: ReferenceSink | undefined;
  /** Format of the tables. */
  readonly geometry: RadixGeometry;
  /** `writeXorExecute`: no page may be writable and executable at once. */
  readonly options: { readonly writeXorExecute: boolean };
}

export interface Structures {
  readonly root: RootState;
  readonly spaces: readonly (SpaceState | undefined)[];
  readonly state: MemoryState;
  readonly counters: MemoryCounters;
  readonly machine: MachinePort;
  readonly references: ReferenceSink | undefined;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly swap: Swap;
  readonly cache: PageCache;
  readonly pins: Pins;
  readonly replacement: Replacement;
  readonly mappings: Mappings;
}

export interface Paths {
  readonly transfers: Transfers;
  readonly faults: Faults;
  readonly spaces: Spaces;
  readonly forks: Forks;
  readonly calls: RemapParts & AdviseParts;
  readonly access: AccessParts;
}

/** @throws UserError when the policy can't run live */
export function buildStructures(parts: MemoryParts): Structures {
  const { root, machine, events, policyDefinition: definition, geometry, references } = parts;
  const { spaces } = root;
  const state = root.memory as MemoryState;
  assert(state !== undefined && state.frames.count === machine.frames, 'the state was made for this machine');
  const { counters } = state;
  const frames = new FrameTable(state.frames, counters);
  const tables = new PageTables(geometry, machine, frames, events);
  const swap = new Swap(state.swap, parts.store, counters, events);
  const cache = new PageCache(state, frames);
  const pins = new Pins({ root, state, frames, counters });
  const replacement = new Replacement({ definition, state, spaces, machine, frames, tables, cache, swap });
  const mappings = new Mappings({ frames, tables, cache, swap, pins, replacement, events });
  const below = { root, spaces, state, counters, machine, references };
  return { ...below, frames, tables, swap, cache, pins, replacement, mappings };
}

export function buildPaths(parts: MemoryParts, structures: Structures): Paths {
  const { clock, costs, events, objects, options } = parts;
  const { machine, tables } = structures;
  const basics = { ...structures, clock, costs, events, objects };
  const writeBack = new WriteBack({ ...basics, ram: machine.ram });
  const reclaim = new Reclaim({ ...basics, writeBack });
  const ensureEntry = (space: SpaceState, page: Vpn, key: number) =>
    tables.ensure(space, page, () => reclaim.table(key));
  const transfers = new Transfers({ ...basics, ensureEntry });
  const resolvers = new Resolvers({ ...basics, reclaim, transfers });
  const faults = new Faults({ ...basics, resolvers, transfers });
  const objectAreas = new ObjectAreas({ ...basics, writeBack });
  const limit = userLimit(parts.geometry);
  const { writeXorExecute } = options;
  const calls = { ...basics, writeBack, objectAreas, limit, ensureEntry, writeXorExecute };
  const spaces = new Spaces({ ...basics, reclaim, transfers, calls });
  const pages = new ForkPages({ ...basics, reclaim, resolvers, transfers });
  const forks = new Forks({ ...basics, spaces, objectAreas, pages });
  return { transfers, faults, spaces, forks, calls, access: { ...basics, faults } };
}
