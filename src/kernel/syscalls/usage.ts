/** What processes have used of the machine, and how nice they are to others: getrusage(2), setpriority(2). */
import { Errno } from '../errno.ts';
import { GUEST_UID } from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import type { ResourceUse } from '../process/state.ts';
import { processUse, threadUse } from '../process/use.ts';
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

function getrusage(call: CallContext): Result {
  const { process, root } = call;
  switch (call.int(0)) {
    case RUSAGE_SELF:
      call.user.write(call.address(1), usageBytes(processUse(root, process)));
      return 0;
    case RUSAGE_THREAD:
      call.user.write(call.address(1), usageBytes(threadUse(root, process)));
      return 0;
    case RUSAGE_CHILDREN:
      call.user.write(call.address(1), usageBytes(process.group.children));
      return 0;
    default:
      return Errno.EINVAL;
  }
}

/** struct rusage, 144 bytes: times, then fourteen numbers, of which some are kept here. */
export function usageBytes(use: ResourceUse): Uint8Array {
  const rest = new Array<number>(14).fill(0);
  rest[0] = use.residentPeak * 4;
  rest[4] = use.minor;
  rest[5] = use.major;
  rest[12] = use.voluntary;
  rest[13] = use.involuntary;
  return words(...timeval(use.user), ...timeval(use.system), ...rest);
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
