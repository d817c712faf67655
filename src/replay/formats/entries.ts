/** Binary entries from bytes that are cut anywhere. */

/**
 * Decodes the entries from `start` on and returns where it stopped: before the first one of which fewer than
 * the longest entry's bytes are left before `end`.
 */
export type EntryDecoder = (bytes: Uint8Array, start: number, end: number) => number;

/** Gives a decoder whole entries only. */
export class EntrySplitter {
  readonly #longest: number;
  readonly #decode: EntryDecoder;
  /** The bytes of an entry that may go on, and room for as many as end it for sure. */
  readonly #hold: Uint8Array;
  #held = 0;
  /** Offset in the file of the first of the bytes that are decoded now. */
  #base: number;
  /** Offset in the file of what is pushed next. */
  #next: number;

  /**
   * @param longest bytes of the longest entry
   * @param offset in the file of the first entry
   */
  constructor(longest: number, offset: number, decode: EntryDecoder) {
    this.#longest = longest;
    this.#decode = decode;
    this.#hold = new Uint8Array(2 * longest);
    this.#base = offset;
    this.#next = offset;
  }

  /** For messages: the offset in the file of an index into the bytes that are decoded now, as `+0x1f`. */
  offsetOf(at: number): string {
    return `+0x${(this.#base + at).toString(16)}`;
  }

  /** Bytes that are left over; at the end there should be none, or entries shorter than the longest one. */
  get rest(): Uint8Array {
    return this.#hold.subarray(0, this.#held);
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (this.#held > 0 && at < bytes.length) at = this.#throughHold(bytes, at);
    if (at < bytes.length) {
      this.#base = this.#next;
      const stopped = this.#decode(bytes, at, bytes.length);
      this.#held = bytes.length - stopped;
      this.#hold.set(bytes.subarray(stopped));
    }
    this.#next += bytes.length;
    this.#base = this.#next - this.#held;
  }

  /** Decodes what is held together with bytes from `at` on; returns where to go on. */
  #throughHold(bytes: Uint8Array, at: number): number {
    const before = this.#held;
    const taken = Math.min(2 * this.#longest - before, bytes.length - at);
    this.#hold.set(bytes.subarray(at, at + taken), before);
    this.#base = this.#next + at - before;
    const stopped = this.#decode(this.#hold, 0, before + taken);
    if (stopped >= before) {
      this.#held = 0;
      return at + stopped - before;
    }
    this.#hold.copyWithin(0, stopped, before + taken);
    this.#held = before + taken - stopped;
    return at + taken;
  }
}
