/** The trace named on the command line, read, or taken from what was kept beside it. */
import { statSync } from 'node:fs';
import { TraceCache } from '../adapters/trace-cache.ts';
import { openTrace } from '../adapters/trace-source.ts';
import { UserError } from '../base/errors.ts';
import type { Consume } from '../system/replaying.ts';
import { denseTrace, type ReadTrace, type TraceOptions } from '../system/trace.ts';
import { startAmount } from './progress.ts';
import { type TraceFlags, traceOptions } from './trace-options.ts';

/** @throws UserError when there is no trace, or two, or it can't be read */
export async function readTraceInput(
  path: string | undefined,
  flags: TraceFlags,
  consume?: Consume,
): Promise<ReadTrace> {
  const options = traceOptions(flags);
  if (flags.references !== undefined) {
    if (path !== undefined) throw new UserError('--references', `and ${path}: give one of the two`);
    return inlineTrace(flags.references, options, consume);
  }
  if (path === undefined)
    throw new UserError('trace', "none given; name a file, - for standard input, or --references '0 1 2'");
  const cache = flags.cache && consume === undefined ? cacheOf(path, options) : undefined;
  const kept = cache?.read();
  if (kept !== undefined) return kept;
  const read = await readFile(path, options, consume);
  cache?.write(read);
  return read;
}

function inlineTrace(text: string, options: TraceOptions, consume?: Consume): Promise<ReadTrace> {
  const bytes = new TextEncoder().encode(`${text}\n`);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return denseTrace(
    { name: '--references', chunks: chunks() },
    { ...options, format: options.format ?? 'pages' },
    { consume },
  );
}

/** Regular files only: nothing can be kept beside a pipe. */
function cacheOf(path: string, options: TraceOptions): TraceCache | undefined {
  if (path === '-' || statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  return new TraceCache(path, JSON.stringify(options));
}

async function readFile(path: string, options: TraceOptions, consume?: Consume): Promise<ReadTrace> {
  const source = await openTrace(path);
  const progress = startAmount(source.name, 'references', source.size);
  try {
    const { name, chunks } = source;
    return await denseTrace({ name, chunks }, options, {
      consume,
      onProgress: (references) => progress.at(references, source.bytesRead()),
    });
  } finally {
    progress.stop();
  }
}
