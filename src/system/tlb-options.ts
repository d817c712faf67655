/** Options about what is kept in and beside the TLB. */
import { UserError } from '../base/errors.ts';
import { type AsidChoice, MOST_ASIDS } from '../kernel/memory/asids.ts';

export interface TlbOptions {
  /** Address-space identifiers that the TLB has, 2 to 65,536, or `none`: it is flushed at each change of spaces. */
  asids?: number | string | undefined;
}

/** Plain data. */
export interface TlbChoices {
  readonly asids: AsidChoice;
}

export const DEFAULT_TLB_OPTIONS = { asids: MOST_ASIDS } as const;
export const ASIDS_SYNTAX = `2 to ${MOST_ASIDS}, or none`;

/** @throws UserError naming the option that is wrong */
export const tlbOptionsOf = (options: TlbOptions, placeOf: (option: string) => string): TlbChoices => ({
  asids: asidsOf(options.asids ?? DEFAULT_TLB_OPTIONS.asids, placeOf('asids')),
});

function asidsOf(given: number | string, place: string): AsidChoice {
  if (given === 'none') return 'none';
  const count = /^\d+$/.test(String(given)) ? Number(given) : Number.NaN;
  if (count >= 2 && count <= MOST_ASIDS) return count;
  throw new UserError(place, `'${given}' is no number of address-space identifiers: give ${ASIDS_SYNTAX}`);
}
