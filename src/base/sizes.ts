/** Sizes as people write them: `64M`, `256K`, `1G`, or plain bytes. K, M and G are powers of 1024. */
import { UserError } from './errors.ts';
import { PAGE_SIZE } from './numbers.ts';

const units = [
  { letter: 'G', bytes: 2 ** 30 },
  { letter: 'M', bytes: 2 ** 20 },
  { letter: 'K', bytes: 2 ** 10 },
] as const;

/** What `parseSize` accepts: digits and one unit, of either case. */
const sizePattern = /^(\d+)([KMG]?)$/i;

/**
 * A size in bytes, 0 to 2^53 - 1.
 * @param place where the size was given, e.g. `--memory`
 * @throws UserError when `text` is not a size, or too large
 */
export function parseSize(text: string, place: string): number {
  const [, digits, letter] = sizePattern.exec(text) ?? [];
  if (digits === undefined) {
    throw new UserError(place, `'${text}' is not a size; give bytes, or a number with K, M or G, e.g. 64M`);
  }
  const unit = units.find((one) => one.letter === letter?.toUpperCase());
  const bytes = Number(digits) * (unit?.bytes ?? 1);
  if (!Number.isSafeInteger(bytes)) throw new UserError(place, `'${text}' is too large`);
  return bytes;
}

/**
 * A size in whole pages of 4096 bytes, at least one.
 * @param place where the size was given, e.g. `--memory`
 * @throws UserError when `text` is not a size, or not a positive multiple of the page size
 */
export function parsePages(text: string, place: string): number {
  const bytes = parseSize(text, place);
  if (bytes === 0 || bytes % PAGE_SIZE !== 0) {
    throw new UserError(place, `'${text}' is not a whole number of 4K pages, at least one`);
  }
  return bytes / PAGE_SIZE;
}

/** The shortest text that `parseSize` reads back as exactly `bytes`: `64M`, `1536K`, `4097`. */
export function formatSize(bytes: number): string {
  const unit = bytes === 0 ? undefined : units.find((one) => bytes % one.bytes === 0);
  return unit === undefined ? String(bytes) : `${bytes / unit.bytes}${unit.letter}`;
}
