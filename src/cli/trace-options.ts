/** Options of the commands that read traces. */
import type { Command } from 'commander';
import { UserError } from '../base/errors.ts';
import { parseSize } from '../base/sizes.ts';
import { parseKinds, type TraceOptions } from '../system/trace.ts';

/** As commander gives them. */
export interface TraceFlags {
  readonly format?: string;
  readonly pageSize?: string;
  readonly kinds?: string;
  readonly columns?: string;
  readonly references?: string;
  readonly cache: boolean;
}

export function addTraceOptions(command: Command): Command {
  return command
    .option('--format <name>', "of the trace, see 'pagewalk list' (default: told from its content)")
    .option('--page-size <size>', 'addresses are divided into pages of this size (default: 4K)')
    .option('--kinds <list>', 'references that count: fetch, load, store, data or all (default: all)')
    .option('--columns <role=name,…>', 'of a CSV trace: address or page, kind, size, process')
    .option('--references <list>', "page numbers instead of a trace: '0 1 2 3 0 1 4'")
    .option('--no-cache', 'neither use nor leave the parsed form beside the trace');
}

const ROLES = ['address', 'page', 'kind', 'size', 'process'] as const;
type Role = (typeof ROLES)[number];

/** @throws UserError naming the flag */
export function traceOptions(flags: TraceFlags): TraceOptions {
  return {
    // Only tables have columns, and one without a header looks like nothing else.
    format: flags.format ?? (flags.columns === undefined ? undefined : 'csv'),
    pageSize: parseSize(flags.pageSize ?? '4K', '--page-size'),
    kinds: parseKinds(flags.kinds ?? 'all', '--kinds'),
    columns: columnsOf(flags.columns),
  };
}

function columnsOf(text: string | undefined): TraceOptions['columns'] {
  const columns: Partial<Record<Role, string>> = {};
  for (const part of text === undefined ? [] : text.split(',')) {
    const equals = part.indexOf('=');
    const role = ROLES.find((one) => one === part.slice(0, Math.max(equals, 0)).trim());
    if (role === undefined)
      throw new UserError('--columns', `'${part}' is not role=name with a role of ${ROLES.join(', ')}`);
    columns[role] = part.slice(equals + 1).trim();
  }
  return columns;
}

const MOST_SIZES = 10_000;

/**
 * Sizes as written: `3,4`, `1..8` (every one), `16..4096*2` (each twice the last).
 * @param parse turns one into frames
 * @throws UserError naming the flag
 */
export function parseSizes(text: string, parse: (one: string) => number, place: string): number[] {
  const sizes = text.split(',').flatMap((part) => rangeOf(part.trim(), parse, place));
  if (sizes.length > MOST_SIZES) throw new UserError(place, `${sizes.length} sizes; at most ${MOST_SIZES}`);
  return [...new Set(sizes)].sort((a, b) => a - b);
}

function rangeOf(part: string, parse: (one: string) => number, place: string): number[] {
  const [, first, last, factorText] = /^(.+?)\.\.([^*]+)(?:\*(.+))?$/.exec(part) ?? [];
  if (first === undefined || last === undefined) return [parse(part)];
  const [from, to] = [parse(first), parse(last)];
  const factor = factorText === undefined ? undefined : Number(factorText);
  if (from > to || (factor !== undefined && !(factor > 1)))
    throw new UserError(place, `'${part}' is no range; write 1..8, or 16..4096*2 for each twice the last`);
  const sizes: number[] = [];
  for (let size = from; size <= to; ) {
    sizes.push(size);
    size = factor === undefined ? size + 1 : Math.max(size + 1, Math.round(size * factor));
    if (sizes.length > MOST_SIZES) break;
  }
  return sizes;
}

/** One count of frames. @throws UserError naming the flag */
export function parseFrames(text: string, place: string): number {
  const frames = Number(text);
  if (/^\d+$/.test(text) && frames >= 1 && frames <= 2 ** 30) return frames;
  throw new UserError(place, `'${text}' is no number of frames; at least 1 is needed`);
}
