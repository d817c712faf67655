/** How many pages a trace touches, and how. */
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK, TRACE_KINDS } from '../dense.ts';

export interface Footprint {
  /** Different pages. */
  readonly pages: number;
  /** Pages that were fetched from, loaded from and stored to; a page may be all three. */
  readonly byKind: Readonly<Record<'fetch' | 'load' | 'store', number>>;
  /** Pages that were never stored to. */
  readonly neverStored: number;
  /** Pages that were referenced once. */
  readonly once: number;
  /** Pages that were released before the end. */
  readonly released: number;
  /** Pages of each owner, in the order of the trace's `owners`. */
  readonly byOwner: readonly number[];
}

const ONCE = 16;
const AGAIN = 32;

export function footprint({ chunks, pages, names, owners }: DenseTrace): Footprint {
  /** By page: the kinds it met as bits, `ONCE` and `AGAIN`. */
  const met = new Uint8Array(pages);
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i++) {
      const page = chunk[i]! & PAGE_MASK;
      const kind = chunk[i]! >>> KIND_SHIFT;
      const before = met[page]!;
      met[page] = before | (1 << kind) | (kind === KIND.release ? 0 : (before & ONCE) === 0 ? ONCE : AGAIN);
    }
  }
  const count = (mask: number, value: number): number => {
    let total = 0;
    for (let page = 0; page < pages; page++) if ((met[page]! & mask) === value) total++;
    return total;
  };
  const kinds = TRACE_KINDS.map((_, kind) => count(1 << kind, 1 << kind));
  const byOwner = owners.map(() => 0);
  for (let page = 0; page < pages; page++) byOwner[names.owner[page]!]!++;
  return {
    pages,
    byKind: { fetch: kinds[KIND.fetch]!, load: kinds[KIND.load]!, store: kinds[KIND.store]! },
    neverStored: pages - kinds[KIND.store]!,
    once: count(ONCE | AGAIN, ONCE),
    released: kinds[KIND.release]!,
    byOwner,
  };
}
