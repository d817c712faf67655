/** What the policies have in common that go by the lengths of bursts. */
import { type Bursts, chargeBurst, declareBurst, describeBurst } from './bursts.ts';
import type { Known, Schedulable, StopReason, Verdict } from './contract.ts';
import { drop, putBack, type ReadyList } from './ready-list.ts';

export interface ShortestState {
  readonly ready: ReadyList;
  readonly bursts: Bursts;
}

/** Keeps the account of bursts; who is next, and whether a newcomer preempts, is left to the policy. */
export abstract class ShortestFirst<State extends ShortestState> {
  protected readonly state: State;
  readonly #weight: number;

  /** @param weight of the last burst in the estimate of the next, 0 to 1 */
  constructor(state: State, weight: number) {
    this.state = state;
    this.#weight = weight;
  }

  ran(pid: number, used: number, why: StopReason): void {
    chargeBurst(this.state.bursts.get(pid)!, used, why, this.#weight);
    putBack(this.state.ready, pid, why);
  }

  gone(pid: number): void {
    drop(this.state.ready, pid);
    this.state.bursts.delete(pid);
  }

  changed({ pid, length }: Schedulable): void {
    declareBurst(this.state.bursts.get(pid)!, length);
  }

  nextEvent(): undefined {}

  event(): Verdict {
    return 'wait';
  }

  describe(pid: number): Known {
    const burst = this.state.bursts.get(pid);
    return burst === undefined ? {} : describeBurst(burst);
  }
}
