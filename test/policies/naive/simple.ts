/** MRU, LFU, and LRU-K: everything is kept per page, and the whole memory is searched for the victim. */
import { FREE, HIT, leastBy, type MakeCache, take } from './contract.ts';

export const naiveMru: MakeCache = (frames) => {
  const order: number[] = [];
  return {
    request(page) {
      if (take(order, page)) {
        order.push(page);
        return HIT;
      }
      const evicted = order.length === frames ? order.pop()! : FREE;
      order.push(page);
      return evicted;
    },
    release: (page) => void take(order, page),
  };
};

export const naiveLfu: MakeCache = (frames) => {
  const pages = new Map<number, { uses: number; last: number }>();
  let time = 0;
  return {
    request(page) {
      time++;
      const known = pages.get(page);
      if (known) {
        pages.set(page, { uses: known.uses + 1, last: time });
        return HIT;
      }
      let evicted = FREE;
      if (pages.size === frames) {
        evicted = leastBy([...pages], ([, { uses, last }]) => [uses, last])[0];
        pages.delete(evicted);
      }
      pages.set(page, { uses: 1, last: time });
      return evicted;
    },
    release: (page) => void pages.delete(page),
  };
};

/** O'Neil, O'Neil and Weikum 1993, figure 2.1; HIST(p, i) is `history.get(p)[i - 1]`, 0 for none. */
export const naiveLruK =
  (k: number, correlated: number): MakeCache =>
  (frames) => {
    const buffer = new Set<number>();
    const history = new Map<number, number[]>();
    const last = new Map<number, number>();
    let t = 0;
    const victim = () => {
      const all = [...buffer];
      const eligible = all.filter((q) => t - last.get(q)! > correlated);
      return leastBy(eligible.length > 0 ? eligible : all, (q) => [history.get(q)![k - 1]!, last.get(q)!]);
    };
    const hit = (p: number) => {
      if (t - last.get(p)! > correlated) {
        const old = history.get(p)!;
        const period = last.get(p)! - old[0]!;
        history.set(p, [t, ...old.slice(0, -1).map((time) => (time === 0 ? 0 : time + period))]);
      }
      last.set(p, t);
      return HIT;
    };
    return {
      request(p) {
        t++;
        if (buffer.has(p)) return hit(p);
        let evicted = FREE;
        if (buffer.size === frames) {
          evicted = victim();
          buffer.delete(evicted);
        }
        const old = history.get(p) ?? new Array<number>(k).fill(0);
        history.set(p, [t, ...old.slice(0, -1)]);
        last.set(p, t);
        buffer.add(p);
        return evicted;
      },
      release(p) {
        buffer.delete(p);
        history.delete(p);
      },
    };
  };
