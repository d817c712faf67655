/** `pagewalk describe`: what a trace is like: its pages, reuse, and working set over time. */
import type { Command } from 'commander';
import { describeText, workingSetPlot } from '../report/describe-text.ts';
import { plotText } from '../report/plot/text.ts';
import { describeTrace, parseCount } from '../system/replaying.ts';
import { writeWhole } from './output-file.ts';
import { readTraceInput } from './trace-input.ts';
import { addTraceOptions, type TraceFlags } from './trace-options.ts';

interface Flags extends TraceFlags {
  readonly window?: string;
  readonly json?: boolean;
  readonly plot: boolean;
  readonly svg?: string;
}

const EXAMPLE = `
Examples:
  pagewalk describe trace.gz
  pagewalk describe trace.gz --window 10k,1m --svg working-set.svg`;

export function addDescribeCommand(program: Command): void {
  const command = program
    .command('describe')
    .summary("a trace's pages, reuse distances and working set over time")
    .description('Tells what a trace is like, whatever policy serves it.')
    .usage('[options] <trace>')
    .argument('[trace]', 'a file, or - for standard input');
  addTraceOptions(command)
    .option('--window <list>', 'of the working set, in references (default: 1/1000 and 1/100 of the trace)')
    .option('--json', 'print as JSON')
    .option('--no-plot', 'no plot in the terminal')
    .option('--svg <file>', 'write a plot of the working set')
    .addHelpText('after', EXAMPLE)
    .action((trace: string | undefined, flags: Flags) => describe(trace, flags));
}

async function describe(path: string | undefined, flags: Flags): Promise<void> {
  const windows =
    flags.window === undefined ? [] : flags.window.split(',').map((one) => parseCount(one, 1, '--window'));
  const description = describeTrace(await readTraceInput(path, flags), windows);
  if (flags.svg !== undefined) {
    const { plotSvg } = await import('../report/plot/svg.ts');
    writeWhole(flags.svg, '--svg', new TextEncoder().encode(await plotSvg(workingSetPlot(description))));
  }
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(description, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(describeText(description));
  const width = Math.min(100, process.stdout.columns ?? 80);
  if (flags.plot) process.stdout.write(`\n${plotText(workingSetPlot(description), { width, height: 12 })}`);
}
