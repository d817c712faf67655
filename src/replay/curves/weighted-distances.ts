/**
 * A histogram of distances with weights, in buckets whose width is at most 1/128 of their values: memory does not
 * grow with distances.
 */
const PARTS = 128;
const POWERS = 54;

export class WeightedDistances {
  readonly #weights = new Float64Array(PARTS * POWERS);
  #infinite = 0;

  /** @param distance from 1, or infinity */
  add(distance: number, weight: number): void {
    if (distance === Number.POSITIVE_INFINITY) this.#infinite += weight;
    else this.#weights[bucketOf(distance)]! += weight;
  }

  /** The weight of distances above `frames`, from 1; those in its own bucket are taken not to be. */
  above(frames: number): number {
    let sum = this.#infinite;
    for (let bucket = bucketOf(frames) + 1; bucket < this.#weights.length; bucket++)
      sum += this.#weights[bucket]!;
    return sum;
  }
}

function bucketOf(value: number): number {
  const power = Math.min(Math.floor(Math.log2(value)), POWERS - 1);
  return power * PARTS + Math.min(Math.floor((value / 2 ** power - 1) * PARTS), PARTS - 1);
}
