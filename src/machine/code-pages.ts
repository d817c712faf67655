/**
 * The pages of predecoded records: a fixed number of them, given to frames in turn. A frame's is dropped when its
 * bytes change or when another frame needs it.
 */
import { CODE_PAGE_BYTES, type Layout } from './layout.ts';
import type { Predecoder } from './predecode.ts';
import type { TlbControl } from './tlb-control.ts';

const NOBODY = -1;

export class CodePages {
  readonly #words: Uint32Array;
  readonly #layout: Layout;
  readonly #predecoder: Predecoder;
  readonly #tlb: TlbControl;
  /** Frame that each page was given to. It may have been dropped since: the code map decides. */
  readonly #owner: Int32Array;
  #next = 0;

  constructor(memory: ArrayBuffer, layout: Layout, predecoder: Predecoder, tlb: TlbControl) {
    this.#words = new Uint32Array(memory);
    this.#layout = layout;
    this.#predecoder = predecoder;
    this.#tlb = tlb;
    this.#owner = new Int32Array(layout.codePages).fill(NOBODY);
  }

  /** Gives a frame an empty page of records. */
  provide(frame: number): void {
    const index = this.#next;
    this.#next = (index + 1) % this.#layout.codePages;
    const records = this.#layout.code + index * CODE_PAGE_BYTES;
    const before = this.#owner[index]!;
    if (before !== NOBODY && this.#map(before) === records) this.forget(before);
    this.#owner[index] = frame;
    this.#predecoder.clear(records);
    this.#words[(this.#layout.codeMap >> 2) + frame] = records;
    // From now on a write to this frame must be noticed.
    this.#tlb.withholdWrites(frame);
  }

  forget(frame: number): void {
    if (this.#map(frame) === 0) return;
    this.#words[(this.#layout.codeMap >> 2) + frame] = 0;
    this.#tlb.forgetCode(frame);
  }

  forgetAll(): void {
    for (const frame of this.#owner)
      if (frame !== NOBODY) this.#words[(this.#layout.codeMap >> 2) + frame] = 0;
    this.#owner.fill(NOBODY);
    this.#tlb.forgetFastSlots();
  }

  /** The frame that a page of records was made from. */
  frameOf(records: number): number {
    return this.#owner[(records - this.#layout.code) / CODE_PAGE_BYTES]!;
  }

  #map(frame: number): number {
    return this.#words[(this.#layout.codeMap >> 2) + frame]!;
  }
}
