#!/usr/bin/env node
/** The command line: finds the command, and turns failures into one line and a status. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { UserError } from '../base/errors.ts';
import { complain, printFailure, reasonOf, STATUS_MISTAKE, STATUS_RUN_MISTAKE } from './failures.ts';

/** Where each command is; only the one that is asked for is loaded, so that a run starts quickly. */
const commands: Readonly<Record<string, (program: Command) => Promise<void>>> = {
  run: async (program) => (await import('./run.ts')).addRunCommand(program),
  compare: async (program) => (await import('./compare.ts')).addCompareCommand(program),
  replay: async (program) => (await import('./replay.ts')).addReplayCommand(program),
  curve: async (program) => (await import('./curve.ts')).addCurveCommand(program),
  describe: async (program) => (await import('./describe.ts')).addDescribeCommand(program),
  generate: async (program) => (await import('./generate.ts')).addGenerateCommand(program),
  schedule: async (program) => (await import('./schedule.ts')).addScheduleCommand(program),
  servers: async (program) => (await import('./servers.ts')).addServersCommand(program),
  scenario: async (program) => (await import('./scenario.ts')).addScenarioCommand(program),
  translate: async (program) => (await import('./translate.ts')).addTranslateCommand(program),
  list: async (program) => (await import('./list.ts')).addListCommand(program),
  schema: async (program) => (await import('./schema.ts')).addSchemaCommand(program),
};

const EXAMPLE = `
Examples:
  pagewalk run ./prog arg1 arg2
  pagewalk compare --memory 512K --replacement fifo,clock,lru ./prog`;

async function main(args: readonly string[]): Promise<void> {
  const program = new Command('pagewalk')
    .description(
      'Runs RISC-V Linux programs under virtual memory, with every mechanism and policy in the open.',
    )
    .enablePositionalOptions()
    .option('-V, --version', 'print the version')
    .addHelpText('after', EXAMPLE)
    .exitOverride()
    // One line for a mistake, printed below; what is asked for (help) goes to standard output.
    .configureOutput({ writeErr: () => undefined });
  const wanted = commands[args[0] ?? ''];
  const loaders = wanted === undefined ? Object.values(commands) : [wanted];
  for (const add of loaders) await add(program);
  for (const command of program.commands) {
    command
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .allowExcessArguments(false);
  }
  if (args[0] === '-V' || args[0] === '--version') {
    process.stdout.write(`${version()}\n`);
    return;
  }
  if (args.length === 0) {
    program.outputHelp();
    process.exitCode = STATUS_MISTAKE;
    return;
  }
  await program.parseAsync(args, { from: 'user' });
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { version: unknown }).version);
}

function fail(error: unknown, command: string | undefined): void {
  const status = command === 'run' ? STATUS_RUN_MISTAKE : STATUS_MISTAKE;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return;
    process.exitCode = status;
    const message =
      error.code === 'commander.help'
        ? `unknown command '${args[1]}'`
        : error.message.replace(/^error: /, '').split('\n', 1)[0];
    const help =
      command !== undefined && command in commands ? `pagewalk ${command} --help` : 'pagewalk --help';
    complain(`${message} (see ${help})`);
    return;
  }
  printFailure(error);
  process.exitCode = error instanceof UserError || command === 'run' ? status : 1;
}

const args = process.argv.slice(2);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever closed the pipe has seen enough.
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  complain(`standard output: can't be written: ${reasonOf(error)}`);
  process.exit(args[0] === 'run' ? STATUS_RUN_MISTAKE : STATUS_MISTAKE);
});
// Ending by itself, the process still puts away what is half done. A run has handlers of its own.
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  if (args[0] !== 'run') process.once(signal, () => process.exit(128 + number));
}
try {
  await main(args);
} catch (error) {
  fail(error, args[0]);
}
