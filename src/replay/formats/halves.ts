/** Numbers of 64 bits, for formats whose lines are read as strings. */

export interface Halves {
  readonly low: number;
  readonly high: number;
}

/** @param digits 1 to 16 hexadecimal digits without `0x` */
export const halvesOf = (digits: string): Halves => ({
  low: Number.parseInt(digits.slice(-8), 16),
  high: digits.length > 8 ? Number.parseInt(digits.slice(0, -8), 16) : 0,
});
