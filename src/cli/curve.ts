/** `pagewalk curve`: faults over memory size, of a trace or of a program that is run and recorded first. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Command } from 'commander';
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';
import { curveColumns, curvePlot, curveText } from '../report/curve-text.ts';
import { lruCurve, streamedCurve } from '../system/lru-curve.ts';
import type { Consume, CurvePlan, CurveReport, ReadTrace } from '../system/replaying.ts';
import { parseCount } from '../system/time-syntax.ts';
import { writeWhole } from './output-file.ts';
import { policyChoice } from './policy-choice.ts';
import { readTraceInput } from './trace-input.ts';
import { addTraceOptions, parseFrames, parseSizes, type TraceFlags, traceOptions } from './trace-options.ts';

interface Flags extends TraceFlags {
  readonly policy: string;
  readonly sizes: string;
  readonly frames?: string;
  readonly sample?: string;
  readonly stream?: boolean;
  readonly by?: string;
  readonly within: string;
  readonly seed: string;
  readonly threads?: string;
  readonly root: string;
  readonly json?: boolean;
  readonly plot: boolean;
  readonly svg?: string;
  readonly png?: string;
  readonly csv?: string;
  readonly parquet?: string;
}

const EXAMPLE = `
Examples:
  pagewalk curve trace.gz
  pagewalk curve ./prog arg1 arg2                        (runs and records a program first)
  pagewalk curve trace.gz --policy lru,optimal,clock,arc --svg curve.svg
  pagewalk curve long.zst --stream --sample 0.01          (a trace too long to hold)
  valgrind --tool=lackey --trace-mem=yes ls 2>&1 >/dev/null | pagewalk curve - --by kind`;

export function addCurveCommand(program: Command): void {
  const command = program
    .command('curve')
    .summary('faults over memory size, of a trace or a program')
    .description(
      'Finds how many references fault at every memory size, where the knee is, and how much is enough.',
    )
    .usage('[options] <trace | elf> [args…]')
    .argument('[trace]', 'a file, - for standard input, or a RISC-V program to run first')
    .argument('[args...]', "the program's arguments; options after it are its too");
  // What follows a trace are options of the command; what follows a program is the program's.
  if (process.argv.some((argument, i) => i > 2 && isProgram(argument))) command.passThroughOptions();
  addTraceOptions(command)
    .option('--policy <list>', "names, see 'pagewalk list', or files: ./mine.js", 'lru,optimal')
    .option('--sizes <n>', 'sizes to replay policies at that have no one-pass method', '24')
    .option('--frames <list>', 'sizes that must be among them: 3,4 or 1..8 or 16..4096*2')
    .option('--sample <share>', 'estimate from this share of the pages: 0.01')
    .option('--stream', 'do not hold the trace: LRU alone, estimated')
    .option('--by <what>', 'a curve for each kind of reference, or process')
    .option('--within <percent>', 'what may be lost against the fewest faults', '5')
    .option('--seed <n>', 'seed of random policies and of samples', '1')
    .option('--threads <n>', 'simulations at once (default: one a processor)')
    .option('--root <dir>', "the program's / and working directory", '.')
    .option('--json', 'print the curves as JSON')
    .option('--no-plot', 'no plot in the terminal')
    .option('--svg <file>', 'write a plot')
    .option('--png <file>', 'write a plot')
    .option('--csv <file>', 'write the points')
    .option('--parquet <file>', 'write the points')
    .addHelpText('after', EXAMPLE)
    .action((trace: string | undefined, args: string[], flags: Flags) => curve(trace, args, flags));
}

async function curve(path: string | undefined, args: readonly string[], flags: Flags): Promise<void> {
  const plan = planOf(flags);
  const report = await reportOf(path, args, plan, flags);
  await writeFiles(report, flags);
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(curveText(report));
  if (!flags.plot) return;
  const width = Math.min(100, process.stdout.columns ?? 80);
  const { plotText } = await import('../report/plot/text.ts');
  process.stdout.write(`\n${plotText(curvePlot(report), { width, height: 16 })}`);
}

async function reportOf(
  path: string | undefined,
  args: readonly string[],
  plan: CurvePlan,
  flags: Flags,
): Promise<CurveReport> {
  const threads = flags.threads === undefined ? undefined : parseCount(flags.threads, 1, '--threads');
  const read = (consume?: Consume) => readTraceInput(onlyTrace(path, args), flags, consume);
  if (flags.stream) return streamedCurve(read, plan);
  const program = path !== undefined && isProgram(path) ? path : undefined;
  // Only what was held can be left beside the trace in its parsed form.
  if (program === undefined && !flags.cache && isExactLru(plan)) return lruCurve(read, plan);
  const found = program === undefined ? await read() : await recorded(program, args, flags);
  // With it come all policies, and what replays them.
  const { heldCurve } = await import('./held-curve.ts');
  return heldCurve(found, plan, threads);
}

async function recorded(program: string, args: readonly string[], flags: Flags): Promise<ReadTrace> {
  // With it comes the whole machine, which a trace does not need.
  const { recordedTraces } = await import('./recorded-trace.ts');
  const [read] = await recordedTraces(program, args, flags.root, traceOptions(flags), [PAGE_SIZE]);
  return read!;
}

/** Whether LRU's exact curve is all that is asked for. */
const isExactLru = ({ policies: [policy, ...others], sample, parts }: CurvePlan): boolean =>
  policy?.text === 'lru' && others.length === 0 && sample === undefined && parts === 'all';

function planOf(flags: Flags): CurvePlan {
  const { by = 'all', frames } = flags;
  if (by !== 'all' && by !== 'kind' && by !== 'process')
    throw new UserError('--by', `unknown '${by}'; known: kind, process`);
  const within = Number(flags.within);
  if (!(within >= 0)) throw new UserError('--within', `'${flags.within}' is no number of per cent from 0 on`);
  const sample = flags.sample === undefined ? undefined : Number(flags.sample);
  if (sample !== undefined && !(sample > 0 && sample <= 1))
    throw new UserError('--sample', `'${flags.sample}' is no share above 0 and up to 1`);
  return {
    policies: flags.policy.split(',').map((one) => policyChoice(one)),
    sizes: Math.max(2, parseCount(flags.sizes, 2, '--sizes')),
    always: frames === undefined ? [] : parseSizes(frames, (one) => parseFrames(one, '--frames'), '--frames'),
    sample,
    parts: by,
    within,
    seed: parseCount(flags.seed, 0, '--seed'),
  };
}

function onlyTrace(path: string | undefined, args: readonly string[]): string | undefined {
  if (args.length > 0)
    throw new UserError(args[0]!, `follows the trace ${path}; only a program takes arguments`);
  return path;
}

const ELF_MAGIC = 0x7f454c46;

function isProgram(path: string): boolean {
  if (path === '-') return false;
  const head = Buffer.alloc(4);
  try {
    const file = openSync(path, 'r');
    try {
      return readSync(file, head) === 4 && head.readUInt32BE() === ELF_MAGIC;
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}

async function writeFiles(report: CurveReport, { svg, png, csv, parquet }: Flags): Promise<void> {
  if (svg !== undefined || png !== undefined) {
    const { plotSvg } = await import('../report/plot/svg.ts');
    const drawn = await plotSvg(curvePlot(report));
    if (svg !== undefined) writeWhole(svg, '--svg', new TextEncoder().encode(drawn));
    if (png !== undefined) {
      const { plotPng } = await import('../report/plot/png.ts');
      writeWhole(png, '--png', await plotPng(drawn, { width: 1200 }));
    }
  }
  if (csv !== undefined) {
    const { columnsCsv } = await import('../report/columns/csv.ts');
    writeWhole(csv, '--csv', new TextEncoder().encode(columnsCsv(curveColumns(report))));
  }
  if (parquet !== undefined) {
    const { columnsParquet } = await import('../report/columns/parquet.ts');
    writeWhole(parquet, '--parquet', await columnsParquet(curveColumns(report)));
  }
}
