/** `pagewalk compare`: one program under several policies, sizes and translations, side by side. */
import { fstatSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { NodeStreams } from '../adapters/node-streams.ts';
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';
import { formatSize } from '../base/sizes.ts';
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import type { SchedulingDefinition } from '../policies/scheduling/contract.ts';
import { comparisonText } from '../report/compare-text.ts';
import {
  type Comparison,
  createSystem,
  formatTlb,
  type SystemConfig,
  type SystemPorts,
} from '../system/running.ts';
import { isReplayed } from './compared-kind.ts';
import { ComparedStreams } from './compared-streams.ts';
import { addSystemOptions, chooseOptions, type RunFlags } from './options.ts';
import { hostInterpreter, hostStores, openRoot, parseRoot, type RootChoice, readProgram } from './program.ts';
import { startProgress } from './progress.ts';
import { turn } from './turn.ts';

interface Flags extends RunFlags {
  readonly json?: boolean;
  readonly pageSize?: string;
  readonly format?: string;
  readonly kinds?: string;
}

type ComparedRun = Comparison['runs'][number];

const EXAMPLE = `
Example:
  pagewalk compare --memory 512K,1M --replacement fifo,clock,lru ./prog arg1 arg2
  pagewalk compare --translation sv39,two-level,hashed --tlb 16x4,64x4 ./prog
  pagewalk compare --page-size 4K,64K,2M --translation x86-64 --tlb 16x4,64x4 trace.gz

A trace is replayed. So is a program with --page-size: it runs once, with the pages of the machine, and its references
are replayed with pages of all sizes.

The program's output is not shown; that all runs gave the same is checked. It reads the same standard input
in each run. The exit status is 1 when outputs or exit statuses differ.`;

export function addCompareCommand(program: Command): void {
  const command = program
    .command('compare')
    .summary('run a program, or replay a trace, under several policies, sizes and translations side by side')
    .description(
      'Runs a program once for each combination of the listed policies, memory sizes, translation schemes, refills, TLBs and superpages, and compares the costs.',
    )
    .usage('[options] <elf> [args…]')
    .argument('<elf>', 'the program, or a trace')
    .argument('[args...]', 'its arguments; options after <elf> are its too')
    .passThroughOptions();
  addSystemOptions(command)
    .option('--page-size <list>', 'replay with pages of these sizes, e.g. 4K,64K,2M')
    .option('--format <name>', "of a trace, see 'pagewalk list' (default: told from its content)")
    .option(
      '--kinds <list>',
      'references of a trace that count: fetch, load, store, data or all (default: all)',
    )
    .option('--json', 'print the comparison as JSON, with the whole report of each run')
    .addHelpText('after', EXAMPLE)
    .action(async (elf: string, args: string[], flags: Flags) => {
      if (!isReplayed(elf, flags)) process.exitCode = await compare(elf, args, flags);
      else {
        const { compareReplayed } = await import('./compare-replayed.ts');
        process.exitCode = await compareReplayed(elf, args, flags);
      }
    });
}

/** One run to be made. */
interface Variant {
  readonly label: string;
  readonly config: SystemConfig;
  readonly policy: PolicyDefinition | undefined;
  readonly scheduling: SchedulingDefinition | undefined;
}

async function compare(elf: string, args: readonly string[], flags: Flags): Promise<number> {
  const variants = await variantsOf(flags);
  const { root: rootText, env, programs, jobs } = await chooseOptions({ ...flags, ...choicesOf(flags)[0] });
  if (programs.length > 0 || jobs !== undefined) {
    const key = programs.length > 0 ? 'programs' : 'jobs';
    throw new UserError(
      `${flags.config}: ${key}`,
      'compare runs the program on the command line alone; several at once are for run or a scenario',
    );
  }
  const root = parseRoot(rootText);
  if (root.access === 'writable')
    throw new UserError('--root', 'the runs of a comparison must not change files: give DIR without :rw');
  const program = readProgram(elf, args, env, root);
  const input = onceRead(readInput);
  const progress = await startProgress('runs', variants.length);
  const runs: ComparedRun[] = [];
  try {
    for (const variant of variants) {
      progress.at(runs.length, variant.label);
      runs.push(await runVariant(variant, program, input, root));
    }
  } finally {
    progress.stop();
  }
  const identicalOutput = runs.every((run) => sameResult(run, runs[0]!));
  const comparison: Comparison = { schema: 'pagewalk.compare/1', identicalOutput, runs };
  process.stdout.write(
    flags.json ? `${JSON.stringify(comparison, undefined, 2)}\n` : comparisonText(comparison),
  );
  return identicalOutput ? 0 : 1;
}

const listed = (text: string | undefined): (string | undefined)[] =>
  text === undefined ? [undefined] : text.split(',');

/** Options that may be lists; the first varies slowest. */
const LISTED = [
  'memory',
  'frames',
  'replacement',
  'translation',
  'refill',
  'tlb',
  'asids',
  'superpages',
] as const;
type Choice = Partial<Record<(typeof LISTED)[number], string>>;

/** Every combination of what the lists have. */
function choicesOf(flags: Flags): Choice[] {
  let choices: Choice[] = [{}];
  for (const option of LISTED) {
    const list = listed(flags[option]);
    choices = choices.flatMap((choice) =>
      list.map((one) => (one === undefined ? choice : { ...choice, [option]: one })),
    );
  }
  return choices;
}

async function variantsOf(flags: Flags): Promise<Variant[]> {
  const variants: Variant[] = [];
  for (const choice of choicesOf(flags)) {
    const { config, policy, scheduling } = await chooseOptions({ ...flags, ...choice });
    variants.push({ label: labelOf(config, flags), config, policy, scheduling });
  }
  return variants;
}

function labelOf(
  { replacement, sizing, translation, refill, tlb, asids, superpages }: SystemConfig,
  flags: Flags,
): string {
  const size = sizing.mode === 'frames' ? `${sizing.frames} frames` : formatSize(sizing.frames * PAGE_SIZE);
  const parts = [replacement, size];
  if (flags.translation !== undefined) parts.push(translation);
  if (flags.refill !== undefined) parts.push(refill);
  if (flags.tlb !== undefined) parts.push(formatTlb(tlb));
  if (flags.asids !== undefined) parts.push(`asids ${asids}`);
  if (flags.superpages !== undefined) parts.push(`superpages ${superpages}`);
  return parts.join(' ');
}

/** Standard input as a whole, so that each run reads the same; none from a terminal. */
function readInput(): Uint8Array {
  if (new NodeStreams().isTerminal(0)) return new Uint8Array(0);
  try {
    fstatSync(0);
    return readFileSync(0);
  } catch {
    return new Uint8Array(0);
  }
}

type Input = () => Uint8Array;

/** Read when a program first asks for it: input that nobody wants must not be waited for. */
function onceRead(read: Input): Input {
  let bytes: Uint8Array | undefined;
  return () => {
    bytes ??= read();
    return bytes;
  };
}

async function runVariant(
  variant: Variant,
  program: SystemPorts['program'],
  input: Input,
  root: RootChoice,
): Promise<ComparedRun> {
  const streams = new ComparedStreams(input);
  const system = createSystem(variant.config, {
    program,
    files: openRoot(root),
    streams,
    stores: hostStores,
    interpreters: hostInterpreter,
    policy: variant.policy,
    scheduling: variant.scheduling,
    turn,
  });
  try {
    await system.run();
    return {
      label: variant.label,
      ...streams.output,
      report: system.report(),
    };
  } finally {
    system.close();
  }
}

const sameResult = (a: ComparedRun, b: ComparedRun): boolean =>
  a.outputHash === b.outputHash &&
  a.outputBytes === b.outputBytes &&
  a.report.end.status === b.report.end.status;
