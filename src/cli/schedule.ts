/** `pagewalk schedule`: scripted jobs under scheduling policies, side by side. */
import type { Command } from 'commander';
import { MemoryFiles } from '../adapters/memory-files.ts';
import { MemoryStreams } from '../adapters/memory-streams.ts';
import { UserError } from '../base/errors.ts';
import {
  type AssemblyPorts,
  DEFAULT_OPTIONS,
  parseCosts,
  parseCount,
  parseJobs,
  type SystemOptions,
  systemConfig,
} from '../system/running.ts';
import { loadSchedulingPolicy, scheduleJobs, splitPolicyNames } from '../system/scheduling.ts';
import { writeWhole } from './output-file.ts';
import { policyChoice } from './policy-choice.ts';
import { hostInterpreter } from './program.ts';
import { readText } from './text-file.ts';
import { turn } from './turn.ts';

interface Flags {
  readonly policy?: string;
  readonly timer?: string;
  readonly memory?: string;
  readonly replacement?: string;
  readonly seed?: string;
  readonly costs?: string;
  readonly maxTime?: string;
  readonly json?: boolean;
  readonly svg?: string;
  readonly timeline?: string;
  readonly width?: string;
}

const EXAMPLE = `
Examples:
  pagewalk schedule convoy.jobs --policy fifo,sjf,stcf,rr:1ms
  pagewalk schedule shares.jobs --policy lottery,stride --seed 7 --svg shares.svg

A job file has a job a line: its name, when it arrives, and its bursts.
  A            : cpu 100ms
  B arrive=10ms : 3 x (cpu 1ms, io 9ms)`;

export function addScheduleCommand(program: Command): void {
  program
    .command('schedule')
    .summary('run scripted jobs under scheduling policies')
    .description(
      "Runs jobs that a file describes on the machine's scheduler and memory, once for each policy, and prints who ran when, and turnaround, response and waiting times.",
    )
    .argument('<jobs>', 'a file, or - for standard input')
    .option(
      '--policy <list>',
      "scheduling policies, see 'pagewalk list', or files: ./mine.js (default: fifo,sjf,stcf,rr:10ms,mlfq)",
    )
    .option('--timer <on|off>', `off: nothing takes the processor away (default: ${DEFAULT_OPTIONS.timer})`)
    .option('--memory <size>', `for the pages that jobs touch (default: ${DEFAULT_OPTIONS.memory})`)
    .option('--replacement <policy>', `page replacement (default: ${DEFAULT_OPTIONS.replacement})`)
    .option('--seed <n>', `of lotteries (default: ${DEFAULT_OPTIONS.seed})`)
    .option('--costs <k=ns,…>', 'e.g. contextSwitch=5000; switches and interrupts take no time without it')
    .option('--max-time <duration>', 'stop after this much virtual time, e.g. 10s')
    .option('--json', 'print as JSON')
    .option('--svg <file>', 'write a picture with a Gantt chart of each policy')
    .option('--timeline <file>', 'write trace events for Perfetto')
    .option('--width <columns>', 'of the charts in the terminal')
    .addHelpText('after', EXAMPLE)
    .action((path: string, flags: Flags) => schedule(path, flags));
}

/** The notes' examples neglect what the mechanism itself takes. */
const FREE_MECHANISM = { contextSwitch: 0, trap: 0 } as const;

async function schedule(path: string, flags: Flags): Promise<void> {
  const { name, text } = readText(path);
  const jobs = parseJobs(text, name);
  const policies = splitPolicyNames(flags.policy ?? 'fifo,sjf,stcf,rr:10ms,mlfq');
  const variants = [];
  for (const scheduler of policies) variants.push(await variantOf(flags, scheduler));
  const results = [];
  for (const { config, own } of variants)
    results.push(await scheduleJobs(jobs, config, { ...ports(), scheduling: own }));
  const report = { schema: 'pagewalk.schedule/1' as const, seed: variants[0]!.config.seed, results };
  if (flags.svg !== undefined) {
    const { ganttSvg } = await import('../report/schedule/gantt-svg.ts');
    writeWhole(flags.svg, '--svg', new TextEncoder().encode(ganttSvg(results)));
  }
  if (flags.timeline !== undefined) {
    const { scheduleTimeline } = await import('../report/schedule/timeline.ts');
    writeWhole(flags.timeline, '--timeline', new TextEncoder().encode(scheduleTimeline(report)));
  }
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return;
  }
  const { scheduleText } = await import('../report/schedule/text.ts');
  process.stdout.write(scheduleText(report, widthOf(flags.width)));
}

/** A policy's name, or the file of one, as a configuration to run the jobs under. */
async function variantOf(flags: Flags, scheduler: string) {
  const choice = policyChoice(scheduler);
  const own =
    choice.module === undefined ? undefined : await loadSchedulingPolicy(choice, placeOf('scheduler'));
  return { config: systemConfig(optionsOf(flags, scheduler), placeOf, undefined, own), own };
}

const placeOf = (option: string): string =>
  option === 'scheduler'
    ? '--policy'
    : `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function optionsOf(flags: Flags, scheduler: string): SystemOptions {
  const costs = flags.costs === undefined ? {} : parseCosts(flags.costs, '--costs');
  const given: SystemOptions = {
    memory: flags.memory,
    replacement: flags.replacement,
    timer: flags.timer,
    seed: flags.seed,
    maxTime: flags.maxTime,
  };
  return { ...given, scheduler, swap: 'memory,256M', costs: { ...FREE_MECHANISM, ...costs } };
}

/** Jobs run no program, and have no files. */
const ports = (): AssemblyPorts => ({
  files: new MemoryFiles({}),
  streams: new MemoryStreams({}),
  stores: { file: refuseFile, temporary: undefined },
  turn,
  interpreters: hostInterpreter,
});

function refuseFile(path: string, _capacity: number, place: string): never {
  throw new UserError(place, `${path}: jobs swap to memory`);
}

const LEAST_WIDTH = 40;
const MOST_WIDTH = 1000;

function widthOf(text: string | undefined): number {
  if (text === undefined) return Math.max(LEAST_WIDTH, Math.min(process.stdout.columns ?? 80, 160));
  const width = parseCount(text, LEAST_WIDTH, '--width');
  if (width <= MOST_WIDTH) return width;
  throw new UserError('--width', `${text} is more than ${MOST_WIDTH}`);
}
