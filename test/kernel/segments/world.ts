/** Memory in pieces on a fake machine, with programs that are no more than their headers. */
import { nanoseconds, PAGE_SIZE, pid, virtualAddress } from '../../../src/base/numbers.ts';
import { initialClockState } from '../../../src/kernel/clock.ts';
import { initialDiskState } from '../../../src/kernel/disk.ts';
import type { EventBody } from '../../../src/kernel/events.ts';
import type { ElfImage, Segment } from '../../../src/kernel/loader/elf.ts';
import { layOut } from '../../../src/kernel/loader/program.ts';
import {
  BadAddress,
  isOutOfMemory,
  type Outcome,
  type OutOfMemory,
  PageWait,
} from '../../../src/kernel/memory/contract.ts';
import { createProcess, NO_PARENT } from '../../../src/kernel/process/create.ts';
import { type SchemeName, type SegmentRules, schemes } from '../../../src/kernel/segments/rules.ts';
import { SegmentedMemory } from '../../../src/kernel/segments/segmented-memory.ts';
import { initialSegmentsState } from '../../../src/kernel/segments/state.ts';
import type { RootState, SpaceState } from '../../../src/kernel/state.ts';
import { findPlacementPolicy } from '../../../src/policies/placement/registry.ts';
import type { PageStore } from '../../../src/stores/contract.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { FakeClock } from '../memory/fake-clock.ts';
import { FakeObjects } from '../memory/harness.ts';
import { testRoot } from '../root.ts';
import { RefilledMachine } from './refilled-machine.ts';

export interface WorldOptions extends Partial<Omit<SegmentRules, 'scheme'>> {
  readonly scheme: SchemeName;
  readonly frames: number;
  readonly placement?: string;
  readonly swap?: number;
  readonly store?: PageStore;
  readonly writeXorExecute?: boolean;
}

const segment = (
  address: number,
  pages: number,
  protection: number,
  offset: number,
  filePages = pages,
): Segment => ({
  address,
  offset,
  fileBytes: filePages * PAGE_SIZE,
  memoryBytes: pages * PAGE_SIZE,
  protection,
  alignment: PAGE_SIZE,
  header: 0,
});

/** Two pages of code, and two of data of which the file has one; `dataAt`: where the data are linked. */
export const program = (dataAt = 0x12000, kind: ElfImage['kind'] = 'fixed'): ElfImage => ({
  kind,
  entry: kind === 'fixed' ? 0x10000 : 0,
  segments: [
    segment(kind === 'fixed' ? 0x10000 : 0, 2, 5, 0),
    segment(kind === 'fixed' ? dataAt : 0x2000, 2, 3, 2 * PAGE_SIZE, 1),
  ],
  programHeaders: { offset: 64, count: 0 },
  headersAddress: 0,
  executableStack: false,
});

export type Settled =
  | { readonly kind: 'done'; readonly physical: number }
  | { readonly kind: 'signal'; readonly signal: number; readonly code: number; readonly detail: string }
  | { readonly kind: 'out-of-memory'; readonly detail: string };

/** Thrown instead of what would end a process: memory lacks. */
export class Killed extends Error {}

export class World {
  readonly root: RootState;
  readonly machine: RefilledMachine;
  readonly objects = new FakeObjects();
  readonly clock: FakeClock;
  readonly events: EventBody[] = [];
  readonly rules: SegmentRules;
  readonly #options: WorldOptions;
  readonly #store: PageStore;
  memory: SegmentedMemory;
  readonly trampoline;

  constructor(options: WorldOptions) {
    const { frames, swap = 256, placement = 'first-fit' } = options;
    this.#options = options;
    const isSegmented = options.scheme === 'segmented';
    this.rules = {
      addressBits: 32,
      segmentBits: isSegmented ? 4 : 0,
      room: 4 * PAGE_SIZE,
      stack: 8 * PAGE_SIZE,
      loadAt: 0x10000,
      moveEvery: undefined,
      ...options,
      scheme: schemes[options.scheme],
    };
    this.#store = options.store ?? new MemoryStore(swap);
    const definition = findPlacementPolicy(placement, 'test');
    this.root = {
      ...testRoot().root,
      clock: initialClockState(),
      spaces: [],
      processes: [],
      disk: initialDiskState(swap),
      memory: initialSegmentsState({
        frames,
        rules: this.rules,
        placement: definition,
        swapCapacity: this.#store.capacity,
      }),
    };
    this.machine = new RefilledMachine(frames);
    this.clock = new FakeClock(this.root);
    this.memory = this.#attach();
    this.trampoline = { object: this.objects.add(new Uint8Array(8).fill(0x73)), bytes: 8 };
  }

  #attach(): SegmentedMemory {
    return new SegmentedMemory({
      root: this.root,
      machine: this.machine,
      store: this.#store,
      clock: this.clock,
      rules: this.rules,
      placement: findPlacementPolicy(this.#options.placement ?? 'first-fit', 'test'),
      objects: this.objects,
      events: { watched: true, emit: (event) => this.events.push(event) },
      costs: { copyPage: 100, fault: 10, trap: 1 },
      references: undefined,
      options: { writeXorExecute: this.#options.writeXorExecute ?? false, checksums: 'on' },
    });
  }

  /** Goes on with a copy of all state. */
  resume(): void {
    Object.assign(this.root, structuredClone(this.root));
    (this.clock as { state: { now: number } }).state = this.root.clock as { now: number };
    this.memory = this.#attach();
  }

  get placementName(): string {
    return this.#options.placement ?? 'first-fit';
  }

  /** A file of five pages whose byte at every place in page i is `first` + i. */
  file(first: number): number {
    return this.objects.file(5, first);
  }

  /** A space with a program, and a process that has it. */
  load(object: number, image: ElfImage): SpaceState | string {
    const space = this.memory.newSpace();
    if (isOutOfMemory(space)) return space.detail;
    const unfit = this.memory.suit(space, image, this.objects.list[object]!.bytes);
    if (unfit !== undefined) {
      this.memory.destroySpace(space.id);
      return unfit;
    }
    const stack = {
      pointer: virtualAddress(space.layout.stackTop - 16),
      bytes: new Uint8Array(16),
      auxiliary: new Uint8Array(0),
    };
    layOut(this.memory, space, {
      image,
      program: { object, path: '/p' },
      trampoline: this.trampoline,
      stack,
    });
    this.#process(space);
    return space;
  }

  #process(space: SpaceState): void {
    const process = createProcess({
      pid: pid(space.id + 1),
      parent: NO_PARENT,
      space: space.id,
      path: '/p',
      argv: [],
      env: [],
      cwd: '/',
    });
    process.status = 'blocked';
    this.root.processes.push(process);
  }

  fork(space: SpaceState): SpaceState | OutOfMemory {
    const made = this.#retried(() => this.memory.forkSpace(space, 'eager'));
    if (!isOutOfMemory(made)) this.#process(made);
    return made;
  }

  end(space: SpaceState): void {
    this.root.processes = this.root.processes.filter((process) => process.space !== space.id);
    this.memory.destroySpace(space.id);
  }

  /** A call that may have to wait, made until it goes through. */
  call<T>(space: SpaceState, action: () => T): T {
    this.root.running = pid(space.id + 1);
    return this.#retried(action);
  }

  #retried<T>(action: () => T): T {
    for (let tries = 0; tries < 500; tries++) {
      try {
        return action();
      } catch (error) {
        if (!(error instanceof PageWait)) throw error;
        if (error.outcome.kind !== 'blocked') throw new Killed(JSON.stringify(error.outcome));
        this.#pass(error.outcome);
      }
    }
    throw new Error('a call that is begun again and again');
  }

  /** An access of the guest, tried again as long as it has to wait. */
  access(space: SpaceState, address: number, access: 'load' | 'store' | 'fetch', bytes = 1): Settled {
    const at = virtualAddress(address);
    this.root.running = pid(space.id + 1);
    this.memory.enterSpace(space);
    for (let tries = 0; tries < 500; tries++) {
      const tried = this.machine.try(address, access, bytes);
      if (typeof tried === 'number') return { kind: 'done', physical: tried };
      const outcome =
        tried === 'tlb-miss'
          ? this.memory.tlbMiss(space, at, access, at)
          : this.memory.fault(space, at, access, at);
      if (outcome === undefined) continue;
      if (outcome.kind === 'signal') return { ...outcome, detail: outcome.detail ?? '' };
      if (outcome.kind === 'out-of-memory') return outcome;
      if (outcome.kind === 'blocked') this.#pass(outcome);
    }
    throw new Error('an access that is never made');
  }

  /** Time passes until a request is due; what is due is taken up. */
  #pass(outcome: Outcome & { kind: 'blocked' }): void {
    const wanted = this.root.requests.find(({ id }) => id === outcome.request);
    if (wanted === undefined) throw new Error('waits for a request that is none');
    this.root.clock.now = nanoseconds(Math.max(this.root.clock.now, wanted.due));
    for (const request of [...this.root.requests]) {
      if (request.due > this.root.clock.now) continue;
      const done = this.memory.complete(request);
      if (done instanceof Promise) throw new Error('the store of a test answers at once');
    }
  }

  /** A byte as the kernel reads it for a program; `undefined`: EFAULT. */
  kernelRead(space: SpaceState, address: number): number | undefined {
    const into = new Uint8Array(1);
    try {
      this.call(space, () => this.memory.user(space).read(virtualAddress(address), into));
    } catch (error) {
      if (error instanceof BadAddress) return undefined;
      throw error;
    }
    return into[0];
  }
}
