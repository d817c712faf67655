/** `pagewalk list`: what the names on the command line can be. */
import type { Command } from 'commander';
import { DEFAULT_OPTIONS, replacementPolicies, TLB_SYNTAX } from '../system/index.ts';

const EXAMPLE = `
Example:
  pagewalk list --json`;

export function addListCommand(program: Command): void {
  program
    .command('list')
    .summary('list policies and what else options can name')
    .description(
      'Lists the replacement policies, with what each needs to know, and the forms of other options.',
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
    translation: ['sv39'],
    defaults: DEFAULT_OPTIONS,
  };
}

function listingText(): string {
  const width = Math.max(...replacementPolicies.map(({ name }) => name.length));
  const policies = replacementPolicies.map(
    ({ name, summary, needs }) => `  ${name.padEnd(width)}  ${summary} (needs ${needs})`,
  );
  return [
    '--replacement',
    ...policies,
    '--translation',
    '  sv39',
    '--tlb',
    `  ${TLB_SYNTAX}`,
    '--swap',
    '  memory,SIZE  file:PATH,SIZE  file,SIZE (temporary)  none',
    '',
  ].join('\n');
}
