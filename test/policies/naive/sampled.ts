/** Policies that sample the referenced bits at clock interrupts. Pages are kept in order of admission. */
import { FREE, HIT, leastBy, type MakeCache, take } from './contract.ts';

interface Sampled {
  readonly page: number;
  bit: boolean;
  rank: number;
}

/** The page whose rank is lowest goes; those used since the last interrupt go last. */
const ranked =
  (first: number, sample: (entry: Sampled) => number): MakeCache =>
  (frames) => {
    let entries: Sampled[] = [];
    return {
      request(page) {
        const known = entries.find((entry) => entry.page === page);
        if (known) {
          known.bit = true;
          return HIT;
        }
        let evicted = FREE;
        if (entries.length === frames) {
          const victim = leastBy(entries, (entry) => [Number(entry.bit), entry.rank]);
          take(entries, victim);
          evicted = victim.page;
        }
        entries.push({ page, bit: true, rank: first });
        return evicted;
      },
      release(page) {
        entries = entries.filter((entry) => entry.page !== page);
      },
      interrupt() {
        for (const entry of entries) {
          entry.rank = sample(entry);
          entry.bit = false;
        }
      },
    };
  };

/** A counter as the text of its eight binary digits is shifted. */
export const naiveAging: MakeCache = ranked(0, ({ bit, rank }) => {
  const digits = rank.toString(2).padStart(8, '0');
  return Number.parseInt(`${bit ? 1 : 0}${digits.slice(0, 7)}`, 2);
});

/** The rank is minus the age in samples, at most eight. */
export const naiveWorkingSet: MakeCache = ranked(-8, ({ bit, rank }) => (bit ? 0 : Math.max(-8, rank - 1)));

export const naiveSampledLru: MakeCache = (frames) => {
  let order: number[] = [];
  let used = new Set<number>();
  return {
    request(page) {
      used.add(page);
      if (order.includes(page)) return HIT;
      const evicted = order.length === frames ? order.shift()! : FREE;
      used.delete(evicted);
      order.push(page);
      return evicted;
    },
    release(page) {
      take(order, page);
      used.delete(page);
    },
    interrupt() {
      order = [...order.filter((page) => !used.has(page)), ...order.filter((page) => used.has(page))];
      used = new Set();
    },
  };
};
