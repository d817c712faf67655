/**
 * Local replacement: a policy of its own for each process, over the frames of the pages that it brought in.
 *
 *                    ┌▶ process 1: policy, frames ≤ its allotment
 *   fault of p ──▶ p ┼▶ process 2: …
 *                    └▶ process 3: …
 *
 * Who has its allotment gives up a page of its own, though others' may be older or frames free. Who has not yet gets a
 * frame, when none is free, from the process that is furthest over its allotment (they shrink when processes start);
 * when nobody is over, the one with the most frames pays. A page that several processes use belongs to the one that
 * brought it in; when that ends, to one that still has it mapped. Pages that nobody has mapped are over any allotment.
 */
import type { Frame } from '../../base/numbers.ts';
import type { RandomState } from '../../base/random.ts';
import type { PageKey, PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import {
  dequeue,
  enqueue,
  framesOf,
  type OwnerQueues,
  oldestThat,
  ownerQueues,
  sizeOf,
} from './owner-queues.ts';

export interface PerProcessState {
  readonly frames: OwnerQueues;
  readonly pageIn: Uint32Array;
  /** Of each process that has had a page, its policy's. */
  readonly states: Map<number, unknown>;
  readonly random: RandomState;
}

/** `definition` for each process by itself; under the same name. */
export function perProcess(definition: PolicyDefinition): PolicyDefinition<PerProcessState> {
  return {
    ...definition,
    parameter: undefined,
    initial: (frameLimit, random) => ({
      frames: ownerQueues(frameLimit),
      pageIn: new Uint32Array(frameLimit),
      states: new Map(),
      random,
    }),
    attach: (state, environment) => new PerProcess(state, environment, definition),
  };
}

class PerProcess implements ReplacementPolicy {
  readonly #state: PerProcessState;
  readonly #environment: PolicyEnvironment;
  readonly #definition: PolicyDefinition;
  readonly #policies = new Map<number, ReplacementPolicy>();

  constructor(state: PerProcessState, environment: PolicyEnvironment, definition: PolicyDefinition) {
    this.#state = state;
    this.#environment = environment;
    this.#definition = definition;
    for (const owner of state.states.keys()) this.#attach(owner);
  }

  admitted(frame: Frame, page: PageKey, owner: number): void {
    enqueue(this.#state.frames, owner, frame);
    this.#state.pageIn[frame] = page;
    this.#policyOf(owner).admitted(frame, page, owner);
  }

  referenced(frame: Frame): void {
    this.#of(frame).referenced(frame);
  }

  rescued(frame: Frame): void {
    this.#of(frame).rescued?.(frame, this.#state.frames.ownerOf[frame]!);
  }

  evicted(frame: Frame): void {
    this.#of(frame).evicted(frame);
    dequeue(this.#state.frames, frame);
  }

  released(frame: Frame): void {
    this.#of(frame).released(frame);
    dequeue(this.#state.frames, frame);
  }

  interrupt(now: number): void {
    for (const policy of this.#policies.values()) policy.interrupt?.(now);
  }

  isFull(owner: number, more = 1): boolean {
    const { frames } = this.#state;
    if (sizeOf(frames, owner) + more <= this.#shareOf(owner)) return false;
    return oldestThat(frames, owner, (frame) => !this.#environment.bits.isPinned(frame)) !== -1;
  }

  ended(owner: number, heir: (frame: Frame) => number): void {
    const { frames, pageIn, states } = this.#state;
    for (const frame of framesOf(frames, owner)) {
      const page = pageIn[frame]!;
      this.released(frame);
      this.admitted(frame, page, heir(frame));
    }
    states.delete(owner);
    this.#policies.delete(owner);
  }

  victim(incoming: PageKey, now: number, why?: Why, owner = 0): Frame | -1 {
    for (const payer of this.#payers(owner)) {
      const victim = this.#policyOf(payer).victim(incoming, now, why, payer);
      if (victim !== -1) return victim;
    }
    return -1;
  }

  /** Who gives up a page for `owner`, and who does when they can't, in this order; equal ones by number. */
  #payers(owner: number): number[] {
    const ranks = [...this.#state.frames.queues].map(([payer, { size }]) => {
      const over = size - this.#shareOf(payer);
      return { payer, isOwn: payer === owner && over >= 0, over: Math.max(0, over), size };
    });
    ranks.sort(
      (a, b) => Number(b.isOwn) - Number(a.isOwn) || b.over - a.over || b.size - a.size || a.payer - b.payer,
    );
    return ranks.map(({ payer }) => payer);
  }

  #shareOf(owner: number): number {
    const { room, frameLimit } = this.#environment;
    return room?.(owner) ?? Math.floor(frameLimit / Math.max(1, this.#state.frames.queues.size));
  }

  #of(frame: Frame): ReplacementPolicy {
    return this.#policyOf(this.#state.frames.ownerOf[frame]!);
  }

  #policyOf(owner: number): ReplacementPolicy {
    return this.#policies.get(owner) ?? this.#make(owner);
  }

  #make(owner: number): ReplacementPolicy {
    const { states, random } = this.#state;
    states.set(owner, this.#definition.initial(this.#environment.frameLimit, random));
    return this.#attach(owner);
  }

  #attach(owner: number): ReplacementPolicy {
    const room = () => this.#shareOf(owner);
    const environment = { ...this.#environment, room };
    const policy = this.#definition.attach(this.#state.states.get(owner), environment);
    this.#policies.set(owner, policy);
    return policy;
  }
}
