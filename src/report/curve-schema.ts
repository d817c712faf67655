/** What `pagewalk curve --json` prints; docs/report.md explains each field. */
import { z } from 'zod';
import { traceSummarySchema } from './replay-schema.ts';

const count = z.int().nonnegative();
const faults = z.number().nonnegative().describe('whole unless the method is an estimate');
const point = z.object({ frames: count, faults });

const curve = z.object({
  policy: z.string(),
  part: z.string().describe("'all', or the kind or process whose references these are"),
  method: z.enum(['exact', 'simulated', 'sampled', 'miniature']),
  references: count,
  points: z.array(point).describe('by ascending frames'),
  knee: point.optional().describe('beyond it a frame saves less than frames do on average'),
  enough: point.describe('the least memory from which on faults stay within `within` % of the fewest'),
  error: z.number().optional().describe('of estimates: of the miss ratio, mean over all sizes'),
});

export const curveReportSchema = z.object({
  schema: z.literal('pagewalk.curve/1'),
  trace: traceSummarySchema,
  within: z.number().describe('%'),
  seed: z.number(),
  curves: z.array(curve),
  anomalies: z.array(z.object({ policy: z.string(), fewer: point, more: point })),
});

export type CurveReport = z.infer<typeof curveReportSchema>;
export type ReportedCurve = CurveReport['curves'][number];
