/**
 * Virtual time: what the run would have taken on the machine that the costs describe. It moves with what the
 * machine counts and with what the kernel charges, never with the time of day, so every run tells the same.
 */
import { assert } from '../base/errors.ts';
import { type Nanoseconds, nanoseconds } from '../base/numbers.ts';
import type { MachineCounters } from '../machine/contract.ts';
import type { Disk, DiskRequest, Ticket } from './disk.ts';
import type { ChargedComponent, Clock } from './memory/contract.ts';
import type { ClockState, Costs } from './state.ts';

/**
 * 100 ns a memory reference and 10 ms a disk transfer are the lecture notes'; the others are orders of
 * magnitude of a simple processor of that time.
 */
export const DEFAULT_COSTS: Costs = {
  instruction: 1,
  memory: 100,
  walkLoad: 100,
  stamp: 100,
  trap: 200,
  // Of the model of a cache alone: a cycle each.
  tlbHit: 1,
  cacheHit: 1,
  // Some ten instructions, with their fetches.
  refill: 1_000,
  fault: 1_000,
  systemCall: 300,
  contextSwitch: 2_000,
  // 512 words read and written; two references.
  copyPage: 102_400,
  sharePage: 200,
  diskPage: 10_000_000,
};

export function initialClockState(): ClockState {
  return {
    now: nanoseconds(0),
    instructions: 0,
    memory: 0,
    walks: 0,
    stamps: 0,
    traps: 0,
    refills: 0,
    faults: 0,
    systemCalls: 0,
    switches: 0,
    forks: 0,
    moves: 0,
    jobs: 0,
    disk: 0,
    idle: 0,
    counted: { instructions: 0, references: 0, walkLoads: 0, tlbMisses: 0 },
  };
}

export class VirtualClock implements Clock {
  readonly #state: ClockState;
  readonly #costs: Costs;
  readonly #disk: Disk;

  constructor(state: ClockState, costs: Costs, disk: Disk) {
    this.#state = state;
    this.#costs = costs;
    this.#disk = disk;
  }

  get now(): Nanoseconds {
    return this.#state.now;
  }

  get busy(): Nanoseconds {
    return nanoseconds(this.#state.now - this.#state.idle);
  }

  /** Instructions charged so far. */
  get instructions(): number {
    return this.#state.counted.instructions;
  }

  /** TLB misses up to the last call of `ran`. */
  get tlbMisses(): number {
    return this.#state.counted.tlbMisses;
  }

  /** What an instruction took on average so far, with its references and walks, ns; more than 0. */
  get perInstruction(): number {
    const { instructions, memory, walks, stamps, counted } = this.#state;
    const least = this.leastPerInstruction;
    return counted.instructions === 0
      ? least
      : Math.max(least, (instructions + memory + walks + stamps) / counted.instructions);
  }

  /** What an instruction takes with its fetch alone, ns; 1 at least. */
  get leastPerInstruction(): number {
    return Math.max(1, this.#costs.instruction + this.#costs.memory);
  }

  /** Charges what the machine did since the last call. */
  ran(counters: MachineCounters): void {
    const state = this.#state;
    const costs = this.#costs;
    const { counted } = state;
    const references = counters.fetches + counters.loads + counters.stores;
    const instructions = (counters.instructions - counted.instructions) * costs.instruction;
    const memory = (references - counted.references) * costs.memory;
    const stamps = (references - counted.references) * costs.stamp;
    const walks = (counters.walkLoads - counted.walkLoads) * costs.walkLoad;
    counted.instructions = counters.instructions;
    counted.references = references;
    counted.walkLoads = counters.walkLoads;
    counted.tlbMisses = counters.instructionTlbMisses + counters.dataTlbMisses;
    state.instructions += instructions;
    state.memory += memory;
    state.walks += walks;
    state.stamps += stamps;
    this.#pass(instructions + memory + walks + stamps);
  }

  charge(component: ChargedComponent, ns: number): void {
    assert(ns >= 0, 'time does not run backwards');
    this.#state[component] += ns;
    this.#pass(ns);
  }

  disk(request: DiskRequest): Ticket {
    return this.#disk.submit(request);
  }

  get diskFreeAt(): Nanoseconds {
    return this.#disk.freeAt;
  }

  forget(place: number): void {
    this.#disk.forget(place);
  }

  idleUntil(time: Nanoseconds): void {
    const state = this.#state;
    if (time <= state.now) return;
    state.idle += time - state.now;
    state.now = time;
  }

  #pass(ns: number): void {
    this.#state.now = nanoseconds(this.#state.now + ns);
  }
}
