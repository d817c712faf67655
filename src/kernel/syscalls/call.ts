/** The arguments of the call being made, read from the machine's registers, and the parts that handlers use. */
import type { VirtualAddress } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { EventSink } from '../events.ts';
import type { Files } from '../files/contract.ts';
import type { Clock, ForkMode, UserMemory, VirtualMemory } from '../memory/contract.ts';
import type { Signals } from '../process/contract.ts';
import type { Images } from '../process/image.ts';
import type { Processes } from '../process/processes.ts';
import type { Scheduler } from '../process/scheduler.ts';
import type { Costs, ProcessState, RootState, SpaceState } from '../state.ts';
import type { CallContext } from './contract.ts';

export interface CallParts {
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly memory: VirtualMemory;
  readonly files: Files;
  readonly signals: Signals;
  readonly processes: Processes;
  readonly scheduler: Scheduler;
  readonly images: Images;
  readonly forkMode: ForkMode;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly costs: Costs;
}

/** Register a0. */
const A0 = 10;
/** High words below this make numbers that are exact. */
const EXACT = 2 ** 21;
const WORD = 2 ** 32;

/** An address that no space has; a length added to it is still exact. */
const NOWHERE = 2 ** 52;

export class Call implements CallContext {
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly memory: VirtualMemory;
  readonly files: Files;
  readonly signals: Signals;
  readonly processes: Processes;
  readonly scheduler: Scheduler;
  readonly images: Images;
  readonly forkMode: ForkMode;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly costs: Costs;
  readonly process: ProcessState;
  readonly space: SpaceState;
  readonly user: UserMemory;
  readonly #x: BigInt64Array;
  /** The registers' halves, low one first. */
  readonly #words: Int32Array;

  constructor(parts: CallParts, process: ProcessState, space: SpaceState, user: UserMemory) {
    this.root = parts.root;
    this.machine = parts.machine;
    this.memory = parts.memory;
    this.files = parts.files;
    this.signals = parts.signals;
    this.processes = parts.processes;
    this.scheduler = parts.scheduler;
    this.images = parts.images;
    this.forkMode = parts.forkMode;
    this.clock = parts.clock;
    this.events = parts.events;
    this.costs = parts.costs;
    this.process = process;
    this.space = space;
    this.user = user;
    this.#x = parts.machine.x;
    this.#words = new Int32Array(this.#x.buffer, this.#x.byteOffset, 2 * this.#x.length);
  }

  big(i: number): bigint {
    return this.#x[A0 + i]!;
  }

  int(i: number): number {
    return this.#words[2 * (A0 + i)]!;
  }

  uint(i: number): number {
    return this.int(i) >>> 0;
  }

  size(i: number): number {
    const high = this.#words[2 * (A0 + i) + 1]! >>> 0;
    return high < EXACT ? high * WORD + this.uint(i) : Number.POSITIVE_INFINITY;
  }

  offset(i: number): number {
    const high = this.#words[2 * (A0 + i) + 1]!;
    if (high >= EXACT) return Number.POSITIVE_INFINITY;
    if (high < -EXACT) return Number.NEGATIVE_INFINITY;
    return high * WORD + this.uint(i);
  }

  address(i: number): VirtualAddress {
    // Finite, so that arithmetic on pages stays exact and every loop over them ends.
    return Math.min(this.size(i), NOWHERE) as VirtualAddress;
  }
}
