/**
 * `--translation` and `--refill`: which scheme, and who looks a page up when the TLB lacks it. A scheme is one of the
 * kernel's, or a radix geometry of the user's own.
 */
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';
import { LEAST_SPACE } from '../kernel/loader/layout.ts';
import type { RefillTime } from '../kernel/memory/refill.ts';
import { type PagingScheme, pagingSchemes, radixScheme } from '../kernel/memory/schemes.ts';
import { schemes as pieceSchemes } from '../kernel/segments/rules.ts';
import type { TlbConfig } from '../machine/contract.ts';
import { findPlacementPolicy } from '../policies/placement/registry.ts';
import { type RadixFormat, type RadixGeometry, userLimit } from '../translation/radix.ts';
import { riscvEntries } from '../translation/sv39.ts';
import { twoLevel } from '../translation/two-level.ts';
import { checkRefillable } from './tlb-syntax.ts';

/** Page tables as a user describes them. */
export interface OwnGeometry {
  readonly name?: string | undefined;
  /** Width of each level's index, root first. */
  readonly indexBits: readonly number[];
  /** Width of the offset in a page; runs have pages of 4 KiB, 12 bits. */
  readonly offsetBits?: number | undefined;
  readonly entryBytes?: 4 | 8 | undefined;
  /** `signed`: the upper half of the addresses is the kernel's. */
  readonly addresses?: 'signed' | 'unsigned' | undefined;
}

export interface TranslationOptions {
  /** Name of a scheme: see `pagewalk list`; or a geometry. */
  translation?: string | OwnGeometry | undefined;
  /** Names of the schemes that programs ask for beside it. */
  translations?: readonly string[] | undefined;
  /** `hardware`, `software`, or `software:handler`; by default hardware where that can walk the scheme's tables. */
  refill?: string | undefined;
  /** Where pieces of memory of all sizes go: a placement policy. */
  placement?: string | undefined;
}

/** Plain data. */
export interface TranslationConfig {
  /** Name of a scheme. */
  readonly translation: string;
  /** The same, if it is the user's own. */
  readonly geometry?: RadixFormat;
  /** Names of schemes that some programs have instead. */
  readonly translations: readonly string[];
  readonly refill: 'hardware' | RefillTime;
  /** Name of a placement policy. */
  readonly placement: string;
}

export const DEFAULT_TRANSLATION = 'sv39';
export const DEFAULT_PLACEMENT = 'first-fit';
export const REFILL_SYNTAX = 'hardware, software (the retry finds the entry) or software:handler';
const MOST_ADDRESS_BITS = 48;

/** As `--refill` has it. */
export const refillText = (refill: TranslationConfig['refill']): string =>
  refill === 'hardware' ? 'hardware' : refill === 'retry' ? 'software' : 'software:handler';

/** @throws UserError listing what there is */
function findScheme(name: string, place: string): PagingScheme {
  const found = pagingSchemes.find((scheme) => scheme.name === name);
  if (found !== undefined) return found;
  const known = [...pagingSchemes.map((scheme) => scheme.name), ...Object.keys(pieceSchemes)].join(', ');
  throw new UserError(place, `unknown '${name}'; known: ${known}`);
}

/** The schemes of a configuration, the usual one first. */
export function schemesOf({ translation, geometry, translations }: TranslationConfig): PagingScheme[] {
  const usual = geometry === undefined ? findScheme(translation, '--translation') : ownScheme(geometry);
  return [usual, ...translations.map((name) => findScheme(name, '--translation'))];
}

/** What the machine can walk for a configuration; `undefined`: nothing that all its spaces have. */
export function walkedFormat(schemes: readonly PagingScheme[]): RadixGeometry | undefined {
  const [usual] = schemes;
  return schemes.every(({ walked }) => walked === usual?.walked) ? usual?.walked : undefined;
}

/**
 * Whether tables can go to swap is a question of their shape.
 * @throws UserError when they have another one
 */
export function checkPageable(config: TranslationConfig, place: string): void {
  const schemes = schemesOf(config);
  const other = schemes.length > 1 ? schemes : schemes.filter(({ framed }) => framed === undefined);
  if (other.length === 0) return;
  const names = other.map(({ name }) => name).join(' and ');
  throw new UserError(
    place,
    `pageable tables are those of one scheme with levels, or of vax; ${names} is not`,
  );
}

/**
 * Whether one entry can map what a table of pages does is a question of their shape as well.
 * @throws UserError when none can
 */
export function checkSuperpages(config: TranslationConfig, place: string): void {
  const schemes = schemesOf(config);
  const [usual] = schemes;
  if (schemes.length === 1 && (usual?.radix?.indexBits.length ?? 0) > 1) return;
  const names = schemes.map(({ name }) => name).join(' and ');
  throw new UserError(
    place,
    `superpages are entries above the last level of one scheme with levels; ${names} is not`,
  );
}

/** @throws UserError when the scheme is unknown, or can't be had with that refill or TLB */
export function translationOf(
  options: TranslationOptions,
  tlb: TlbConfig,
  placeOf: (option: string) => string,
): TranslationConfig {
  const place = placeOf('translation');
  const { translation = DEFAULT_TRANSLATION } = options;
  const geometry = typeof translation === 'string' ? undefined : formatOf(translation, place);
  const usual = geometry === undefined ? findScheme(translation as string, place) : ownScheme(geometry);
  const others = [...new Set(options.translations)].filter((name) => name !== usual.name);
  const schemes = [usual, ...others.map((name) => findScheme(name, placeOf('programs')))];
  const refill = refillOf(options.refill, schemes, placeOf('refill'));
  if (refill !== 'hardware') checkRefillable(tlb, placeOf('tlb'));
  const placement = findPlacementPolicy(options.placement ?? DEFAULT_PLACEMENT, placeOf('placement'));
  return {
    translation: usual.name,
    ...(geometry === undefined ? {} : { geometry }),
    translations: others,
    refill,
    placement: placement.name,
  };
}

function refillOf(
  text: string | undefined,
  schemes: readonly PagingScheme[],
  place: string,
): TranslationConfig['refill'] {
  const walked = walkedFormat(schemes);
  switch (text) {
    case undefined:
      return walked === undefined ? 'retry' : 'hardware';
    case 'software':
      return 'retry';
    case 'software:handler':
      return 'handler';
    case 'hardware':
      break;
    default:
      throw new UserError(place, `unknown '${text}'; give ${REFILL_SYNTAX}`);
  }
  if (walked !== undefined) return 'hardware';
  const known = pagingSchemes.filter((scheme) => scheme.walked !== undefined).map(({ name }) => name);
  const names = schemes.map(({ name }) => name).join(' and ');
  throw new UserError(
    place,
    `the hardware walks the tables of ${known.join(' or ')}; those of ${names} software`,
  );
}

/** Whether the machine's walker knows a format, whatever its levels. */
const isWalkable = (format: RadixFormat): format is RadixGeometry =>
  format.entryBytes === 8 && format.addresses === 'signed' && format.entry === riscvEntries;

function ownScheme(format: RadixFormat): PagingScheme {
  const own = format.entryBytes === 8 ? { ...format, entry: riscvEntries } : format;
  const widths = [...format.indexBits, format.offsetBits].join('/');
  return radixScheme(own, widths, "the user's own", isWalkable(own) ? own : undefined);
}

/** @throws UserError when the geometry does not add up, or can't be run */
function formatOf(given: OwnGeometry, place: string): RadixFormat {
  const { indexBits, offsetBits = 12, entryBytes = 8, addresses = 'unsigned' } = given;
  const addressBits = indexBits.reduce((sum, bits) => sum + bits, offsetBits);
  const refuse = (why: string) => {
    throw new UserError(place, why);
  };
  if (indexBits.length === 0 || indexBits.some((bits) => !Number.isInteger(bits) || bits < 1))
    refuse(`indexBits has to be a list of widths from 1 on, e.g. [9, 9, 9]`);
  if (offsetBits !== 12)
    refuse(
      `pages of 2^${offsetBits} bytes are not run, but described and replayed; runs have an offset of 12 bits`,
    );
  const widest = Math.log2(PAGE_SIZE / entryBytes);
  if (indexBits.some((bits) => bits > widest))
    refuse(`a table has to fit into a page: indexes of ${entryBytes}-byte entries have up to ${widest} bits`);
  const format = { addressBits, addresses, offsetBits, indexBits: [...indexBits], entryBytes };
  if (addressBits > MOST_ADDRESS_BITS)
    refuse(`the widths add up to ${addressBits} bits; addresses have at most ${MOST_ADDRESS_BITS}`);
  const entry = entryBytes === 8 ? riscvEntries : twoLevel.entry;
  const whole = { name: given.name ?? [...indexBits, offsetBits].join('/'), entry, ...format };
  if (userLimit(whole) < LEAST_SPACE)
    refuse(`the widths add up to ${addressBits} bits, which leave programs less than ${LEAST_SPACE / 1024}K`);
  return whole;
}
