/**
 * The machine as the kernel sees it: one hart with RAM, registers, a TLB and a table walker. It runs a guest
 * directly until something needs the kernel, and then says what. It knows no process.
 */
import type { Frame, PhysicalAddress, VirtualAddress, Vpn } from '../base/numbers.ts';
import type { RadixGeometry } from '../translation/radix.ts';

/** How one TLB is built. `sets` = entries / ways, a power of two. */
export interface TlbShape {
  readonly entries: number;
  readonly ways: number;
  readonly replacement: 'lru' | 'fifo' | 'random';
}

/** A TLB for superpages beside each TLB for pages; without it superpages are held as pages of 4 KiB. */
interface WithSuperpages {
  readonly superpages?: TlbShape;
}

/** One TLB for data and one for instructions, one for both, or none (every access walks the table). */
export type TlbConfig =
  | ({ readonly kind: 'split'; readonly data: TlbShape; readonly instructions: TlbShape } & WithSuperpages)
  | ({ readonly kind: 'unified'; readonly shape: TlbShape } & WithSuperpages)
  | { readonly kind: 'none' };

export interface MachineConfig {
  /** Page frames of RAM, tables included; at most 786,432 (3 GiB). */
  readonly frames: number;
  readonly tlb: TlbConfig;
  /**
   * Who fills the TLB. `hardware`: the walker, from the table of `setSpace`. `software`: there is no walker; a miss
   * is a trap, and the kernel answers with `fillTlb`, as on MIPS.
   */
  readonly refill: 'hardware' | 'software';
  /** The table that the walker walks: entries of 8 bytes as in Sv39, any number of levels. */
  readonly geometry: RadixGeometry;
  /** Whether each access stamps its frame with the time of its last use. */
  readonly stamps: 'off' | 'on';
  /** Whether each access is appended to the reference ring (see `drainReferences`). */
  readonly references: 'off' | 'recorded';
  /** Seed of the TLB's random replacement. */
  readonly seed: number;
}

export type Access = 'fetch' | 'load' | 'store';

export type TrapCause =
  /** The fuel given to `run` is used up. */
  | 'timer'
  | 'system-call'
  | 'breakpoint'
  | 'illegal-instruction'
  | 'page-fault'
  /** With software refill: the TLB lacks the page (MIPS: TLB Refill). */
  | 'tlb-miss'
  /** With software refill: a store to a page that may be written and whose entry is clean (MIPS: TLB Modified). */
  | 'tlb-modify'
  /** A misaligned atomic access. */
  | 'misaligned'
  /** The reference ring is full: drain it and run on. */
  | 'ring-full';

/**
 * Why `run` returned. The instruction at `pc` has not retired and has changed nothing, except for
 * `system-call` and `breakpoint`, where `pc` is still that of the instruction itself (the kernel adds 4, or 2).
 */
export interface Trap {
  readonly cause: TrapCause;
  /**
   * For page faults, `misaligned`, `tlb-miss` and `tlb-modify`: the access, and the address that could not be
   * reached. Where a bound of a cut page was passed it is the first address of the whole access.
   */
  readonly access: Access;
  /** Exact below 2^53; addresses above are never mapped. */
  readonly address: VirtualAddress;
  readonly pc: VirtualAddress;
}

/** Counts since the machine was made. Hits are accesses minus misses. */
export interface MachineCounters {
  instructions: number;
  /** TLB look-ups for instruction fetches: one an instruction tried, two where it crosses a page. */
  fetches: number;
  /** Data look-ups: loads, and stores and atomics; one for each page touched. */
  loads: number;
  stores: number;
  instructionTlbMisses: number;
  dataTlbMisses: number;
  /** Table entries read by the walker. */
  walkLoads: number;
  /** Walks only to set the dirty bit of an entry that the TLB holds (counted in walkLoads too). */
  dirtyWalks: number;
  /** TLB entries dropped by `flush`. */
  flushed: number;
}

/** What `fillTlb` puts into the TLB. */
export interface TlbFill {
  readonly frame: Frame;
  /** V, R, W, X, U, G, A, D from bit 0 on, as in Sv39. V has to be set; R, W, X and D are what the machine goes by. */
  readonly flags: number;
  /** The bytes of the page that may be accessed, [from, to): all of them when left out. */
  readonly from?: number;
  readonly to?: number;
}

/** Registers of a process that is not running: plain data. */
export interface RegisterContext {
  x: BigInt64Array;
  f: BigUint64Array;
  pc: VirtualAddress;
  fcsr: number;
}

/** One recorded reference. */
export type ReferenceKind = 'fetch' | 'load' | 'store';

/** Where the timer ends a run. */
export type TimerStop = 'behind jumps' | 'at any instruction';

export interface MachinePort {
  /** All of RAM; `ram[physical address]`. Not replaced while the machine lives. */
  readonly ram: Uint8Array;
  readonly ramView: DataView;
  readonly frames: number;
  /** Integer registers; x[0] reads 0. Write through `setX`. */
  readonly x: BigInt64Array;
  /** Floating-point registers as bits. */
  readonly f: BigUint64Array;
  pc: VirtualAddress;
  fcsr: number;

  /**
   * Runs until a trap. The timer ends the run behind the first branch or jump, taken or not, or change of page
   * after `fuel` instructions (1 to 200,000), so at most 2,048 instructions late and always at the same one; or,
   * several times as slowly, behind exactly that many. The returned object is reused by the next call.
   */
  run(fuel: number, stop?: TimerStop): Trap;

  /** Selects the address space: root table frame and address-space identifier (0 to 65,535). Flushes nothing. */
  setSpace(root: Frame, asid: number): void;
  /**
   * Puts an entry into the TLB that serves `access`, as the walker would have: the same way makes room, and the
   * entry counts as used and as inserted now. An entry for that page that is there is replaced where it is. Only with
   * software refill.
   */
  fillTlb(asid: number, page: Vpn, access: Access, entry: TlbFill): void;
  /**
   * Drops TLB entries: of one page in one space (and of the superpage that it lies in), of one space, or all.
   */
  flushPage(asid: number, page: Vpn): void;
  flushSpace(asid: number): void;
  flushAll(): void;
  /** To be called after the kernel changed bytes of a frame, so that no stale instruction is run from it. */
  codeChanged(frame: Frame): void;

  /** Calls `each` for the frames used since the last call, once each, in the order of their last use. Needs stamps. */
  drainUses(each: (frame: Frame) => void): void;
  /** Stamps a frame with the present (the kernel's own accesses). */
  stamp(frame: Frame): void;
  /** Forgets that a frame was used. */
  clearStamp(frame: Frame): void;

  counters(): MachineCounters;
  /** Calls `each` for the references since the last drain, in order. */
  drainReferences(each: (kind: ReferenceKind, address: number, bytes: number) => void): void;

  saveRegisters(into: RegisterContext): void;
  loadRegisters(from: RegisterContext): void;
  /** All machine state but RAM (registers, TLB, stamps, counters), as plain data. */
  save(): MachineState;
  load(state: MachineState): void;
}

/** Plain data. */
export interface MachineState {
  readonly regions: Uint8Array;
  readonly ram: Uint8Array;
}

/** A physical address in a frame. */
export const physicalOf = (frame: Frame, offset: number): PhysicalAddress =>
  (frame * 4096 + offset) as PhysicalAddress;
