/**
 * From the areas of a space to the segments that it needs: how far each has to reach, what may be done to it, and whether
 * others may have the same. Pure.
 */
import { PAGE_SIZE, roundUp } from '../../base/numbers.ts';
import { type Area, type ObjectId, PROT_EXEC, PROT_READ, PROT_WRITE, type SpaceState } from '../state.ts';
import { type SegmentRules, segmentReach } from './rules.ts';
import type { SpaceLayout } from './space-layout.ts';
import type { Sharing } from './state.ts';

const ALL = PROT_READ | PROT_WRITE | PROT_EXEC;

/** A segment that is wanted. */
export interface Extent {
  readonly segment: number;
  readonly grows: 'up' | 'down';
  /** Bytes, from the beginning of the segment's range or from its end. */
  readonly size: number;
  readonly protection: number;
  readonly sharing: Sharing;
  /** What a piece of code holds, see `Piece.code`. */
  readonly code: string | undefined;
  /** Bytes that it should have besides, to grow into. */
  readonly room: number;
}

/** A space, or what one is about to be. */
export type Shape = Pick<SpaceState, 'areas' | 'brk' | 'brkStart'>;

/** Whether the object of a shared mapping is memory and no file. */
export type IsMemory = (object: ObjectId) => boolean;

/** The segments in order of their numbers. */
export function extentsOf(
  rules: SegmentRules,
  layout: SpaceLayout,
  shape: Shape,
  isMemory: IsMemory,
): Extent[] {
  if (rules.segmentBits === 0) return onePiece(rules, layout, shape);
  const reach = segmentReach(rules);
  const found = new Map<number, Area[]>();
  for (const area of shape.areas) {
    for (let index = Math.floor(area.start / reach); index * reach < area.end; index++)
      found.set(index, [...(found.get(index) ?? []), area]);
  }
  return [...found].map(([segment, areas]) => extentOf(rules, layout, shape, { segment, areas, isMemory }));
}

function onePiece(rules: SegmentRules, layout: SpaceLayout, shape: Shape): Extent[] {
  const last = shape.areas.at(-1);
  if (last === undefined) return [];
  const isPhysical = rules.scheme.addresses === 'physical';
  const size = isPhysical ? layout.end : endIn(shape, last, layout.end);
  const common = { segment: 0, grows: 'up', protection: ALL, sharing: 'private', code: undefined } as const;
  return [{ ...common, size, room: isPhysical ? 0 : rules.room }];
}

interface Found {
  readonly segment: number;
  /** Those that have bytes in it, in order; at least one. */
  readonly areas: readonly Area[];
  readonly isMemory: IsMemory;
}

function extentOf(
  rules: SegmentRules,
  layout: SpaceLayout,
  shape: Shape,
  { segment, areas, isMemory }: Found,
): Extent {
  const reach = segmentReach(rules);
  const from = segment * reach;
  const grows = from + reach > layout.stackFrom ? 'down' : 'up';
  const size =
    grows === 'down'
      ? from + reach - Math.max(from, areas[0]!.start)
      : endIn(shape, areas.at(-1)!, from + reach) - from;
  const protection = areas.reduce((union, area) => union | area.protection, 0);
  const sharing = sharingOf(areas, isMemory);
  const growing = areas.some(({ name, growLimit }) => name === '[heap]' || growLimit > 0);
  return {
    segment,
    grows,
    size,
    protection,
    sharing,
    code: sharing === 'code' ? JSON.stringify(areas) : undefined,
    room: growing ? Math.min(rules.room, reach - roundUp(size)) : 0,
  };
}

/** Where the last area ends below `limit`: for the heap to the byte, as brk(2) was told. */
function endIn({ brk, brkStart }: Shape, { end }: Area, limit: number): number {
  const isHeap = brk > brkStart && roundUp(brk) === end;
  return Math.min(limit, isHeap ? brk : end);
}

function sharingOf(areas: readonly Area[], isMemory: IsMemory): Sharing {
  const isCode = areas.every(
    ({ shared, backing, protection }) => !shared && backing !== undefined && (protection & PROT_WRITE) === 0,
  );
  if (isCode) return 'code';
  const isShared = areas.every(
    ({ shared, backing }) => shared && backing !== undefined && isMemory(backing.object),
  );
  return isShared ? 'memory' : 'private';
}

export const framesFor = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);
