/** What `pagewalk describe --json` prints; docs/report.md explains each field. */
import { z } from 'zod';
import { traceSummarySchema } from './replay-schema.ts';

const count = z.int().nonnegative();
const histogram = z
  .object({ buckets: z.array(count), none: count })
  .describe('bucket b counts values from 2^b to 2^(b + 1) - 1; none: first references');

export const descriptionSchema = z.object({
  schema: z.literal('pagewalk.describe/1'),
  trace: traceSummarySchema,
  footprint: z.object({
    byKind: z.object({ fetch: count, load: count, store: count }).describe('pages; one may be in all three'),
    neverStored: count,
    once: count.describe('pages that were referenced once'),
    released: count,
    byOwner: z.array(count),
  }),
  reuseDistances: histogram.describe('different pages since the last use, the page included'),
  reuseTimes: histogram.describe('references since the last use'),
  workingSets: z.array(
    z.object({
      window: count.describe('references'),
      mean: z.number(),
      largest: count,
      times: z.array(count),
      sizes: z.array(count),
    }),
  ),
});

export type Description = z.infer<typeof descriptionSchema>;
