/** `pagewalk scenario`: runs that make a point together, from one file. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { MemoryFiles } from '../adapters/memory-files.ts';
import { UserError } from '../base/errors.ts';
import type { ScenarioReport } from '../report/scenario-schema.ts';
import { scenarioPlot, scenarioText } from '../report/scenario-text.ts';
import { sumOf, valueAt } from '../report/scenario-values.ts';
import { createSystem, type ProgramRequest, type SystemPorts } from '../system/running.ts';
import { ComparedStreams } from './compared-streams.ts';
import { requestsOf } from './config-programs.ts';
import { reasonOf } from './failures.ts';
import { systemChoice } from './options.ts';
import { writeWhole } from './output-file.ts';
import { hostInterpreter, hostStores } from './program.ts';
import { startProgress } from './progress.ts';
import { loadScenario, type ScenarioFile } from './scenario-file.ts';
import { turn } from './turn.ts';

interface Flags {
  readonly json?: boolean;
  readonly svg?: string;
  readonly plot: boolean;
}

type Row = ScenarioReport['rows'][number];
type Options = ScenarioFile['base'];

const EXAMPLE = `
Examples:
  pagewalk scenario                    (lists those that are shipped)
  pagewalk scenario overlap
  pagewalk scenario ./mine.json --json

A scenario is a file of options, programs and what they are varied in: see docs/formats.md. The exit status is 1
when runs that should give the same output don't.`;

export function addScenarioCommand(program: Command): void {
  program
    .command('scenario')
    .summary('run a shipped experiment, or your own: runs side by side that make a point')
    .description('Runs the programs of a scenario once for each combination of what it varies.')
    .argument('[name]', 'of a shipped scenario, or a file: ./mine.json')
    .option('--json', 'print as JSON, with the whole report of each run')
    .option('--svg <file>', 'write the plot, if the scenario has one')
    .option('--no-plot', 'no plot in the terminal')
    .addHelpText('after', EXAMPLE)
    .action(async (name: string | undefined, flags: Flags) => {
      process.exitCode = name === undefined ? listScenarios() : await scenario(name, flags);
    });
}

const shipped = fileURLToPath(new URL('../../scenarios/', import.meta.url));

const shippedNames = (): string[] =>
  readdirSync(shipped)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();

function listScenarios(): number {
  const names = shippedNames();
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map(
    (name) => `${name.padEnd(width)}  ${loadScenario(join(shipped, `${name}.json`)).title}`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

function pathOf(name: string): string {
  if (name.endsWith('.json') || name.includes('/')) return name;
  const names = shippedNames();
  if (names.includes(name)) return join(shipped, `${name}.json`);
  throw new UserError(`scenario ${name}`, `unknown; known: ${names.join(', ')}, or a file: ./mine.json`);
}

async function scenario(name: string, flags: Flags): Promise<number> {
  const path = pathOf(name);
  const file = loadScenario(path);
  const combinations = combinationsOf(file);
  const progress = await startProgress('runs', combinations.length);
  const rows: Row[] = [];
  try {
    for (const { names, options } of combinations) {
      progress.at(rows.length, names.join(', '));
      rows.push(await runRow(path, file, names, options));
    }
  } finally {
    progress.stop();
  }
  const report = reportOf(file, rows);
  await print(report, file, flags);
  return report.identicalOutput || file.outputs === 'free' ? 0 : 1;
}

interface Combination {
  readonly names: readonly string[];
  readonly options: Options;
}

/** Every value of the first axis with every one of the second; later options come before earlier ones. */
function combinationsOf({ base, axes }: ScenarioFile): Combination[] {
  let combinations: Combination[] = [{ names: [], options: base }];
  for (const { values } of axes) {
    combinations = combinations.flatMap(({ names, options }) =>
      values.map((value) => ({
        names: [...names, value.name],
        options: { ...options, ...value.with, costs: { ...options.costs, ...value.with.costs } },
      })),
    );
  }
  return combinations;
}

async function runRow(
  path: string,
  file: ScenarioFile,
  names: readonly string[],
  { programs = [], env = {}, pageSize, ...options }: Options,
): Promise<Row> {
  const place = `${path}: ${names.join(', ')}`;
  const translations = programs.flatMap(({ translation }) => translation ?? []);
  const { config, policy, scheduling } = await systemChoice(
    { ...options, translations },
    (option) => `${place}: ${option}`,
  );
  const environment = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const entries = new Map<string, Uint8Array>();
  const requests = requestsOf(programs, `${place}: programs`, (program, args) => {
    const request = programBeside(path, program, args, environment);
    entries.set(request.path, request.bytes);
    return request;
  });
  const [first, ...others] = requests;
  if (first === undefined) throw new UserError(place, 'has no programs');
  const streams = new ComparedStreams(() => new Uint8Array(0));
  const ports: SystemPorts = {
    program: first,
    others,
    files: new MemoryFiles({ entries: Object.fromEntries(entries) }),
    streams,
    stores: hostStores,
    interpreters: hostInterpreter,
    policy,
    scheduling,
    turn,
  };
  if (pageSize !== undefined) {
    const { replayedRow } = await import('./scenario-replayed.ts');
    const report = await replayedRow(config, ports, { pageSize, translation: config.translation }, place);
    return { names: [...names], values: valuesOf(path, file, report), ...streams.output, report };
  }
  const system = createSystem(config, ports);
  try {
    await system.run();
    const report = system.report();
    return { names: [...names], values: valuesOf(path, file, report), ...streams.output, report };
  } finally {
    system.close();
  }
}

/** Programs lie where the scenario says, from its own folder on; the guest finds them in /bin. */
function programBeside(
  scenario: string,
  program: string,
  args: readonly string[],
  env: readonly string[],
): ProgramRequest {
  const path = resolve(dirname(scenario), program);
  const name = basename(path).replace(/\.elf$/, '');
  try {
    return { name: path, path: `/bin/${name}`, bytes: readFileSync(path), argv: [name, ...args], env };
  } catch (error) {
    throw new UserError(`${scenario}: ${program}`, reasonOf(error));
  }
}

function valuesOf(path: string, { columns }: ScenarioFile, report: Row['report']): number[] {
  return columns.map(({ name, value, per, otherwise }) => {
    const total = (of: string | readonly string[]): number => {
      const all = typeof of === 'string' ? [of] : of;
      const sum = sumOf(all.map((one) => valueAt(report, one) ?? otherwise));
      if (sum !== undefined) return sum;
      throw new UserError(
        `${path}: column '${name}'`,
        `${all.join(' + ')} is no number of a report; see pagewalk schema run`,
      );
    };
    if (per === undefined) return total(value);
    const whole = total(per);
    return whole === 0 ? 0 : total(value) / whole;
  });
}

function reportOf({ title, point, axes, columns }: ScenarioFile, rows: Row[]): ScenarioReport {
  const isSame = ({ outputHash, outputBytes, report }: Row): boolean =>
    outputHash === rows[0]!.outputHash &&
    outputBytes === rows[0]!.outputBytes &&
    statusOf(report) === statusOf(rows[0]!.report);
  return {
    schema: 'pagewalk.scenario/1',
    title,
    point,
    axes: axes.map(({ name }) => name),
    columns: columns.map(({ name, as }) => ({ name, as })),
    identicalOutput: rows.every(isSame),
    rows,
  };
}

/** Of a run; what is replayed has none. */
const statusOf = (report: Row['report']): number | undefined =>
  'end' in report ? report.end.status : undefined;

async function print(report: ScenarioReport, { plot: column, outputs }: ScenarioFile, flags: Flags) {
  const plot = column === undefined ? undefined : scenarioPlot(report, column);
  if (flags.svg !== undefined) {
    if (plot === undefined) throw new UserError('--svg', 'the scenario has no plot');
    const { plotSvg } = await import('../report/plot/svg.ts');
    writeWhole(flags.svg, '--svg', new TextEncoder().encode(await plotSvg(plot)));
  }
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(scenarioText(report, outputs));
  if (!flags.plot || plot === undefined) return;
  const { plotText } = await import('../report/plot/text.ts');
  const width = Math.min(100, process.stdout.columns ?? 80);
  process.stdout.write(`\n${plotText(plot, { width, height: 16 })}`);
}
