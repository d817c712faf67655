/** `pagewalk run`: executes a program; its streams and exit status are the command's. */
import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { NodeStreams } from '../adapters/node-streams.ts';
import { UserError } from '../base/errors.ts';
import {
  createSystem,
  eventLine,
  findSymbol,
  type JobFile,
  type KernelEvent,
  type ProgramRequest,
  parseJobs,
  type RunReport,
  recordWriter,
  reportText,
  type System,
  type SystemPorts,
  signalName,
  Timeline,
} from '../system/running.ts';
import { atExit } from './at-exit.ts';
import { requestsOf } from './config-programs.ts';
import { Interrupts } from './interrupts.ts';
import { addSystemOptions, type ChosenOptions, chooseOptions, type RunFlags } from './options.ts';
import { OutputFile } from './output-file.ts';
import { hostInterpreter, hostStores, openRoot, parseRoot, type RootChoice, readProgram } from './program.ts';
import { readText } from './text-file.ts';
import { turn } from './turn.ts';
import { attribution } from './where.ts';

interface Flags extends RunFlags {
  readonly report?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly record?: string;
  readonly recordGranularity: string;
  readonly timeline?: string;
  readonly events?: string;
  readonly strace?: boolean;
  readonly watch?: string;
  readonly where?: string;
  readonly whereTop?: string;
}

const EXAMPLE = `
Examples:
  pagewalk run ./prog arg1 arg2
  pagewalk run --memory 512K --replacement lru --report run.txt ./prog
  pagewalk run --memory 1M --timeline run.json --record run.refs.gz ./prog   (timeline: https://ui.perfetto.dev)

The exit status is the program's, 128 + signal when it is killed, 124 when a limit stops it, and 125 when
pagewalk itself can't go on.`;

export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .summary('run a program under virtual memory')
    .description('Runs a static RISC-V Linux program (ELF) under virtual memory.')
    .usage('[options] <elf> [args…]')
    .argument('[elf]', 'the program; not needed when a configuration file names programs')
    .argument('[args...]', 'its arguments; options after <elf> are its too')
    .passThroughOptions();
  addSystemOptions(command)
    .option('--report <file>', 'write the report there instead of to standard error')
    .option('--json', 'write the report as JSON')
    .option('--quiet', 'no report on standard error')
    .option(
      '--record <file>',
      'write every reference to a file; .gz compresses, .txt (or .txt.gz) is readable',
    )
    .option(
      '--record-granularity <what>',
      'every reference, or page: successive ones to a page as one',
      'every',
    )
    .option('--timeline <file>', 'write trace events for Perfetto to a file')
    .option('--events <file>', 'write every event to a file, one JSON object a line')
    .option('--strace', 'print system calls on standard error')
    .option(
      '--watch <variable>',
      'report who read and wrote it, and lost updates: a name, or 0xADDRESS[:BYTES]',
    )
    .option(
      '--where <what>',
      'report where page faults come from, by functions, lines, instructions, areas, pages, processes or all',
    )
    .option('--where-top <n>', 'rows of each of these lists, or all (default: 10)')
    .addHelpText('after', EXAMPLE)
    .action(async (elf: string | undefined, args: string[], flags: Flags) => {
      process.exitCode = await run(elf, args, flags);
    });
}

const streams = new NodeStreams();
const encoder = new TextEncoder();

/** Written at once and in order with what the guest writes there. */
const printError = (text: string): void => {
  streams.writeOutput(2, encoder.encode(text));
};

/** The files a run writes, all of them or none. */
class RunFiles {
  readonly #files: OutputFile[] = [];

  open(path: string | undefined, place: string): OutputFile | undefined {
    if (path === undefined) return undefined;
    const file = new OutputFile(path, place);
    this.#files.push(file);
    return file;
  }

  commit(): void {
    for (const file of this.#files) file.commit();
  }

  discard(): void {
    for (const file of this.#files) file.discard();
  }
}

async function run(elf: string | undefined, args: readonly string[], flags: Flags): Promise<number> {
  const chosen = await chooseOptions(flags);
  const { config, policy, scheduling } = chosen;
  const where = await attribution(flags.where, flags.whereTop);
  const root = parseRoot(chosen.root);
  const [program, ...others] = programsOf(elf, args, chosen, root, flags.config);
  for (const { name } of [program, ...others]) checkDistinct(flags, name);
  const files = new RunFiles();
  let system: System | undefined;
  const forget = atExit(() => system?.close());
  const interrupts = new Interrupts((signal) => system?.interrupt(signal));
  try {
    const report = files.open(flags.report, '--report');
    const timelineFile = files.open(flags.timeline, '--timeline');
    const timeline = timelineFile && new Timeline(timelineFile.writeText);
    const events = files.open(flags.events, '--events');
    const record = recordOf(flags, files, program.argv);
    const ports: SystemPorts = {
      program,
      others,
      jobs: chosen.jobs === undefined ? undefined : jobsOf(chosen.jobs),
      files: openRoot(root),
      streams: interrupts.around(streams),
      stores: hostStores,
      interpreters: hostInterpreter,
      policy,
      scheduling,
      turn,
      record,
      strace: flags.strace ? 'on' : 'off',
      watch: flags.watch === undefined ? undefined : watched(flags.watch, program),
      where,
    };
    system = createSystem(config, ports);
    if (timeline) system.observe(timeline.observe);
    if (events) system.observe((event) => events.writeText(`${eventLine(event)}\n`));
    if (flags.strace) system.observe(printCall);
    await system.run();
    timeline?.finish();
    record?.finish();
    const finished = system.report();
    if (report) report.writeText(render(finished, flags));
    files.commit();
    if (!report && !flags.quiet) printError(render(finished, flags));
    return finished.end.status;
  } finally {
    interrupts.stop();
    files.discard();
    forget();
    system?.close();
  }
}

/** The program on the command line, and those of the configuration file. */
function programsOf(
  elf: string | undefined,
  args: readonly string[],
  { programs, env }: ChosenOptions,
  root: RootChoice,
  file: string | undefined,
): [ProgramRequest, ...ProgramRequest[]] {
  const named = elf === undefined ? [] : [readProgram(elf, args, env, root)];
  const others = requestsOf(programs, `${file}: programs`, (path, rest) =>
    readProgram(path, rest, env, root),
  );
  const [first, ...rest] = [...named, ...others];
  if (first === undefined)
    throw new UserError('<elf>', 'no program is named, here or in a configuration file');
  return [first, ...rest];
}

/** The variable to watch: 4 bytes, unless its size is known. */
function watched(text: string, { name, bytes }: ProgramRequest): NonNullable<SystemPorts['watch']> {
  const [, digits, size = '4'] = /^0x([0-9a-f]{1,13})(?::(\d{1,9}))?$/i.exec(text) ?? [];
  if (digits !== undefined) return { name: text, address: Number.parseInt(digits, 16), bytes: Number(size) };
  const symbol = findSymbol(bytes, text);
  if (symbol === undefined) throw new UserError('--watch', `${name} has no symbol '${text}'`);
  return { name: text, address: symbol.address, bytes: symbol.bytes || 4 };
}

function jobsOf(path: string): JobFile {
  const { name, text } = readText(path);
  return parseJobs(text, name);
}

/** Two files in one place would undo each other, and the program is not there to be written over. */
function checkDistinct(flags: Flags, program: string): void {
  const seen = new Map([[realpathSync(program), 'the program']]);
  for (const name of ['report', 'timeline', 'events', 'record'] as const) {
    const path = flags[name];
    if (path === undefined) continue;
    const place = placeOf(path);
    if (place === undefined) continue;
    const other = seen.get(place);
    if (other !== undefined) throw new UserError(`--${name} ${path}`, `is ${other} already`);
    seen.set(place, `what --${name} writes`);
  }
}

/** Where a file is or would be, without links; `undefined` for pipes and devices, which may be shared. */
function placeOf(path: string): string | undefined {
  try {
    const place = realpathSync(path);
    return statSync(place).isFile() ? place : undefined;
  } catch {
    return resolve(path);
  }
}

function recordOf(flags: Flags, files: RunFiles, argv: readonly string[]): SystemPorts['record'] {
  const { record: path, recordGranularity: granularity } = flags;
  if (granularity !== 'every' && granularity !== 'page') {
    throw new UserError('--record-granularity', `unknown '${granularity}'; known: every, page`);
  }
  const file = files.open(path, '--record');
  if (file === undefined) {
    if (granularity !== 'every')
      throw new UserError('--record-granularity', 'says how to --record, which is not given');
    return undefined;
  }
  const form = /\.txt(\.gz)?$/.test(path ?? '') ? 'text' : 'binary';
  return recordWriter(form, { granularity, pageSize: 4096, program: argv }, file.writeBytes);
}

/** A line as strace(1) prints it, or `undefined` for events that it does not show. */
function straceLine(event: KernelEvent): string | undefined {
  switch (event.type) {
    case 'system-call':
      return event.shown;
    case 'signal':
      return `--- ${signalName(event.signal)} at 0x${event.address.toString(16)}: ${event.action} ---`;
    case 'exit':
      return event.signal === 0
        ? `+++ exited with ${event.status} +++`
        : `+++ killed by ${signalName(event.signal)} +++`;
    default:
      return undefined;
  }
}

const printCall = (event: KernelEvent): void => {
  const line = straceLine(event);
  if (line !== undefined) printError(`${line}\n`);
};

function render(report: RunReport, flags: Flags): string {
  return flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report);
}
