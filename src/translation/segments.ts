/**
 * Segmentation: the top bits of an address select a segment, the rest is the offset in it. Each segment has a base and a
 * size of its own, permissions, and a direction.
 *
 *    address  │ segment │ offset │
 *
 *    grows up     base ▶┌──────────────┐            offset < size?            base + offset
 *                       └──────────────┘ size
 *    grows down         ┌──────────────┐◀ base      most - offset ≤ size?     base - (most - offset)
 *                  size └──────────────┘            most: bytes of the largest segment
 *
 * The offset of a segment that grows down is the distance below the end of its range: the last address of the range is the
 * byte below `base`. An offset outside of the segment faults even when another segment's memory lies where it would lead.
 *
 * Source: Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 16; "Virtual Memory" (CS/COE 0449), Segmentation.
 */
import { assert, UserError } from '../base/errors.ts';
import { clearWalk, splitFields, type TranslationScheme, type Walk } from './contract.ts';
import type { AccessKind } from './radix.ts';

/** Plain data. */
export interface Segment {
  readonly name: string;
  /** Physical address of its first byte; when it grows down, of the byte after its last. */
  base: number;
  /** Bytes; 0: it holds nothing yet. */
  size: number;
  readonly grows: 'up' | 'down';
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  /** Its memory may be that of other segments that say so too. */
  readonly sharing: 'private' | 'shared';
}

/** The segment table of a space. Plain data. */
export interface SegmentTable {
  readonly addressBits: number;
  /** Top bits of an address that select the segment, 1 to 4. */
  readonly segmentBits: number;
  /** At most 2^segmentBits; those that are `undefined`, or not there, fault. */
  readonly segments: readonly (Segment | undefined)[];
}

/** Bytes of the largest segment that an offset can address. */
export const largestSegment = ({ addressBits, segmentBits }: SegmentTable): number =>
  2 ** (addressBits - segmentBits);

/** First physical address of a segment's memory, whichever way it grows. */
export const firstByte = ({ base, size, grows }: Segment): number => (grows === 'up' ? base : base - size);

const permitted = (segment: Segment, access: AccessKind): boolean => {
  if (access === 'fetch') return segment.execute;
  return access === 'load' ? segment.read : segment.write;
};

/** Translates `address`, to the byte; the table is in registers, so there is no load. */
export function segmentWalk(table: SegmentTable, address: number, access: AccessKind, out: Walk): void {
  clearWalk(out);
  const most = largestSegment(table);
  const index = Math.floor(address / most);
  if (index >= 2 ** table.segmentBits) {
    out.fault = 'canonical address';
    return;
  }
  const segment = table.segments[index];
  if (segment === undefined) {
    out.fault = 'segment';
    return;
  }
  const offset = address % most;
  const inside = segment.grows === 'up' ? offset : offset - most + segment.size;
  if (inside < 0 || inside >= segment.size) out.fault = 'segment size';
  else if (!permitted(segment, access)) out.fault = 'permission';
  else out.physical = firstByte(segment) + inside;
}

/**
 * Checks the segments of one space: as many as the bits select, none larger than offsets reach, all in memory.
 * @param memory bytes
 * @param placeOf where segment `index` was given
 * @throws UserError naming the place of the first mistake
 */
export function checkSegments(table: SegmentTable, memory: number, placeOf: (index: number) => string): void {
  assert(
    table.segmentBits >= 1 && table.segmentBits < table.addressBits,
    'bits for the segment and the offset',
  );
  const most = largestSegment(table);
  table.segments.forEach((segment, index) => {
    const place = placeOf(index);
    const count = 2 ** table.segmentBits;
    if (index >= count)
      throw new UserError(place, `${table.segmentBits} bits select ${count} segments, not more`);
    if (segment === undefined) return;
    if (segment.size > most) {
      const bits = table.addressBits - table.segmentBits;
      throw new UserError(
        place,
        `${segment.size} bytes are more than offsets of ${bits} bits reach (${most})`,
      );
    }
    const first = firstByte(segment);
    if (first < 0 || first + segment.size > memory) {
      const range = `bytes ${first} to ${first + segment.size - 1}`;
      throw new UserError(place, `'${segment.name}' has ${range}, which exceeds memory of ${memory} bytes`);
    }
  });
}

/** A segment and where it was given. */
export interface PlacedSegment {
  readonly segment: Segment;
  readonly place: string;
}

/**
 * Checks that no two segments, of one space or of several, have memory in common unless both are shared.
 * @throws UserError naming the place of the second of two that overlap
 */
export function checkOverlaps(placed: readonly PlacedSegment[]): void {
  const sorted = placed
    .filter(({ segment }) => segment.size > 0)
    .sort((a, b) => firstByte(a.segment) - firstByte(b.segment));
  for (const [i, { segment: low }] of sorted.entries()) {
    for (const { segment: high, place } of sorted.slice(i + 1)) {
      if (firstByte(high) >= firstByte(low) + low.size) break;
      if (low.sharing === 'shared' && high.sharing === 'shared') continue;
      throw new UserError(place, `'${high.name}' overlaps '${low.name}' in memory, and not both are shared`);
    }
  }
}

/** A space made of segments. */
export class SegmentScheme implements TranslationScheme {
  readonly name = 'segments';
  readonly addressBits: number;
  readonly granule = 1;
  readonly #table: SegmentTable;

  constructor(table: SegmentTable) {
    this.addressBits = table.addressBits;
    this.#table = table;
  }

  fields(address: number) {
    const { addressBits, segmentBits } = this.#table;
    return splitFields(address, [
      ['segment', segmentBits],
      ['offset', addressBits - segmentBits],
    ]);
  }

  walk(address: number, access: AccessKind, out: Walk): void {
    segmentWalk(this.#table, address, access, out);
  }

  footprint(): number {
    return 0;
  }
}
