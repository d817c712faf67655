/** State of memory in pieces: plain data off `RootState.memory`. */
import type { Pid, SpaceId } from '../../base/numbers.ts';
import type { PlacementDefinition } from '../../policies/placement/contract.ts';
import type { Relocations } from '../loader/relocations.ts';
import type { MemoryCounters } from '../memory/contract.ts';
import { initialCounters, initialSwapState, type SwapState } from '../memory/state.ts';
import type { ObjectId } from '../state.ts';
import type { Registers } from './registers.ts';
import type { SegmentRules } from './rules.ts';
import type { SpaceLayout } from './space-layout.ts';

export type PieceId = number;

/** Bytes of a file that have to be copied into a piece before it shows them. */
export interface Fill {
  /** Where the program sees them; begins with a page. */
  address: number;
  bytes: number;
  object: ObjectId;
  /** Of the first one in the file; begins with a page. */
  offset: number;
}

/** Memory in one piece: what a segment, or a whole process, has. */
export interface Piece {
  readonly id: PieceId;
  /** Number of the segment that it is. */
  readonly segment: number;
  /** A piece that grows down ends where its segment's range ends. */
  readonly grows: 'up' | 'down';
  /** Bytes that somebody may access, from its beginning, or of one that grows down from its end. */
  size: number;
  /** Frames that it has, or will have when it is in memory again. */
  frames: number;
  /** The first of them; -1 while it is not in memory. */
  start: number;
  /** Swap slots of its pages in use while it is not in memory; none: they are zeros, and `fills`. */
  slots: number[];
  fills: Fill[];
  /** Pages, by their addresses / 4096, that could not be read back, and why. */
  lost: Map<number, string>;
  sharing: Sharing;
  /** What a piece of code holds: programs that hold the same have the same piece. */
  code: string | undefined;
  users: SpaceId[];
}

/** `code`: nobody may write it, and it can be had from its file again. `memory`: MAP_SHARED, by fork. */
export type Sharing = 'private' | 'code' | 'memory';

/** A segment of a space. */
export interface SegmentState {
  readonly segment: number;
  piece: PieceId;
  /** Bytes of the piece that may be accessed: the bound. Who share memory may each have another. */
  size: number;
  /** What may be done to it: PROT_READ, PROT_WRITE, PROT_EXEC. */
  protection: number;
}

export interface SpaceRecord {
  layout: SpaceLayout;
  /** `unplaced`: being laid out, it has areas and no pieces yet. `out`: none of its own pieces is in memory. */
  where: 'unplaced' | 'in' | 'out';
  /** In order of their numbers. */
  segments: SegmentState[];
  /** What is put into the machine's registers when the space is switched to. */
  registers: Registers;
  /** When it was last brought into memory, and how long that took, ns. */
  since: number;
  took: number;
  /** Whether it has been accessed since. */
  used: boolean;
  /** Words that the loader has yet to rewrite, when what they lie in has been read. */
  relocations: Relocations | undefined;
}

/** A transfer under way: part of `RootState.requests`, by its number. */
export interface Arrival {
  readonly asker: Pid;
  readonly space: SpaceId;
  readonly what:
    | { readonly kind: 'pause' }
    | {
        readonly kind: 'swap';
        readonly piece: PieceId;
        readonly first: number;
        readonly slots: readonly number[];
      }
    | { readonly kind: 'file'; readonly piece: PieceId; readonly fills: readonly Fill[] };
}

interface Moves {
  pieces: number;
  pages: number;
}

/** A time when memory was compacted, and what came of it. */
export interface CompactionRecord {
  time: number;
  /** Frames that were wanted in one piece. */
  wanted: number;
  free: number;
  largestBefore: number;
  largestAfter: number;
  moved: number;
  pages: number;
  /** What the copying took, ns. */
  took: number;
}

export interface SegmentFigures {
  /** Pieces moved because they grew, to make one hole of many, and because the run was to show it. */
  grown: Moves;
  compacted: Moves;
  asked: Moves;
  /** Times a piece grew where it was. */
  grownInPlace: number;
  /** Times a stack's segment grew because it was touched. */
  stackGrowths: number;
  /** Requests for which no hole was large enough though enough was free, and those for which not enough was. */
  fragmented: number;
  short: number;
  compactions: number;
  /** The first ones. */
  compactionList: CompactionRecord[];
  /** Processes that left memory whole, and came back; pages of these. */
  rolledOut: Moves;
  rolledIn: Moves;
  /** Children that began in swap, because memory had no hole for them. */
  bornOut: number;
  /** Times that base and bounds were put into the machine's registers. */
  loads: number;
  /** Words that the loader rewrote, and pieces of code that a space found in memory. */
  relocated: number;
  codeShared: number;
  /** Frames that code had that others of its users need not have. */
  codeFramesSaved: number;
  /** Most external fragmentation that there was after a piece had been placed or had moved, 0 to 1. */
  worstExternal: number;
  /** What was refused, and why: how often. */
  refused: Map<string, number>;
}

/** A segment as reports show it. */
export interface ShownSegment {
  segment: number;
  name: string;
  base: number;
  size: number;
  reach: number;
  grows: 'up' | 'down';
  protection: number;
  sharing: Sharing;
  frames: number;
}

/** The segments of a process as they were when it ended, or are. */
export interface ShownSpace {
  space: SpaceId;
  pid: Pid;
  name: string;
  where: 'in memory' | 'in swap' | 'ended';
  segments: ShownSegment[];
}

export interface SegmentsState {
  readonly frames: number;
  placement: unknown;
  swap: SwapState;
  pieces: Map<PieceId, Piece>;
  nextPiece: PieceId;
  spaces: Map<SpaceId, SpaceRecord>;
  arrivals: Map<number, Arrival>;
  /** The space that the machine translates in. */
  active: SpaceId;
  /** The piece that was moved last because of `moveEvery`, and when the next one is. */
  movedLast: PieceId;
  nextMove: number;
  /** Who is to have memory first, when what it waits for is there, and when it has it no longer. */
  claim: { readonly space: SpaceId; readonly next: number; readonly ends: number } | undefined;
  counters: MemoryCounters;
  figures: SegmentFigures;
  /** The first ones. */
  ended: ShownSpace[];
}

export interface SegmentsStart {
  /** Frames of the machine. */
  readonly frames: number;
  readonly rules: SegmentRules;
  readonly placement: PlacementDefinition;
  /** Slots of the store. */
  readonly swapCapacity: number;
}

/** State of a machine's memory that is one hole. */
export function initialSegmentsState({
  frames,
  rules,
  placement,
  swapCapacity,
}: SegmentsStart): SegmentsState {
  return {
    frames,
    placement: placement.initial(frames),
    swap: initialSwapState(swapCapacity),
    pieces: new Map(),
    nextPiece: 1,
    spaces: new Map(),
    arrivals: new Map(),
    active: -1 as SpaceId,
    movedLast: 0,
    nextMove: rules.moveEvery ?? 0,
    claim: undefined,
    counters: initialCounters(),
    figures: initialFigures(),
    ended: [],
  };
}

const noMoves = (): Moves => ({ pieces: 0, pages: 0 });

function initialFigures(): SegmentFigures {
  return {
    grown: noMoves(),
    compacted: noMoves(),
    asked: noMoves(),
    grownInPlace: 0,
    stackGrowths: 0,
    fragmented: 0,
    short: 0,
    compactions: 0,
    compactionList: [],
    rolledOut: noMoves(),
    rolledIn: noMoves(),
    bornOut: 0,
    loads: 0,
    relocated: 0,
    codeShared: 0,
    codeFramesSaved: 0,
    worstExternal: 0,
    refused: new Map(),
  };
}
