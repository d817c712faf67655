/**
 * How often each stack distance occurred. A policy whose memories of k frames are contained in those of k + 1
 * (a stack algorithm: LRU and the optimal policy are) faults with k frames on the references of distance above k and
 * on first references, so that one count of distances is the faults at every size (Mattson, Gecsei, Slutz and
 * Traiger, "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970).
 */
export class StackDistances {
  #counts: Uint32Array;
  /** Faults with as many frames as the index says; made when asked for. */
  #faults: Float64Array | undefined;

  /** @param counts how often each distance occurred so far */
  constructor(counts: Uint32Array = new Uint32Array(1 << 10)) {
    this.#counts = counts;
  }

  /** One more reference of `distance`: from 1, or 0 for a page that was never there before. */
  add(distance: number): void {
    if (distance >= this.#counts.length) this.#grow(distance);
    this.#counts[distance]!++;
  }

  /** References whose distance was `distance`, from 1; 0 stands for first references. */
  at(distance: number): number {
    return this.#counts[distance] ?? 0;
  }

  /** References to pages that were never there before: faults with any number of frames. */
  get cold(): number {
    return this.#counts[0]!;
  }

  get references(): number {
    return this.faultsAt(0);
  }

  /** The largest distance that occurred, 0 when none did: more frames than that save nothing. */
  get deepest(): number {
    return this.#totals().length - 1;
  }

  /** Faults with `frames` page frames, any number from 0. */
  faultsAt(frames: number): number {
    const faults = this.#totals();
    return faults[Math.min(Math.max(Math.floor(frames), 0), faults.length - 1)]!;
  }

  /** To be called after the last `add`, when faults were asked for before it. */
  changed(): void {
    this.#faults = undefined;
  }

  #totals(): Float64Array {
    if (this.#faults !== undefined) return this.#faults;
    let deepest = this.#counts.length - 1;
    while (deepest > 0 && this.#counts[deepest] === 0) deepest--;
    const faults = new Float64Array(deepest + 1);
    faults[deepest] = this.cold;
    for (let frames = deepest - 1; frames >= 0; frames--)
      faults[frames] = faults[frames + 1]! + this.#counts[frames + 1]!;
    this.#faults = faults;
    return faults;
  }

  #grow(distance: number): void {
    const grown = new Uint32Array(2 ** Math.ceil(Math.log2(distance + 1)));
    grown.set(this.#counts);
    this.#counts = grown;
  }
}
