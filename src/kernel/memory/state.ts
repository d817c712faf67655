/** State of virtual memory: plain data off `RootState.memory`. */
import { PAGE_SIZE, type Pid, type SpaceId, spaceId, type Vpn } from '../../base/numbers.ts';
import type { RandomState } from '../../base/random.ts';
import type { PageKey, PolicyDefinition } from '../../policies/replacement/contract.ts';
import type { ObjectId } from '../state.ts';
import type { ForkMode, MemoryCounters } from './contract.ts';

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
  /** Its place among all episodes in order of their beginnings: the lower, the older. */
  since: number;
  /** Most pages that any instruction or step of the process has needed at once. */
  most: number;
  instructions: number;
  pc: number;
  /** Progress of the system call. */
  done: number;
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
  nextKey: PageKey;
  policy: unknown;
  /** Clock interrupts that the policy has been told of. */
  interrupts: number;
  counters: MemoryCounters;
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
    swap: {
      capacity: start.swapCapacity,
      references: new Uint32Array(0),
      keys: new Uint32Array(0),
      frames: new Uint32Array(0),
      used: 0,
      next: 0,
      unwritten: new Map(),
    },
    objects: new Map(),
    episodes: new Map(),
    nextEpisode: 0,
    starving: new Set(),
    forks: new Map(),
    askers: new Map(),
    nextKey: 0,
    policy: policyDefinition.initial(pageFrames, start.random),
    interrupts: 0,
    counters: initialCounters(),
  };
}

function initialCounters(): MemoryCounters {
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
  };
}

/** Pages that hold `bytes` bytes. */
export const pagesFor = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);
