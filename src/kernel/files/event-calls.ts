/** Calls on counters, timers and epolls by descriptor. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { Descriptors } from './descriptors.ts';
import type { Epolls } from './epolls.ts';
import type { EpollEvent, Events, InterestRequest, TimerSetting } from './event-contract.ts';
import type { EventFileSystem } from './event-filesystem.ts';
import type { CounterState, EventsState } from './event-state.ts';
import { O_RDWR } from './flags.ts';
import type { Polling } from './polling.ts';

export interface EventCallsParts {
  readonly state: EventsState;
  readonly descriptors: Descriptors;
  readonly system: EventFileSystem;
  readonly epolls: Epolls;
  readonly polling: Polling;
}

export class EventCalls implements Events {
  readonly #parts: EventCallsParts;

  constructor(parts: EventCallsParts) {
    this.#parts = parts;
  }

  createCounter(process: ProcessState, value: number, reads: CounterState['reads'], flags: number): Result {
    return this.#open(process, this.#parts.system.createCounter(value, reads), 'eventfd', flags);
  }

  createTimer(process: ProcessState, clock: number, flags: number): Result {
    return this.#open(process, this.#parts.system.createTimer(clock), 'timerfd', flags);
  }

  createEpoll(process: ProcessState, flags: number): Result {
    return this.#open(process, this.#parts.system.createEpoll(), 'eventpoll', flags);
  }

  timerClock(process: ProcessState, descriptor: number): Result {
    const key = this.#key(process, descriptor, 'timers');
    return typeof key === 'number' ? key : this.#parts.state.timers[key]!.clock;
  }

  timer(process: ProcessState, descriptor: number): TimerSetting | Result {
    const key = this.#key(process, descriptor, 'timers');
    return typeof key === 'number' ? key : this.#parts.system.timerSetting(key);
  }

  setTimer(process: ProcessState, descriptor: number, setting: TimerSetting): Result {
    const key = this.#key(process, descriptor, 'timers');
    if (typeof key === 'number') return key;
    this.#parts.system.setTimer(key, setting);
    return 0;
  }

  control(process: ProcessState, epoll: number, request: InterestRequest): Result {
    const { descriptors, polling, epolls } = this.#parts;
    const own = descriptors.opened(process, epoll);
    if (typeof own === 'number') return own;
    const target = descriptors.opened(process, request.descriptor);
    if (typeof target === 'number') return target;
    const { description } = process.descriptors[request.descriptor]!;
    if (!polling.isPollable(target)) return Errno.EPERM;
    const key = this.#key(process, epoll, 'epolls');
    if (typeof key === 'number') return key;
    if (own.description === target.description) return Errno.EINVAL;
    return epolls.control(key, description, polling.channels(target), request);
  }

  queued(process: ProcessState, epoll: number): Result {
    const key = this.#key(process, epoll, 'epolls');
    if (typeof key === 'number') return key;
    this.#parts.system.tellExpired();
    return this.#parts.epolls.queued(key);
  }

  collect(process: ProcessState, epoll: number, most: number): readonly EpollEvent[] {
    const key = this.#key(process, epoll, 'epolls');
    return typeof key === 'number' ? [] : this.#parts.epolls.collect(key, most);
  }

  /** The key behind a descriptor of one kind: EBADF, EINVAL for any other. */
  #key(process: ProcessState, descriptor: number, kind: 'timers' | 'epolls'): string | Result {
    const { descriptors, state } = this.#parts;
    const opened = descriptors.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    const { mount, key } = opened.record;
    return mount === 'event' && state[kind][key] !== undefined ? key : Errno.EINVAL;
  }

  /** A descriptor for what was just made; when that fails it goes. */
  #open(process: ProcessState, key: string, kind: string, flags: number): Result {
    const { descriptors, system } = this.#parts;
    const place = { mount: 'event', key, path: `anon_inode:[${kind}]` } as const;
    const descriptor = descriptors.add(process, place, flags | O_RDWR);
    if (descriptor < 0) system.letGo(key);
    return descriptor;
  }
}
