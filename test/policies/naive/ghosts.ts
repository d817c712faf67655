/** 2Q, ARC and CAR: policies that remember pages they evicted. */
import { FREE, HIT, type MakeCache, take } from './contract.ts';

/** Johnson and Shasha 1994, the full version. */
export const naive2Q: MakeCache = (frames) => {
  const a1in: number[] = [];
  const a1out: number[] = [];
  const am: number[] = [];
  const kin = Math.max(1, Math.floor(frames / 4));
  const kout = Math.max(1, Math.floor(frames / 2));
  const reclaim = (): number => {
    if (a1in.length + am.length < frames) return FREE;
    if (a1in.length > kin || am.length === 0) {
      const evicted = a1in.shift()!;
      a1out.push(evicted);
      if (a1out.length > kout) a1out.shift();
      return evicted;
    }
    return am.shift()!;
  };
  return {
    request(page) {
      if (take(am, page)) {
        am.push(page);
        return HIT;
      }
      if (a1in.includes(page)) return HIT;
      const list = take(a1out, page) ? am : a1in;
      const evicted = reclaim();
      list.push(page);
      return evicted;
    },
    release(page) {
      take(am, page);
      take(a1in, page);
    },
  };
};

/** Megiddo and Modha 2003, figure 4. */
export const naiveArc: MakeCache = (c) => {
  const [t1, t2, b1, b2]: [number[], number[], number[], number[]] = [[], [], [], []];
  let p = 0;
  const isFull = () => t1.length + t2.length === c;
  const replace = (x: number): number => {
    if (!isFull()) return FREE;
    const fromT1 =
      t1.length >= 1 && ((b2.includes(x) && t1.length === p) || t1.length > p || t2.length === 0);
    const evicted = (fromT1 ? t1 : t2).shift()!;
    (fromT1 ? b1 : b2).push(evicted);
    return evicted;
  };
  const caseFour = (x: number): number => {
    if (t1.length + b1.length === c) {
      if (t1.length === c) return t1.shift()!;
      b1.shift();
      return replace(x);
    }
    const total = t1.length + t2.length + b1.length + b2.length;
    if (total === 2 * c) b2.shift();
    return replace(x);
  };
  return {
    request(x) {
      if (take(t1, x) || take(t2, x)) {
        t2.push(x);
        return HIT;
      }
      const inB1 = b1.includes(x);
      if (!inB1 && !b2.includes(x)) {
        const evicted = caseFour(x);
        t1.push(x);
        return evicted;
      }
      if (inB1) p = Math.min(c, p + Math.max(b2.length / b1.length, 1));
      else p = Math.max(0, p - Math.max(b1.length / b2.length, 1));
      const evicted = replace(x);
      take(inB1 ? b1 : b2, x);
      t2.push(x);
      return evicted;
    },
    release(page) {
      take(t1, page);
      take(t2, page);
    },
  };
};

/** Bansal and Modha 2004, figure 2. Ghosts are cut whether or not a frame was free, which only releases make so. */
export const naiveCar: MakeCache = (c) => {
  const [t1, t2, b1, b2]: [number[], number[], number[], number[]] = [[], [], [], []];
  const referenced = new Set<number>();
  let p = 0;
  const replace = (): number => {
    for (;;) {
      const clock = t1.length >= Math.max(1, p) || t2.length === 0 ? t1 : t2;
      const head = clock.shift()!;
      if (!referenced.delete(head)) {
        (clock === t1 ? b1 : b2).push(head);
        return head;
      }
      t2.push(head);
    }
  };
  const request = (x: number): number => {
    if (t1.includes(x) || t2.includes(x)) {
      referenced.add(x);
      return HIT;
    }
    const evicted = t1.length + t2.length === c ? replace() : FREE;
    if (b1.includes(x)) {
      p = Math.min(p + Math.max(1, b2.length / b1.length), c);
      take(b1, x);
      t2.push(x);
    } else if (b2.includes(x)) {
      p = Math.max(p - Math.max(1, b1.length / b2.length), 0);
      take(b2, x);
      t2.push(x);
    } else {
      if (t1.length + b1.length === c) b1.shift();
      else if (t1.length + t2.length + b1.length + b2.length === 2 * c) b2.shift();
      t1.push(x);
    }
    return evicted;
  };
  return {
    request,
    release(page) {
      take(t1, page);
      take(t2, page);
      referenced.delete(page);
    },
  };
};
