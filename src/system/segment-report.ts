/** Memory in contiguous pieces in a run's report. */

import type { SegmentedMemory } from '../kernel/segments/segmented-memory.ts';
import type { ShownSegment } from '../kernel/segments/state.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../kernel/state.ts';
import type { RunReport } from '../report/schema.ts';
import type { SegmentConfig } from './segment-options.ts';

export function segmentConfiguration(
  config: SegmentConfig | undefined,
): Pick<RunReport['configuration'], 'segments'> {
  if (config === undefined) return {};
  const { placement, rules } = config;
  const { scheme, addressBits, segmentBits, room, stack, loadAt, moveEvery } = rules;
  return {
    segments: {
      placement,
      addressBits,
      segments: 2 ** segmentBits,
      room,
      stack,
      ...(scheme.addresses === 'physical' ? { loadAt } : {}),
      ...(moveEvery === undefined ? {} : { moveEvery }),
    },
  };
}

export function segmentReport(
  config: SegmentConfig | undefined,
  memory: SegmentedMemory | undefined,
): Pick<RunReport, 'segments'> {
  if (config === undefined || memory === undefined) return {};
  const { figures, placement } = memory;
  const { units, free, largest, holes, external, internal, placed, failed, searched } = placement;
  const { fragmented, short, worstExternal } = figures;
  return {
    segments: {
      protection: protectionText(config),
      memory: { frames: units, free, largest, holes, external, internal, worstExternal },
      placement: { placed, failed, searched, fragmented, short },
      moves: structuredClone({
        grown: figures.grown,
        compacted: figures.compacted,
        asked: figures.asked,
      }),
      grownInPlace: figures.grownInPlace,
      stackGrowths: figures.stackGrowths,
      compactions: { count: figures.compactions, list: structuredClone(figures.compactionList) },
      rolledOut: { ...figures.rolledOut },
      rolledIn: { ...figures.rolledIn },
      bornOut: figures.bornOut,
      code: { shared: figures.codeShared, framesSaved: figures.codeFramesSaved },
      registerLoads: figures.loads,
      relocated: figures.relocated,
      refused: [...figures.refused].map(([what, count]) => ({ what, count })),
      spaces: memory.shownSpaces().map(({ pid, name, where, segments }) => ({
        pid,
        name,
        where,
        segments: segments.map(segmentRow),
      })),
    },
  };
}

function segmentRow({ segment, name, base, size, reach, grows, protection, sharing, frames }: ShownSegment) {
  return {
    segment,
    name,
    ...(base === -1 ? {} : { base: base.toString(16) }),
    size,
    limit: reach,
    grows,
    rights: rightsText(protection),
    sharing,
    frames,
  };
}

const rightsText = (protection: number): string => {
  const bit = (flag: number, letter: string) => (protection & flag ? letter : '-');
  return bit(PROT_READ, 'r') + bit(PROT_WRITE, 'w') + bit(PROT_EXEC, 'x');
};

function protectionText({ rules: { scheme } }: SegmentConfig): string {
  if (scheme.addresses === 'physical')
    return 'none: the program can read, write and execute all of memory, page zero too';
  if (scheme.rights === 'none')
    return 'by the bound alone: inside of it everything may be read, written and executed, page zero too';
  return 'by the bound and the rights of each segment; inside of one all is alike';
}
