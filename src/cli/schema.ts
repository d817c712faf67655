/** `pagewalk schema`: the JSON Schema of what commands print and read. */
import type { Command } from 'commander';
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { replayComparisonSchema } from '../report/compare-replay-schema.ts';
import { curveReportSchema } from '../report/curve-schema.ts';
import { descriptionSchema } from '../report/describe-schema.ts';
import { replayReportSchema } from '../report/replay-schema.ts';
import { scenarioReportSchema } from '../report/scenario-schema.ts';
import { scheduleReportSchema } from '../report/schedule/schema.ts';
import { comparisonSchema, runReportSchema } from '../report/schema.ts';
import { serversReportSchema } from '../report/servers-schema.ts';
import {
  translateCheckSchema,
  translateDescriptionSchema,
  translateQuizSchema,
  translateReportSchema,
} from '../report/translate-schema.ts';
import { translateFileSchema } from '../system/translate.ts';
import { configFileSchema } from './config-file.ts';
import { scenarioFileSchema } from './scenario-file.ts';

const schemas: Readonly<Record<string, z.ZodType>> = {
  run: runReportSchema,
  compare: comparisonSchema,
  'compare-replay': replayComparisonSchema,
  replay: replayReportSchema,
  curve: curveReportSchema,
  describe: descriptionSchema,
  schedule: scheduleReportSchema,
  servers: serversReportSchema,
  translate: translateReportSchema,
  'translate-describe': translateDescriptionSchema,
  'translate-quiz': translateQuizSchema,
  'translate-check': translateCheckSchema,
  'translate-file': translateFileSchema,
  config: configFileSchema,
  scenario: scenarioReportSchema,
  'scenario-file': scenarioFileSchema,
};

const EXAMPLE = `
Example:
  pagewalk schema run > report.schema.json`;

export function addSchemaCommand(program: Command): void {
  program
    .command('schema')
    .summary('print the JSON Schema of a report or of configuration files')
    .description(
      'Prints a JSON Schema: of the reports of run, compare, replay, curve, describe, schedule, servers, scenario and translate, or of files for --config, of scenarios and for translate --config.',
    )
    .argument('<what>', Object.keys(schemas).join(', '))
    .addHelpText('after', EXAMPLE)
    .action((what: string) => {
      const schema = schemas[what];
      if (schema === undefined) {
        throw new UserError('schema', `unknown '${what}'; known: ${Object.keys(schemas).join(', ')}`);
      }
      process.stdout.write(`${JSON.stringify(z.toJSONSchema(schema), undefined, 2)}\n`);
    });
}
