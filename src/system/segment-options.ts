/** What people write about memory that comes in contiguous pieces: `--translation base-bounds`, `segmented`, `relocated`. */
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';
import { parseSize } from '../base/sizes.ts';
import { type SchemeName, type SegmentRules, schemes } from '../kernel/segments/rules.ts';
import { findPlacementPolicy } from '../policies/placement/registry.ts';
import { parseCount, parseDuration } from './time-syntax.ts';
import type { TranslationConfig } from './translation-options.ts';

/** As written; each is optional. */
export interface SegmentOptions {
  /** Name of a placement policy. */
  placement?: string | undefined;
  /** How many segments the top bits of an address select: 2, 4, 8 or 16. */
  segments?: number | string | undefined;
  /** Bits of an address: 20 to 38. */
  addressBits?: number | string | undefined;
  /** What a piece with a heap has beyond what is needed when it is placed, `1M`. */
  room?: string | undefined;
  /** Most bytes of a stack; where it can't grow, all of them at once: `128K`. */
  stack?: string | undefined;
  /** Physical address for a program that is relocated by the loader: `1M`. */
  loadAt?: string | undefined;
  /** How often a piece is moved for no other reason, `1ms`, or `off`. */
  moveEvery?: string | undefined;
}

export interface SegmentConfig {
  readonly rules: SegmentRules;
  readonly placement: string;
}

export const segmentSchemes = Object.keys(schemes) as readonly SchemeName[];
export const isSegmentScheme = (name: string): name is SchemeName => Object.hasOwn(schemes, name);

/** What holds for each scheme; what a scheme has no use for is not there, and refused. */
const DEFAULTS: Readonly<Record<SchemeName, SegmentOptions>> = {
  'base-bounds': { placement: 'first-fit', addressBits: 32, room: '1M', stack: '128K', moveEvery: 'off' },
  segmented: {
    placement: 'first-fit',
    segments: 16,
    addressBits: 32,
    room: '64K',
    stack: '8M',
    moveEvery: 'off',
  },
  relocated: { stack: '128K', loadAt: '1M' },
};

const KEYS = ['placement', 'segments', 'addressBits', 'room', 'stack', 'loadAt', 'moveEvery'] as const;
/** More than the bits of any address below the end of memory, which is where relocated programs are. */
const PHYSICAL_BITS = 32;

type PlaceOf = (option: string) => string;

/**
 * @returns `undefined` when the scheme is one of pages
 * @throws UserError naming the option that is wrong, or that the scheme has no use for
 */
export function segmentsOf(
  translation: string,
  options: SegmentOptions,
  placeOf: PlaceOf,
): SegmentConfig | undefined {
  const defaults = isSegmentScheme(translation) ? DEFAULTS[translation] : undefined;
  for (const key of KEYS) {
    // Tables of all sizes are placed as well.
    if (key === 'placement' && defaults === undefined) continue;
    if (options[key] === undefined || defaults?.[key] !== undefined) continue;
    const users = segmentSchemes.filter((name) => DEFAULTS[name][key] !== undefined);
    const place = placeOf('translation');
    throw new UserError(placeOf(key), `only for '${place} ${users.join("', '")}', not for ${translation}`);
  }
  if (!isSegmentScheme(translation)) return undefined;
  const chosen = { ...DEFAULTS[translation], ...given(options) };
  const place = placeOf('placement');
  return {
    placement: findPlacementPolicy(chosen.placement ?? 'first-fit', place).name,
    rules: rulesOf(translation, chosen, placeOf),
  };
}

const given = (options: SegmentOptions): SegmentOptions =>
  Object.fromEntries(KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])));

function rulesOf(name: SchemeName, chosen: SegmentOptions, placeOf: PlaceOf): SegmentRules {
  const segments = chosen.segments === undefined ? 1 : countOf(chosen.segments, placeOf('segments'));
  const { addressBits = PHYSICAL_BITS, moveEvery = 'off' } = chosen;
  return {
    scheme: schemes[name],
    addressBits: bitsOf(addressBits, placeOf('addressBits')),
    segmentBits: Math.log2(segments),
    room: bytesOf(chosen.room ?? '0', placeOf('room')),
    stack: stackOf(chosen.stack!, placeOf('stack')),
    loadAt: bytesOf(chosen.loadAt ?? '0', placeOf('loadAt')),
    moveEvery: moveEvery === 'off' ? undefined : periodOf(moveEvery, placeOf('moveEvery')),
  };
}

function countOf(text: number | string, place: string): number {
  const count = Number(text);
  if ([2, 4, 8, 16].includes(count)) return count;
  throw new UserError(place, `'${text}' is not 2, 4, 8 or 16, which 1 to 4 bits of an address select`);
}

function bitsOf(text: number | string, place: string): number {
  const bits = parseCount(String(text), 1, place);
  if (bits >= 20 && bits <= 38) return bits;
  throw new UserError(place, `${bits} is not 20 to 38`);
}

/** Whole pages. */
function bytesOf(text: string, place: string): number {
  const bytes = parseSize(text, place);
  if (bytes % PAGE_SIZE !== 0) throw new UserError(place, `'${text}' is not a whole number of 4K pages`);
  if (bytes <= 2 ** 32) return bytes;
  throw new UserError(place, `'${text}' is more than 4G`);
}

/** Arguments and environment may have a quarter of it, and a signal's frame some 1.1 KB. */
const LEAST_STACK = 4 * PAGE_SIZE;

function stackOf(text: string, place: string): number {
  const bytes = bytesOf(text, place);
  if (bytes >= LEAST_STACK) return bytes;
  throw new UserError(place, `'${text}' is too little; give 16K or more`);
}

function periodOf(text: string, place: string): number {
  const period = parseDuration(text, place);
  if (period >= 1_000 && period <= 1e12) return period;
  throw new UserError(place, `'${text}' is not a time from 1us to 1000s, or off`);
}

/** Options of paging: nothing of it is there. */
const PAGING: Readonly<Record<string, string>> = {
  frames: 'there are no frames for pages alone; give --memory',
  replacement: 'no page is ever replaced',
  replacementScope: 'no page is ever replaced',
  bits: 'no page has bits',
  sampleEvery: 'no page has bits',
  refill: 'bounds are registers, and no table is looked at',
  pageTables: 'there are none',
  superpages: 'there are no pages',
  asids: 'bounds are registers, which change with the space',
  tlbClasses: 'bounds are registers, and no TLB has pages',
  cache: 'a cache is told of the frames of pages',
  loading: 'all of a program is loaded when its pieces are placed',
  execute: 'no page has a bit for it',
  admission: 'whole processes leave memory in any case when it is full',
  readAhead: 'no page is read alone',
  daemon: 'no page is ever evicted',
  cluster: 'pieces are written whole',
  cleanEvery: 'pieces are written whole',
};

/** @throws UserError for an option of paging that was given, with why it can't be had */
export function refusePaging(
  { rules }: SegmentConfig,
  options: Readonly<Record<string, unknown>>,
  placeOf: PlaceOf,
): void {
  const { name, rights } = rules.scheme;
  const refuse = (option: string, why: string) => {
    throw new UserError(placeOf(option), `not under ${name}: ${why}`);
  };
  for (const [option, why] of Object.entries(PAGING)) if (options[option] !== undefined) refuse(option, why);
  if (options.fork === 'copy-on-write')
    refuse('fork', 'a segment is in one place, so that it is copied whole, at once');
  if (options.writeXorExecute === true && rights === 'none')
    refuse('writeXorExecute', 'there are no rights that could be withheld');
  if (name !== 'relocated') return;
  if (options.swap !== undefined)
    refuse('swap', 'a program that is at its physical addresses can go nowhere');
  if (options.swapping !== undefined)
    refuse('swapping', 'a program that is at its physical addresses can go nowhere');
}

/**
 * @param others schemes that single programs are to have
 * @throws UserError when some would have pages and some not
 */
export function checkAllAlike(name: string, others: readonly string[] | undefined, place: string): void {
  const other = others?.find((one) => one !== name && (isSegmentScheme(name) || isSegmentScheme(one)));
  if (other === undefined) return;
  throw new UserError(
    place,
    `'${other}' can't be for one program while the others have ${name}: all of a run have pages, or none has`,
  );
}

/** What there is to say of translation where nothing is looked up in tables. */
export const piecesTranslation = ({ rules, placement }: SegmentConfig): TranslationConfig => ({
  translation: rules.scheme.name,
  translations: [],
  refill: 'retry',
  placement,
});
