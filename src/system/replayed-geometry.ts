/** Page tables of a user's own for replays: sizes that could not be run are as good as any. */
import { UserError } from '../base/errors.ts';
import type { ReplayedGeometry } from '../replay/translation/schemes.ts';
import type { OwnGeometry } from './translation-options.ts';

const MOST_INDEX_BITS = 30;
const MOST_ADDRESS_BITS = 64;
const MOST_PAGE_BITS = 52;
const MOST_OFFSET_BITS = 31;
const DEFAULT_OFFSET_BITS = 12;

/** @throws UserError when the widths make no addresses */
export function replayedGeometry(given: OwnGeometry, place: string): ReplayedGeometry {
  const { indexBits, offsetBits = DEFAULT_OFFSET_BITS, entryBytes = 8, addresses = 'unsigned' } = given;
  const isWidth = (bits: number, most: number) => Number.isInteger(bits) && bits >= 1 && bits <= most;
  if (indexBits.length === 0 || indexBits.some((bits) => !isWidth(bits, MOST_INDEX_BITS)))
    throw new UserError(
      place,
      `indexBits has to be a list of widths from 1 to ${MOST_INDEX_BITS}, e.g. [9, 9, 9]`,
    );
  if (!isWidth(offsetBits, MOST_OFFSET_BITS))
    throw new UserError(place, `offsetBits is ${offsetBits}; give 1 to ${MOST_OFFSET_BITS}`);
  const pageBits = indexBits.reduce((sum, bits) => sum + bits, 0);
  if (pageBits > MOST_PAGE_BITS || pageBits + offsetBits > MOST_ADDRESS_BITS)
    throw new UserError(
      place,
      `the widths add up to ${pageBits + offsetBits} bits, ${pageBits} of them for the page; at most ${MOST_ADDRESS_BITS} and ${MOST_PAGE_BITS}`,
    );
  const name = given.name ?? [...indexBits, offsetBits].join('/');
  return { name, indexBits: [...indexBits], offsetBits, entryBytes, addresses };
}
