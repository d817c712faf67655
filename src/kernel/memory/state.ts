/** State of virtual memory: plain data off `RootState.memory`. */
import { type Frame, PAGE_SIZE, type Pid, type SpaceId, spaceId, type Vpn } from '../../base/numbers.ts';
import type { RandomState } from '../../base/random.ts';
import type { PageKey, PolicyDefinition } from '../../policies/replacement/contract.ts';
import type { ObjectId } from '../state.ts';
import { type AsidState, initialAsidState } from './asids.ts';
import type { ForkMode, MemoryCounters } from './contract.ts';
import type { HashedState } from './hashed-tables.ts';
import type { InvertedState } from './inverted-tables.ts';
import { initialLeafTables, initialTableCounters, type LeafTableState } from './leaf-table-state.ts';
import { initialPagingCounters, initialPagingState, type PagingState } from './paging-rules.ts';
import { initialSuperpageCounters, initialSuperpages, type SuperpageState } from './superpage-state.ts';
import type { RegionState } from './table-region.ts';
import type { VaxState } from './vax-tables.ts';

/**
 * How many frames pages may have. `memory`: tables and pages share all frames of the machine. `frames`: pages
 * have frames 0 to `frames` - 1, tables those above.
 */
export type Sizing = { readonly mode: 'memory' } | { readonly mode: 'frames'; readonly frames: number };

/** Frames to be given out: those below `fresh` have been used before, and the free ones among them are stacked. */
export interface FramePool {
  fresh: number;
  /** One more than the highest frame of the pool. */
  limit: number;
  freed: number[];
}

export const FREE = 0;
export const TABLE = 1;
export const PAGE = 2;

/** Flags of a page in a frame. */
/** Written where no present entry's dirty bit tells: by the kernel, or through a mapping that is gone. */
export const MODIFIED = 1;
/** Used where no present entry's referenced bit tells. */
export const USED = 2;
/** Being read; not admitted yet. */
export const LOADING = 4;
/** Admitted by an access that has not been made yet: its reference is told by the admission, not again. */
export const ADMITTED = 8;
/** Out of its resident set: no entry for it is valid, and its next use is told to the policy. */
export const ASIDE = 16;
/** Read ahead, and not used yet; nobody maps it. */
export const AHEAD = 32;

/** One element a frame in each array, so that 3 GiB of RAM cost no objects; see frames.ts. */
export interface FrameTableState {
  count: number;
  pages: FramePool;
  /** `undefined`: tables take frames of `pages`. */
  tables: FramePool | undefined;
  /** FREE, TABLE or PAGE. */
  use: Uint8Array;
  flags: Uint8Array;
  key: Uint32Array;
  pins: Uint16Array;
  /** Swap slot with a copy of the page, plus 1; 0: none. */
  slot: Uint32Array;
  /** Object whose page it is, plus 1; 0: anonymous. */
  object: Uint32Array;
  /** Page index in the object; in a table frame the number of entries that are not zero. */
  index: Uint32Array;
  /** First mapping, as `mappingCode`; 0: none. */
  mapper: Float64Array;
  /** Physical address of the first mapping's entry; 0: not known, or in the first entry of frame 0. */
  entry: Float64Array;
  /** Further mappings by frame. */
  mappers: Map<number, number[]>;
}

/** Grown by doubling, because a store may have 2^32 slots. */
export interface SwapState {
  capacity: number;
  /** Entries, objects, frames and requests that count on the slot; an entry in each of 65,536 spaces may. */
  references: Uint32Array;
  /** Key of the page in the slot. */
  keys: Uint32Array;
  /** Frame that holds the same page, plus 1; 0: none. */
  frames: Uint32Array;
  used: number;
  /** Where the search for a free slot goes on. */
  next: number;
  /** Pages whose write the store has not confirmed. */
  unwritten: Map<number, Uint8Array>;
  /** Of the page in each slot; unused when swap is not checked. */
  checksums: Uint32Array;
  /** Slots that have failed: none is given out again. Those still in use may be read. */
  bad: Set<number>;
  /** Bad slots that are in use no more. */
  retired: number;
  /** Slots in use whose page can't be had any more, and why; all are bad. */
  lost: Map<number, string>;
  /** Most slots in use that the store has room for, as far as is known. */
  room: number;
  /** Writes in a row that failed. */
  failedWrites: number;
}

/** A slot has failed: it is not given out again. */
export function condemn(state: SwapState, counters: MemoryCounters, slot: number): void {
  if (state.bad.has(slot)) return;
  state.bad.add(slot);
  counters.badSlots++;
  if (state.references[slot] === 0) state.retired++;
}

/** The last access of a process could not be made, because its page could not be read from its file. */
export interface Refusal {
  space: SpaceId;
  page: Vpn;
  /** Instructions that the process had retired: it is the same access until one more is. */
  instructions: number;
  why: string;
}

/** Pages of one backing object. */
export interface ObjectState {
  /** Areas that map it. */
  areas: number;
  anonymous: boolean;
  /** Page index to frame. */
  frames: Map<number, number>;
  /** Page index to swap slot, of anonymous objects' pages that are not in memory. */
  slots: Map<number, number>;
  /** Keys of pages that have been in memory. */
  keys: Map<number, PageKey>;
}

/** Pages that an instruction, or a step of a system call, needs until it completes; see pins.ts. */
export interface Episode {
  /** The space that it accesses. */
  space: SpaceId;
  /** Its place among all episodes in order of their beginnings: the lower, the older. */
  since: number;
  /** Most pages that any instruction or step of the process has needed at once. */
  most: number;
  instructions: number;
  pc: number;
  /** Progress of the system call. */
  done: number;
  /** Frames of pages, and of tables in which their entries are. */
  guest: number[];
  kernel: number[];
}

/** A fork that waits for a page; see fork.ts. */
export interface ForkState {
  parent: SpaceId;
  /** The half-made child. */
  child: SpaceId;
  mode: ForkMode;
  /** Instructions that the process had retired when it began. */
  instructions: number;
  /** First page that has not been gone through. */
  next: number;
  shared: number;
  copied: number;
}

export interface MemoryState {
  frames: FrameTableState;
  swap: SwapState;
  objects: Map<ObjectId, ObjectState>;
  /** By process. */
  episodes: Map<Pid, Episode>;
  /** `since` of the next episode. */
  nextEpisode: number;
  /** Processes that found no frame and wait: the younger leave them the next one. */
  starving: Set<Pid>;
  /** Forks under way, by the process that forks. */
  forks: Map<Pid, ForkState>;
  /** Who made each request of `RootState.requests`, by its number. */
  askers: Map<number, Pid>;
  /** Pages of spaces whose working sets are sampled that were evicted since the last sample. */
  evictedLately: Map<SpaceId, Set<Vpn>>;
  /** By process. */
  refusals: Map<Pid, Refusal>;
  /** By leaf table, where entries have stamps: see tables.ts. */
  stampFrames: Map<number, Frame>;
  /** Tables that all spaces share. */
  tables: SharedTables;
  /** Where leaf tables may go to swap: see leaf-tables.ts. */
  leafTables: LeafTableState;
  superpages: SuperpageState;
  asids: AsidState;
  nextKey: PageKey;
  policy: unknown;
  /** Clock interrupts that the policy has been told of. */
  interrupts: number;
  paging: PagingState;
  counters: MemoryCounters;
}

/** Of the schemes that have them; made when the first tables are. */
export interface SharedTables {
  hashed?: HashedState;
  inverted?: InvertedState;
  /** Inverted as well, without anchors. */
  scanned?: InvertedState;
  linear?: RegionState;
  hybrid?: RegionState;
  vax?: VaxState;
}

/** Largest page number plus one that a mapping code can hold: 48-bit addresses. */
const CODE_PAGES = 2 ** 36;

/** A mapping as one number, never 0, exact for 65,535 spaces of 2^36 pages. */
export const mappingCode = (space: SpaceId, page: Vpn): number => space * CODE_PAGES + page + 1;
export const spaceOfCode = (code: number): SpaceId => spaceId(Math.floor((code - 1) / CODE_PAGES));
export const pageOfCode = (code: number): Vpn => ((code - 1) % CODE_PAGES) as Vpn;

export interface MemoryStart {
  /** Frames of the machine. */
  readonly frames: number;
  readonly sizing: Sizing;
  readonly policyDefinition: PolicyDefinition;
  /** Slots of the store. */
  readonly swapCapacity: number;
  /** The policy's own generator. */
  readonly random: RandomState;
}

/** State of a machine's memory in which every frame is free. */
export function initialMemoryState(start: MemoryStart): MemoryState {
  const { frames: count, sizing, policyDefinition } = start;
  const pageFrames = sizing.mode === 'frames' ? sizing.frames : count;
  return {
    frames: {
      count,
      pages: { fresh: 0, limit: pageFrames, freed: [] },
      tables: sizing.mode === 'frames' ? { fresh: pageFrames, limit: count, freed: [] } : undefined,
      use: new Uint8Array(count),
      flags: new Uint8Array(count),
      key: new Uint32Array(count),
      pins: new Uint16Array(count),
      slot: new Uint32Array(count),
      object: new Uint32Array(count),
      index: new Uint32Array(count),
      mapper: new Float64Array(count),
      entry: new Float64Array(count),
      mappers: new Map(),
    },
    swap: initialSwapState(start.swapCapacity),
    objects: new Map(),
    episodes: new Map(),
    nextEpisode: 0,
    starving: new Set(),
    forks: new Map(),
    askers: new Map(),
    evictedLately: new Map(),
    refusals: new Map(),
    stampFrames: new Map(),
    tables: {},
    leafTables: initialLeafTables(),
    superpages: initialSuperpages(),
    asids: initialAsidState(),
    nextKey: 0,
    policy: policyDefinition.initial(pageFrames, start.random),
    interrupts: 0,
    paging: initialPagingState(),
    counters: initialCounters(),
  };
}

/** A swap map in which every slot is free. */
export function initialSwapState(capacity: number): SwapState {
  return {
    capacity,
    references: new Uint32Array(0),
    keys: new Uint32Array(0),
    frames: new Uint32Array(0),
    used: 0,
    next: 0,
    unwritten: new Map(),
    checksums: new Uint32Array(0),
    bad: new Set(),
    retired: 0,
    lost: new Map(),
    room: capacity,
    failedWrites: 0,
  };
}

export function initialCounters(): MemoryCounters {
  return {
    faults: {},
    majorFaults: 0,
    evictionsClean: 0,
    evictionsDirty: 0,
    writesSaved: 0,
    swapReads: 0,
    swapWrites: 0,
    fileReads: 0,
    fileWrites: 0,
    swapUsed: 0,
    swapPeak: 0,
    storeFailures: 0,
    swapErrors: { read: 0, corrupt: 0, write: 0, short: 0, full: 0 },
    fileErrors: { read: 0, write: 0 },
    writesRetried: 0,
    badSlots: 0,
    lostPages: 0,
    refused: {},
    tableFrames: 0,
    tableFramesPeak: 0,
    residentPages: 0,
    residentPeak: 0,
    zeroedFrames: 0,
    pinnedPeak: 0,
    neededPeak: 0,
    forks: { eager: 0, 'copy-on-write': 0 },
    forkShared: 0,
    forkCopied: 0,
    forkTables: 0,
    copiedOnWrite: 0,
    takenOver: 0,
    paging: initialPagingCounters(),
    refills: { misses: 0, modifies: 0, reads: 0, byHandler: 0 },
    tablePaging: initialTableCounters(),
    superpages: initialSuperpageCounters(),
    setAside: 0,
    rescues: 0,
    cleaned: 0,
    cleanings: 0,
  };
}

/** Pages that hold `bytes` bytes. */
export const pagesFor = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);
