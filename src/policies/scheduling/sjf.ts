/** Shortest job first: of the ready processes the one whose burst is shortest runs until it blocks. */
import { beginBurst, leftOf, STANDARD_WEIGHT, weightParameter } from './bursts.ts';
import type { Choice, Schedulable, SchedulingDefinition, SchedulingPolicy, Verdict } from './contract.ts';
import { append, takeLeast } from './ready-list.ts';
import { ShortestFirst, type ShortestState } from './shortest-first.ts';

class ShortestJobFirst extends ShortestFirst<ShortestState> implements SchedulingPolicy {
  ready(process: Schedulable): Verdict {
    append(this.state.ready, process.pid);
    beginBurst(this.state.bursts, process);
    return 'wait';
  }

  next(): Choice | undefined {
    const { ready, bursts } = this.state;
    const pid = takeLeast(ready, (one) => leftOf(bursts.get(one)!));
    return pid === undefined ? undefined : { pid, quantum: Number.POSITIVE_INFINITY };
  }
}

const variant = (weight: number, name: string): SchedulingDefinition<ShortestState> => ({
  name,
  summary: 'runs the process whose burst is shortest until it blocks',
  source:
    'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 7, "Scheduling: Introduction"; estimates: ' +
    'Silberschatz, Galvin and Gagne, "Operating System Concepts", section "Shortest-job-first scheduling"',
  ties: 'of equal lengths who became ready first; one who yields counts as ready from then on',
  parameter: weightParameter('sjf', variant),
  initial: () => ({ ready: [], bursts: new Map() }),
  attach: (state) => new ShortestJobFirst(state, weight),
});

/**
 * A burst is a job; one that yields competes with what is left of it. The length of an undeclared burst is estimated,
 * for the first one as 10 ms. `describe` gives what is `left` of the burst, ns, and whether its `length` was
 * `declared` or `estimated`.
 */
export const sjf = variant(STANDARD_WEIGHT, 'sjf');
