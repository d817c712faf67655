/** Reads a scenario: what stays the same in all its runs, what they differ in, and what is told of each. */
import { z } from 'zod';
import { VALUE_FORMS } from '../report/scenario-schema.ts';
import { costNames } from '../system/options-schema.ts';
import { checkedFile, configFileSchema } from './config-file.ts';

const options = configFileSchema.omit({ root: true, jobs: true }).extend({
  pageSize: z
    .string()
    .optional()
    .describe(
      'the program is recorded, and replayed with pages of this size, e.g. 64K; values are those of a replay',
    ),
});
const paths = z.union([z.string(), z.array(z.string()).min(1)]);

export const scenarioFileSchema = z.strictObject({
  title: z.string().min(1),
  point: z.string().min(1).describe('what it shows, in a sentence or two'),
  base: options.describe('what all runs have, as in a configuration file; programs lie beside this file'),
  axes: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        values: z
          .array(z.strictObject({ name: z.string().min(1), with: options }))
          .min(1)
          .describe('options that come before those of the base'),
      }),
    )
    .min(1)
    .max(2)
    .describe('a run for every combination; the last axis varies fastest'),
  columns: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        value: paths.describe('a path in the report of a run, or several to be added'),
        per: paths.optional().describe('what it is divided by'),
        otherwise: z.number().optional().describe('taken where a run has no such number'),
        as: z.enum(VALUE_FORMS).default('count'),
      }),
    )
    .min(1),
  plot: z.string().optional().describe('the column that is drawn over the last axis'),
  outputs: z
    .enum(['same', 'free'])
    .default('same')
    .describe('same: it is a failure when runs do not all give the same output'),
});

export type ScenarioFile = z.infer<typeof scenarioFileSchema>;

/** @throws UserError naming the file and the key */
export const loadScenario = (path: string): ScenarioFile =>
  checkedFile(path, `scenario ${path}`, scenarioFileSchema, (key) => {
    if (key === '') return Object.keys(scenarioFileSchema.shape);
    return key.endsWith('costs') ? costNames : ['see pagewalk schema scenario-file'];
  });
