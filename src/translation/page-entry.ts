/**
 * Entries of pages as walks check them, for all structures that are no radix tables: the rules of `radix.ts` for a leaf
 * of the last level, with what they need computed once.
 */
import type { SchemeFault, Walk } from './contract.ts';
import {
  type AccessKind,
  type EntryFormat,
  frameIn,
  hasBit,
  type Permissions,
  pageEntry,
  permits,
  userLimit,
  writeEntry,
} from './radix.ts';

/** A format, and what a walk would otherwise compute each time. */
export interface WalkFormat extends EntryFormat {
  readonly pageSize: number;
  /** First address that a program cannot have. */
  readonly limit: number;
  /** Bits that must be zero in a valid entry. */
  readonly reservedLow: number;
  readonly reservedHigh: number;
}

export const walkFormat = (format: EntryFormat): WalkFormat => ({
  ...format,
  pageSize: 2 ** format.offsetBits,
  limit: userLimit(format),
  reservedLow: Number(format.entry.reservedMask & 0xffff_ffffn),
  reservedHigh: Number(format.entry.reservedMask >> 32n),
});

/** Pages that a program can have. */
export const pagesOf = (format: WalkFormat): number => format.limit / format.pageSize;

/** The first rule that an access through an entry of a page breaks, in the order of the architecture. */
export function brokenRule(
  format: WalkFormat,
  low: number,
  high: number,
  access: AccessKind,
): SchemeFault | undefined {
  const { entry } = format;
  if (!hasBit(low, entry.valid)) return 'valid';
  if (entry.read !== undefined && hasBit(low, entry.write) && !hasBit(low, entry.read))
    return 'write needs read';
  if ((low & format.reservedLow) !== 0 || (high & format.reservedHigh) !== 0) return 'reserved bits';
  if (!hasBit(low, entry.user)) return 'user page';
  return permits(entry, low, high, access) ? undefined : 'permission';
}

/** Fills in what the entry at `at` says of `address`; loads are the caller's to count. */
export function decide(
  format: WalkFormat,
  ram: DataView,
  at: number,
  address: number,
  access: AccessKind,
  out: Walk,
): void {
  out.entryAddress = at;
  out.low = ram.getUint32(at, true);
  out.high = format.entryBytes === 8 ? ram.getUint32(at + 4, true) : 0;
  out.fault = brokenRule(format, out.low, out.high, access);
  if (out.fault !== undefined) return;
  const frame = frameIn(format.entry, out.low, out.high);
  out.physical = frame * format.pageSize + (address % format.pageSize);
}

/** Writes a valid entry of a page that was neither used nor written yet. */
export function writePage(
  format: WalkFormat,
  ram: DataView,
  at: number,
  frame: number,
  allowed: Permissions,
): void {
  writeEntry(format, ram, at, pageEntry(format.entry, frame, allowed, 0));
}

/** Gives a valid entry other permissions; whether its page was used and written stays. */
export function protectPage(format: WalkFormat, ram: DataView, at: number, allowed: Permissions): void {
  const low = ram.getUint32(at, true);
  const high = format.entryBytes === 8 ? ram.getUint32(at + 4, true) : 0;
  const { entry } = format;
  const kept = low & ((1 << entry.global) | (1 << entry.accessed) | (1 << entry.dirty));
  writeEntry(format, ram, at, pageEntry(entry, frameIn(entry, low, high), allowed, kept));
}
