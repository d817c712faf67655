/**
 * Ways to page, drawn at random: programs, alone or together, on some frames, under a policy, translated by any scheme,
 * whoever keeps the bits and fills the TLB, with or without a daemon, clusters, read-ahead, cleaning, and load control.
 * What they print and how they end is not to depend on it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { UserError } from '../../src/base/errors.ts';
import { nextBelow, type RandomState, randomState } from '../../src/base/random.ts';
import {
  createSystem,
  type ProgramRequest,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { usualInterpreters } from '../../src/system/interpreters.ts';

export interface Combination {
  /** Programs with their arguments. */
  readonly commands: readonly string[];
  readonly options: SystemOptions;
}

export interface Outcome {
  /** Lines of all programs, sorted, for their order depends on the schedule; statuses by process. */
  readonly lines: string;
  readonly statuses: string;
}

const ALONE = [
  'scan cyclic 60 4',
  'scan random 50 20',
  'scan phases 90 10',
  'scan skewed 80 10',
  'sort 3000 merge',
  'sort 3000 heap',
  'hashjoin 1K',
  'treewalk 9 500 shuffled',
  'alloc-churn 64K 600',
  'sparse 1G 40 spread 3',
  'hello 70',
] as const;

const POLICIES =
  'fifo random lru clock clock-clean mru aging lfu lru-k 2q arc car clock-pro lirs sieve s3-fifo w-tinylfu working-set wsclock sampled-lru vms'.split(
    ' ',
  );

const SCHEMES = 'sv39 sv39 sv48 two-level x86-64 linear hybrid vax inverted inverted:scan hashed'.split(' ');

const PLACEMENTS = 'first-fit best-fit worst-fit next-fit segregated buddy'.split(' ');

const choose = <T>(random: RandomState, values: readonly T[]): T => values[nextBelow(random, values.length)]!;

/** @param index which of the combinations of a seed */
export function combination(seed: number, index: number): Combination {
  const random = randomState(seed * 1_000_003 + index);
  const count = choose(random, [1, 1, 1, 2, 3]);
  const commands = Array.from({ length: count }, () => choose(random, ALONE));
  const low = 1 + nextBelow(random, 6);
  const frames = (8 + nextBelow(random, 60)) * count;
  const pageTables = choose(random, ['resident', 'resident', 'pageable']);
  const options: SystemOptions = {
    ...(pageTables === 'pageable' ? { memory: `${(frames + 9 * count) * 4}K`, pageTables } : { frames }),
    replacement: choose(random, POLICIES),
    bits: choose(random, ['hardware', 'hardware', 'traps', 'stamps']),
    replacementScope: choose(random, ['global', 'global', 'local', 'local:proportional']),
    scheduler: choose(random, ['rr:1ms', 'rr:10ms', 'fifo', 'lottery', 'mlfq', 'stride']),
    disk: choose(random, ['flat', 'arm', 'arm:order=elevator']),
    readAhead: choose(random, [0, 0, 1, 4, 15]),
    daemon: choose(random, ['off', 'off', `${low},${low + 1 + nextBelow(random, 6)}`, '5%,10%,clean-first']),
    cluster: choose(random, [1, 1, 3, 16]),
    cleanEvery: choose(random, [undefined, undefined, '1ms', '30ms']),
    admission: choose(random, ['off', 'off', 'fault-rate:20ms', 'working-set:20ms']),
    swapping: choose(random, ['suspended', 'off', 'suspended', 'switch']),
    tlb: choose(random, ['64x4:lru', '4x4:fifo', '16x2:random']),
    swap: 'memory,16M',
    costs: { diskPage: choose(random, [10_000, 300_000]) },
    seed: nextBelow(random, 1000),
    maxInstructions: '400m',
    translation: choose(random, SCHEMES),
    refill: choose(random, [undefined, undefined, 'software', 'software:handler']),
    placement: choose(random, PLACEMENTS),
  };
  return { commands, options };
}

const bin = new URL('../../programs/bin/', `file://${join(process.cwd(), 'test', 'fuzz')}/`);
const interpreters = new Map(usualInterpreters().map(({ shape, bytes }) => [shape, bytes]));

function requestOf(command: string): ProgramRequest {
  const [name = '', ...args] = command.split(' ');
  const bytes = readFileSync(new URL(`${name}.elf`, bin));
  return { name, path: `/${name}`, bytes, argv: [name, ...args], env: [] };
}

/** Runs it, checking the kernel's invariants again and again. */
async function run({ commands, options }: Combination): Promise<Outcome> {
  const [program, ...others] = commands.map(requestOf);
  const streams = new MemoryStreams();
  const system = createSystem(systemConfig(options), {
    program: program!,
    others,
    files: new MemoryFiles(),
    streams,
    stores: { file: undefined, temporary: undefined },
    turn: () => Promise.resolve(),
    interpreters: (shape) => interpreters.get(shape),
  });
  let seen = 0;
  system.observe(({ type }) => {
    // Where a step begins. The check goes through all frames, so not every one pays for it.
    if (type === 'trap' && ++seen % 32 === 0) system.checkInvariants();
  });
  try {
    await system.run();
    system.checkInvariants();
    const { processes } = system.report();
    const lines = streams.text(1).split('\n').sort().join('\n') + streams.text(2);
    return { lines, statuses: processes.map(({ status }) => status).join() };
  } finally {
    system.close();
  }
}

const expected = new Map<string, Promise<Outcome>>();

/** The same programs with memory for all, and nothing else chosen. */
function roomy(commands: readonly string[]): Promise<Outcome> {
  const key = commands.join('|');
  const known = expected.get(key) ?? run({ commands, options: { frames: 4096, swap: 'memory,16M' } });
  expected.set(key, known);
  return known;
}

export type Verdict = 'same' | 'refused' | { readonly got: Outcome; readonly expected: Outcome };

/** Whether a combination gives what the programs give with memory for all. `refused`: the system says that it can't be. */
export async function tryCombination(tried: Combination): Promise<Verdict> {
  const should = await roomy(tried.commands);
  try {
    const got = await run(tried);
    const isSame = got.lines === should.lines && got.statuses === should.statuses;
    return isSame ? 'same' : { got, expected: should };
  } catch (error) {
    if (error instanceof UserError) return 'refused';
    throw error;
  }
}
