/** Counters of eventfd(2), timers of timerfd_create(2), and epolls, as files without a name. A key is a number. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { TimerSetting } from './event-contract.ts';
import type { CounterState, EventsState, TimerState } from './event-state.ts';
import { POLLIN, POLLOUT } from './flags.ts';
import { NamelessFileSystem } from './nameless-filesystem.ts';

const ANON_INODE_FS_MAGIC = 0x09041934;
const DEVICE = 0xe;
const COUNTER_BYTES = 8;
/** The highest count: one less than what an error would be (eventfd(2)). */
const MOST_COUNT = 0xffff_ffff_ffff_fffen;

/** What events have to know of time: virtual, ns. */
export interface EventTime {
  readonly now: number;
}

export class EventFileSystem extends NamelessFileSystem {
  readonly name = 'event';
  readonly #state: EventsState;
  readonly #time: EventTime;
  readonly #changed: (key: string, events: number) => void;

  /** @param changed told what may be ready now, POLL*; 0: anything */
  constructor(state: EventsState, time: EventTime, changed: (key: string, events: number) => void) {
    super(DEVICE, 0o600, ANON_INODE_FS_MAGIC);
    this.#state = state;
    this.#time = time;
    this.#changed = changed;
  }

  createCounter(value: number, reads: CounterState['reads']): string {
    const key = String(this.#state.next++);
    this.#state.counters[key] = { value: BigInt(value), reads };
    return key;
  }

  createTimer(clock: number): string {
    const key = String(this.#state.next++);
    this.#state.timers[key] = { clock, due: undefined, interval: 0, tellAt: Number.POSITIVE_INFINITY };
    return key;
  }

  createEpoll(): string {
    const key = String(this.#state.next++);
    this.#state.epolls[key] = { interests: {}, ready: [] };
    return key;
  }

  timer(key: string): TimerState | undefined {
    return this.#state.timers[key];
  }

  setTimer(key: string, { left, interval }: TimerSetting): void {
    const timer = this.#state.timers[key]!;
    timer.due = left === 0 ? undefined : this.#time.now + left;
    timer.interval = interval;
    timer.tellAt = timer.due ?? Number.POSITIVE_INFINITY;
    this.#changed(key, 0);
  }

  /** timerfd_gettime(2), which has a timer that has expired tell of its next expiry as well. */
  timerSetting(key: string): TimerSetting {
    const timer = this.#state.timers[key]!;
    const { due, interval } = timer;
    const { now } = this.#time;
    if (due === undefined) return { left: 0, interval };
    if (due > now) return { left: due - now, interval };
    const left = interval === 0 ? 0 : interval - ((now - due) % interval);
    if (interval !== 0) timer.tellAt = now + left;
    return { left, interval };
  }

  /** Tells those who wait for timers that have expired: once, as Linux starts a timer again when it is read. */
  tellExpired(): void {
    for (const [key, timer] of Object.entries(this.#state.timers)) {
      if (timer.tellAt > this.#time.now) continue;
      timer.tellAt = Number.POSITIVE_INFINITY;
      this.#changed(key, POLLIN);
    }
  }

  /** Virtual time at which a timer will be ready; Infinity for anything else. */
  due(key: string): number {
    return this.#state.timers[key]?.tellAt ?? Number.POSITIVE_INFINITY;
  }

  /** What poll(2) says of a counter or a timer. */
  events(key: string): number {
    const timer = this.#state.timers[key];
    if (timer !== undefined) return expiries(timer, this.#time.now) > 0 ? POLLIN : 0;
    const counter = this.#state.counters[key];
    if (counter === undefined) return 0;
    return (counter.value > 0n ? POLLIN : 0) | (counter.value < MOST_COUNT ? POLLOUT : 0);
  }

  /** The count, or how often the timer has expired; EAGAIN for 0. */
  read(key: string, _offset: number, into: Uint8Array): Result {
    const [timer, counter] = [this.#state.timers[key], this.#state.counters[key]];
    if ((timer === undefined && counter === undefined) || into.length < COUNTER_BYTES) return Errno.EINVAL;
    const count = timer === undefined ? this.#takeCount(key) : BigInt(this.#takeExpiries(timer));
    if (count === 0n) return Errno.EAGAIN;
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, count, true);
    return COUNTER_BYTES;
  }

  /** Adds to a counter; EAGAIN when that would be too much. */
  write(key: string, _offset: number, from: Uint8Array): Result {
    const counter = this.#state.counters[key];
    if (counter === undefined || from.length < COUNTER_BYTES) return Errno.EINVAL;
    const added = new DataView(from.buffer, from.byteOffset).getBigUint64(0, true);
    if (added > MOST_COUNT) return Errno.EINVAL;
    if (counter.value + added > MOST_COUNT) return Errno.EAGAIN;
    counter.value += added;
    this.#changed(key, POLLIN);
    return COUNTER_BYTES;
  }

  override closed(key: string, _flags: number): void {
    this.#changed(key, 0);
  }

  override letGo(key: string): void {
    delete this.#state.counters[key];
    delete this.#state.timers[key];
    delete this.#state.epolls[key];
  }

  #takeCount(key: string): bigint {
    const counter = this.#state.counters[key]!;
    const count = counter.reads === 'one' && counter.value > 0n ? 1n : counter.value;
    counter.value -= count;
    if (count > 0n) this.#changed(key, POLLOUT);
    return count;
  }

  #takeExpiries(timer: TimerState): number {
    const count = expiries(timer, this.#time.now);
    if (count === 0) return 0;
    timer.due = timer.interval === 0 ? undefined : timer.due! + count * timer.interval;
    timer.tellAt = timer.due ?? Number.POSITIVE_INFINITY;
    return count;
  }
}

/** How often a timer has expired since it was read. */
function expiries({ due, interval }: TimerState, now: number): number {
  if (due === undefined || due > now) return 0;
  return interval === 0 ? 1 : 1 + Math.floor((now - due) / interval);
}
