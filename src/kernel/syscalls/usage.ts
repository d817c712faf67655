/** What processes have used of the machine, and how nice they are to others: getrusage(2), setpriority(2). */
import { Errno } from '../errno.ts';
import { GUEST_UID } from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { CallContext, SystemCall } from './contract.ts';
import { words } from './layout.ts';

export const usageCalls: readonly SystemCall[] = [
  { number: 124, name: 'sched_yield', arguments: [], handle: () => 'yielded' },
  { number: 140, name: 'setpriority', arguments: ['int', 'int', 'int'], handle: setpriority },
  { number: 141, name: 'getpriority', arguments: ['int', 'int'], handle: getpriority },
  { number: 165, name: 'getrusage', arguments: ['int', 'pointer'], handle: getrusage },
];

const RUSAGE_SELF = 0;
const RUSAGE_CHILDREN = -1;
const RUSAGE_THREAD = 1;

/** CPU time, ns: in the program, and in the kernel for it. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** CPU time of a thread so far: what it spends now is its own too. */
export function threadTime(call: CallContext, { status, times }: ProcessState): CpuTime {
  const all = times.running + (status === 'running' ? call.clock.now - times.since : 0);
  return { user: times.user, system: all - times.user };
}

/** CPU time of a process: of its threads that have not ended, and its first, which has that of the others. */
export function processTime(call: CallContext, process: ProcessState): CpuTime {
  return call.root.processes
    .filter(({ group }) => group === process.group)
    .map((thread) => threadTime(call, thread))
    .reduce(sumOf);
}

export const sumOf = (a: CpuTime, b: CpuTime): CpuTime => ({
  user: a.user + b.user,
  system: a.system + b.system,
});

function getrusage(call: CallContext): Result {
  const { process } = call;
  const who = call.int(0);
  switch (who) {
    case RUSAGE_SELF:
      call.user.write(call.address(1), usage(call, process, processTime(call, process)));
      return 0;
    case RUSAGE_THREAD:
      call.user.write(call.address(1), usage(call, process, threadTime(call, process)));
      return 0;
    case RUSAGE_CHILDREN:
      call.user.write(call.address(1), usageOf(process.group.childTimes, []));
      return 0;
    default:
      return Errno.EINVAL;
  }
}

/** struct rusage of a process that has used `time` of the processor. */
export function usage(call: CallContext, process: ProcessState, time: CpuTime): Uint8Array {
  const { faults, times, space } = process;
  const rest: number[] = [];
  rest[0] = (call.root.spaces[space]?.residentPeak ?? 0) * 4;
  rest[4] = faults.minor;
  rest[5] = faults.major;
  rest[12] = times.voluntary;
  rest[13] = times.involuntary;
  return usageOf(time, rest);
}

/** 144 bytes. @param rest fourteen numbers, 0 where they are missing */
function usageOf({ user, system }: CpuTime, rest: readonly number[]): Uint8Array {
  const fields = Array.from({ length: 14 }, (_, i) => rest[i] ?? 0);
  return words(...timeval(user), ...timeval(system), ...fields);
}

/** struct timeval. */
function timeval(ns: number): [number, number] {
  const micros = Math.floor(ns / 1000);
  return [Math.floor(micros / 1e6), micros % 1e6];
}

const PRIO_PROCESS = 0;
const PRIO_PGRP = 1;
const PRIO_USER = 2;
/** Lowest and highest nice values. */
const LEAST_NICE = -20;
const MOST_NICE = 19;

/** The threads that setpriority(2) means, or an error. */
function meant(call: CallContext): readonly ProcessState[] | Result {
  const { root, process } = call;
  const [which, who] = [call.int(0), call.int(1)];
  const alive = root.processes.filter(({ status }) => status !== 'zombie');
  switch (which) {
    case PRIO_PROCESS:
      return alive.filter(({ pid }) => pid === (who === 0 ? process.pid : who));
    case PRIO_PGRP:
      return alive.filter(
        ({ group }) => group.processGroup === (who === 0 ? process.group.processGroup : who),
      );
    case PRIO_USER:
      return who === 0 || who === GUEST_UID ? alive : [];
    default:
      return Errno.EINVAL;
  }
}

/** 20 - nice, so that no result looks like an error. */
function getpriority(call: CallContext): Result {
  const found = meant(call);
  if (typeof found === 'number') return found;
  return found.length === 0 ? Errno.ESRCH : 20 - Math.min(...found.map(({ scheduling }) => scheduling.nice));
}

/** Whoever is no superuser can only become nicer. */
function setpriority(call: CallContext): Result {
  const found = meant(call);
  if (typeof found === 'number') return found;
  if (found.length === 0) return Errno.ESRCH;
  const nice = Math.min(Math.max(call.int(2), LEAST_NICE), MOST_NICE);
  if (found.some(({ scheduling }) => nice < scheduling.nice)) return Errno.EACCES;
  for (const process of found) {
    process.scheduling.nice = nice;
    call.scheduler.changed(process);
  }
  return 0;
}
