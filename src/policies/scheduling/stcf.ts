/** Shortest time to completion first (preemptive shortest job first): who needs least from now on has the CPU. */
import { beginBurst, leftOf, STANDARD_WEIGHT, weightParameter } from './bursts.ts';
import type {
  Choice,
  ReadyReason,
  Schedulable,
  SchedulingDefinition,
  SchedulingPolicy,
  StopReason,
  Verdict,
} from './contract.ts';
import { append, takeLeast } from './ready-list.ts';
import { ShortestFirst, type ShortestState } from './shortest-first.ts';

export interface ShortestTimeState extends ShortestState {
  running: { readonly pid: number; readonly since: number } | undefined;
}

class ShortestTimeToCompletion extends ShortestFirst<ShortestTimeState> implements SchedulingPolicy {
  ready(process: Schedulable, _why: ReadyReason, now: number): Verdict {
    const { ready, bursts, running } = this.state;
    append(ready, process.pid);
    const left = leftOf(beginBurst(bursts, process));
    if (running === undefined) return 'wait';
    return left < leftOf(bursts.get(running.pid)!, now - running.since) ? 'preempt' : 'wait';
  }

  next(now: number): Choice | undefined {
    const { ready, bursts } = this.state;
    const pid = takeLeast(ready, (one) => leftOf(bursts.get(one)!));
    if (pid === undefined) return undefined;
    this.state.running = { pid, since: now };
    const burst = bursts.get(pid)!;
    // A declaration is taken at its word; a guess that proves too short has to be made again.
    return { pid, quantum: burst.declared === undefined ? leftOf(burst) : Number.POSITIVE_INFINITY };
  }

  override ran(pid: number, used: number, why: StopReason): void {
    this.state.running = undefined;
    super.ran(pid, used, why);
  }
}

const variant = (weight: number, name: string): SchedulingDefinition<ShortestTimeState> => ({
  name,
  summary: 'runs the process whose burst has the least time left, and preempts for a shorter one',
  source:
    'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 7, "Scheduling: Introduction"; estimates: ' +
    'Silberschatz, Galvin and Gagne, "Operating System Concepts", section "Shortest-job-first scheduling"',
  ties: 'the running process goes on; else who became ready first, one who was preempted before all others',
  parameter: weightParameter('stcf', variant),
  initial: () => ({ ready: [], bursts: new Map(), running: undefined }),
  attach: (state) => new ShortestTimeToCompletion(state, weight),
});

/**
 * Lengths are those that `sjf` goes by, less what was used. All the time since the running process was chosen counts
 * as used by it when a newcomer is compared with it, a switch and interrupts too; when it stops, only what `ran` says.
 * `describe` gives what `left` was when the process last stopped, ns, and whether its `length` was `declared` or
 * `estimated`.
 */
export const stcf = variant(STANDARD_WEIGHT, 'stcf');
