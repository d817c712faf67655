/** Addresses, sizes and permissions as people write them. */
import { UserError } from '../../base/errors.ts';
import { parseSize } from '../../base/sizes.ts';
import type { Permissions } from '../../translation/radix.ts';

/** Significant bits of the largest address that is still an exact number. */
export const MOST_BITS = 52;

/**
 * A number, or text: decimal, `0x…`, or with K, M or G.
 * @returns a whole number, 0 to 2^53 - 1
 * @param place where it was given
 * @throws UserError when it is none
 */
export function parseAmount(value: number | string, place: string): number {
  if (typeof value === 'number') return value;
  if (!/^0x[0-9a-f]+$/i.test(value)) return parseSize(value, place);
  const amount = Number(value);
  if (Number.isSafeInteger(amount)) return amount;
  throw new UserError(place, `'${value}' is too large`);
}

/**
 * An address as in a list: decimal or `0x…`.
 * @param bits of an address
 * @throws UserError when it is none, or lies outside of the space
 */
export function parseAddress(text: string, bits: number, place: string): number {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text))
    throw new UserError(place, `'${text}' is no address; give decimal, or hexadecimal with 0x`);
  const address = Number(text);
  if (address < 2 ** bits) return address;
  throw new UserError(place, `${text} lies outside of the address space of ${bits} bits`);
}

/**
 * Permissions: the letters of `rwx` that hold, in this order; `-` may stand for one that does not.
 * @throws UserError when it is none, or there is no letter
 */
export function parsePermissions(text: string, place: string): Permissions {
  if (!/^(?=.*[rwx])r?-?w?-?x?-?$/.test(text))
    throw new UserError(place, `'${text}' are no permissions; give letters of rwx, e.g. rw`);
  return { read: text.includes('r'), write: text.includes('w'), execute: text.includes('x') };
}

/** `rw-` */
export const permissionText = ({ read, write, execute }: Permissions): string =>
  `${read ? 'r' : '-'}${write ? 'w' : '-'}${execute ? 'x' : '-'}`;
