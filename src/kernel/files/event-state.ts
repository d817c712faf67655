/** State of eventfd(2), timerfd_create(2) and epoll(7): plain data off `RootState.files`. */

export interface CounterState {
  value: bigint;
  /** `all`: a read takes the whole count; `one`: EFD_SEMAPHORE. */
  reads: 'all' | 'one';
}

export interface TimerState {
  clock: number;
  /** Virtual time of the first expiry that was not read, ns; `undefined`: it is not set. */
  due: number | undefined;
  /** ns between expiries; 0: there is one. */
  interval: number;
  /** Virtual time of the expiry that those who wait are told of next; Infinity: none before it is read or set. */
  tellAt: number;
}

/** A descriptor that an epoll watches. */
export interface Interest {
  descriptor: number;
  /** Index of its description. */
  description: number;
  /** EPOLL* of epoll_ctl(2), 32 bits unsigned. */
  events: number;
  data: bigint;
  /** Whether it is in the list `ready`. */
  isQueued: boolean;
  /** What its changes are told by. */
  channels: string[];
}

export interface EpollState {
  /** `descriptor:description` to what is wanted. */
  interests: Record<string, Interest>;
  /** Interests that may be ready, the first to become so first. */
  ready: string[];
}

export interface EventsState {
  counters: Record<string, CounterState>;
  timers: Record<string, TimerState>;
  epolls: Record<string, EpollState>;
  /** Channel to the interests that are to be told when it changes. */
  watches: Record<string, { epoll: string; interest: string }[]>;
  next: number;
}

export const eventsState = (): EventsState => ({
  counters: {},
  timers: {},
  epolls: {},
  watches: {},
  next: 1,
});
