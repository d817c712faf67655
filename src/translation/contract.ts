/**
 * What every translation scheme answers, whatever its structure: where an address leads or by which rule it faults,
 * which loads that took, and how many bytes the structure has.
 *
 *   address ──▶ walk ──▶ physical address │ fault, with the rule
 *                └ loads, each with its address in memory
 *
 * A walk changes nothing: referenced and dirty bits are set by who uses its answer. It fills a record that its caller
 * owns and reuses, so that it allocates nothing.
 */
import type { AccessKind, FaultRule, Permissions } from './radix.ts';

/** Why an address does not translate. */
export type SchemeFault =
  | FaultRule
  | 'bounds'
  | 'segment'
  | 'segment size'
  | 'table length'
  | 'table page'
  | 'no entry';

/** What each rule says, for people. */
export const FAULT_REASONS: Readonly<Record<SchemeFault, string>> = {
  'canonical address': 'the address lies outside of the address space',
  valid: 'the entry is not valid',
  'write needs read': 'the entry allows stores and no loads, which is reserved',
  'reserved bits': 'reserved bits of the entry are set',
  'pointer carries leaf bits': 'the entry leads to a table and has bits that only entries of pages may have',
  'leaf at the last level': 'the entry of the last level leads to a table',
  'superpage alignment': 'the frame of the large page is not aligned to its size',
  'user page': "the page is not the program's",
  permission: 'the access is not allowed',
  bounds: 'the address is not below the bounds register',
  segment: 'there is no such segment',
  'segment size': 'the offset lies outside of the segment',
  'table length': 'the page lies beyond the length of the table',
  'table page': 'the page of the table that has its entry is not in memory',
  'no entry': 'no entry has this page',
};

/** The answer of a walk. */
export interface Walk {
  /** `undefined`: the address translates. */
  fault: SchemeFault | undefined;
  /** Physical address; 0 after a fault. */
  physical: number;
  /** Physical address of the entry that decided, -1 when none did. */
  entryAddress: number;
  /** That entry's bits, or 0; of an inverted table, the bits of its flags. */
  low: number;
  high: number;
  /** Entries, buckets and anchors that were read. */
  loads: number;
}

/** A record for walks to fill. */
export const newWalk = (): Walk => ({
  fault: undefined,
  physical: 0,
  entryAddress: -1,
  low: 0,
  high: 0,
  loads: 0,
});

/** Makes a record say that nothing was read yet. */
export function clearWalk(out: Walk): void {
  out.fault = undefined;
  out.physical = 0;
  out.entryAddress = -1;
  out.low = 0;
  out.high = 0;
  out.loads = 0;
}

/** What a walk reads. */
export type Loaded = 'table entry' | 'page entry' | 'frame entry' | 'anchor' | 'bucket' | 'node';

/**
 * Told of each load of a walk, in order.
 * @param index of what is read in its table; the address of a node that lies in none
 * @param address in physical memory, of `bytes` bytes
 */
export type OnLoad = (what: Loaded, index: number, address: number, bytes: number) => void;

/** A part of an address. */
export interface AddressField {
  readonly name: string;
  readonly bits: number;
  readonly value: number;
}

/** A scheme with its tables and registers, for one address space. */
export interface TranslationScheme {
  readonly name: string;
  /** Significant bits of an address. */
  readonly addressBits: number;
  /** Bytes that a rule applies to at least: the page size, or 1. */
  readonly granule: number;
  /** The parts of an address, the highest bits first; their widths sum to `addressBits`. */
  fields(address: number): readonly AddressField[];
  /** @param address 0 to 2^53 - 1 */
  walk(address: number, access: AccessKind, out: Walk, onLoad?: OnLoad): void;
  /** Bytes of the structure in memory; of a structure that spaces share, all of it. */
  footprint(): number;
}

/** `no room`: nothing was changed, because the structure can't hold the page. */
export type MapOutcome = 'mapped' | 'no room';

/** A scheme of pages, with its upkeep. Pages are numbered by their address / `granule`. */
export interface PagedScheme extends TranslationScheme {
  /** The page must not be mapped. */
  map(page: number, frame: number, allowed: Permissions): MapOutcome;
  /** The page must be mapped. */
  unmap(page: number): void;
  /** Gives a page that is mapped other permissions. */
  protect(page: number, allowed: Permissions): void;
}

/** Parts of `address` by their widths, the highest first. */
export function splitFields(
  address: number,
  widths: readonly (readonly [name: string, bits: number])[],
): AddressField[] {
  let shift = widths.reduce((sum, [, bits]) => sum + bits, 0);
  return widths.map(([name, bits]) => {
    shift -= bits;
    return { name, bits, value: Math.floor(address / 2 ** shift) % 2 ** bits };
  });
}
