/**
 * Radix page tables as data: the table of a level is an array that a field of the address indexes, its
 * entries lead to the tables of the next level or, as leaves, to pages. One description, one walk for all.
 *
 *   an entry of 8 bytes, as in Sv39
 *    63       54 53                              10 9   8 7 6 5 4 3 2 1 0
 *   ┌───────────┬──────────────────────────────────┬─────┬─┬─┬─┬─┬─┬─┬─┬─┐
 *   │ reserved  │ frame number                     │ RSW │D│A│G│U│X│W│R│V│
 *   └───────────┴──────────────────────────────────┴─────┴─┴─┴─┴─┴─┴─┴─┴─┘
 *   R = W = X = 0 leads to the next table; anything else is a leaf.
 *
 * Source: RISC-V Instruction Set Manual, volume II, version 20240411, section 12.3.2.
 */
import type { Frame } from '../base/numbers.ts';

/** Bit numbers are counted from the least significant bit of an entry; below 32, `noExecute` aside. */
export interface EntryLayout {
  readonly valid: number;
  /** `undefined`: every valid entry allows loads. */
  readonly read: number | undefined;
  readonly write: number;
  /** `undefined`: every valid entry allows fetches that `noExecute` does not forbid. */
  readonly execute: number | undefined;
  /** The bit that forbids fetches, 32 to 63; `undefined`: there is none. */
  readonly noExecute: number | undefined;
  /**
   * What tells a leaf above the last level from a pointer: a bit; `undefined`: that it has any permission, and a
   * pointer has none, and neither has the bits of pages.
   */
  readonly leaf: number | undefined;
  readonly user: number;
  readonly global: number;
  readonly accessed: number;
  readonly dirty: number;
  /** Position and width of the frame number. The position is below 32. */
  readonly ppnShift: number;
  readonly ppnBits: number;
  /** Bits that must be zero in a valid entry. */
  readonly reservedMask: bigint;
}

/** What all structures with entries for pages have to say of these. */
export interface EntryFormat {
  readonly name: string;
  /** Significant bits of an address. */
  readonly addressBits: number;
  /** `signed`: the bits above must equal the highest of them, and the upper half is the kernel's. */
  readonly addresses: 'signed' | 'unsigned';
  readonly offsetBits: number;
  readonly entryBytes: 4 | 8;
  readonly entry: EntryLayout;
}

export interface RadixFormat extends EntryFormat {
  /** Width of each level's index, root first. */
  readonly indexBits: readonly number[];
}

/** Entries as RISC-V has them, which the machine's walker reads. */
export interface RiscvLayout extends EntryLayout {
  readonly read: number;
  readonly execute: number;
  readonly noExecute: undefined;
  readonly leaf: undefined;
}

/** A format that the machine can walk. */
export interface RadixGeometry extends RadixFormat {
  readonly addresses: 'signed';
  readonly offsetBits: 12;
  readonly entry: RiscvLayout;
}

export type AccessKind = 'fetch' | 'load' | 'store';

/** A valid leaf's meaning. */
export interface LeafEntry {
  readonly frame: Frame;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly user: boolean;
  readonly global: boolean;
  readonly accessed: boolean;
  readonly dirty: boolean;
}

/** An entry's bits in two halves; `high` is 0 where entries have 4 bytes. Both are 0 to 2^32 - 1. */
export interface EntryHalves {
  readonly low: number;
  readonly high: number;
}

/** First address that a program cannot have. Half of a signed range is the kernel's by custom. */
export const userLimit = ({ addressBits, addresses }: EntryFormat): number =>
  2 ** (addresses === 'signed' ? addressBits - 1 : addressBits);

/** Number of the lowest address bit that indexes the table of `level`; the root's is 0. */
export function indexShift(format: RadixFormat, level: number): number {
  let shift: number = format.offsetBits;
  for (let below = level + 1; below < format.indexBits.length; below++) shift += format.indexBits[below]!;
  return shift;
}

/** Index that `address` has in the table of `level`. */
export function indexAt(format: RadixFormat, level: number, address: number): number {
  return Math.floor(address / 2 ** indexShift(format, level)) % 2 ** format.indexBits[level]!;
}

export function readEntry(format: EntryFormat, ram: DataView, at: number): EntryHalves {
  const low = ram.getUint32(at, true);
  return { low, high: format.entryBytes === 8 ? ram.getUint32(at + 4, true) : 0 };
}

export function writeEntry(format: EntryFormat, ram: DataView, at: number, entry: EntryHalves): void {
  ram.setUint32(at, entry.low, true);
  if (format.entryBytes === 8) ram.setUint32(at + 4, entry.high, true);
}

/** Whether bit `bit` (0 to 31) of an entry's lower half is set. */
export const hasBit = (low: number, bit: number): boolean => ((low >>> bit) & 1) === 1;

/** Frame number in an entry. */
export function frameIn(layout: EntryLayout, low: number, high: number): Frame {
  const lower = low >>> layout.ppnShift;
  if (high === 0) return lower as Frame;
  const bitsAbove = layout.ppnBits - (32 - layout.ppnShift);
  return ((high % 2 ** bitsAbove) * 2 ** (32 - layout.ppnShift) + lower) as Frame;
}

/** Halves of an entry from its frame number and its lower flag bits. */
export function entryOf(layout: EntryLayout, frame: number, flags: number): EntryHalves {
  const inLow = 2 ** (32 - layout.ppnShift);
  return { low: (((frame % inLow) << layout.ppnShift) | flags) >>> 0, high: Math.floor(frame / inLow) };
}

/** Whether an entry is a page's, and does not lead to another table. `level`: whether there are tables below. */
export function isLeaf(layout: EntryLayout, low: number, level: 'upper' | 'last' = 'upper'): boolean {
  if (layout.leaf !== undefined) return level === 'last' || hasBit(low, layout.leaf);
  return hasBit(low, layout.read!) || hasBit(low, layout.write) || hasBit(low, layout.execute!);
}

/** The permissions of a page that programs may use. */
export interface Permissions {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/**
 * A valid entry of a page that programs may use.
 * @param bits of the lower half to be set besides: referenced, dirty
 */
export function pageEntry(
  layout: EntryLayout,
  frame: number,
  allowed: Permissions,
  bits: number,
): EntryHalves {
  let flags = bits | (1 << layout.valid) | (1 << layout.user);
  if (allowed.read && layout.read !== undefined) flags |= 1 << layout.read;
  if (allowed.write) flags |= 1 << layout.write;
  if (allowed.execute && layout.execute !== undefined) flags |= 1 << layout.execute;
  const entry = entryOf(layout, frame, flags);
  if (allowed.execute || layout.noExecute === undefined) return entry;
  return { low: entry.low, high: (entry.high | (1 << (layout.noExecute - 32))) >>> 0 };
}

/** Whether a valid entry allows an access. */
export function permits(layout: EntryLayout, low: number, high: number, access: AccessKind): boolean {
  if (access === 'store') return hasBit(low, layout.write);
  if (access === 'load') return layout.read === undefined || hasBit(low, layout.read);
  if (layout.noExecute !== undefined && hasBit(high, layout.noExecute - 32)) return false;
  return layout.execute === undefined || hasBit(low, layout.execute);
}

export function encodeLeaf(layout: EntryLayout, leaf: LeafEntry): EntryHalves {
  const { low, high } = pageEntry(layout, leaf.frame, leaf, 0);
  let flags = leaf.user ? low : low & ~(1 << layout.user);
  if (leaf.global) flags |= 1 << layout.global;
  if (leaf.accessed) flags |= 1 << layout.accessed;
  if (leaf.dirty) flags |= 1 << layout.dirty;
  return { low: flags >>> 0, high };
}

export function decodeLeaf(layout: EntryLayout, { low, high }: EntryHalves): LeafEntry {
  return {
    frame: frameIn(layout, low, high),
    read: permits(layout, low, high, 'load'),
    write: permits(layout, low, high, 'store'),
    execute: permits(layout, low, high, 'fetch'),
    user: hasBit(low, layout.user),
    global: hasBit(low, layout.global),
    accessed: hasBit(low, layout.accessed),
    dirty: hasBit(low, layout.dirty),
  };
}

/** Entry that leads to the next level's table: valid, and where pointers have permissions, all of them. */
export const encodePointer = (layout: EntryLayout, table: Frame): EntryHalves =>
  entryOf(
    layout,
    table,
    layout.leaf === undefined
      ? 1 << layout.valid
      : (1 << layout.valid) | (1 << layout.write) | (1 << layout.user),
  );

/** What a legality rule looks at. */
interface Candidate extends EntryHalves {
  readonly layout: EntryLayout;
  /** Index bits below this level: 0 at the last one. */
  readonly bitsBelow: number;
  readonly access: AccessKind;
}

/** Why an access faults; each is a rule of the architecture. */
export type FaultRule =
  | 'canonical address'
  | 'valid'
  | 'write needs read'
  | 'reserved bits'
  | 'pointer carries leaf bits'
  | 'leaf at the last level'
  | 'superpage alignment'
  | 'user page'
  | 'permission';

interface Rule {
  readonly name: FaultRule;
  readonly broken: (entry: Candidate) => boolean;
}

/** Every entry on the way, in the order in which the architecture checks them. */
const entryRules: readonly Rule[] = [
  { name: 'valid', broken: ({ low, layout }) => !hasBit(low, layout.valid) },
  {
    name: 'write needs read',
    broken: ({ low, layout }) =>
      layout.read !== undefined && hasBit(low, layout.write) && !hasBit(low, layout.read),
  },
  { name: 'reserved bits', broken: hasReservedBits },
];

const pointerRules: readonly Rule[] = [
  { name: 'leaf at the last level', broken: ({ bitsBelow }) => bitsBelow === 0 },
  {
    name: 'pointer carries leaf bits',
    broken: ({ low, layout }) =>
      layout.leaf === undefined &&
      (hasBit(low, layout.user) || hasBit(low, layout.accessed) || hasBit(low, layout.dirty)),
  },
  {
    name: 'user page',
    broken: ({ low, layout }) => layout.leaf !== undefined && !hasBit(low, layout.user),
  },
  {
    name: 'permission',
    broken: ({ low, high, layout, access }) =>
      layout.leaf !== undefined && !permits(layout, low, high, access),
  },
];

const leafRules: readonly Rule[] = [
  {
    name: 'superpage alignment',
    broken: ({ low, high, layout, bitsBelow }) => frameIn(layout, low, high) % 2 ** bitsBelow !== 0,
  },
  { name: 'user page', broken: ({ low, layout }) => !hasBit(low, layout.user) },
  { name: 'permission', broken: ({ low, high, layout, access }) => !permits(layout, low, high, access) },
];

function hasReservedBits({ low, high, layout }: Candidate): boolean {
  const lowMask = Number(layout.reservedMask & 0xffff_ffffn);
  const highMask = Number(layout.reservedMask >> 32n);
  return (low & lowMask) !== 0 || (high & highMask) !== 0;
}

const firstBroken = (rules: readonly Rule[], entry: Candidate): FaultRule | undefined =>
  rules.find((rule) => rule.broken(entry))?.name;

export type WalkResult =
  | {
      readonly kind: 'leaf';
      /** Physical address of the leaf entry. */
      readonly entryAddress: number;
      readonly entry: EntryHalves;
      /** Level of the table that holds it; the root's is 0. */
      readonly level: number;
      /** Frame of the page that holds the address, inside of a superpage too. */
      readonly frame: Frame;
      /** Entries read. */
      readonly loads: number;
    }
  | { readonly kind: 'fault'; readonly rule: FaultRule; readonly level: number; readonly loads: number };

/**
 * Translates `address` in user mode as the hardware does, without setting the referenced and dirty bits.
 * @param ram all of physical memory; tables must lie in it
 * @param root frame of the root table
 * @param address 0 to 2^53 - 1
 */
export function walk(
  format: RadixFormat,
  ram: DataView,
  root: Frame,
  address: number,
  access: AccessKind,
): WalkResult {
  if (address >= userLimit(format)) return { kind: 'fault', rule: 'canonical address', level: 0, loads: 0 };
  const { entry: layout } = format;
  const page = 2 ** format.offsetBits;
  let table: number = root;
  for (let level = 0; level < format.indexBits.length; level++) {
    const loads = level + 1;
    const entryAddress = table * page + indexAt(format, level, address) * format.entryBytes;
    const entry = readEntry(format, ram, entryAddress);
    const bitsBelow = indexShift(format, level) - format.offsetBits;
    const candidate: Candidate = { low: entry.low, high: entry.high, layout, bitsBelow, access };
    const frame = frameIn(layout, entry.low, entry.high);
    const leaf = isLeaf(layout, entry.low, bitsBelow === 0 ? 'last' : 'upper');
    const rule =
      firstBroken(entryRules, candidate) ?? firstBroken(leaf ? leafRules : pointerRules, candidate);
    if (rule !== undefined) return { kind: 'fault', rule, level, loads };
    if (leaf) {
      const inside = Math.floor(address / page) % 2 ** bitsBelow;
      return { kind: 'leaf', entryAddress, entry, level, frame: (frame + inside) as Frame, loads };
    }
    table = frame;
  }
  throw new Error('unreachable: the last level holds leaves only');
}
