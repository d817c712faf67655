/** `pagewalk replay`: a trace under several policies at several sizes. */
import type { Command } from 'commander';
import { UserError } from '../base/errors.ts';
import { parseSize } from '../base/sizes.ts';
import type { Columns } from '../report/columns/contract.ts';
import { replayText } from '../report/replay-text.ts';
import { stepsHeading, stepText } from '../report/steps-text.ts';
import { traceText } from '../report/trace-text.ts';
import {
  type AccessCosts,
  DEFAULT_ACCESS_COSTS,
  inProcess,
  loadPolicy,
  PIECE,
  type PolicyChoice,
  pageName,
  parseCount,
  parseDuration,
  type ReadTrace,
  type ReplayReport,
  replaySteps,
  replayTrace,
  summaryOf,
} from '../system/replaying.ts';
import { writeWhole } from './output-file.ts';
import { policyChoice } from './policy-choice.ts';
import { startAmount } from './progress.ts';
import { replayColumns } from './replay-columns.ts';
import { ReplayPool } from './replay-pool.ts';
import { checkTranslated, schemesOf, translated, translationChoice } from './replayed-translation.ts';
import { readTraceInput } from './trace-input.ts';
import { addTraceOptions, parseFrames, parseSizes, type TraceFlags } from './trace-options.ts';
import { translationColumns } from './translation-columns.ts';

interface Flags extends TraceFlags {
  readonly policy?: string;
  readonly frames?: string;
  readonly memory?: string;
  readonly seed: string;
  readonly costs?: string;
  readonly threads?: string;
  readonly steps?: boolean;
  readonly json?: boolean;
  readonly translation?: string;
  readonly tlb?: string;
  readonly asids?: string;
  readonly csv?: string;
  readonly parquet?: string;
}

/** References that are replayed on this thread, altogether. */
const SHORT = 30_000_000;
const DEFAULT_POLICIES = 'fifo,clock,lru,optimal';
/** With translation what is asked is mostly about pages, and not which of them is in memory. */
const DEFAULT_TRANSLATED_POLICY = 'lru';
/** Sizes when none is asked for: shares of the trace's footprint. */
const DEFAULT_SHARES = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];

const EXAMPLE = `
Examples:
  pagewalk replay trace.gz --policy fifo,lru,arc,optimal --memory 1M..64M*2
  pagewalk replay --references '0 1 2 3 0 1 4 0 1 2 3 4' --policy fifo,lru,optimal --frames 3,4
  pagewalk replay --references '0 1 2 3 0 1 4 0 1 2 3 4' --policy lru --frames 3 --steps
  pagewalk replay trace.gz --translation x86-64,inverted --tlb 64x4,1536x12 --memory 1M
  valgrind --tool=lackey --trace-mem=yes ls 2>&1 >/dev/null | pagewalk replay - --policy ./mine.js`;

export function addReplayCommand(program: Command): void {
  const command = program
    .command('replay')
    .summary('replay a trace of references under several policies and sizes')
    .description('Counts the faults of each policy at each size on a trace of memory references.')
    .usage('[options] <trace>')
    .argument('[trace]', 'a file, or - for standard input; compressed ones are unpacked');
  addTraceOptions(command)
    .option(
      '--policy <list>',
      `names, see 'pagewalk list', or files: ./mine.js (default: ${DEFAULT_POLICIES}; with --translation ${DEFAULT_TRANSLATED_POLICY})`,
    )
    .option('--frames <list>', 'page frames: 3,4 or 1..8 or 16..4096*2')
    .option('--memory <list>', 'the same in bytes: 64K,1M or 1M..64M*2')
    .option('--seed <n>', 'seed of random policies', '1')
    .option('--costs <k=time,…>', 'of the average access time (default: memory=100ns,disk=10ms)')
    .option('--threads <n>', 'simulations at once (default: one a processor)')
    .option(
      '--translation <list>',
      'schemes whose tables and TLB the trace goes through, or geometries: ./mine.json',
    )
    .option('--tlb <list>', 'TLBs beside them, as for run (default: 64x4:lru)')
    .option('--asids <n>', 'address-space identifiers of the TLB, or none (default: 65536)')
    .option('--steps', 'show every reference: hit or fault, the frames, the victim and why')
    .option('--json', 'print the results as JSON')
    .option('--csv <file>', 'write the results as CSV')
    .option('--parquet <file>', 'write the results as Parquet')
    .addHelpText('after', EXAMPLE)
    .action((trace: string | undefined, flags: Flags) => replay(trace, flags));
}

async function replay(path: string | undefined, given: Flags): Promise<void> {
  const choice = await translationChoice(given);
  const flags = { ...given, ...(choice?.pageSize === undefined ? {} : { pageSize: choice.pageSize }) };
  const schemes = choice && schemesOf(choice.wanted, parseSize(flags.pageSize ?? '4K', '--page-size'));
  const usual = choice === undefined ? DEFAULT_POLICIES : DEFAULT_TRANSLATED_POLICY;
  const policies = (flags.policy ?? usual).split(',').map((one) => policyChoice(one));
  // A policy that is none should not be found out after the trace was read.
  await Promise.all(policies.map((policy) => loadPolicy(policy)));
  const seed = parseCount(flags.seed, 0, '--seed');
  const costs = accessCosts(flags.costs);
  const threads = flags.threads === undefined ? undefined : parseCount(flags.threads, 1, '--threads');
  const sizesOf = framesChooser(flags);
  const read = await readTraceInput(path, flags);
  const frames = sizesOf(read);
  if (schemes !== undefined) await checkTranslated(path, read, schemes, flags);
  if (flags.steps) {
    await printSteps(read, policies, frames, seed, flags);
    return;
  }
  const counted = await replayAll(read, { policies, frames, seed, costs }, threads);
  const plan = choice && { schemes: schemes!, tlbs: choice.tlbs, asids: choice.asids, costs, seed };
  const report = plan === undefined ? counted : await translated(read, counted, plan, policies);
  await writeColumns(report, flags);
  process.stdout.write(flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : replayText(report));
}

/** @throws UserError naming the flag */
export function accessCosts(text: string | undefined): AccessCosts {
  const costs: { memory: number; disk: number } = { ...DEFAULT_ACCESS_COSTS };
  for (const part of text === undefined ? [] : text.split(',')) {
    const [, name, time] = /^(memory|disk)=(.+)$/.exec(part.trim()) ?? [];
    if (time === undefined) throw new UserError('--costs', `'${part}' is not memory=TIME or disk=TIME`);
    costs[name as keyof AccessCosts] = parseDuration(time, '--costs');
  }
  return costs;
}

function framesChooser({ frames, memory, references, translation }: Flags): (read: ReadTrace) => number[] {
  if (frames !== undefined && memory !== undefined)
    throw new UserError('--frames', 'and --memory: give one of the two');
  if (frames !== undefined) {
    const sizes = parseSizes(frames, (one) => parseFrames(one, '--frames'), '--frames');
    return () => sizes;
  }
  if (memory === undefined && translation !== undefined) return ({ trace }) => [trace.pages];
  if (memory === undefined) return ({ trace }) => defaultSizes(trace.pages, references !== undefined);
  return ({ trace }) => {
    if (trace.pageSize === 0)
      throw new UserError('--memory', 'the trace names pages, not addresses: give --frames');
    return parseSizes(memory, (one) => framesIn(one, trace.pageSize), '--memory');
  };
}

function framesIn(text: string, pageSize: number): number {
  const bytes = parseSize(text, '--memory');
  if (bytes >= pageSize) return Math.floor(bytes / pageSize);
  throw new UserError('--memory', `'${text}' holds no page of ${pageSize} bytes`);
}

function defaultSizes(pages: number, isShort: boolean): number[] {
  if (isShort) return Array.from({ length: Math.min(pages, 8) }, (_, i) => i + 1);
  return [...new Set(DEFAULT_SHARES.map((share) => Math.max(1, Math.ceil(pages * share))))];
}

async function replayAll(
  read: ReadTrace,
  plan: Parameters<typeof replayTrace>[1],
  threads: number | undefined,
): Promise<ReplayReport> {
  const runs = plan.policies.length * plan.frames.length;
  // Starting a thread takes longer than a short simulation.
  if (runs * read.trace.entries <= SHORT) return replayTrace(read, plan, inProcess);
  const pool = new ReplayPool(threads === undefined ? undefined : Math.min(threads, runs));
  const counts = new Int32Array(new SharedArrayBuffer(runs * 4));
  const pieces = read.trace.chunks.reduce((sum, { length }) => sum + Math.ceil(length / PIECE), 0) * runs;
  const progress = startAmount(`${runs} simulations`, 'references', pieces);
  const timer = setInterval(() => {
    const done = counts.reduce((sum, count) => sum + count, 0);
    progress.at((done / pieces) * read.trace.entries * runs, done);
  }, 200);
  try {
    return await replayTrace(read, plan, pool, counts);
  } finally {
    clearInterval(timer);
    progress.stop();
    await pool.stop();
  }
}

/** A row a result, of the most that was asked for. */
const columnsOf = (report: ReplayReport): Columns =>
  report.translation === undefined ? replayColumns(report) : translationColumns('replay', report.translation);

async function writeColumns(report: ReplayReport, { csv, parquet }: Flags): Promise<void> {
  if (csv === undefined && parquet === undefined) return;
  const columns = columnsOf(report);
  if (csv !== undefined) {
    const { columnsCsv } = await import('../report/columns/csv.ts');
    writeWhole(csv, '--csv', new TextEncoder().encode(columnsCsv(columns)));
  }
  if (parquet !== undefined) {
    const { columnsParquet } = await import('../report/columns/parquet.ts');
    writeWhole(parquet, '--parquet', await columnsParquet(columns));
  }
}

async function printSteps(
  read: ReadTrace,
  policies: readonly PolicyChoice[],
  frames: readonly number[],
  seed: number,
  { json }: Flags,
): Promise<void> {
  const { trace, format } = read;
  if (!json) process.stdout.write(`${traceText(summaryOf(trace, format))}\n`);
  const longest = Math.max(
    4,
    ...Array.from({ length: trace.pages }, (_, page) => pageName(trace, page).length),
  );
  const kinds = trace.counts[0] + trace.counts[2] > 0 ? 'shown' : 'left out';
  const widths = { position: Math.max(2, String(trace.entries).length), page: longest, kinds } as const;
  for (const policy of policies) {
    const definition = await loadPolicy(policy);
    for (const size of frames) {
      if (!json)
        process.stdout.write(`\n${definition.name}, ${size} frames\n${stepsHeading(size, widths)}\n`);
      let faults = 0;
      for (const step of replaySteps(trace, definition, { frames: size, seed })) {
        if (step.outcome === 'fault') faults++;
        const line = json
          ? JSON.stringify({ policy: definition.name, size, ...step })
          : stepText(step, widths);
        process.stdout.write(`${line}\n`);
      }
      if (!json) process.stdout.write(`${faults} faults\n`);
    }
  }
}
