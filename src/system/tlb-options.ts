/** Options about what is kept in and beside the TLB. */
import { UserError } from '../base/errors.ts';
import { type AsidChoice, MOST_ASIDS } from '../kernel/memory/asids.ts';
import type { TlbConfig } from '../machine/contract.ts';

export interface TlbOptions {
  /** Address-space identifiers that the TLB has, 2 to 65,536, or `none`: it is flushed at each change of spaces. */
  asids?: number | string | undefined;
  /** Whether compulsory, capacity and conflict misses are told apart. */
  tlbClasses?: boolean | undefined;
}

/** Plain data. */
export interface TlbChoices {
  readonly asids: AsidChoice;
  readonly tlbClasses: 'off' | 'on';
}

export const DEFAULT_TLB_OPTIONS = { asids: MOST_ASIDS, tlbClasses: false } as const;
export const ASIDS_SYNTAX = `2 to ${MOST_ASIDS}, or none`;

/** @throws UserError naming the option that is wrong */
export const tlbOptionsOf = (
  options: TlbOptions,
  tlb: TlbConfig,
  placeOf: (option: string) => string,
): TlbChoices => ({
  asids: asidsOf(options.asids ?? DEFAULT_TLB_OPTIONS.asids, placeOf('asids')),
  tlbClasses: options.tlbClasses === true ? classesOf(tlb, placeOf('tlbClasses')) : 'off',
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
