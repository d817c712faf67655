/**
 * Address-space identifiers beside a trace, as the kernel gives them (kernel/memory/asids.ts): a space gets one when it runs;
 * when all are taken the TLB is flushed, and nobody has one any more. Without identifiers each change of spaces flushes.
 */
const NO_IDENTIFIER = -1;

export class Identifiers {
  readonly #many: number;
  readonly #isReused: boolean;
  readonly #of: Int32Array;
  readonly #free: number[] = [];
  #next = 0;

  constructor(choice: number | 'none', spaces: number) {
    this.#many = choice === 'none' ? 1 : choice;
    this.#isReused = choice !== 'none';
    this.#of = new Int32Array(spaces).fill(NO_IDENTIFIER);
  }

  /** A space runs from now on; whether the TLB has to be flushed for it. */
  enter(space: number): boolean {
    if (this.#of[space] !== NO_IDENTIFIER) return false;
    const freed = this.#free.pop();
    if (freed !== undefined || this.#next < this.#many) {
      this.#of[space] = freed ?? this.#next++;
      return false;
    }
    this.#of.fill(NO_IDENTIFIER);
    this.#free.length = 0;
    this.#next = 1;
    this.#of[space] = 0;
    return true;
  }

  /** All pages of a space are gone. */
  end(space: number): void {
    if (this.#isReused && this.#of[space] !== NO_IDENTIFIER) this.#free.push(this.#of[space]!);
    this.#of[space] = NO_IDENTIFIER;
  }
}
