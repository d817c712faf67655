/** What a run's report says of memory that comes in contiguous pieces. */
import { z } from 'zod';

const count = z.int().nonnegative();
const share = z.number().min(0).max(1);
const moves = z.object({ pieces: count, pages: count });

/** Part of the configuration. */
export const segmentConfiguration = z
  .object({
    placement: z.string(),
    addressBits: count,
    segments: count.describe('1: base and bounds, or none'),
    room: count.describe('bytes'),
    stack: count.describe('most bytes of a stack'),
    loadAt: count.optional().describe('physical address, when relocated by the loader'),
    moveEvery: z.number().positive().optional().describe('ns of virtual time; absent: never'),
  })
  .optional()
  .describe('only where memory comes in pieces');

const segment = z.object({
  segment: count,
  name: z.string().describe('what lies in it'),
  base: z
    .string()
    .optional()
    .describe('physical, hexadecimal; of one that grows down its end; absent: in swap'),
  size: count.describe('bytes: the bound'),
  limit: count.describe('most bytes that it could have'),
  grows: z.enum(['up', 'down']),
  rights: z.string().describe('r, w, x'),
  sharing: z.enum(['private', 'code', 'memory']),
  frames: count,
});

export const segmentsSchema = z
  .object({
    protection: z.string().describe('what keeps programs apart'),
    memory: z.object({
      frames: count,
      free: count,
      largest: count.describe('frames of the largest hole'),
      holes: count,
      external: share.describe('free memory that is not in the largest hole'),
      internal: count.describe('frames in use that nobody asked for (buddy)'),
      worstExternal: share.describe('most of it when a piece had been placed or had moved'),
    }),
    placement: z.object({
      placed: count,
      failed: count,
      searched: count.describe('holes that were looked at'),
      fragmented: count.describe('requests without a hole though enough was free'),
      short: count.describe('requests for which not enough was free'),
    }),
    moves: z.object({ grown: moves, compacted: moves, asked: moves }),
    grownInPlace: count,
    stackGrowths: count,
    compactions: z.object({
      count,
      list: z
        .array(
          z.object({
            time: z.number(),
            wanted: count.describe('frames'),
            free: count,
            largestBefore: count,
            largestAfter: count,
            moved: count.describe('pieces'),
            pages: count,
            took: z.number().describe('ns of virtual time'),
          }),
        )
        .describe('the first ones'),
    }),
    rolledOut: moves.describe('whole processes that left memory'),
    rolledIn: moves,
    bornOut: count.describe('children that began in swap'),
    code: z.object({ shared: count.describe('times that code was found in memory'), framesSaved: count }),
    registerLoads: count.describe('times that base and size were put into the registers: at each switch'),
    relocated: count.describe('words that the loader rewrote'),
    refused: z.array(z.object({ what: z.string(), count })),
    spaces: z
      .array(
        z.object({
          pid: count,
          name: z.string(),
          where: z.enum(['in memory', 'in swap', 'ended']),
          segments: z.array(segment),
        }),
      )
      .describe('as they are, or were when they ended; the first ones'),
  })
  .describe('only where memory comes in pieces');
