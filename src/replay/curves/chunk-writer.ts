/** Writes entries one by one into chunks as dense traces have them. */
import { CHUNK_ENTRIES, KIND_SHIFT, sharedEntries } from '../dense.ts';

export class ChunkWriter {
  readonly #full: Uint32Array[] = [];
  readonly #counts: [number, number, number, number] = [0, 0, 0, 0];
  #chunk: Uint32Array;
  #used = 0;

  /** @param most entries that there can be */
  constructor(most: number) {
    this.#chunk = sharedEntries(Math.min(most, CHUNK_ENTRIES));
  }

  push(entry: number): void {
    if (this.#used === this.#chunk.length) this.#next();
    this.#chunk[this.#used++] = entry;
    this.#counts[(entry >>> KIND_SHIFT) as 0]++;
  }

  finish(): { chunks: Uint32Array[]; entries: number; counts: readonly [number, number, number, number] } {
    const chunks = this.#used === 0 ? this.#full : [...this.#full, this.#chunk.subarray(0, this.#used)];
    return { chunks, entries: this.#counts.reduce((sum, count) => sum + count), counts: this.#counts };
  }

  #next(): void {
    this.#full.push(this.#chunk);
    this.#chunk = sharedEntries(CHUNK_ENTRIES);
    this.#used = 0;
  }
}
