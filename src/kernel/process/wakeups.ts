/**
 * Waiting and waking, after xv6's sleep and wakeup: a process waits for named channels, and whoever changes what a
 * channel stands for wakes all that wait for it. Those then begin their system call again, so that being woken
 * for nothing does no harm.
 *
 *   pipe:KEY      a pipe has bytes, room, or one end fewer     child:PID    a child of process PID changed state
 *   futex:PID     process PID was chosen by a futex(2)         vfork:PID    PID runs in a space of its own, or ended
 *   threads:PID   process PID has one thread fewer
 *   lock:FILE     a lock on a file was given up                signals:PID  a signal came that PID waits for
 *   socket:KEY    a socket has bytes, room, or connections     event:KEY    an eventfd, a timer or an epoll changed
 *   input         standard input has bytes, or its end
 *   admission:PID  process PID, which was suspended, may compete for memory again
 */
import type { Pid } from '../../base/numbers.ts';
import type { ProcessState, RootState } from '../state.ts';

export const pipeChannel = (key: string): string => `pipe:${key}`;
export const childChannel = (parent: Pid): string => `child:${parent}`;
export const vforkChannel = (child: Pid): string => `vfork:${child}`;
export const threadsChannel = (group: Pid): string => `threads:${group}`;
export const futexChannel = (waiter: Pid): string => `futex:${waiter}`;
export const inputChannel = 'input';
export const lockChannel = (file: number): string => `lock:${file}`;
export const admissionChannel = (group: Pid): string => `admission:${group}`;
export const signalChannel = (waiter: Pid): string => `signals:${waiter}`;

/** Wakes every process that waits for `channel`. */
export function wake(root: RootState, channel: string): void {
  for (const process of root.processes) {
    if (process.sleep?.channels.includes(channel)) rouse(root, process);
  }
}

/** Ends a process's sleep; the scheduler takes it up at its next look. */
export function rouse(root: RootState, process: ProcessState): void {
  process.sleep = undefined;
  root.woken.push(process.pid);
}
