/** What people write about the disk and the page daemon. */
import { UserError } from '../base/errors.ts';
import type { DiskModel } from '../kernel/disk.ts';
import type { PageTableRule } from '../kernel/memory/assembly.ts';
import type { PagingRules, Watermarks } from '../kernel/memory/paging-rules.ts';
import { SUPERPAGE_RULES, type SuperpageRule } from '../kernel/memory/superpage-state.ts';
import { parseDisk } from './disk-syntax.ts';
import { parseCount, parseDuration } from './time-syntax.ts';

/** As written; each is optional. */
export interface PagingOptions {
  /** What a transfer takes: see `DISK_SYNTAX`. */
  disk?: string | undefined;
  /** Pages read beside the one that was asked for. */
  readAhead?: number | string | undefined;
  /** See `DAEMON_SYNTAX`. */
  daemon?: string | undefined;
  /** Pages that one write holds at most. */
  cluster?: number | string | undefined;
  /** How often dirty pages are written, or `off`. */
  cleanEvery?: string | undefined;
  /** Whether page tables stay in memory, `resident`, or may go to swap, `pageable`. */
  pageTables?: string | undefined;
  /** Which areas get superpages: none, `off`, those that programs ask for, `madvise`, or all anonymous ones. */
  superpages?: string | undefined;
}

export const DEFAULT_PAGING = {
  disk: 'flat',
  readAhead: 0,
  daemon: 'off',
  cluster: 1,
  cleanEvery: 'off',
  pageTables: 'resident',
  superpages: 'off',
} as const satisfies PagingOptions;

export const DAEMON_SYNTAX = 'LOW,HIGH or LOW,HIGH,clean-first, in frames or per cent (5%,10%), or off';

/** More pages than this in one transfer make no sense, and would take much of a small memory. */
const MOST_PAGES = 1024;

export interface PagingConfig {
  readonly disk: DiskModel;
  readonly paging: PagingRules;
  readonly pageTables: PageTableRule;
  readonly superpages: SuperpageRule;
}

/**
 * @param options with those that decide whether tables can go to swap
 * @param frames that pages may have
 * @param placeOf names the place of an option for messages
 * @throws UserError naming the option that is wrong
 */
export function pagingOf(
  options: PagingOptions & TableSurroundings,
  frames: number,
  placeOf: (option: string) => string,
): PagingConfig {
  const { disk, readAhead, daemon, cluster, cleanEvery } = options;
  return {
    disk: parseDisk(disk ?? DEFAULT_PAGING.disk, placeOf('disk')),
    paging: {
      readAhead: pagesOf(readAhead ?? DEFAULT_PAGING.readAhead, 0, placeOf('readAhead')),
      daemon: watermarksOf(daemon ?? DEFAULT_PAGING.daemon, frames, placeOf('daemon')),
      cluster: pagesOf(cluster ?? DEFAULT_PAGING.cluster, 1, placeOf('cluster')),
      cleanEvery: periodOf(cleanEvery ?? DEFAULT_PAGING.cleanEvery, placeOf('cleanEvery')),
    },
    pageTables: pageTablesOf(options, placeOf('pageTables')),
    superpages: superpagesOf(options, placeOf('superpages')),
  };
}

/** What decides whether tables can go to swap. */
export interface TableSurroundings {
  readonly frames?: number | string | undefined;
  readonly bits?: string | undefined;
  readonly swap?: string | undefined;
}

function pageTablesOf(options: PagingOptions & TableSurroundings, place: string): PageTableRule {
  const { pageTables = DEFAULT_PAGING.pageTables, frames, bits, swap } = options;
  if (pageTables === 'resident') return 'resident';
  if (pageTables !== 'pageable')
    throw new UserError(place, `unknown '${pageTables}'; known: resident, pageable`);
  if (frames !== undefined)
    throw new UserError(place, 'pageable needs a size of all memory; a number of frames is for pages alone');
  if (bits === 'stamps')
    throw new UserError(
      place,
      'pageable tables have no stamps: each needs a frame of them beside it in memory',
    );
  if (swap === 'none') throw new UserError(place, 'pageable tables need swap to go to');
  return 'pageable';
}

function superpagesOf(options: PagingOptions & TableSurroundings, place: string): SuperpageRule {
  const { superpages = DEFAULT_PAGING.superpages, bits = 'hardware', pageTables } = options;
  const rule = SUPERPAGE_RULES.find((known) => known === superpages);
  if (rule === undefined)
    throw new UserError(place, `unknown '${superpages}'; known: ${SUPERPAGE_RULES.join(', ')}`);
  if (rule === 'off') return rule;
  if (bits !== 'hardware')
    throw new UserError(
      place,
      `a superpage has one referenced and one dirty bit, which the hardware keeps; '--bits ${bits}' is about each page`,
    );
  if (pageTables === 'pageable')
    throw new UserError(
      place,
      'the table that a superpage stands for has to stay in memory, and not go to swap',
    );
  return rule;
}

/** As it would be written. */
export function formatDaemon(marks: Watermarks | undefined): string {
  if (marks === undefined) return 'off';
  return `${marks.low},${marks.high}${marks.first === 'clean' ? ',clean-first' : ''}`;
}

function pagesOf(text: number | string, least: number, place: string): number {
  const pages = parseCount(String(text), least, place);
  if (pages <= MOST_PAGES) return pages;
  throw new UserError(place, `${pages} is more than ${MOST_PAGES} pages`);
}

function periodOf(text: string, place: string): number | undefined {
  if (text === 'off') return undefined;
  const ns = parseDuration(text, place);
  if (ns > 0) return ns;
  throw new UserError(place, `'${text}' is no time; give a duration such as 500ms, or off`);
}

function watermarksOf(text: string, frames: number, place: string): Watermarks | undefined {
  if (text === 'off') return undefined;
  const [low = '', high = '', order, ...rest] = text.split(',');
  if (high === '' || rest.length > 0 || (order !== undefined && order !== 'clean-first'))
    throw new UserError(place, `'${text}' is not ${DAEMON_SYNTAX}`);
  const marks = { low: framesOf(low, frames, place), high: framesOf(high, frames, place) };
  if (marks.low > marks.high)
    throw new UserError(place, `the low mark, ${marks.low} frames, is above the high one, ${marks.high}`);
  if (marks.high >= frames)
    throw new UserError(place, `${marks.high} free frames are all that there are (${frames})`);
  return { ...marks, first: order === undefined ? 'any' : 'clean' };
}

function framesOf(text: string, frames: number, place: string): number {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (percent === undefined) return parseCount(text, 1, place);
  return Math.max(1, Math.round((Number(percent) / 100) * frames));
}
