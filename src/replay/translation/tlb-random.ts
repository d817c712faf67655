/** The generator of TLBs with random replacement, as in machine/ways.ts: Knuth's MMIX, of which the upper bits are used. */
const MULTIPLIER = 6364136223846793005n;
const INCREMENT = 1442695040888963407n;

export class TlbRandom {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed);
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = BigInt.asUintN(64, this.#state * MULTIPLIER + INCREMENT);
    return Number((this.#state >> 33n) % BigInt(limit));
  }
}
