/** Addresses as `translate` writes them. */

/** An address with all the digits that `bits` have: `0x00400000`. */
export const hexAddress = (address: number, bits: number): string =>
  `0x${address.toString(16).padStart(Math.ceil(bits / 4), '0')}`;
