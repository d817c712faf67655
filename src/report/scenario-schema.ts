/** What `pagewalk scenario` prints, as data. */
import { z } from 'zod';
import { translationResultSchema } from './replay-schema.ts';
import { runReportSchema } from './schema.ts';

/** How a value is written for people. `share`: of 1, as per cent. `times`: a ratio. `pages`: of 4 KiB, as their size. */
export const VALUE_FORMS = ['count', 'time', 'share', 'times', 'pages'] as const;
export type ValueForm = (typeof VALUE_FORMS)[number];

/** Of a row with a page size: a run that was recorded and replayed. */
export const replayedRowSchema = translationResultSchema.extend({
  pages: z.int().nonnegative().describe('different pages'),
  bytes: z.int().nonnegative().describe('that they take'),
  unusedBytes: z.int().nonnegative().describe('of these, what is not touched in pieces of 256 bytes'),
});

export const scenarioReportSchema = z.object({
  schema: z.literal('pagewalk.scenario/1'),
  title: z.string(),
  point: z.string(),
  axes: z.array(z.string()).describe('what the rows differ in'),
  columns: z.array(z.object({ name: z.string(), as: z.enum(VALUE_FORMS) })),
  identicalOutput: z.boolean().describe('whether every row gave the same bytes and status'),
  rows: z.array(
    z.object({
      names: z.array(z.string()).describe('by axis'),
      values: z.array(z.number()).describe('by column; ns for times, and pages of 4 KiB as such'),
      outputBytes: z.int().nonnegative(),
      outputHash: z.string(),
      report: z.union([runReportSchema, replayedRowSchema]),
    }),
  ),
});

export type ScenarioReport = z.infer<typeof scenarioReportSchema>;
