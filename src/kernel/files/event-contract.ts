/** eventfd(2), timerfd_create(2) and epoll(7) as the system calls use them. Every method answers >= 0 or -errno. */
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { CounterState } from './event-state.ts';

/** What a timer is set to, ns. */
export interface TimerSetting {
  /** Until it next expires; 0: it does not. */
  readonly left: number;
  readonly interval: number;
}

/** What epoll_ctl(2) is asked for; `none` is no operation there is. */
export interface InterestRequest {
  readonly operation: 'add' | 'modify' | 'delete' | 'none';
  readonly descriptor: number;
  readonly events: number;
  readonly data: bigint;
}

/** What epoll_wait(2) tells. */
export interface EpollEvent {
  readonly events: number;
  readonly data: bigint;
}

export interface Events {
  /** Descriptors. @param flags O_NONBLOCK, O_CLOEXEC */
  createCounter(process: ProcessState, value: number, reads: CounterState['reads'], flags: number): Result;
  createTimer(process: ProcessState, clock: number, flags: number): Result;
  createEpoll(process: ProcessState, flags: number): Result;
  /** The clock of a timer: EBADF, EINVAL when it is none. */
  timerClock(process: ProcessState, descriptor: number): Result;
  timer(process: ProcessState, descriptor: number): TimerSetting | Result;
  setTimer(process: ProcessState, descriptor: number, setting: TimerSetting): Result;
  /** epoll_ctl(2): EBADF, EPERM, EINVAL, EEXIST, ENOENT, ELOOP. */
  control(process: ProcessState, epoll: number, request: InterestRequest): Result;
  /** How many watched descriptors may be ready, at most; EBADF, EINVAL when it is no epoll. */
  queued(process: ProcessState, epoll: number): Result;
  /** At most `most` of the events that there are, those of the longest ready descriptors first. */
  collect(process: ProcessState, epoll: number, most: number): readonly EpollEvent[];
}
