/**
 * What `pagewalk replay --json` prints. This schema is its one definition; docs/report.md explains each field.
 * Loaded only where a document is checked or its JSON Schema printed.
 */
import { z } from 'zod';

const count = z.int().nonnegative();

export const traceSummarySchema = z.object({
  name: z.string(),
  format: z.string().describe('as --format names it'),
  pageSize: count.describe('bytes; 0 when the trace names pages or objects instead of addresses'),
  references: count,
  fetches: count,
  loads: count,
  stores: count,
  releases: count.describe('pages that went for good: unmapped, or their process gone'),
  pages: count.describe('different pages'),
  owners: z.array(z.int()).describe('processes or address spaces; one 0 when the trace has none'),
  notes: z.array(z.string()),
});

const result = z.object({
  policy: z.string(),
  frames: count,
  references: count,
  hits: count,
  faults: count,
  missRatio: z.number(),
  compulsory: count.describe('faults on pages that were never in memory before'),
  capacity: count.describe('all other faults'),
  evictions: z.object({ clean: count, dirty: count }),
  secondChances: z
    .object({
      rescues: count.describe('references to pages that were set aside; no faults'),
      cleaned: count.describe('pages written while they stayed in memory, in addition to dirty evictions'),
    })
    .optional()
    .describe('of policies that set pages aside'),
  accessTime: z.number().describe('ns on average: P(hit) × memory + P(fault) × disk'),
});

const point = z.object({ frames: count, faults: count });

const level = z.object({
  bits: count.describe('of the index'),
  tableBytes: count.describe('of one table'),
  end: count.describe('tables in the end'),
  peak: count.describe('most tables at once'),
});

export const translationResultSchema = z.object({
  policy: z.string(),
  frames: count,
  faults: count.describe('of the policy, as in results'),
  scheme: z.string(),
  widths: z.array(count).describe("of an address's parts, the offset last"),
  pageSize: count,
  tlb: z.string(),
  lookUps: count.describe('those that are made again after a fault included'),
  misses: count,
  instructionMisses: count,
  dataMisses: count,
  walks: z.object({
    count,
    loads: count.describe('entries read by walks'),
    dirty: count.describe('walks to set a dirty bit, by a store whose page the TLB holds as clean'),
  }),
  tables: z.object({
    peakBytes: count,
    endBytes: count,
    levels: z.array(level).describe('the root first; none where tables have no levels'),
  }),
  chains: z
    .object({
      probes: count.describe('entries or nodes that were looked at'),
      longest: count.describe('most in one look-up'),
    })
    .optional()
    .describe('of inverted and hashed tables'),
  switches: count.describe('changes of spaces'),
  flushes: count.describe('of the whole TLB, at such a change'),
  dropped: count.describe('entries that the TLB lost but to others: flushed, unmapped, evicted'),
  time: z
    .number()
    .describe('ns: references that find their page, and loads of walks, × memory, and faults × disk'),
});

export const replayReportSchema = z.object({
  schema: z.literal('pagewalk.replay/1'),
  trace: traceSummarySchema,
  costs: z.object({ memory: z.number(), disk: z.number() }).describe('ns'),
  seed: z.number(),
  results: z.array(result),
  anomalies: z
    .array(z.object({ policy: z.string(), fewer: point, more: point }))
    .describe("Belady's anomaly: more frames gave more faults"),
  translation: z.array(translationResultSchema).optional().describe('with --translation'),
});

export type TraceSummary = z.infer<typeof traceSummarySchema>;
export type ReplayReport = z.infer<typeof replayReportSchema>;
export type ReplayResult = ReplayReport['results'][number];
export type TranslationResult = z.infer<typeof translationResultSchema>;
