/** Spaces and their segments as reports show them. */
import { pid } from '../../base/numbers.ts';
import type { Area, RootState, SpaceState } from '../state.ts';
import { type SegmentRules, segmentReach } from './rules.ts';
import type { Piece, SegmentState, SegmentsState, ShownSegment, ShownSpace, SpaceRecord } from './state.ts';

export interface ShownParts {
  readonly root: RootState;
  readonly rules: SegmentRules;
  readonly state: SegmentsState;
}

export function showSpace(
  { root, rules, state }: ShownParts,
  space: SpaceState,
  record: SpaceRecord,
): ShownSpace {
  const owner = root.processes.find((process) => process.space === space.id);
  return {
    space: space.id,
    pid: owner?.pid ?? pid(0),
    name: owner?.argv[0] ?? owner?.path ?? '',
    where: record.where === 'in' ? 'in memory' : 'in swap',
    segments: record.segments.map((own) => {
      const piece = state.pieces.get(own.piece)!;
      return shownSegment(rules, space, piece, own);
    }),
  };
}

function shownSegment(
  rules: SegmentRules,
  { areas }: SpaceState,
  { segment, start, frames, grows, sharing }: Piece,
  { size, protection }: SegmentState,
): ShownSegment {
  const reach = segmentReach(rules);
  const inside = areas.filter((area) => area.start < (segment + 1) * reach && area.end > segment * reach);
  const first = start * 4096;
  return {
    segment,
    name: [...new Set(inside.map(nameOf))].join(', '),
    base: start === -1 ? -1 : grows === 'up' ? first : first + frames * 4096,
    size,
    reach,
    grows,
    protection,
    sharing,
    frames,
  };
}

const nameOf = ({ name, backing }: Area): string => {
  if (name !== '') return name;
  return backing === undefined ? 'anonymous' : 'a file';
};

/** Those that have ended, the first ones, and those that there are. */
export function showSpaces(parts: ShownParts): ShownSpace[] {
  const live = [...parts.state.spaces].flatMap(([id, record]) => {
    const space = parts.root.spaces[id];
    return space === undefined || record.where === 'unplaced' ? [] : [showSpace(parts, space, record)];
  });
  return [...parts.state.ended, ...live];
}
