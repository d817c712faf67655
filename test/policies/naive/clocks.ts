/** Clocks with chances, WSClock and SIEVE. A line's first frame is under the hand. */
import { FREE, HIT, type MakeCache, take } from './contract.ts';

export const naiveClock =
  (chances: number): MakeCache =>
  (frames) => {
    let line: { page: number; bit: boolean; left: number }[] = [];
    const evict = (): number => {
      for (;;) {
        const frame = line.shift()!;
        if (frame.bit) frame.left = chances;
        frame.bit = false;
        if (frame.left === 0) return frame.page;
        frame.left--;
        line.push(frame);
      }
    };
    return {
      request(page) {
        const known = line.find((frame) => frame.page === page);
        if (known) {
          known.bit = true;
          return HIT;
        }
        const evicted = line.length === frames ? evict() : FREE;
        line.push({ page, bit: true, left: 0 });
        return evicted;
      },
      release(page) {
        line = line.filter((frame) => frame.page !== page);
      },
    };
  };

interface Timed {
  readonly page: number;
  bit: boolean;
  dirty: boolean;
  last: number;
  /** Since it was found dirty and outside the window, in the paper's background. */
  isWritten: boolean;
}

export const naiveWsClock =
  (window: number): MakeCache =>
  (frames) => {
    let line: Timed[] = [];
    let heard = 0;
    /** The hand looks at one frame: true when it was not used. */
    const look = (now: number): boolean => {
      const frame = line.shift()!;
      line.push(frame);
      const { bit } = frame;
      if (bit) frame.last = now;
      if (bit) frame.isWritten = false;
      frame.bit = false;
      return !bit;
    };
    const turn = (now: number): Timed | undefined => {
      for (let looks = 2 * line.length; looks > 0; looks--) {
        const frame = line[0]!;
        if (!look(now) || now - frame.last <= window) continue;
        if (!frame.dirty || frame.isWritten) return frame;
        frame.isWritten = true;
      }
      return undefined;
    };
    const evict = (now: number): number => {
      heard = now;
      let victim = line.some((frame) => now - frame.last > window) ? turn(now) : undefined;
      while (!victim) {
        const frame = line[0]!;
        if (look(now)) victim = frame;
      }
      const at = line.indexOf(victim);
      line = [...line.slice(at + 1), ...line.slice(0, at)];
      return victim.page;
    };
    return {
      request(page, now, isStore) {
        const known = line.find((frame) => frame.page === page);
        if (known) {
          known.bit = true;
          known.dirty ||= isStore;
          return HIT;
        }
        const evicted = line.length === frames ? evict(now) : FREE;
        line.push({ page, bit: true, dirty: isStore, last: heard, isWritten: false });
        return evicted;
      },
      release(page) {
        line = line.filter((frame) => frame.page !== page);
      },
    };
  };

/** Zhang et al. 2024, algorithm 1, with the queue's tail, the oldest page, first. */
export const naiveSieve: MakeCache = (frames) => {
  const queue: number[] = [];
  const visited = new Set<number>();
  let hand: number | undefined;
  const drop = (page: number) => {
    if (hand === page) hand = queue[queue.indexOf(page) + 1];
    take(queue, page);
    visited.delete(page);
  };
  const evict = (): number => {
    let page = hand ?? queue[0]!;
    while (visited.has(page)) {
      visited.delete(page);
      page = queue[queue.indexOf(page) + 1] ?? queue[0]!;
    }
    hand = page;
    drop(page);
    return page;
  };
  return {
    request(page) {
      if (queue.includes(page)) {
        visited.add(page);
        return HIT;
      }
      const evicted = queue.length === frames ? evict() : FREE;
      queue.push(page);
      return evicted;
    },
    release(page) {
      if (queue.includes(page)) drop(page);
    },
  };
};
