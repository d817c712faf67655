/** The stores that `--swap` can mean, and the faults that `--store-faults` puts around them. */
import { UserError, unreachable } from '../base/errors.ts';
import { parsePages } from '../base/sizes.ts';
import type { PageStore } from './contract.ts';
import type { StoreFault } from './fault-syntax.ts';
import { FaultyStore } from './faulty.ts';
import { MemoryStore } from './memory.ts';

export { formatFaults, parseFaults } from './fault-syntax.ts';

/** The store with faults around it; itself when there are none. */
export const withFaults = (store: PageStore, faults: readonly StoreFault[], seed: number): PageStore =>
  faults.length === 0 ? store : new FaultyStore(store, faults, seed);

/** A validated `--swap`; `capacity` in slots of one page. */
export type StoreChoice =
  | { readonly kind: 'none' }
  | { readonly kind: 'memory'; readonly capacity: number }
  | { readonly kind: 'file'; readonly path: string; readonly capacity: number };

/** The size when none is given. */
const defaultSize = '256M';

/** What `--swap` accepts, for help and messages. */
export const storeSyntax = 'none, memory, memory,SIZE, file:PATH or file:PATH,SIZE';

/**
 * Parses `none`, `memory`, `memory,64M`, `file:PATH` or `file:PATH,256M`. What follows the last comma is the
 * size, so a path that contains one needs a size; without one it is 256M.
 * @param place where it was given, e.g. `--swap`
 * @throws UserError when it is none of these
 */
export function parseStore(text: string, place: string): StoreChoice {
  if (text === 'none') return { kind: 'none' };
  const comma = text.lastIndexOf(',');
  const where = comma === -1 ? text : text.slice(0, comma);
  const size = comma === -1 ? defaultSize : text.slice(comma + 1);
  if (where === 'memory') return { kind: 'memory', capacity: parseCapacity(size, place) };
  if (!where.startsWith('file:')) throw new UserError(place, `unknown store '${text}'; give ${storeSyntax}`);
  const path = where.slice('file:'.length);
  if (path === '') throw new UserError(place, `'${text}' names no file; give file:PATH,SIZE`);
  return { kind: 'file', path, capacity: parseCapacity(size, place) };
}

function parseCapacity(size: string, place: string): number {
  const capacity = parsePages(size, place);
  if (capacity >= 2 ** 32) throw new UserError(place, `'${size}' is too large; the most is 2^32 - 1 pages`);
  return capacity;
}

/** How to open the stores that need the host, which a browser has not. */
export interface StoreOpeners {
  /** Opens a store in a file; `undefined` where there are no files. */
  readonly file: ((path: string, capacity: number, place: string) => PageStore) | undefined;
}

/**
 * Opens the store chosen; `none` is a store without slots.
 * @param place where the choice was made, e.g. `--swap`
 * @throws UserError when it cannot be opened
 */
export function openStore(choice: StoreChoice, openers: StoreOpeners, place: string): PageStore {
  switch (choice.kind) {
    case 'none':
      return new MemoryStore(0, 'none');
    case 'memory':
      return new MemoryStore(choice.capacity);
    case 'file':
      if (openers.file === undefined)
        throw new UserError(place, 'there are no files here; give memory or none');
      return openers.file(choice.path, choice.capacity, place);
    default:
      return unreachable(choice);
  }
}
