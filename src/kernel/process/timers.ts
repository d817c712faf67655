/**
 * Timers that run by CPU time: ITIMER_VIRTUAL and ITIMER_PROF of setitimer(2), RLIMIT_CPU of setrlimit(2), and those of
 * timer_create(2), of which some run by virtual time. Source: kernel/time/{itimer,posix-timers,posix-cpu-timers}.c.
 */
import { limitOf, UNLIMITED } from '../limits.ts';
import type { ProcessState, RootState, ThreadGroup } from '../state.ts';
import { expireAlarm } from './alarm.ts';
import type { Signals } from './contract.ts';
import { Signal, SignalCode } from './signal-table.ts';
import type { IntervalTimer, PosixTimer } from './state.ts';
import { processUse, threadUse } from './use.ts';

const SECOND = 1e9;

/** The thread whose clock of CPU time it is, as clock_getcpuclockid(3) numbers clocks: ~thread << 3 | 6. */
export const threadClock = (thread: number): number => (~thread << 3) | 6;
export const PROCESS_CLOCK = 2;
/** Whether a timer's clock is one of CPU time. */
export const isCpuClock = (clock: number): boolean => clock === PROCESS_CLOCK || clock < 0;

/** CPU time of a process, or of one of its threads, ns; `undefined` when the thread is gone. */
export function cpuTime(root: RootState, process: ProcessState, clock: number): number | undefined {
  const thread =
    clock === PROCESS_CLOCK ? undefined : root.processes.find(({ pid }) => pid === ~(clock >> 3));
  if (clock !== PROCESS_CLOCK && (thread === undefined || thread.exit !== undefined)) return undefined;
  const { user, system } = thread === undefined ? processUse(root, process) : threadUse(root, thread);
  return user + system;
}

/** Times that a timer has run out by `now`; it is set again if it repeats, and else to Infinity. */
function runOut(timer: IntervalTimer, now: number): number {
  if (now < timer.due) return 0;
  if (timer.interval === 0) {
    timer.due = Number.POSITIVE_INFINITY;
    return 1;
  }
  const times = Math.floor((now - timer.due) / timer.interval) + 1;
  timer.due += timer.interval * times;
  return times;
}

/** Whether a process has timers that run by virtual time, though they may not be set. */
export const hasTimers = ({ alarm, timers }: ThreadGroup): boolean =>
  alarm !== undefined || timers.length > 0;

/** Tells of timers of virtual time that have run out; when the next one will, Infinity for never. */
export function expireTimers(root: RootState, process: ProcessState, signals: Signals): number {
  expireAlarm(process, root.clock.now, signals);
  let next = process.group.alarm?.due ?? Number.POSITIVE_INFINITY;
  for (const timer of process.group.timers) {
    if (isCpuClock(timer.clock)) continue;
    tell(process, timer, runOut(timer, root.clock.now), signals);
    next = Math.min(next, timer.due);
  }
  return next;
}

/** Whether the process has a timer or a limit of CPU time. */
function hasCpuTimers(process: ProcessState): boolean {
  const { cpuAlarms, timers } = process.group;
  if (cpuAlarms.virtual !== undefined || cpuAlarms.profile !== undefined) return true;
  if (process.limits.CPU !== undefined && limitOf(process, 'CPU')[0] !== UNLIMITED) return true;
  return timers.length > 0 && timers.some(({ clock, due }) => isCpuClock(clock) && Number.isFinite(due));
}

/**
 * Tells of timers and limits of CPU time that have run out; the virtual time at which the next one may if the process
 * runs all the time, Infinity for never.
 */
export function timeCpu(root: RootState, process: ProcessState, signals: Signals): number {
  if (!hasCpuTimers(process)) return Number.POSITIVE_INFINITY;
  return root.clock.now + expireCpuTimers(root, process, signals);
}

/** The CPU time, ns, after which the next one may have run out. */
function expireCpuTimers(root: RootState, process: ProcessState, signals: Signals): number {
  const { cpuAlarms, timers } = process.group;
  const { user, system } = processUse(root, process);
  const send = (signal: number): void => signals.send(process, signal, SignalCode.kernel, 0n);
  let left = Number.POSITIVE_INFINITY;
  for (const [kind, now, signal] of [
    ['virtual', user, Signal.SIGVTALRM],
    ['profile', user + system, Signal.SIGPROF],
  ] as const) {
    const alarm = cpuAlarms[kind];
    if (alarm === undefined) continue;
    if (runOut(alarm, now) > 0) send(signal);
    if (alarm.due === Number.POSITIVE_INFINITY) cpuAlarms[kind] = undefined;
    left = Math.min(left, alarm.due - now);
  }
  for (const timer of timers) {
    const now = isCpuClock(timer.clock) ? cpuTime(root, process, timer.clock) : undefined;
    if (now === undefined) continue;
    tell(process, timer, runOut(timer, now), signals);
    left = Math.min(left, timer.due - now);
  }
  return Math.min(left, expireLimit(process, user + system, send));
}

/** RLIMIT_CPU: SIGXCPU at each second from the soft limit on, SIGKILL at the hard one; ns to the next of these. */
function expireLimit(process: ProcessState, now: number, send: (signal: number) => void): number {
  const [soft, hard] = limitOf(process, 'CPU');
  if (soft === UNLIMITED) return Number.POSITIVE_INFINITY;
  if (hard !== UNLIMITED && now >= Number(hard) * SECOND) {
    send(Signal.SIGKILL);
    return Number.POSITIVE_INFINITY;
  }
  if (now < Number(soft) * SECOND) return Number(soft) * SECOND - now;
  send(Signal.SIGXCPU);
  // So that the next one comes a second later, as getrlimit(2) tells too.
  const next = soft + 1n;
  process.limits.CPU = [next, hard];
  return Number(next) * SECOND - now;
}

/** A signal of the timer that has not been taken stands for all that come meanwhile. */
function tell(process: ProcessState, timer: PosixTimer, times: number, signals: Signals): void {
  if (times === 0 || timer.tells === 'nobody') return;
  if (signals.sendOfTimer(process, timer)) timer.overrun = times - 1;
  else timer.overrun += times;
}
