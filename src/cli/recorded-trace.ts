/** The traces of a program that is run for them. */
import { recordProgram } from '../system/record-program.ts';
import type { ReadTrace, TraceOptions } from '../system/replaying.ts';
import { chooseOptions } from './options.ts';
import { hostInterpreter, hostStores, openRoot, parseRoot, readProgram } from './program.ts';
import { startAmount } from './progress.ts';
import { SilentStreams } from './silent-streams.ts';
import { turn } from './turn.ts';

/**
 * Runs the program at `path` on the default machine and keeps its references; its output goes nowhere.
 * @param rootFlag what --root says
 * @param pageSizes a trace is made for each
 * @throws UserError when the program or the root can't be read, or the run can't begin
 */
export async function recordedTraces(
  path: string,
  args: readonly string[],
  rootFlag: string,
  options: TraceOptions,
  pageSizes: readonly number[],
): Promise<ReadTrace[]> {
  const { config, env } = await chooseOptions({ env: [] });
  const root = parseRoot(rootFlag);
  const program = readProgram(path, args, env, root);
  const progress = startAmount(`running ${path}`, 'references', undefined);
  try {
    const streams = new SilentStreams();
    const ports = {
      program,
      files: openRoot(root),
      streams,
      stores: hostStores,
      interpreters: hostInterpreter,
      turn,
    };
    return await recordProgram(config, ports, options, pageSizes, (references) => progress.at(references, 0));
  } finally {
    progress.stop();
  }
}
