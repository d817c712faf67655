/**
 * What a record says of its references beyond which pages they touch, for those who go by its TLB: whose they are, and when
 * entries changed. Each remark stands before a reference.
 */
export const REMARK = { kernel: 0, refused: 1, flush: 2, flushSpace: 3 } as const;

export interface TraceRemarks {
  /** Number of the reference that each remark stands before, from 0; ascending. */
  readonly references: Float64Array;
  /** Of `REMARK`. */
  readonly kinds: Uint8Array;
  /** The page, as the trace numbers it; of `flushSpace` the space, by index; of `kernel` nothing. */
  readonly pages: Uint32Array;
}

/** Takes remarks down. */
export class RemarkList {
  #references = new Float64Array(64);
  #kinds = new Uint8Array(64);
  #pages = new Uint32Array(64);
  #length = 0;

  add(reference: number, kind: number, page: number): void {
    if (this.#length === this.#kinds.length) this.#grow();
    this.#references[this.#length] = reference;
    this.#kinds[this.#length] = kind;
    this.#pages[this.#length++] = page;
  }

  /** `undefined` when there are none. */
  get remarks(): TraceRemarks | undefined {
    if (this.#length === 0) return undefined;
    return {
      references: this.#references.slice(0, this.#length),
      kinds: this.#kinds.slice(0, this.#length),
      pages: this.#pages.slice(0, this.#length),
    };
  }

  #grow(): void {
    const [references, kinds, pages] = [this.#references, this.#kinds, this.#pages];
    this.#references = new Float64Array(this.#length * 2);
    this.#kinds = new Uint8Array(this.#length * 2);
    this.#pages = new Uint32Array(this.#length * 2);
    this.#references.set(references);
    this.#kinds.set(kinds);
    this.#pages.set(pages);
  }
}
