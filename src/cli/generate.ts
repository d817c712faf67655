/** `pagewalk generate`: made-up reference strings, equal for equal seeds. */
import { writeSync } from 'node:fs';
import type { Command } from 'commander';
import { UserError } from '../base/errors.ts';
import { findWorkload, parseCount, type Workload, workloads } from '../system/replaying.ts';
import { reasonOf } from './failures.ts';
import { OutputFile } from './output-file.ts';
import { turn } from './turn.ts';

interface Flags {
  readonly pages?: string;
  readonly references?: string;
  readonly stores?: string;
  readonly seed: string;
  readonly output?: string;
}

const list = workloads
  .map(({ name, parameter, summary }) => `  ${(parameter?.syntax ?? name).padEnd(14)} ${summary}`)
  .join('\n');

const EXAMPLE = `
Workloads:
${list}

Examples:
  pagewalk generate zipf:0.9 --pages 10000 --references 5m --output zipf.txt.gz
  pagewalk generate notes | pagewalk replay - --policy fifo,lru,optimal --frames 3,4 --steps`;

export function addGenerateCommand(program: Command): void {
  program
    .command('generate')
    .summary('make up a trace with a known kind of locality')
    .description(
      'Writes a reference string, one page a line, that the other commands read as a list of pages.',
    )
    .argument('<workload>', 'one of the list below')
    .option('--pages <n>', 'different pages (default: 1000)')
    .option('--references <n>', 'how many; 5m is five million (default: a million, the notes: 12)')
    .option('--stores <share>', 'share of stores, 0 to 1 (default: 0)')
    .option('--seed <n>', 'equal seeds give equal strings', '1')
    .option('--output <file>', 'instead of standard output; .gz compresses')
    .addHelpText('after', EXAMPLE)
    .action((workload: string, flags: Flags) => generate(workload, flags));
}

async function generate(name: string, flags: Flags): Promise<void> {
  const stores = flags.stores === undefined ? 0 : Number(flags.stores);
  const workload = findWorkload(
    name,
    {
      pages: flags.pages === undefined ? undefined : parseCount(flags.pages, 1, '--pages'),
      references:
        flags.references === undefined ? undefined : parseCount(flags.references, 1, '--references'),
      stores,
      seed: parseCount(flags.seed, 0, '--seed'),
    },
    'generate',
  );
  if (flags.output === undefined) {
    await write(workload, stores > 0 ? 'with kinds' : 'plain', writeOut);
    return;
  }
  const file = new OutputFile(flags.output, '--output');
  try {
    await write(workload, stores > 0 ? 'with kinds' : 'plain', file.writeText);
    file.commit();
  } finally {
    file.discard();
  }
}

const BATCH = 1 << 14;
const PAGE_MASK = 0x3fff_ffff;
const STORE_BIT = 31;

async function write(
  workload: Workload,
  form: 'plain' | 'with kinds',
  out: (text: string) => void,
): Promise<void> {
  out(`# ${workload.description}\n`);
  const entries = new Uint32Array(BATCH);
  for (let count = workload.fill(entries); count > 0; count = workload.fill(entries)) {
    let text = '';
    for (let i = 0; i < count; i++) {
      const page = entries[i]! & PAGE_MASK;
      text += form === 'plain' ? `${page}\n` : `${entries[i]! >>> STORE_BIT ? 's' : 'l'} ${page}\n`;
    }
    out(text);
    // So that an interrupt is heard.
    await turn();
  }
}

/** Waits for whoever reads, so that nothing piles up in memory. */
function writeOut(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EAGAIN') continue;
      if (code === 'EPIPE') process.exit(0);
      throw new UserError('standard output', `can't be written: ${reasonOf(error)}`);
    }
  }
}
