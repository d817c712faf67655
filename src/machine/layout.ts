/**
 * Where everything lies in the machine's one WebAssembly memory.
 *
 *   0x0000  registers, counters, trap         (fixed addresses, this file)
 *   0x1000  TLB: fast slots, then ways         data, then instructions; ways of superpages behind each
 *    …      reference ring                     when references are recorded
 *    …      code map: 4 bytes a frame          address of the frame's predecoded page, 0 when it has none
 *    …      stamps: 8 bytes a frame            time of the frame's last use
 *    …      used frames: 4 bytes a frame       the list that uses.ts makes
 *    …      predecoded pages                   see predecode.ts
 *    …      RAM                                64 KiB aligned; all else lies below 2 GiB
 *
 * Map and stamps have room for the most frames there can be (untouched memory costs nothing), so that no address
 * up to RAM's first byte depends on the number of frames, and one generated module serves every size.
 * Registers, TLB, stamps and RAM are machine state; the rest and the instruction fast slots are derived.
 */
import type { MachineConfig, TlbShape } from './contract.ts';

/** 3 GiB of RAM: what is left of WebAssembly's 4 GiB for everything else. */
export const MAXIMUM_FRAMES = 786_432;

/** Fixed addresses, in bytes. */
export const AT = {
  /** 32 integer registers and a sink that writes to x0 go to. */
  x: 0x100,
  f: 0x220,
  /** fflags, then frm: two adjacent bytes. */
  status: 0x320,
  pc: 0x328,
  /** instructions retired << 20 | data look-ups in this run. */
  counter: 0x330,
  /** Added to the counter to make a stamp: moves on when the kernel stamps. */
  stampBias: 0x338,
  trapAddress: 0x340,
  /** 0 fetch, 1 load, 2 store. */
  trapAccess: 0x348,
  /** Set by the slow access functions when the access failed; holds the exit code. */
  failed: 0x34c,
  reservationAddress: 0x350,
  reservationValue: 0x358,
  /** Address in this memory of the root table, and the address-space identifier. */
  root: 0x360,
  asid: 0x364,
  /** Frames of RAM, 64 bits: an entry that points past them faults. */
  frames: 0x400,
  /** Where the entry found or made by the last TLB look-up lies. */
  entry: 0x368,
  /** With superpages: where the set of the superpage lies that the last look-up went by, 0 when by a page … */
  superpageSet: 0x408,
  /** … and 1 when the walker's last leaf was a superpage. */
  leafIsSuperpage: 0x40c,
  /** Where the stamp of the frame that was translated last lies. */
  stampAt: 0x36c,
  /** The frame whose page has to be predecoded. */
  wantedFrame: 0x370,
  /** The word of an instruction that crosses a page. */
  crossingWord: 0x374,
  /** Bytes used of the reference ring. */
  ringUsed: 0x378,
  /** The count of misses, of both kinds and modulo 2^32, when the last look-up was put into the ring. */
  missesNoted: 0x37c,
  tlbRandom: 0x380,
  /** Instruction numbers whose fetches are already in the ring. */
  fetchRecorded: 0x388,
  crossingRecorded: 0x390,
  /** 1: the coming fetch was looked up before, when something had to be predecoded; its entry is in `fetchedEntry`. */
  fetchDone: 0x398,
  /** The record that was stepped last. */
  stepped: 0x39c,
  /** Counters, 64 bits each. */
  storesInRun: 0x3a0,
  instructionMisses: 0x3a8,
  dataMisses: 0x3b0,
  walkLoads: 0x3b8,
  dirtyWalks: 0x3c0,
  extraFetches: 0x3c8,
  flushed: 0x3d0,
  /** Stamp up to which uses have been told. */
  usesDrained: 0x3e8,
  loads: 0x3d8,
  stores: 0x3e0,
  fetchedEntry: 0x3f8,
  /** 1: the instruction stepped last was a branch, taken or not, or a jump. */
  jumped: 0x3f0,
} as const;

/** Bits of the counter below the number of instructions. */
export const COUNTER_SHIFT = 20;

/** Predecoded record of one instruction, 16 bytes. See predecode.ts. */
export const RECORD_BYTES = 16;
/** One a half-word of the page, one to catch falling off its end, one for the crossing instruction, one for its word. */
export const RECORDS_A_PAGE = 2048 + 3;
export const CODE_PAGE_BYTES = RECORDS_A_PAGE * RECORD_BYTES;
export const PAGE_END_RECORD = 2048;
export const CROSSING_RECORD = 2049;
export const CROSSING_WORD_AT = 2050 * RECORD_BYTES;

/** Data fast slot: read tag, write tag, addend, stamp address. Instruction: tag, records, stamp address, frame. */
export const DATA_SLOT_BYTES = 32;
export const INSTRUCTION_SLOT_BYTES = 32;
/** A way: key, then frame << 10 | entry bits. */
export const WAY_BYTES = 16;
/** An entry of the reference ring: address; kind, bytes and flags. */
export const RING_ENTRY_BYTES = 16;
const RING_ENTRIES = 1 << 16;
const LEAST_CODE_PAGES = 8;
const MOST_CODE_PAGES = 1024;
/** Space kept free, so that one instruction's entries always fit. */
export const RING_MARGIN = 16 * RING_ENTRY_BYTES;

/** Where in a fast slot the place of the set of the superpage is that the slot's page lies in; 0: in none. */
export const SLOT_SUPERPAGE_AT = 28;

/** Sets of ways, one behind the other from `ways` on. */
export interface Ways {
  readonly shape: TlbShape;
  readonly sets: number;
  readonly ways: number;
}

export interface TlbLayout extends Ways {
  readonly fast: number;
  readonly superpages: SuperpageLayout | undefined;
}

export interface SuperpageLayout extends Ways {
  /** Bits of a page number that tell the pages of one superpage apart. */
  readonly pageBits: number;
  /** The fast slots that may stand for its pages: where they begin, and how many there are. */
  readonly fast: number;
  readonly slots: number;
}

export interface Layout {
  readonly data: TlbLayout | undefined;
  readonly instructions: TlbLayout | undefined;
  /** Registers and TLB lie below. */
  readonly tlbEnd: number;
  readonly codeMap: number;
  readonly stamps: number;
  readonly used: number;
  readonly ram: number;
  readonly ring: number;
  readonly ringBytes: number;
  readonly code: number;
  readonly codePages: number;
  readonly end: number;
}

const align = (n: number, to: number): number => Math.ceil(n / to) * to;

const endOf = ({ ways, shape }: Ways): number => align(ways + shape.entries * WAY_BYTES, 64);

function placeTlb(
  shape: TlbShape,
  at: number,
  { tlb, geometry }: MachineConfig,
): { tlb: TlbLayout; end: number } {
  const sets = shape.entries / shape.ways;
  const pages = { shape, sets, fast: at, ways: at + sets * DATA_SLOT_BYTES };
  const larger = tlb.kind === 'none' ? undefined : tlb.superpages;
  if (larger === undefined) return { tlb: { ...pages, superpages: undefined }, end: endOf(pages) };
  const superpages: SuperpageLayout = {
    shape: larger,
    sets: larger.entries / larger.ways,
    ways: endOf(pages),
    pageBits: geometry.indexBits.at(-1)!,
    fast: at,
    slots: tlb.kind === 'split' ? sets : 0,
  };
  return { tlb: { ...pages, superpages }, end: endOf(superpages) };
}

/** Lays out the memory for a configuration. */
export function layoutOf(config: MachineConfig): Layout {
  let at = 0x1000;
  let data: TlbLayout | undefined;
  let instructions: TlbLayout | undefined;
  if (config.tlb.kind === 'split') {
    ({ tlb: data, end: at } = placeTlb(config.tlb.data, at, config));
    ({ tlb: instructions, end: at } = placeTlb(config.tlb.instructions, at, config));
  } else if (config.tlb.kind === 'unified') {
    ({ tlb: data, end: at } = placeTlb(config.tlb.shape, at, config));
    instructions = data;
  }
  const ring = align(at, 64);
  const ringBytes = config.references === 'recorded' ? RING_ENTRIES * RING_ENTRY_BYTES : 0;
  const codeMap = align(ring + ringBytes, 64);
  const stamps = codeMap + MAXIMUM_FRAMES * 4;
  const used = stamps + (MAXIMUM_FRAMES + 4) * 8;
  const code = align(used + (MAXIMUM_FRAMES + 4) * 4, 64);
  const ram = align(code + MOST_CODE_PAGES * CODE_PAGE_BYTES, 1 << 16);
  return {
    data,
    instructions,
    tlbEnd: at,
    codeMap,
    stamps,
    used,
    ram,
    ring,
    ringBytes,
    code,
    codePages: Math.min(MOST_CODE_PAGES, Math.max(LEAST_CODE_PAGES, config.frames)),
    end: ram + align(config.frames * 4096, 1 << 16),
  };
}
