/** S3-FIFO and W-TinyLFU. */
import { FREE, HIT, type MakeCache, take } from './contract.ts';

/** Yang et al. 2023, algorithm 1, one page evicted a miss. */
export const naiveS3Fifo: MakeCache = (frames) => {
  const small: number[] = [];
  const main: number[] = [];
  const ghost: number[] = [];
  const uses = new Map<number, number>();
  const smallSize = Math.max(1, Math.floor(frames / 10));
  const mainSize = frames - smallSize;
  const evictMain = (): number => {
    for (;;) {
      const tail = main.shift()!;
      if (uses.get(tail) === 0) return tail;
      uses.set(tail, uses.get(tail)! - 1);
      main.push(tail);
    }
  };
  const evictSmall = (): number => {
    while (small.length > 0) {
      const tail = small.shift()!;
      if (uses.get(tail)! <= 1) {
        ghost.push(tail);
        if (ghost.length > mainSize) ghost.shift();
        return tail;
      }
      main.push(tail);
      uses.set(tail, 0);
      if (main.length > mainSize) break;
    }
    return evictMain();
  };
  return {
    request(page) {
      if (small.includes(page) || main.includes(page)) {
        uses.set(page, Math.min(3, uses.get(page)! + 1));
        return HIT;
      }
      let evicted = FREE;
      if (small.length + main.length === frames) {
        evicted = small.length >= smallSize || main.length === 0 ? evictSmall() : evictMain();
      }
      (take(ghost, page) ? main : small).push(page);
      uses.set(page, 0);
      return evicted;
    },
    release(page) {
      take(small, page);
      take(main, page);
    },
  };
};

/** The sketch as its description has it: in each of four rows a page has one counter. */
class Sketch {
  readonly rows: Map<number, number>[] = [new Map(), new Map(), new Map(), new Map()];
  readonly bits: number;
  readonly period: number;
  uses = 0;

  constructor(frames: number) {
    this.bits = Math.max(4, Math.ceil(Math.log2(frames)));
    this.period = 10 * frames;
  }

  index(page: number, row: number): number {
    const times = (a: bigint, b: bigint) => (a * b) % 2n ** 32n;
    const roots = [0x6a09e667n, 0xbb67ae85n, 0x3c6ef373n, 0xa54ff53bn];
    const mixed = times(BigInt(page) ^ (BigInt(page) >> 15n) ^ BigInt(row), roots[row]!);
    return Number(times(mixed ^ (mixed >> 13n), 0x9e3779b1n) >> BigInt(32 - this.bits));
  }

  use(page: number): void {
    for (const [row, counters] of this.rows.entries()) {
      const at = this.index(page, row);
      counters.set(at, Math.min(15, (counters.get(at) ?? 0) + 1));
    }
    if (++this.uses < this.period) return;
    for (const counters of this.rows) {
      for (const [at, count] of counters) counters.set(at, Math.floor(count / 2));
    }
    this.uses = Math.floor(this.uses / 2);
  }

  count(page: number): number {
    return Math.min(...this.rows.map((counters, row) => counters.get(this.index(page, row)) ?? 0));
  }
}

/** Einziger, Friedman and Manes 2017: window, then a segmented LRU that pages have to win their place in. */
export const naiveWTinyLfu: MakeCache = (frames) => {
  const sketch = new Sketch(frames);
  const [window, probation, kept]: [number[], number[], number[]] = [[], [], []];
  const windowSize = Math.max(1, Math.floor(frames / 100));
  const keptSize = Math.floor((frames - windowSize) * 0.8);
  const settle = () => {
    while (window.length > windowSize) probation.push(window.shift()!);
    while (kept.length > keptSize) probation.push(kept.shift()!);
  };
  const evict = (): number => {
    const main = probation.length > 0 ? probation : kept;
    if (window.length < windowSize) return (main.length > 0 ? main : window).shift()!;
    if (main.length === 0) return window.shift()!;
    return (sketch.count(window[0]!) > sketch.count(main[0]!) ? main : window).shift()!;
  };
  return {
    request(page) {
      if (take(window, page)) {
        window.push(page);
        sketch.use(page);
        return HIT;
      }
      if (take(probation, page) || take(kept, page)) {
        kept.push(page);
        settle();
        sketch.use(page);
        return HIT;
      }
      const evicted = window.length + probation.length + kept.length === frames ? evict() : FREE;
      window.push(page);
      settle();
      sketch.use(page);
      return evicted;
    },
    release(page) {
      take(window, page);
      take(probation, page);
      take(kept, page);
    },
  };
};
