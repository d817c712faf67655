/** `--where` and `--where-top`. */
import { UserError } from '../base/errors.ts';
import { parseCount } from './time-syntax.ts';

/** What faults can be listed by. */
export const BREAKDOWNS = ['functions', 'lines', 'instructions', 'areas', 'pages', 'processes'] as const;
export type Breakdown = (typeof BREAKDOWNS)[number];

export interface WhereChoice {
  readonly breakdowns: readonly Breakdown[];
  /** Rows of each list; Infinity: all. */
  readonly top: number;
}

export const DEFAULT_TOP = 10;

/**
 * @param what names with commas between them, or `all`
 * @param top a number, or `all`; ten without it
 * @throws UserError naming the option
 */
export function parseWhere(what: string, top?: string): WhereChoice {
  const names = what === 'all' ? BREAKDOWNS : what.split(',');
  const breakdowns = BREAKDOWNS.filter((name) => names.includes(name));
  const unknown = names.find((name) => !(BREAKDOWNS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new UserError('--where', `unknown '${unknown}'; known: ${BREAKDOWNS.join(', ')}, all`);
  return { breakdowns, top: topOf(top) };
}

function topOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TOP;
  return text === 'all' ? Number.POSITIVE_INFINITY : parseCount(text, 1, '--where-top');
}
