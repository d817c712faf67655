/** For each entry of a dense trace, where its page is referenced next. */
import { NEVER } from '../base/numbers.ts';
import { CHUNK_ENTRIES, type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK, sharedEntries } from './dense.ts';

const CHUNK_BITS = Math.log2(CHUNK_ENTRIES);
const CHUNK_MASK = CHUNK_ENTRIES - 1;

/** What replaying takes of a trace; workers are sent no more. */
export type TraceEntries = Pick<DenseTrace, 'chunks' | 'entries' | 'pages'>;

/**
 * Position of the next reference to each entry's page, `NEVER` where there is none, in chunks like the trace's own
 * and shared like them. One pass from the trace's end; 4 bytes an entry.
 */
export function nextUses({ chunks, pages }: TraceEntries): readonly Uint32Array[] {
  const coming = new Uint32Array(pages).fill(NEVER);
  const next: Uint32Array[] = [];
  for (let c = chunks.length - 1; c >= 0; c--) {
    const chunk = chunks[c]!;
    const nextOf = sharedEntries(chunk.length);
    for (let i = chunk.length - 1; i >= 0; i--) {
      const entry = chunk[i]!;
      const page = entry & PAGE_MASK;
      nextOf[i] = coming[page]!;
      if (entry >>> KIND_SHIFT !== KIND.release) coming[page] = c * CHUNK_ENTRIES + i;
    }
    next[c] = nextOf;
  }
  return next;
}

/** The future of a trace, by position. */
export class NextUses {
  readonly length: number;
  readonly #trace: readonly Uint32Array[];
  readonly #next: readonly Uint32Array[];

  /** @param next as `nextUses` gave it for the same trace */
  constructor({ chunks, entries }: TraceEntries, next: readonly Uint32Array[]) {
    this.length = entries;
    this.#trace = chunks;
    this.#next = next;
  }

  /** Position of the next reference to the page at `position`; `NEVER` when there is none. */
  at(position: number): number {
    return this.#next[position >>> CHUNK_BITS]![position & CHUNK_MASK]!;
  }

  /** Next uses of the whole chunk that `position` is in. */
  chunkAt(position: number): Uint32Array {
    return this.#next[Math.min(position >>> CHUNK_BITS, this.#next.length - 1)]!;
  }

  /** The page at `position`. */
  pageAt(position: number): number {
    return this.#trace[position >>> CHUNK_BITS]![position & CHUNK_MASK]! & PAGE_MASK;
  }
}
