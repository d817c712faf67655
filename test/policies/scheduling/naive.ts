/** FIFO, SJF, STCF and MLFQ once more, naively: every decision sorts everybody from scratch. */
import type {
  ReadyReason,
  Schedulable,
  StopReason,
  Verdict,
} from '../../../src/policies/scheduling/contract.ts';

interface Entry {
  process: Schedulable;
  ready: boolean;
  /** When it became ready, as a number that orders; who was preempted is before all others. */
  order: number;
  /** CPU time of each of its bursts, the present one last, ns. */
  bursts: number[];
}

export interface NaiveScheduler {
  ready(process: Schedulable, why: ReadyReason, now: number): Verdict;
  /** `quantum` where it is no constant. */
  next(now: number): { pid: number; quantum?: number } | undefined;
  /** A boost is due. */
  event?(): void;
  ran(pid: number, used: number, why: StopReason, now: number): void;
  gone(pid: number): void;
  changed(process: Schedulable): void;
}

/** @param rank what is compared before the order in which they became ready */
class Sorting implements NaiveScheduler {
  readonly entries: Entry[] = [];
  readonly rank: (entry: Entry, more: number) => number;
  readonly preempts: 'yes' | 'no';
  running: { entry: Entry; since: number } | undefined;
  orders = 0;

  constructor(rank: (entry: Entry, more: number) => number, preempts: 'yes' | 'no') {
    this.rank = rank;
    this.preempts = preempts;
  }

  ready(process: Schedulable, why: ReadyReason, now: number): Verdict {
    if (why === 'arrived') this.entries.push({ process, ready: false, order: 0, bursts: [] });
    const entry = this.entryOf(process.pid);
    entry.process = process;
    entry.ready = true;
    entry.order = ++this.orders;
    entry.bursts.push(0);
    if (this.preempts === 'no' || this.running === undefined) return 'wait';
    const own = this.rank(this.running.entry, now - this.running.since);
    return this.rank(entry, 0) < own ? 'preempt' : 'wait';
  }

  next(now: number): { pid: number } | undefined {
    const candidates = this.entries.filter(({ ready }) => ready);
    const [entry] = candidates.sort((a, b) => this.rank(a, 0) - this.rank(b, 0) || a.order - b.order);
    if (entry === undefined) return undefined;
    entry.ready = false;
    this.running = { entry, since: now };
    return { pid: entry.process.pid };
  }

  ran(pid: number, used: number, why: StopReason): void {
    const entry = this.entryOf(pid);
    entry.bursts[entry.bursts.length - 1]! += used;
    entry.ready = why !== 'blocked';
    this.orders++;
    entry.order = why === 'preempted' ? -this.orders : this.orders;
    this.running = undefined;
  }

  gone(pid: number): void {
    this.entries.splice(this.entries.indexOf(this.entryOf(pid)), 1);
  }

  changed(process: Schedulable): void {
    this.entryOf(process.pid).process = process;
  }

  entryOf(pid: number): Entry {
    return this.entries.find(({ process }) => process.pid === pid)!;
  }
}

/** What is left of the present burst: of what was declared, or of the average of the past, half for the last one. */
function left({ process, bursts }: Entry, more: number): number {
  const past = bursts
    .slice(0, -1)
    .filter((burst) => burst > 0)
    .reduce((guess, burst) => burst / 2 + guess / 2, 10e6);
  const used = bursts.at(-1)! + more;
  const total = Math.max(1, process.length ?? Math.ceil(past));
  for (let doublings = 0; ; doublings++) {
    const expected = total * 2 ** doublings;
    if (expected > used) return expected - used;
  }
}

interface Place {
  readonly pid: number;
  top: number;
  level: number;
  /** Within the level. */
  order: number;
  ready: boolean;
  /** CPU time used at the level, and of the time slice, ns. */
  atLevel: number;
  inSlice: number;
}

export interface NaiveTuning {
  /** By level, ns. */
  readonly quantum: readonly number[];
  readonly allotment: readonly number[];
  /** Whether giving up the CPU makes up for what was used. */
  readonly forgets: 'yes' | 'no';
  readonly reserved: number;
}

class NaiveMlfq implements NaiveScheduler {
  readonly places = new Map<number, Place>();
  readonly tuning: NaiveTuning;
  running: Place | undefined;
  boosted: Place | undefined;
  orders = 0;

  constructor(tuning: NaiveTuning) {
    this.tuning = tuning;
  }

  ready({ pid, nice }: Schedulable, why: ReadyReason): Verdict {
    if (why === 'arrived') {
      const top = nice < 0 ? 0 : this.tuning.reserved;
      this.places.set(pid, { pid, top, level: top, order: 0, ready: false, atLevel: 0, inSlice: 0 });
    }
    const place = this.places.get(pid)!;
    place.ready = true;
    place.order = ++this.orders;
    return this.running !== undefined && place.level < this.running.level ? 'preempt' : 'wait';
  }

  next(): { pid: number; quantum: number } | undefined {
    const [first] = this.sorted();
    if (first === undefined) return undefined;
    first.ready = false;
    this.running = first;
    const { quantum, allotment } = this.tuning;
    const ofSlice = quantum[first.level]! - first.inSlice;
    const ofLevel = first.level === quantum.length - 1 ? ofSlice : allotment[first.level]! - first.atLevel;
    return { pid: first.pid, quantum: Math.min(ofSlice, ofLevel) };
  }

  event(): void {
    for (const place of this.sorted()) place.order = ++this.orders;
    for (const place of this.places.values()) this.put(place, place.top);
    this.boosted = this.running;
  }

  ran(pid: number, used: number, why: StopReason): void {
    const place = this.places.get(pid)!;
    const { quantum, allotment, forgets } = this.tuning;
    place.ready = why !== 'blocked';
    this.running = undefined;
    place.order = ++this.orders;
    if (this.boosted === place) {
      this.boosted = undefined;
      return;
    }
    place.atLevel += used;
    place.inSlice += used;
    if (place.level < quantum.length - 1 && place.atLevel >= allotment[place.level]!) {
      this.put(place, place.level + 1);
    } else if (why === 'preempted' && place.inSlice < quantum[place.level]!) {
      place.order = -this.orders;
    } else {
      place.inSlice = 0;
      if (forgets === 'yes') place.atLevel = 0;
    }
  }

  gone(pid: number): void {
    this.places.delete(pid);
  }

  changed({ pid, nice }: Schedulable): void {
    const place = this.places.get(pid)!;
    place.top = nice < 0 ? 0 : this.tuning.reserved;
    if (place.level >= place.top) return;
    this.put(place, place.top);
    place.order = ++this.orders;
  }

  private sorted(): Place[] {
    const ready = [...this.places.values()].filter((place) => place.ready);
    return ready.sort((a, b) => a.level - b.level || a.order - b.order);
  }

  private put(place: Place, level: number): void {
    place.level = level;
    place.atLevel = 0;
    place.inSlice = 0;
  }
}

const ms = (...times: number[]): number[] => times.map((time) => time * 1e6);

/** By full name of the policy. */
export const naiveTwins: Readonly<Record<string, () => NaiveScheduler>> = {
  fifo: () => new Sorting(() => 0, 'no'),
  sjf: () => new Sorting(left, 'no'),
  stcf: () => new Sorting(left, 'yes'),
  mlfq: () =>
    new NaiveMlfq({ quantum: ms(10, 20, 40), allotment: ms(10, 20, 40), forgets: 'no', reserved: 0 }),
  'mlfq:quantum=5ms/10ms/15ms/20ms,allotment=12ms,boost=50ms,reserved=2': () =>
    new NaiveMlfq({
      quantum: ms(5, 10, 15, 20),
      allotment: ms(12, 12, 12, 12),
      forgets: 'no',
      reserved: 2,
    }),
  'mlfq:levels=2,rule4=ab,boost=none': () =>
    new NaiveMlfq({ quantum: ms(10, 20), allotment: ms(10, 20), forgets: 'yes', reserved: 0 }),
};
