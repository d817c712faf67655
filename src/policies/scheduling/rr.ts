/** Round robin: everybody in turn, for a quantum at most. */
import type { SchedulingDefinition, SchedulingPolicy } from './contract.ts';
import { quantumParameter } from './quantum.ts';
import { append, drop, placeOf, putBack, type ReadyList } from './ready-list.ts';

const roundRobin = (queue: ReadyList, quantum: number): SchedulingPolicy => ({
  ready({ pid }) {
    append(queue, pid);
    return 'wait';
  },
  next() {
    const pid = queue.shift();
    return pid === undefined ? undefined : { pid, quantum };
  },
  ran: (pid, _used, why) => putBack(queue, pid, why),
  gone: (pid) => drop(queue, pid),
  changed() {},
  nextEvent: () => undefined,
  event: () => 'wait',
  describe: (pid) => placeOf(queue, pid),
});

const variant = (quantum: number, name: string): SchedulingDefinition<ReadyList> => ({
  name,
  summary: 'runs the ready processes in turn, each for a quantum at most',
  source: 'Kleinrock, "Analysis of a time-shared processor", Naval Research Logistics Quarterly 11(1), 1964',
  ties: 'none: the queue is in the order of the calls; newcomers and those who were woken go to its end',
  parameter: quantumParameter('rr', '10ms', variant),
  initial: () => [],
  attach: (queue) => roundRobin(queue, quantum),
});

/** `describe` gives the `position` in the queue, 0 for the first. */
export const rr = variant(10e6, 'rr');
