/** `pagewalk list`: what the names on the command line can be. */
import type { Command } from 'commander';
import { traceFormats, workloads } from '../system/replaying.ts';
import {
  ASIDS_SYNTAX,
  admissionPolicies,
  CACHE_SYNTAX,
  DEFAULT_OPTIONS,
  pagingSchemes,
  pieceSchemes,
  placementPolicies,
  REFILL_SYNTAX,
  replacementPolicies,
  TLB_SYNTAX,
} from '../system/running.ts';
import { schedulingPolicies } from '../system/scheduling.ts';

const PIECES = 'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapters 15 and 16';

const EXAMPLE = `
Example:
  pagewalk list --json`;

export function addListCommand(program: Command): void {
  program
    .command('list')
    .summary('list policies and what else options can name')
    .description(
      'Lists the replacement policies, with what each needs to know, scheduling and admission policies, trace formats, workloads, and the forms of options.',
    )
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLE)
    .action((flags: { json?: boolean }) => {
      process.stdout.write(flags.json ? `${JSON.stringify(listing(), undefined, 2)}\n` : listingText());
    });
}

function listing() {
  return {
    schema: 'pagewalk.list/1',
    replacement: replacementPolicies.map(({ name, summary, source, needs, ties }) => ({
      name,
      summary,
      source,
      needs,
      ties,
    })),
    scheduling: schedulingPolicies.map(({ name, summary, source, ties, parameter }) => ({
      name,
      summary,
      source,
      ties,
      ...(parameter === undefined ? {} : { parameter: parameter.syntax }),
    })),
    admission: admissionPolicies.map(({ name, summary, source }) => ({ name, summary, source })),
    placement: placementPolicies.map(({ name, summary, source, ties }) => ({ name, summary, source, ties })),
    translation: [
      ...pagingSchemes.map(({ name, summary, source }) => ({ name, summary, source })),
      ...Object.values(pieceSchemes).map(({ name, summary }) => ({ name, summary, source: PIECES })),
    ],
    formats: traceFormats.map(({ name, summary, source, example }) => ({ name, summary, source, example })),
    workloads: workloads.map(({ name, summary, source, parameter }) => ({
      name: parameter?.syntax ?? name,
      summary,
      source,
    })),
    defaults: DEFAULT_OPTIONS,
  };
}

function listingText(): string {
  const width = Math.max(...replacementPolicies.map(({ name }) => name.length));
  const policies = replacementPolicies.map(
    ({ name, summary, needs, parameter }) =>
      `  ${name.padEnd(width)}  ${summary} (needs ${needs}${parameter === undefined ? '' : `; ${parameter.syntax}`})`,
  );
  return [
    '--replacement, --policy',
    ...policies,
    '--scheduler, schedule --policy',
    ...schedulingPolicies.map(
      ({ name, summary, parameter }) =>
        `  ${name.padEnd(width)}  ${summary}${parameter === undefined ? '' : ` (${parameter.syntax})`}`,
    ),
    '--admission',
    ...admissionPolicies.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '--format',
    ...traceFormats.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    'generate',
    ...workloads.map(
      ({ name, summary, parameter }) => `  ${(parameter?.syntax ?? name).padEnd(width)}  ${summary}`,
    ),
    '--translation',
    ...[...pagingSchemes, ...Object.values(pieceSchemes)].map(
      ({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`,
    ),
    '--placement',
    ...placementPolicies.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '--refill',
    `  ${REFILL_SYNTAX}`,
    '--tlb',
    `  ${TLB_SYNTAX}`,
    '--asids',
    `  ${ASIDS_SYNTAX}: the TLB is flushed at each change of spaces`,
    '--cache',
    `  ${CACHE_SYNTAX}`,
    '--swap',
    '  memory,SIZE  file:PATH,SIZE  file,SIZE (temporary)  none',
    '',
  ].join('\n');
}
