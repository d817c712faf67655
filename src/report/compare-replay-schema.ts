/** What `pagewalk compare` prints of a trace, as data. */
import { z } from 'zod';
import { translationResultSchema } from './replay-schema.ts';

const count = z.int().nonnegative();

export const replayComparisonSchema = z.object({
  schema: z.literal('pagewalk.compare-replay/1'),
  name: z.string().describe('of the trace, or of the program that was run for it'),
  source: z.enum(['trace', 'run']).describe('run: a program was run once, and its references replayed'),
  references: count.describe('with the smallest pages'),
  granule: count.describe('the smallest page size, by which unused bytes are told'),
  rows: z.array(
    translationResultSchema.extend({
      pages: count.describe('different pages'),
      unusedBytes: count.describe('of the pages, beyond what is touched in pieces of the granule'),
    }),
  ),
});

export type ReplayComparison = z.infer<typeof replayComparisonSchema>;
