/**
 * Trials of ways to page (paging.ts). What programs print and how they end is compared with the same programs alone, with
 * memory for all, and that with what somebody else says of them (programs.ts).
 */
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { UserError } from '../../src/base/errors.ts';
import {
  createSystem,
  type ProgramRequest,
  type SystemConfig,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { usualInterpreters } from '../../src/system/interpreters.ts';
import type { Combination } from './paging.ts';
import { linesOf, type Outcome, type Party, Programs } from './programs.ts';

const interpreters = new Map(usualInterpreters().map(({ shape, bytes }) => [shape, bytes]));

/** Traps between two looks at the invariants, which go through all frames, and so through 4 MiB for each linear table. */
const LOOK_EVERY = { usual: 32, linear: 1024 } as const;
const SWAP = 'memory,64M';

interface Ran {
  readonly outcome: Outcome;
  /** Whether memory lacked: a process was killed for it, or a fork refused. */
  readonly lacked: boolean;
  /** Most frames of tables. */
  readonly tables: number;
}

export type Verdict =
  | 'same'
  /** The options can't be had together, and the system says so before it begins. */
  | 'refused'
  /** Pages and tables did not fit, where they need not. */
  | 'too small'
  | Difference;

export interface Difference {
  readonly got: Outcome | string;
  readonly expected: Outcome;
}

/** Runs combinations; keeps what is expected of programs that come again. */
export class Trials {
  readonly #programs: Programs;
  readonly #known = new Map<string, Promise<Ran>>();

  /** @param folder for the programs that it compiles; the caller's to remove */
  constructor(folder: string) {
    this.#programs = new Programs(folder);
  }

  /** Whether a combination gives what the programs give alone with memory for all. @throws what a bug throws */
  async attempt(tried: Combination): Promise<Verdict> {
    const alone = await Promise.all(tried.parties.map((party) => this.#alone(party)));
    const expected = together(alone.map(({ outcome }) => outcome));
    const tables = alone.reduce((sum, ran) => sum + ran.tables, 0);
    let config: SystemConfig;
    try {
      const translations = tried.beside === undefined ? [] : [tried.beside];
      config = systemConfig({ ...tried.options, ...memoryOf(tried, tables), translations });
    } catch (error) {
      if (error instanceof UserError) return 'refused';
      throw error;
    }
    try {
      const { outcome, lacked } = await this.#run(tried, config);
      if (JSON.stringify(outcome) === JSON.stringify(expected)) return 'same';
      return lacked && mayLack(tried) ? 'too small' : { got: outcome, expected };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return mayLack(tried) ? 'too small' : { got: error.message, expected };
    }
  }

  /** What programs print and how they end with memory for all; equal to what somebody else says of them. */
  #alone(party: Party): Promise<Ran> {
    const key = party.join('|');
    const known = this.#known.get(key) ?? this.#roomy(party);
    this.#known.set(key, known);
    return known;
  }

  async #roomy(party: Party): Promise<Ran> {
    const config = systemConfig({ frames: 4096, swap: SWAP });
    const ran = await this.#run({ parties: [party], watched: false }, config);
    const judged = this.#programs.judged(party);
    if (judged === undefined || JSON.stringify(judged) === JSON.stringify(ran.outcome)) return ran;
    throw new Error(`${party}: ${JSON.stringify({ got: ran.outcome, expected: judged }, undefined, 2)}`);
  }

  /** Runs it, checking the kernel's invariants again and again. */
  async #run(
    { parties, watched, beside }: Pick<Combination, 'parties' | 'watched' | 'beside'>,
    config: SystemConfig,
  ): Promise<Ran> {
    const requests = parties.flat().map((command, index): ProgramRequest => {
      const { path, bytes, argv } = this.#programs.build(command);
      return { name: path, path, bytes, argv, env: [], translation: index % 2 === 1 ? beside : undefined };
    });
    const [program, ...others] = requests;
    const streams = new MemoryStreams();
    const system = createSystem(config, {
      program: program!,
      others,
      // Programs execute themselves.
      files: new MemoryFiles({
        entries: Object.fromEntries(requests.map(({ path, bytes }) => [path, bytes])),
      }),
      streams,
      stores: { file: undefined, temporary: undefined },
      turn: () => Promise.resolve(),
      interpreters: (shape) => interpreters.get(shape),
    });
    const isLinear = [config.translation, ...config.translations].includes('linear');
    const every = LOOK_EVERY[isLinear ? 'linear' : 'usual'];
    let seen = 0;
    if (watched)
      system.observe(({ type }) => {
        // Where a step begins.
        if (type === 'trap' && ++seen % every === 0) system.checkInvariants();
      });
    try {
      await system.run();
      system.checkInvariants();
      const { processes, load, tables } = system.report();
      const lines = linesOf(streams.text(1) + streams.text(2));
      // Programs come first; in which order their children are numbered depends on the schedule.
      const statuses = processes.slice(0, requests.length).map(({ status = -1 }) => status);
      const lacked =
        (load?.killed.length ?? 0) > 0 ||
        (tables.region?.refusals ?? 0) > 0 ||
        lines.some((line) => line.endsWith('fork failed'));
      return { outcome: { lines, statuses }, lacked, tables: tables.peak };
    } finally {
      system.close();
    }
  }
}

/** With stamps there are twice as many; with four levels one more a space; and in a little memory more processes live at once. */
function memoryOf({ size, options }: Combination, tables: number): SystemOptions {
  const { pages, tables: place } = size;
  if (place === 'beside') return { frames: pages };
  if (place === 'pageable')
    return { memory: `${(pages + Math.ceil(tables * 0.75) + 8) * 4}K`, pageTables: 'pageable' };
  const factor = options.bits === 'stamps' ? 3.2 : 1.6;
  return { memory: `${(pages + Math.ceil(tables * factor) + 8) * 4}K` };
}

/** One memory may not hold pages and tables; and tables of one piece may find no room however much of it is free. */
const mayLack = ({ size, options, beside }: Combination): boolean =>
  size.tables !== 'beside' ||
  [options.translation, beside].some((scheme) => scheme === 'linear' || scheme === 'hybrid');

const together = (outcomes: readonly Outcome[]): Outcome => ({
  lines: outcomes.flatMap(({ lines }) => lines).sort(),
  statuses: outcomes.flatMap(({ statuses }) => statuses),
});
