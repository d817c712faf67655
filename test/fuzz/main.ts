/**
 * The fuzzer's command: `npm run fuzz -- [--instructions 10M | --float-table | --paging 1000 [--first N] [--limit SECONDS]]
 * [--seed N]`. Prints what it has done to standard error, and each difference to standard output; exits 1 when there was one.
 */
import { parseArgs } from 'node:util';
import type { equivalentConfigs } from '../support/bare-machine.ts';
import { runTable } from './float-table.ts';
import { GuardedTrials } from './guarded-trials.ts';
import { combination } from './paging.ts';
import { canCompile, GUEST_COMPILER } from './programs.ts';
import { streams } from './stream.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9 };

function readCount(text: string): number {
  const parts = /^(\d+)([KMG]?)$/i.exec(text);
  if (parts === null) throw new Error(`'${text}' is no count: say 200K or 10M`);
  return Number(parts[1]) * UNITS[parts[2]!.toUpperCase()]!;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const millions = (count: number): string => `${(count / 1e6).toFixed(2)}M`;

/** Streams until `wanted` random instructions were made and run. */
function fuzzStreams(seed: number, wanted: number): boolean {
  const runner = streams(seed);
  let told = 0;
  while (runner.distinct < wanted) {
    const difference = runner.next();
    if (difference !== undefined) {
      process.stdout.write(`${JSON.stringify(difference, undefined, 2)}\n`);
      return false;
    }
    if (runner.distinct - told >= 5e5) {
      told = runner.distinct;
      say(`${millions(told)} random instructions, ${millions(runner.executed)} runs of them, no difference`);
    }
  }
  say(
    `seed ${seed}: ${millions(runner.distinct)} random instructions, ${millions(runner.executed)} runs of them, no difference`,
  );
  return true;
}

/** All special values and a few random ones, on the dispatch loop and on the loop that steps. */
function fuzzTable(seed: number): boolean {
  let agreed = true;
  for (const config of [
    'split 64x4',
    'no TLB',
  ] as const satisfies readonly (keyof typeof equivalentConfigs)[]) {
    let results = 0;
    for (const run of runTable({ pairs: undefined, triples: undefined, random: 6, seed }, config)) {
      results += run.results;
      if (run.differences.length === 0) continue;
      agreed = false;
      process.stdout.write(`${JSON.stringify(run.differences, undefined, 2)}\n`);
    }
    say(`floating-point table with ${config}: ${millions(results)} results with their flags compared`);
  }
  return agreed;
}

interface Drawn {
  readonly seed: number;
  /** Number of the first one. */
  readonly first: number;
  readonly count: number;
  /** What each may take, ms. */
  readonly limit: number;
}

/** Ways to page, one after the other; by turns of programs of one process and of many. */
async function fuzzPaging({ seed, first, count, limit }: Drawn): Promise<boolean> {
  const trials = new GuardedTrials(limit);
  const counts = { same: 0, refused: 0, 'too small': 0, late: 0, failed: 0 };
  const told = () =>
    Object.entries(counts)
      .map(([verdict, times]) => `${times} ${verdict}`)
      .join(', ');
  const families = canCompile();
  if (!families) say(`no programs of many processes: ${GUEST_COMPILER} is missing`);
  try {
    for (let i = first; i < first + count; i++) {
      const tried = combination(seed, i, families && i % 2 === 1 ? 'many' : 'one');
      const result = await trials.attempt(tried);
      counts[typeof result === 'string' ? result : 'failed']++;
      if (result === 'late' || typeof result === 'object') {
        const least = result === 'late' ? undefined : await trials.minimise(tried);
        process.stdout.write(`${JSON.stringify({ index: i, ...tried, result, least }, undefined, 2)}\n`);
      }
      if ((i + 1 - first) % 100 === 0) say(`to number ${i} of seed ${seed}: ${told()}`);
    }
  } finally {
    await trials.close();
  }
  say(`seed ${seed}, ${count} ways to page from number ${first}: ${told()}`);
  return counts.late + counts.failed === 0;
}

const { values } = parseArgs({
  options: {
    instructions: { type: 'string', default: '1M' },
    paging: { type: 'string' },
    first: { type: 'string', default: '0' },
    limit: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    'float-table': { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const agreed = values['float-table']
  ? fuzzTable(seed)
  : values.paging === undefined
    ? fuzzStreams(seed, readCount(values.instructions))
    : await fuzzPaging({
        seed,
        first: readCount(values.first),
        count: readCount(values.paging),
        limit: readCount(values.limit) * 1000,
      });
if (!agreed) process.exitCode = 1;
