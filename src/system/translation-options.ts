/** `--translation` and `--refill`: which scheme, and who looks a page up when the TLB lacks it. */
import { UserError } from '../base/errors.ts';
import type { RefillTime } from '../kernel/memory/refill.ts';
import { type PagingScheme, pagingSchemes } from '../kernel/memory/schemes.ts';
import type { TlbConfig } from '../machine/contract.ts';
import { findPlacementPolicy } from '../policies/placement/registry.ts';
import { checkRefillable } from './tlb-syntax.ts';

export interface TranslationOptions {
  /** Name of a scheme: see `pagewalk list`. */
  translation?: string | undefined;
  /** `hardware`, `software`, or `software:handler`; by default hardware where that can walk the scheme's tables. */
  refill?: string | undefined;
  /** Where pieces of memory of all sizes go: a placement policy. */
  placement?: string | undefined;
}

/** Plain data. */
export interface TranslationConfig {
  /** Name of a scheme. */
  readonly translation: string;
  readonly refill: 'hardware' | RefillTime;
  /** Name of a placement policy. */
  readonly placement: string;
}

export const DEFAULT_TRANSLATION = 'sv39';
export const DEFAULT_PLACEMENT = 'first-fit';
export const REFILL_SYNTAX = 'hardware, software (the retry finds the entry) or software:handler';

/** As `--refill` has it. */
export const refillText = (refill: TranslationConfig['refill']): string =>
  refill === 'hardware' ? 'hardware' : refill === 'retry' ? 'software' : 'software:handler';

/** @throws UserError listing what there is */
export function findScheme(name: string, place: string): PagingScheme {
  const found = pagingSchemes.find((scheme) => scheme.name === name);
  if (found !== undefined) return found;
  throw new UserError(
    place,
    `unknown '${name}'; known: ${pagingSchemes.map((known) => known.name).join(', ')}`,
  );
}

/** @throws UserError when the scheme is unknown, or can't be had with that refill or TLB */
export function translationOf(
  options: TranslationOptions,
  tlb: TlbConfig,
  placeOf: (option: string) => string,
): TranslationConfig {
  const scheme = findScheme(options.translation ?? DEFAULT_TRANSLATION, placeOf('translation'));
  const refill = refillOf(options.refill, scheme, placeOf('refill'));
  if (refill !== 'hardware') checkRefillable(tlb, placeOf('tlb'));
  const placement = findPlacementPolicy(options.placement ?? DEFAULT_PLACEMENT, placeOf('placement'));
  return { translation: scheme.name, refill, placement: placement.name };
}

function refillOf(
  text: string | undefined,
  { name, walked }: PagingScheme,
  place: string,
): TranslationConfig['refill'] {
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
  const known = pagingSchemes.filter((scheme) => scheme.walked !== undefined).map((scheme) => scheme.name);
  throw new UserError(
    place,
    `the hardware walks the tables of ${known.join(' and ')}; those of ${name} software`,
  );
}
