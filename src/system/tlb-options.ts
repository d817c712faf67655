/** Options about what is kept in and beside the TLB. */
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';
import { formatSize, parseSize } from '../base/sizes.ts';
import { type AsidChoice, MOST_ASIDS } from '../kernel/memory/asids.ts';
import type { TlbConfig } from '../machine/contract.ts';
import type { CacheKind, CacheShape } from '../machine/data-cache.ts';

export interface TlbOptions {
  /** Address-space identifiers that the TLB has, 2 to 65,536, or `none`: it is flushed at each change of spaces. */
  asids?: number | string | undefined;
  /** Whether compulsory, capacity and conflict misses are told apart. */
  tlbClasses?: boolean | undefined;
  /** A data cache that is modelled beside the TLB, `32K:8:64:virtual`, or `none`. */
  cache?: string | undefined;
}

/** Plain data. */
export interface TlbChoices {
  readonly asids: AsidChoice;
  readonly tlbClasses: 'off' | 'on';
  readonly cache: CacheShape | undefined;
}

export const DEFAULT_TLB_OPTIONS = { asids: MOST_ASIDS, tlbClasses: false, cache: 'none' } as const;
export const ASIDS_SYNTAX = `2 to ${MOST_ASIDS}, or none`;
export const CACHE_SYNTAX =
  'SIZE:WAYS:LINE, e.g. 32K:8:64, with :physical (the default), :vipt or :virtual, or none';

/** @throws UserError naming the option that is wrong */
export const tlbOptionsOf = (
  options: TlbOptions,
  tlb: TlbConfig,
  placeOf: (option: string) => string,
): TlbChoices => ({
  asids: asidsOf(options.asids ?? DEFAULT_TLB_OPTIONS.asids, placeOf('asids')),
  tlbClasses: options.tlbClasses === true ? classesOf(tlb, placeOf('tlbClasses')) : 'off',
  cache: parseCache(options.cache ?? DEFAULT_TLB_OPTIONS.cache, placeOf('cache')),
});

/** @throws UserError naming the place */
export const parseAsids = (text: string | undefined, place: string): AsidChoice =>
  asidsOf(text ?? DEFAULT_TLB_OPTIONS.asids, place);

function asidsOf(given: number | string, place: string): AsidChoice {
  if (given === 'none') return 'none';
  const count = /^\d+$/.test(String(given)) ? Number(given) : Number.NaN;
  if (count >= 2 && count <= MOST_ASIDS) return count;
  throw new UserError(place, `'${given}' is no number of address-space identifiers: give ${ASIDS_SYNTAX}`);
}

/** Classes are of pages of 4 KiB in entries of one TLB. */
function classesOf(tlb: TlbConfig, place: string): 'on' {
  if (tlb.kind === 'none') throw new UserError(place, 'there is no TLB whose misses could be told apart');
  if (tlb.superpages === undefined) return 'on';
  throw new UserError(
    place,
    'misses are told apart by pages of 4K, and a TLB for superpages holds larger ones',
  );
}

const MOST_CACHE = 2 ** 26;
const kinds: readonly CacheKind[] = ['physical', 'virtual', 'vipt'];
const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));

/** @throws UserError when it is none of CACHE_SYNTAX */
function parseCache(text: string, place: string): CacheShape | undefined {
  if (text === 'none') return undefined;
  const [, size, waysText, lineText, kindText = 'physical'] =
    /^(\w+):(\d+):(\d+)(?::([a-z]+))?$/.exec(text) ?? [];
  if (size === undefined) throw new UserError(place, `'${text}' is not a cache; give ${CACHE_SYNTAX}`);
  const [bytes, ways, line] = [parseSize(size, place), Number(waysText), Number(lineText)];
  const kind = kinds.find((known) => known === kindText);
  if (kind === undefined) throw new UserError(place, `unknown '${kindText}'; known: ${kinds.join(', ')}`);
  if (!isPowerOfTwo(line) || line < 8 || line > PAGE_SIZE)
    throw new UserError(place, `lines of ${line} bytes; give a power of two from 8 to ${PAGE_SIZE}`);
  if (bytes > MOST_CACHE)
    throw new UserError(place, `${size} is too large; give ${formatSize(MOST_CACHE)} or less`);
  if (ways < 1) throw new UserError(place, `${ways} ways; give 1 or more`);
  const sets = bytes / (ways * line);
  if (isPowerOfTwo(sets) && sets >= 1) return { bytes, ways, line, kind };
  throw new UserError(
    place,
    `${size} in ${ways} ways of lines of ${line} bytes make ${sets} sets; that has to be a power of two`,
  );
}

/** As `--cache` takes it, in full. */
export const formatCache = (shape: CacheShape | undefined): string =>
  shape === undefined ? 'none' : `${formatSize(shape.bytes)}:${shape.ways}:${shape.line}:${shape.kind}`;
