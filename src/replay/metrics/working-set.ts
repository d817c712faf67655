/**
 * Sizes of the working set: how many different pages the last T references touched (Denning, "The working set model
 * for program behavior", CACM 11(5), 1968).
 */
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK, referencesOf } from '../dense.ts';

export interface WorkingSets {
  /** T, in references. */
  readonly window: number;
  /** After how many references each size was taken; ascending, the last is the whole trace. */
  readonly times: readonly number[];
  /** Different pages among the last `window` references at each time, fewer at the start and after releases. */
  readonly sizes: readonly number[];
  /** Over all references of the trace, not just the samples. */
  readonly mean: number;
  readonly largest: number;
}

/**
 * A released page leaves the working set at once.
 * @param window in references, from 1
 * @param samples how many times are wanted, from 1; there are fewer when the trace has fewer references
 */
export function workingSets(trace: DenseTrace, window: number, samples: number): WorkingSets {
  const references = referencesOf(trace);
  const count = Math.min(samples, references);
  const times = Array.from({ length: count }, (_, i) => Math.round(((i + 1) * references) / count));
  const sizes: number[] = [];
  let sum = 0;
  let largest = 0;
  walk(trace, window, (time, size) => {
    sum += size;
    if (size > largest) largest = size;
    if (time === times[sizes.length]) sizes.push(size);
  });
  // Releases after the last reference come too late for it.
  return { window, times, sizes, mean: references === 0 ? 0 : sum / references, largest };
}

/** Tells `each` the working set's size after every reference; `time` counts references from 1. */
function walk(trace: DenseTrace, window: number, each: (time: number, size: number) => void): void {
  /** The time of each page's last reference; 0 when it is not in the working set. */
  const last = new Float64Array(trace.pages);
  const leaving = new RecentPages(window);
  let time = 0;
  let size = 0;
  for (const chunk of trace.chunks) {
    for (let i = 0; i < chunk.length; i++) {
      const page = chunk[i]! & PAGE_MASK;
      if (chunk[i]! >>> KIND_SHIFT === KIND.release) {
        if (last[page]! > 0) size--;
        last[page] = 0;
        continue;
      }
      if (last[page] === 0) size++;
      last[page] = ++time;
      const gone = leaving.push(page);
      // It leaves when the reference that falls out of the window was its last.
      if (gone >= 0 && last[gone] === time - window) {
        last[gone] = 0;
        size--;
      }
      each(time, size);
    }
  }
}

/** The pages of the last `window` references, in a ring that is as long as need be. */
class RecentPages {
  readonly #window: number;
  #pages = new Int32Array(1 << 10);
  #count = 0;

  constructor(window: number) {
    this.#window = window;
  }

  /** Gives the page that was referenced `window` references before this one, -1 when there were not so many. */
  push(page: number): number {
    const at = this.#count % this.#window;
    if (at >= this.#pages.length) {
      const grown = new Int32Array(Math.min(this.#pages.length * 2, this.#window));
      grown.set(this.#pages);
      this.#pages = grown;
    }
    const gone = this.#count < this.#window ? -1 : this.#pages[at]!;
    this.#pages[at] = page;
    this.#count++;
    return gone;
  }
}
