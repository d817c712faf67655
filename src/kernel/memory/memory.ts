/**
 * Virtual memory, put together.
 *
 *   fault ─▶ faults ─▶ classify ─▶ resolvers ─┬─▶ reclaim ─▶ replacement (policy)
 *            (pins)                           │       └────▶ writeback ─▶ swap · file
 *   system calls ─▶ map-calls, protect,       ├─▶ mappings ─▶ tables (in RAM) + frames (reverse map)
 *                   remap, advise             ├─▶ pagecache
 *   user memory ─▶ access ─▶ faults           ├─▶ transfers ─▶ requests ─ due ─▶ complete
 *   fork, exec, exit ─▶ spaces, fork          └─▶ pauses ────▶ requests
 *
 *   file            concept
 *   areas           ranges of a space            object-areas   lives of backing objects
 *   frames          frame table, free lists      pagecache      (object, page) → frame
 *   tables          page tables in RAM           mappings       entry and reverse map together
 *   swap            slots and their references   writeback      dirty pages to swap or file
 *   swap-io         pages to the store and back
 *   pins            pages that must stay         replacement    the policy among its surroundings
 *   page-bits       referenced, modified?        shares         frames that a process may have
 *   classify        what a fault means           resolvers      what is done about it
 *   reclaim         frames when they are wanted  transfers      pages on their way
 *   spaces          spaces come and go           fork           a space like another
 *   asids           their tags in the TLB
 *   pauses          the older go first           fork-pages     a page of it
 *   whole-space     all pages of a space at once  places         where pages lie on the disk
 *   superpage-tables one entry for many pages    first-touch    when there is one
 *   leaf-tables     tables that may go to swap   table-eviction which go, and when
 *   table-transfers tables on their way back     leaf-table-state all of it as plain data
 *   page-daemon     frames before they are wanted read-ahead     pages before they are
 *   periodic-cleaning  dirty pages, every so often clusters       many pages in few writes
 *   invariants      what must always hold        state          all of it as plain data
 *   assembly        how it hangs together
 *
 * All state is in `root.memory` and the spaces; a `Memory` made over a clone of the root goes on exactly.
 */
import { UserError } from '../../base/errors.ts';
import {
  type Frame,
  PAGE_SIZE,
  type Pid,
  pageOf,
  type SpaceId,
  type VirtualAddress,
} from '../../base/numbers.ts';
import type { Access } from '../../machine/contract.ts';
import { fitsIn, placementOf } from '../loader/areas.ts';
import type { ElfImage } from '../loader/elf.ts';
import type { Area, ObjectId, RequestState, SpaceState } from '../state.ts';
import { SpaceMemory } from './access.ts';
import { advise, listAreas, residency, synchronize, synchronizeObject } from './advise.ts';
import { buildPaths, buildStructures, type MemoryParts, type Paths, type Structures } from './assembly.ts';
import {
  type Clock,
  type ForkMode,
  isOutOfMemory,
  type MemoryCounters,
  type Outcome,
  type OutOfMemory,
  type Result,
  type UserMemory,
  type VirtualMemory,
} from './contract.ts';
import { checkInvariants } from './invariants.ts';
import { isTableRequest } from './leaf-table-state.ts';
import { addArea, type MapRequest, map, setBreak, unmap } from './map-calls.ts';
import { objectTruncated, readThroughCache, writeThroughCache } from './object-calls.ts';
import { protect } from './protect.ts';
import { remap } from './remap.ts';
import type { SuperpageTables } from './superpage-tables.ts';
import { sampleWorkingSet, swapOut } from './whole-space.ts';

export type { MemoryParts } from './assembly.ts';

export class Memory implements VirtualMemory {
  readonly counters: MemoryCounters;
  readonly #clock: Clock;
  readonly #structures: Structures;
  readonly #paths: Paths;
  readonly #refill: MemoryParts['refill'];

  /** @throws UserError when the policy can't run live */
  constructor(parts: MemoryParts) {
    this.#structures = buildStructures(parts);
    this.#paths = buildPaths(parts, this.#structures);
    this.#clock = parts.clock;
    this.#refill = parts.refill;
    this.counters = this.#structures.counters;
  }

  /** @throws UserError when there is no frame for its root table */
  createSpace(translation?: string): SpaceState {
    const made = this.#paths.spaces.create(translation);
    if (isOutOfMemory(made)) throw this.#noRootTable();
    return made;
  }

  newSpace(translation?: string): SpaceState | OutOfMemory {
    return this.#paths.spaces.create(translation);
  }

  suit({ layout, translation }: SpaceState, image: ElfImage): string | undefined {
    if (fitsIn(image, layout)) return undefined;
    const needed = placementOf(image, layout).end.toString(16);
    return `needs addresses up to 0x${needed}; under ${translation} programs and their heaps have those below 0x${layout.mmapTop.toString(16)} (position-independent ones go to 0x${layout.pieBase.toString(16)})`;
  }

  readonly refills = 'by the kernel';

  forkSpace(parent: SpaceState, mode: ForkMode): SpaceState | OutOfMemory {
    return this.#paths.forks.fork(parent, mode);
  }

  enterSpace(space: SpaceState): void {
    this.#structures.asids.enter(space);
  }

  destroySpace(id: SpaceId): void {
    this.#paths.forks.abandonOf(id);
    this.#paths.spaces.destroy(id);
  }

  forgetProcess(pid: Pid): void {
    this.#paths.forks.abandon(pid);
    this.#structures.pins.end(pid);
    this.#structures.state.refusals.delete(pid);
  }

  fault(space: SpaceState, address: VirtualAddress, access: Access, pc: VirtualAddress): Outcome {
    return this.#paths.faults.handle({ space, address, access, pc, by: 'guest' });
  }

  tlbMiss(
    space: SpaceState,
    address: VirtualAddress,
    access: Access,
    pc: VirtualAddress,
  ): Outcome | undefined {
    if (this.#paths.refill.miss(space, address, access)) return undefined;
    return this.#afterFault(space, address, access, this.fault(space, address, access, pc));
  }

  tlbModify(space: SpaceState, address: VirtualAddress, pc: VirtualAddress): Outcome | undefined {
    if (this.#paths.refill.modify(space, address)) return undefined;
    return this.#afterFault(space, address, 'store', this.fault(space, address, 'store', pc));
  }

  #afterFault(space: SpaceState, address: VirtualAddress, access: Access, outcome: Outcome): Outcome {
    if (this.#refill === 'handler' && outcome.kind === 'resumed')
      this.#paths.refill.afterFault(space, address, access);
    return outcome;
  }

  complete(request: RequestState): Promise<Outcome> | Outcome {
    const { transfers, tableTransfers } = this.#paths;
    return isTableRequest(request) ? tableTransfers.complete(request) : transfers.complete(request);
  }

  askerOf(request: RequestState): Pid {
    return this.#paths.transfers.askerOf(request);
  }

  user(space: SpaceState): UserMemory {
    return new SpaceMemory(this.#paths.access, space);
  }

  addArea(space: SpaceState, area: Area): void {
    addArea(this.#paths.calls, space, area);
  }

  map(space: SpaceState, request: MapRequest): Result {
    return map(this.#paths.calls, space, request);
  }

  unmap(space: SpaceState, address: VirtualAddress, length: number): Result {
    return unmap(this.#paths.calls, space, address, length);
  }

  protect(space: SpaceState, address: VirtualAddress, length: number, protection: number): Result {
    return protect(this.#paths.calls, space, address, length, protection);
  }

  remap(
    space: SpaceState,
    address: VirtualAddress,
    oldLength: number,
    newLength: number,
    flags: number,
    newAddress: VirtualAddress,
  ): Result {
    return remap(this.#paths.calls, space, { address, oldLength, newLength, flags, newAddress });
  }

  advise(space: SpaceState, address: VirtualAddress, length: number, advice: number): Result {
    return advise(this.#paths.calls, space, address, length, advice);
  }

  setBreak(space: SpaceState, address: VirtualAddress): VirtualAddress {
    return setBreak(this.#paths.calls, space, address);
  }

  synchronize(space: SpaceState, address: VirtualAddress, length: number, flags: number): Result {
    return synchronize(this.#paths.calls, space, address, length, flags);
  }

  residency(space: SpaceState, address: VirtualAddress, length: number): Uint8Array | Result {
    return residency(this.#paths.calls, space, address, length);
  }

  objectTruncated(object: ObjectId, from: number): void {
    objectTruncated(this.#structures, object, from);
  }

  synchronizeObject(object: ObjectId): Result {
    return synchronizeObject(this.#paths.calls, object);
  }

  readThroughCache(object: ObjectId, offset: number, into: Uint8Array): void {
    readThroughCache(this.#structures, object, offset, into);
  }

  writeThroughCache(object: ObjectId, offset: number, from: Uint8Array): void {
    writeThroughCache(this.#structures, object, offset, from);
  }

  listAreas(space: SpaceState): { area: Area; resident: number; swapped: number }[] {
    return listAreas(this.#paths.calls, space);
  }

  referenced(space: SpaceState, address: VirtualAddress): void {
    const frame = this.frameOf(space, address);
    if (frame !== -1) this.#structures.replacement.referenced(frame);
  }

  /** The frame of a page that the program can access; -1: it can't now. */
  frameOf(space: SpaceState, address: VirtualAddress): Frame | -1 {
    const { tables } = this.#structures;
    const at = tables.find(space, pageOf(address));
    return at !== -1 && tables.isValid(tables.low(at)) ? tables.frameAt(at) : -1;
  }

  /** `undefined`: there are none. */
  get superpages(): SuperpageTables | undefined {
    return this.#structures.superpages;
  }

  get nextInterrupt(): number | undefined {
    return this.#structures.replacement.nextInterrupt;
  }

  clockInterrupt(): void {
    this.#structures.replacement.interrupt(this.#clock.busy);
  }

  get nextBackground(): number | undefined {
    return this.#paths.cleaning.due;
  }

  background(): void {
    this.#paths.cleaning.run();
    this.#paths.daemon.balance();
  }

  swapOut(space: SpaceState): number {
    return swapOut({ ...this.#structures, ...this.#paths }, space);
  }

  sampleWorkingSet(space: SpaceState): number {
    return sampleWorkingSet({ ...this.#structures, ...this.#paths }, space);
  }

  get hasRoom(): boolean {
    const { pins, frames } = this.#structures;
    return pins.needed <= frames.state.pages.limit;
  }

  checkInvariants(): void {
    checkInvariants(this.#structures);
  }

  #noRootTable(): UserError {
    const levels = this.#structures.tables.least;
    const least = ((levels + 1) * PAGE_SIZE) / 1024;
    const frames = this.#structures.state.frames.count;
    return new UserError(
      '--memory',
      `${frames} frames leave none for a page table; a program needs ${levels} tables and a page at the very least, ${least}K`,
    );
  }
}
