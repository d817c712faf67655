/** Virtual memory on a fake machine, with a clock and backing objects that tests can look into. */
import {
  PAGE_SIZE,
  pid,
  type SpaceId,
  type VirtualAddress,
  virtualAddress,
} from '../../../src/base/numbers.ts';
import { initialClockState } from '../../../src/kernel/clock.ts';
import { type DiskModel, initialDiskState } from '../../../src/kernel/disk.ts';
import type { EventBody } from '../../../src/kernel/events.ts';
import type { AsidChoice } from '../../../src/kernel/memory/asids.ts';
import type { PageTableRule } from '../../../src/kernel/memory/assembly.ts';
import {
  type BackingObjects,
  type ForkMode,
  isOutOfMemory,
  type Outcome,
  type OutOfMemory,
  PageWait,
} from '../../../src/kernel/memory/contract.ts';
import { Memory } from '../../../src/kernel/memory/memory.ts';
import type { BitsMode } from '../../../src/kernel/memory/page-bits.ts';
import { DEMAND_PAGING, type PagingRules } from '../../../src/kernel/memory/paging-rules.ts';
import type { RefillTime } from '../../../src/kernel/memory/refill.ts';
import { type PagingScheme, pagingSchemes } from '../../../src/kernel/memory/schemes.ts';
import type { ShareRule } from '../../../src/kernel/memory/shares.ts';
import { initialMemoryState, type Sizing } from '../../../src/kernel/memory/state.ts';
import type { SuperpageRule } from '../../../src/kernel/memory/superpage-state.ts';
import type { Area, ObjectId, ProcessState, RootState, SpaceState } from '../../../src/kernel/state.ts';
import type { Access } from '../../../src/machine/contract.ts';
import { firstFit } from '../../../src/policies/placement/first-fit.ts';
import type { PolicyDefinition } from '../../../src/policies/replacement/contract.ts';
import { lru } from '../../../src/policies/replacement/lru.ts';
import type { PageStore } from '../../../src/stores/contract.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { FakeMachine } from '../../support/fake-machine.ts';
import { testRoot } from '../root.ts';
import { FakeClock } from './fake-clock.ts';

export { DISK } from './fake-clock.ts';

export interface FakeObject {
  bytes: Uint8Array;
  anonymous: boolean;
  retained: number;
  /** It has no name any more. */
  unlinked?: boolean;
}

/** Files and shared memory that live in an array. */
export class FakeObjects implements BackingObjects {
  readonly list: FakeObject[];
  /** Fails reads and writes of pages that it says yes to. */
  fails: (operation: 'read' | 'write', object: ObjectId, index: number) => boolean = () => false;

  constructor(list: FakeObject[] = []) {
    this.list = list;
  }

  add(bytes: Uint8Array, anonymous = false): ObjectId {
    return this.list.push({ bytes, anonymous, retained: 0 }) - 1;
  }

  /** A file of `pages` pages; byte `b` of page `i` is `first + i`. */
  file(pages: number, first: number): ObjectId {
    const bytes = new Uint8Array(pages * PAGE_SIZE);
    for (let i = 0; i < pages; i++) bytes.fill(first + i, i * PAGE_SIZE, (i + 1) * PAGE_SIZE);
    return this.add(bytes);
  }

  readPage(object: ObjectId, index: number, into: Uint8Array): boolean {
    if (this.fails('read', object, index)) return false;
    into.fill(0);
    into.set(this.#live(object).bytes.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE));
    return true;
  }

  writePage(object: ObjectId, index: number, from: Uint8Array): boolean {
    if (this.fails('write', object, index)) return false;
    const { bytes } = this.#live(object);
    const room = Math.max(0, Math.min(PAGE_SIZE, bytes.length - index * PAGE_SIZE));
    bytes.set(from.subarray(0, room), index * PAGE_SIZE);
    return true;
  }

  size(object: ObjectId): number {
    return this.#live(object).bytes.length;
  }

  path(object: ObjectId): string {
    return `/object${object}`;
  }

  isForgotten(object: ObjectId): boolean {
    return this.#live(object).unlinked === true;
  }

  isAnonymous(object: ObjectId): boolean {
    return this.list[object]!.anonymous;
  }

  retain(object: ObjectId): void {
    this.list[object]!.retained++;
  }

  release(object: ObjectId): void {
    if (--this.list[object]!.retained < 0) throw new Error('released more often than retained');
  }

  #live(object: ObjectId): FakeObject {
    const found = this.list[object]!;
    if (found.retained === 0) throw new Error(`object ${object} is used though nobody holds it`);
    return found;
  }
}

export interface WorldOptions {
  readonly scheme?: PagingScheme;
  /** Who fills the TLB; by default the hardware where it knows the scheme. */
  readonly refill?: 'hardware' | RefillTime;
  readonly frames: number;
  readonly sizing?: Sizing;
  readonly policy?: PolicyDefinition;
  readonly swap?: number;
  readonly store?: PageStore;
  readonly writeXorExecute?: boolean;
  readonly execute?: 'nx' | 'readable';
  readonly bits?: BitsMode;
  readonly sampleEvery?: number;
  readonly shares?: ShareRule;
  readonly asids?: AsidChoice;
  readonly checksums?: 'on' | 'off';
  readonly pageTables?: PageTableRule;
  readonly superpages?: SuperpageRule;
  /** In the TLB. */
  readonly superpagesHeld?: 'pieces' | 'whole';
  readonly disk?: DiskModel;
  readonly paging?: Partial<PagingRules>;
  /** Whether events are kept; they are unless this says no. */
  readonly watched?: boolean;
}

function emptyRoot(): RootState {
  return { ...testRoot().root, clock: initialClockState(), spaces: [], processes: [] };
}

export const anonymous = (start: number, pages: number, protection = 3): Area => ({
  start: virtualAddress(start),
  end: virtualAddress(start + pages * PAGE_SIZE),
  protection,
  shared: false,
  growLimit: 0,
  backing: undefined,
  name: '',
});

const RESUMED: Outcome = { kind: 'resumed' };

export type Settled =
  | { readonly kind: 'done'; readonly physical: number }
  | { readonly kind: 'signal'; readonly signal: number; readonly code: number }
  | { readonly kind: 'out-of-memory' };

export class World {
  readonly machine: FakeMachine;
  readonly root: RootState;
  readonly clock: FakeClock;
  readonly objects: FakeObjects;
  readonly store: PageStore;
  readonly memory: Memory;
  readonly events: EventBody[] = [];
  readonly options: WorldOptions;
  readonly references: string[] = [];

  constructor(options: WorldOptions, from?: World) {
    this.options = options;
    const { scheme = pagingSchemes[0]!, refill = scheme.walked === undefined ? 'retry' : 'hardware' } =
      options;
    this.machine =
      from === undefined
        ? new FakeMachine(
            options.frames,
            refill === 'hardware' ? 'hardware' : 'software',
            scheme.walked,
            options.superpagesHeld,
          )
        : from.machine.clone();
    this.root = from === undefined ? emptyRoot() : structuredClone(from.root);
    this.objects = new FakeObjects(from === undefined ? [] : structuredClone(from.objects.list));
    this.store = options.store ?? new MemoryStore(options.swap ?? 1024);
    if (from === undefined) this.root.disk = initialDiskState(this.store.capacity);
    this.clock = new FakeClock(this.root, options.disk);
    const { events, root, machine, store, clock, objects, references } = this;
    const definition = options.policy ?? lru;
    root.memory ??= initialMemoryState({
      frames: machine.frames,
      sizing: options.sizing ?? { mode: 'memory' },
      policyDefinition: definition,
      swapCapacity: store.capacity,
      random: root.random,
    });
    this.memory = new Memory({
      root,
      machine,
      clock,
      events: { watched: options.watched ?? true, emit: (event) => void events.push(event) },
      policyDefinition: definition,
      schemes: [scheme],
      placement: firstFit,
      refill,
      store,
      objects,
      costs: { fault: 0, copyPage: 0, refill: 0, walkLoad: 0 },
      options: {
        writeXorExecute: options.writeXorExecute ?? false,
        execute: options.execute ?? 'nx',
        checksums: options.checksums ?? 'on',
        bits: options.bits ?? 'hardware',
        sampleEvery: options.sampleEvery,
        shares: options.shares ?? 'equal',
        pageTables: options.pageTables ?? 'resident',
        superpages: options.superpages ?? 'off',
        asids: options.asids ?? 65_536,
        paging: { ...DEMAND_PAGING, ...options.paging },
      },
      references: {
        reference: (space, kind, address, bytes) =>
          void references.push(`${space} ${kind} ${address.toString(16)} ${bytes}`),
        changed: () => {},
        gone: (space, page, count) => void references.push(`${space} gone ${page.toString(16)} ${count}`),
      },
    });
  }

  space(id: number): SpaceState {
    return this.root.spaces[id as SpaceId]!;
  }

  /** Makes the process of a space the running one; there is one for each space. */
  run(space: SpaceState): ProcessState {
    this.memory.enterSpace(space);
    const running =
      this.root.processes.find((process) => process.space === space.id) ?? this.#newProcess(space);
    this.root.running = running.pid;
    return running;
  }

  #newProcess(space: SpaceState): ProcessState {
    const { process } = testRoot();
    Object.assign(process, { pid: pid(100 + space.id), space: space.id, status: 'ready', instructions: 0 });
    process.group.id = process.pid;
    this.root.processes.push(process);
    return process;
  }

  /** The end of a space and its process. */
  end(space: SpaceState): void {
    const { processes } = this.root;
    const { pid } = this.run(space);
    this.memory.destroySpace(space.id);
    this.memory.forgetProcess(pid);
    processes.splice(
      processes.findIndex((process) => process.pid === pid),
      1,
    );
  }

  /** fork(2), pages waited for. */
  async fork(parent: SpaceState, mode: ForkMode = 'copy-on-write'): Promise<SpaceState | OutOfMemory> {
    const process = this.run(parent);
    for (let tries = 0; tries < 2000; tries++) {
      try {
        const child = this.memory.forkSpace(parent, mode);
        process.instructions++;
        return child;
      } catch (error) {
        if (!(error instanceof PageWait)) throw error;
        const outcome = await this.settle(error.outcome);
        if (outcome.kind !== 'resumed') throw new Error(`fork: ${outcome.kind}`);
      }
    }
    throw new Error('the fork makes no progress');
  }

  /** A child, of a fork that has to succeed. */
  async child(parent: SpaceState, mode?: ForkMode): Promise<SpaceState> {
    const child = await this.fork(parent, mode);
    if (isOutOfMemory(child)) throw new Error(child.detail);
    return child;
  }

  /** One access of the guest, faults and waits included, as one instruction at `pc`. */
  async access(space: SpaceState, address: number, access: Access, pc = 0x1000): Promise<Settled> {
    await this.betweenSteps();
    const process = this.run(space);
    this.machine.pc = virtualAddress(pc);
    for (let tries = 0; tries < 50; tries++) {
      const physical = this.machine.access(address, access);
      if (physical !== undefined) {
        process.instructions++;
        if (this.options.policy?.needs === 'every reference')
          this.memory.referenced(space, virtualAddress(address));
        this.memory.clockInterrupt();
        return { kind: 'done', physical };
      }
      const settled = await this.settle(this.trapped(space, address, access, pc));
      if (settled.kind === 'signal') return { kind: 'signal', signal: settled.signal, code: settled.code };
      if (settled.kind === 'out-of-memory') return { kind: 'out-of-memory' };
    }
    throw new Error(`the access to 0x${address.toString(16)} makes no progress`);
  }

  /** What the kernel makes of an access that the machine could not make. */
  trapped(space: SpaceState, address: number, access: Access, pc: number): Outcome {
    const [at, from] = [virtualAddress(address), virtualAddress(pc)];
    const { memory } = this;
    switch (this.machine.trap) {
      case 'tlb-miss':
        return memory.tlbMiss(space, at, access, from) ?? RESUMED;
      case 'tlb-modify':
        return memory.tlbModify(space, at, from) ?? RESUMED;
      case 'page-fault':
        return memory.fault(space, at, access, from);
    }
  }

  /** What the trap loop does between two steps. */
  async betweenSteps(): Promise<void> {
    for (;;) {
      const due = this.root.requests.find((request) => request.due <= this.clock.now);
      if (due === undefined) break;
      await this.memory.complete(due);
    }
    this.memory.background();
  }

  /** Waits for what an outcome waits for. */
  async settle(outcome: Outcome): Promise<Outcome> {
    if (outcome.kind !== 'blocked') return outcome;
    const request = this.root.requests.find(({ id }) => id === outcome.request);
    if (request === undefined) throw new Error('a process waits for a request that there is not');
    this.clock.idleUntil(request.due);
    const settled = await this.memory.complete(request);
    await this.betweenSteps();
    return settled;
  }

  async load(space: SpaceState, address: number): Promise<number> {
    const result = await this.access(space, address, 'load');
    if (result.kind !== 'done')
      throw new Error(`load of 0x${address.toString(16)}: ${JSON.stringify(result)}`);
    return this.machine.ram[result.physical]!;
  }

  async store1(space: SpaceState, address: number, value: number): Promise<void> {
    const result = await this.access(space, address, 'store');
    if (result.kind !== 'done')
      throw new Error(`store to 0x${address.toString(16)}: ${JSON.stringify(result)}`);
    this.machine.ram[result.physical] = value;
  }

  /** Runs a step of a system call until it neither waits nor needs a page. */
  async call<T>(space: SpaceState, step: (user: ReturnType<Memory['user']>) => T): Promise<T> {
    const process = this.run(space);
    const user = this.memory.user(space);
    for (let tries = 0; tries < 50; tries++) {
      try {
        const result = step(user);
        process.instructions++;
        return result;
      } catch (error) {
        if (!(error instanceof PageWait)) throw error;
        const outcome = await this.settle(error.outcome);
        if (outcome.kind !== 'resumed') throw new Error(`call: ${outcome.kind}`);
      }
    }
    throw new Error('the call makes no progress');
  }

  eventsOf<T extends EventBody['type']>(type: T): (EventBody & { type: T })[] {
    return this.events.filter((event): event is EventBody & { type: T } => event.type === type);
  }

  map(
    space: SpaceState,
    address: number,
    pages: number,
    more: Partial<Parameters<Memory['map']>[1]> = {},
  ): number {
    return this.memory.map(space, {
      address: address as VirtualAddress,
      length: pages * PAGE_SIZE,
      protection: 3,
      shared: false,
      fixed: 'replace',
      backing: undefined,
      growLimit: 0,
      name: '',
      ...more,
    });
  }
}
