/**
 * Virtual memory, put together.
 *
 *   fault ─▶ faults ─▶ classify ─▶ resolvers ─┬─▶ reclaim ─▶ replacement (policy)
 *            (pins)                           │       └────▶ writeback ─▶ swap · file
 *   system calls ─▶ map-calls, protect,       ├─▶ mappings ─▶ tables (in RAM) + frames (reverse map)
 *                   remap, advise             ├─▶ pagecache
 *   user memory ─▶ access ─▶ faults           └─▶ transfers ─▶ requests ─ due ─▶ complete
 *
 *   file            concept
 *   areas           ranges of a space            object-areas   lives of backing objects
 *   frames          frame table, free lists      pagecache      (object, page) → frame
 *   tables          page tables in RAM           mappings       entry and reverse map together
 *   swap            slots and their references   writeback      dirty pages to swap or file
 *   pins            pages that must stay         replacement    the policy among its surroundings
 *   classify        what a fault means           resolvers      what is done about it
 *   reclaim         frames when they are wanted  transfers      pages on their way
 *   invariants      what must always hold        state          all of it as plain data
 *
 * All state is in `root.memory` and the spaces; a `Memory` made over a clone of the root goes on exactly.
 */
import { assert, UserError } from '../../base/errors.ts';
import { frame as frameNumber, PAGE_SIZE, spaceId, type SpaceId, type VirtualAddress, type Vpn } from '../../base/numbers.ts';
import type { Access, MachinePort } from '../../machine/contract.ts';
import type { PolicyDefinition } from '../../policies/replacement/contract.ts';
import type { PageStore } from '../../stores/contract.ts';
import { type RadixGeometry, userLimit } from '../../translation/radix.ts';
import type { EventSink } from '../events.ts';
import type { Area, Costs, ObjectId, RequestState, RootState, SpaceState } from '../state.ts';
import { type AccessParts, SpaceMemory } from './access.ts';
import { type AdviseParts, advise, listAreas, residency, synchronize } from './advise.ts';
import type { BackingObjects, Clock, MemoryCounters, Outcome, ReferenceSink, Result, UserMemory, VirtualMemory } from './contract.ts';
import { Faults } from './faults.ts';
import { FrameTable } from './frames.ts';
import { checkInvariants } from './invariants.ts';
import { addArea, map, type MapRequest, removeRange, setBreak, unmap } from './map-calls.ts';
import { Mappings } from './mappings.ts';
import { ObjectAreas } from './object-areas.ts';
import { objectTruncated, readThroughCache, writeThroughCache } from './object-calls.ts';
import { PageCache } from './pagecache.ts';
import { Pins } from './pins.ts';
import { protect } from './protect.ts';
import { Reclaim } from './reclaim.ts';
import { type RemapParts, remap } from './remap.ts';
import { Replacement } from './replacement.ts';
import { Resolvers } from './resolvers.ts';
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
  readonly costs: Pick<Costs, 'fault'>;
  /** Takes down references of the kernel, and pages that are gone. */
  readonly references: ReferenceSink | undefined;
  /** Format of the tables. */
  readonly geometry: RadixGeometry;
  /** `writeXorExecute`: no page may be writable and executable at once. */
  readonly options: { readonly writeXorExecute: boolean };
}

/** Address-space identifiers of the TLB are 16 bits wide. */
const MOST_SPACES = 65535;

export class Memory implements VirtualMemory {
  readonly counters: MemoryCounters;
  readonly #state: MemoryState;
  readonly #root: RootState;
  readonly #machine: MachinePort;
  readonly #frames: FrameTable;
  readonly #tables: PageTables;
  readonly #swap: Swap;
  readonly #pins: Pins;
  readonly #mappings: Mappings;
  readonly #reclaim: Reclaim;
  readonly #transfers: Transfers;
  readonly #faults: Faults;
  readonly #map: RemapParts;
  readonly #advise: AdviseParts;
  readonly #access: AccessParts;
  readonly #cache: PageCache;

  /** @throws UserError when the policy can't run live */
  constructor(parts: MemoryParts) {
    const { root, machine, events, policyDefinition: definition, objects, clock, costs, references, geometry } = parts;
    const state = root.memory as MemoryState;
    assert(state !== undefined && state.frames.count === machine.frames, 'the state was made for this machine');
    const counters = state.counters;
    const { spaces } = root;
    const frames = new FrameTable(state.frames, counters);
    const tables = new PageTables(geometry, machine, frames, events);
    const swap = new Swap(state.swap, parts.store, counters, events);
    const cache = new PageCache(state, frames);
    const pins = new Pins(state.episodes, frames, counters);
    const replacement = new Replacement({ definition, state, spaces, machine, frames, tables, cache, swap });
    const mappings = new Mappings({ frames, tables, cache, swap, pins, replacement, events });
    const basics = { root, state, spaces, machine, frames, tables, swap, cache, pins, replacement, mappings, objects, counters, clock, costs, references, events };
    const writeBack = new WriteBack({ ...basics, ram: machine.ram });
    const reclaim = new Reclaim({ ...basics, writeBack });
    const ensureEntry = (space: SpaceState, page: Vpn, key: number) =>
      tables.ensure(space, page, () => reclaim.table(space.id, key));
    const transfers = new Transfers({ ...basics, ensureEntry });
    const resolvers = new Resolvers({ ...basics, reclaim, transfers });
    const faults = new Faults({ ...basics, resolvers, transfers });
    const objectAreas = new ObjectAreas({ ...basics, writeBack });
    const limit = userLimit(geometry);
    this.counters = counters;
    this.#state = state;
    this.#root = root;
    this.#machine = machine;
    this.#frames = frames;
    this.#tables = tables;
    this.#swap = swap;
    this.#pins = pins;
    this.#mappings = mappings;
    this.#reclaim = reclaim;
    this.#transfers = transfers;
    this.#faults = faults;
    this.#cache = cache;
    this.#map = { ...basics, objectAreas, limit, ensureEntry, writeXorExecute: parts.options.writeXorExecute };
    this.#advise = { ...basics, writeBack, limit };
    this.#access = { ...basics, faults };
  }

  /** @throws UserError when there is no frame for its root table */
  createSpace(): SpaceState {
    const { spaces } = this.#root;
    const hole = spaces.indexOf(undefined);
    const id = spaceId(hole === -1 ? spaces.length : hole);
    if (id > MOST_SPACES) throw new UserError('', `at most ${MOST_SPACES + 1} address spaces can exist at once`);
    const root = this.#reclaim.table(id, 0);
    if (root === -1) throw this.#noRootTable();
    const space: SpaceState = {
      id,
      asid: id,
      root: frameNumber(root),
      areas: [],
      brkStart: 0 as VirtualAddress,
      brk: 0 as VirtualAddress,
      mmapTop: this.#map.limit as VirtualAddress,
      tableFrames: 0,
      resident: 0,
      residentPeak: 0,
    };
    this.#tables.initialise(space, root);
    spaces[id] = space;
    return space;
  }

  destroySpace(id: SpaceId): void {
    const space = this.#space(id);
    this.#transfers.cancelPrivate(id);
    removeRange(this.#map, space, 0, this.#map.limit);
    this.#pins.end(id);
    this.#tables.free(space, space.root);
    this.#machine.flushSpace(space.asid);
    this.#root.spaces[id] = undefined;
  }

  fault(space: SpaceState, address: VirtualAddress, access: Access, pc: VirtualAddress): Outcome {
    return this.#faults.handle({ space, address, access, pc, by: 'guest' });
  }

  complete(request: RequestState): Promise<Outcome> | Outcome {
    return this.#transfers.complete(request);
  }

  user(space: SpaceState): UserMemory {
    return new SpaceMemory(this.#access, space);
  }

  addArea(space: SpaceState, area: Area): void {
    addArea(this.#map, space, area);
  }

  map(space: SpaceState, request: MapRequest): Result {
    return map(this.#map, space, request);
  }

  unmap(space: SpaceState, address: VirtualAddress, length: number): Result {
    return unmap(this.#map, space, address, length);
  }

  protect(space: SpaceState, address: VirtualAddress, length: number, protection: number): Result {
    return protect(this.#map, space, address, length, protection);
  }

  remap(
    space: SpaceState,
    address: VirtualAddress,
    oldLength: number,
    newLength: number,
    flags: number,
    newAddress: VirtualAddress,
  ): Result {
    return remap(this.#map, space, { address, oldLength, newLength, flags, newAddress });
  }

  advise(space: SpaceState, address: VirtualAddress, length: number, advice: number): Result {
    return advise(this.#advise, space, address, length, advice);
  }

  setBreak(space: SpaceState, address: VirtualAddress): VirtualAddress {
    return setBreak(this.#map, space, address);
  }

  synchronize(space: SpaceState, address: VirtualAddress, length: number, flags: number): Result {
    return synchronize(this.#advise, space, address, length, flags);
  }

  residency(space: SpaceState, address: VirtualAddress, length: number): Uint8Array | Result {
    return residency(this.#advise, space, address, length);
  }

  objectTruncated(object: ObjectId, from: number): void {
    objectTruncated(this.#objectCalls(), object, from);
  }

  readThroughCache(object: ObjectId, offset: number, into: Uint8Array): void {
    readThroughCache(this.#objectCalls(), object, offset, into);
  }

  writeThroughCache(object: ObjectId, offset: number, from: Uint8Array): void {
    writeThroughCache(this.#objectCalls(), object, offset, from);
  }

  listAreas(space: SpaceState): { area: Area; resident: number; swapped: number }[] {
    return listAreas(this.#advise, space);
  }

  checkInvariants(): void {
    const [root, state, frames, tables] = [this.#root, this.#state, this.#frames, this.#tables];
    checkInvariants({ root, state, frames, tables, mappings: this.#mappings, swap: this.#swap });
  }

  #objectCalls() {
    return {
      spaces: this.#root.spaces,
      machine: this.#machine,
      references: this.#access.references,
      frames: this.#frames,
      tables: this.#tables,
      cache: this.#cache,
      mappings: this.#mappings,
    };
  }

  #space(id: SpaceId): SpaceState {
    const space = this.#root.spaces[id];
    if (space === undefined) throw new Error(`invariant broken: space ${id} exists`);
    return space;
  }

  #noRootTable(): UserError {
    const levels = this.#tables.geometry.indexBits.length;
    const least = ((levels + 1) * PAGE_SIZE) / 1024;
    const frames = this.#state.frames.count;
    return new UserError(
      '--memory',
      `${frames} frames leave none for a page table; a program needs ${levels} tables and a page at the very least, ${least}K`,
    );
  }
}
