/** The trace formats that can be read. */
import { UserError } from '../../base/errors.ts';
import type { TraceFormat } from './contract.ts';
import { csv } from './csv.ts';
import { din } from './din.ts';
import { drmemtrace } from './drmemtrace.ts';
import { lackey } from './lackey.ts';
import { addresses, pages } from './lists.ts';
import { oracleGeneral } from './oracle-general.ts';
import { pagewalk } from './pagewalk.ts';
import { perf } from './perf.ts';
import { pinatrace } from './pinatrace.ts';

/** Of formats that are equally sure of a trace the first one is taken. */
export const traceFormats: readonly TraceFormat[] = [
  pagewalk,
  lackey,
  drmemtrace,
  pinatrace,
  perf,
  din,
  csv,
  addresses,
  pages,
  oracleGeneral,
];

const names = (): string => traceFormats.map(({ name }) => name).join(', ');

/**
 * @param place where the name was given, e.g. `--format`
 * @throws UserError naming the formats there are
 */
export function findFormat(name: string, place: string): TraceFormat {
  const format = traceFormats.find((one) => one.name === name);
  if (format === undefined) throw new UserError(place, `no format '${name}', expected one of ${names()}`);
  return format;
}

/**
 * The format that is surest of a trace.
 * @param head the trace's first bytes, as many as there are up to 64 KiB
 * @param name of the file, for messages
 * @throws UserError naming the formats there are when none of them recognizes it
 */
export function chooseFormat(head: Uint8Array, name: string): TraceFormat {
  const sureness = traceFormats.map((format) => format.recognizes(head));
  const surest = Math.max(...sureness);
  if (surest > 0) return traceFormats[sureness.indexOf(surest as 1)]!;
  // What redirecting a program's output makes in some shells of Windows.
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (isUtf16) throw new UserError(name, 'UTF-16 text; convert it to UTF-8');
  throw new UserError(name, `of no known format; choose one with --format: ${names()}`);
}
