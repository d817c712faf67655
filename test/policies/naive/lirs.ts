/** LIRS and CLOCK-Pro. */
import { FREE, HIT, type MakeCache, take } from './contract.ts';

/** Jiang and Zhang 2002, section 3.3; the stack's bottom and the queue's front come first. */
export const naiveLirs: MakeCache = (frames) => {
  let stack: number[] = [];
  const queue: number[] = [];
  const lir = new Set<number>();
  const lirSize = frames - Math.max(1, Math.floor(frames / 100));
  const prune = () => {
    const bottom = stack.findIndex((page) => lir.has(page));
    stack = bottom < 0 ? [] : stack.slice(bottom);
  };
  const toTop = (page: number): boolean => {
    const was = take(stack, page);
    stack.push(page);
    return was;
  };
  const makeLir = (page: number) => {
    lir.add(page);
    prune();
    if (lir.size <= lirSize) return;
    lir.delete(stack[0]!);
    queue.push(stack[0]!);
  };
  const hit = (page: number): number => {
    const wasInStack = toTop(page);
    if (!lir.has(page)) {
      take(queue, page);
      if (wasInStack) makeLir(page);
      else queue.push(page);
    }
    prune();
    return HIT;
  };
  const evict = (): number => {
    if (queue.length > 0) return queue.shift()!;
    const bottom = stack[0]!;
    lir.delete(bottom);
    prune();
    return bottom;
  };
  return {
    request(page) {
      if (lir.has(page) || queue.includes(page)) return hit(page);
      const evicted = lir.size + queue.length === frames ? evict() : FREE;
      const isRoom = lir.size < lirSize;
      const wasInStack = toTop(page);
      if (isRoom || wasInStack) makeLir(page);
      else queue.push(page);
      prune();
      return evicted;
    },
    release(page) {
      if (!lir.delete(page) && !take(queue, page)) return;
      take(stack, page);
      prune();
    },
  };
};

interface Entry {
  readonly page: number;
  state: 'hot' | 'cold' | 'ghost';
  tested: boolean;
  bit: boolean;
}

/** Jiang, Chen and Zhang 2005, sections 4.2 and 4.3: a ring and three hands. */
class NaiveClockPro {
  readonly frames: number;
  ring: Entry[] = [];
  hands: { hot?: Entry | undefined; cold?: Entry | undefined } = {};
  coldTarget: number;
  isFull = false;

  constructor(frames: number) {
    this.frames = frames;
    this.coldTarget = Math.max(1, Math.floor(frames / 100));
  }

  count(state: Entry['state']): number {
    return this.ring.filter((entry) => entry.state === state).length;
  }

  next(entry: Entry): Entry {
    return this.ring[(this.ring.indexOf(entry) + 1) % this.ring.length]!;
  }

  adapt(by: number): void {
    this.coldTarget = Math.min(this.frames, Math.max(1, this.coldTarget + by));
  }

  /** Where the cold hand stops when it leaves an entry: at the next resident cold page, if there is one. */
  coldAfter(entry: Entry): Entry | undefined {
    let other = this.next(entry);
    while (other !== entry && other.state !== 'cold') other = this.next(other);
    return other === entry ? undefined : other;
  }

  drop(entry: Entry): void {
    if (this.hands.cold === entry) this.hands.cold = this.coldAfter(entry);
    if (this.hands.hot === entry) this.hands.hot = this.ring.length === 1 ? undefined : this.next(entry);
    take(this.ring, entry);
  }

  toHead(entry: Entry): void {
    if (this.ring.length === 0) this.hands.hot = entry;
    this.ring.splice(Math.max(0, this.ring.indexOf(this.hands.hot!)), 0, entry);
    if (entry.state === 'cold') this.hands.cold ??= entry;
  }

  endTest(entry: Entry): void {
    if (entry.tested) this.adapt(-1);
    entry.tested = false;
    if (entry.state === 'ghost') this.drop(entry);
  }

  passHot(): void {
    const entry = this.hands.hot!;
    this.hands.hot = this.next(entry);
    if (entry.state !== 'hot') this.endTest(entry);
    else if (entry.bit) entry.bit = false;
    else {
      entry.state = 'cold';
      this.hands.cold ??= entry;
    }
  }

  runHot(): void {
    const limit = () => this.frames - this.coldTarget;
    if (this.count('hot') <= limit()) return;
    while (this.count('hot') > limit()) this.passHot();
    while (this.count('hot') > 0 && this.hands.hot!.state !== 'hot') this.passHot();
  }

  /** The last page in its test period is the first such one from the hot hand on. */
  runTest(): void {
    let entry = this.hands.hot!;
    while (!entry.tested) entry = this.next(entry);
    this.endTest(entry);
  }

  evict(): number {
    this.isFull = true;
    for (;;) {
      const entry = this.hands.cold;
      // Only releases leave a full memory without a cold page.
      if (!entry) return this.evictHot();
      if (entry.bit) {
        this.spare(entry);
        continue;
      }
      if (!entry.tested) this.drop(entry);
      else {
        this.hands.cold = this.coldAfter(entry);
        entry.state = 'ghost';
      }
      while (this.count('ghost') > this.frames) this.runTest();
      return entry.page;
    }
  }

  evictHot(): number {
    let entry = this.hands.hot!;
    while (entry.state === 'ghost') entry = this.next(entry);
    this.drop(entry);
    return entry.page;
  }

  spare(entry: Entry): void {
    entry.bit = false;
    this.drop(entry);
    if (entry.tested) {
      this.adapt(1);
      entry.state = 'hot';
    }
    entry.tested = !entry.tested;
    this.toHead(entry);
    if (entry.state === 'hot') this.runHot();
  }

  request(page: number): number {
    const known = this.ring.find((entry) => entry.page === page);
    if (known && known.state !== 'ghost') {
      known.bit = true;
      return HIT;
    }
    const evicted = this.count('hot') + this.count('cold') === this.frames ? this.evict() : FREE;
    const ghost = this.ring.find((entry) => entry.page === page);
    if (ghost) {
      this.drop(ghost);
      this.adapt(1);
    }
    const isHot = ghost || (!this.isFull && this.count('hot') < this.frames - this.coldTarget);
    this.toHead({ page, state: isHot ? 'hot' : 'cold', tested: !isHot, bit: false });
    this.runHot();
    return evicted;
  }

  release(page: number): void {
    const entry = this.ring.find(({ page: other, state }) => other === page && state !== 'ghost');
    if (entry) this.drop(entry);
  }
}

export const naiveClockPro: MakeCache = (frames) => new NaiveClockPro(frames);
