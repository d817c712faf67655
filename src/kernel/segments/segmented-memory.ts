/**
 * Virtual memory in contiguous pieces: base and bounds, segmentation, and none at all.
 *
 *   TLB miss ─▶ miss ─▶ registers ─▶ translation/{base-bounds,segments}
 *                └▶ spaces ─▶ room ─┬─▶ placement (policy)
 *   mmap, brk ─▶ map-calls,          ├─▶ compaction ─▶ pieces (frames, bytes, TLB)
 *                remap, advise       └─▶ rolling ─▶ swap
 *   fork ─▶ fork                     arrivals ◀─ requests, when they are due
 *
 *   file           concept
 *   rules          the schemes as data          space-layout  where a program lies
 *   extents        areas to segments            registers     base and size
 *   pieces         memory in one piece          room          holes when they are wanted
 *   compaction     one hole of many             mover         moves on request
 *   rolling        whole processes in swap      arrivals      pages on their way
 *   claim          whose turn it is
 *   fills          files to be read             spaces        spaces come and go
 *   mapping        areas change                 map-calls     mmap, brk, mprotect
 *   miss           one address                  access        the kernel's access
 *   invariants     what must always hold        state         all of it as plain data
 *   shown          for reports                  assembly      how it hangs together
 *
 * Page replacement, copy-on-write and the page daemon have nothing to do here. All state is in `root.memory` and the
 * spaces; a `SegmentedMemory` made over a clone of the root goes on exactly.
 */
import { UserError } from '../../base/errors.ts';
import { PAGE_SIZE, type Pid, type SpaceId, type VirtualAddress } from '../../base/numbers.ts';
import type { Access } from '../../machine/contract.ts';
import { Errno } from '../errno.ts';
import type { ElfImage } from '../loader/elf.ts';
import { isCovered } from '../memory/areas.ts';
import {
  type ForkMode,
  isOutOfMemory,
  type MemoryCounters,
  type Outcome,
  type OutOfMemory,
  type Result,
  type UserMemory,
  type VirtualMemory,
} from '../memory/contract.ts';
import type { Area, ObjectId, RequestState, SpaceState } from '../state.ts';
import { PieceMemory } from './access.ts';
import { advise, showAgain, synchronize } from './advise.ts';
import { buildSegments, type SegmentParts, type Segments } from './assembly.ts';
import { forkSpace } from './fork.ts';
import { checkInvariants } from './invariants.ts';
import { addArea, map, protect, setBreak, unmap } from './map-calls.ts';
import type { MapRequest } from './mapping.ts';
import { remap } from './remap.ts';
import { showSpaces } from './shown.ts';
import type { SegmentFigures, ShownSpace } from './state.ts';

export type { SegmentParts } from './assembly.ts';

export class SegmentedMemory implements VirtualMemory {
  readonly counters: MemoryCounters;
  readonly refills = 'for registers';
  readonly nextInterrupt = undefined;
  readonly hasRoom = true;
  readonly #parts: Segments;

  constructor(parts: SegmentParts) {
    this.#parts = buildSegments(parts);
    this.counters = this.#parts.state.counters;
  }

  createSpace(): SpaceState {
    const made = this.newSpace();
    if (isOutOfMemory(made))
      throw new UserError(`--translation ${this.#parts.rules.scheme.name}`, made.detail);
    return made;
  }

  newSpace(): SpaceState | OutOfMemory {
    return this.#parts.spaces.create(this.#parts.emptyLayout);
  }

  suit(space: SpaceState, image: ElfImage, bytes: Uint8Array): string | undefined {
    return this.#parts.spaces.suit(space, image, bytes);
  }

  /** Base and bounds of the process that runs are put into the machine's registers: the TLB is filled from them. */
  enterSpace(space: SpaceState): void {
    const { machine, pieces, state } = this.#parts;
    state.figures.loads++;
    state.active = space.id;
    machine.setSpace(space.root, space.asid);
    pieces.tellRegisters(space.id, 'switch');
  }

  forkSpace(parent: SpaceState, _mode: ForkMode): SpaceState | OutOfMemory {
    return forkSpace(this.#parts, parent);
  }

  destroySpace(id: SpaceId): void {
    this.#parts.spaces.destroy(id);
  }

  forgetProcess(_pid: Pid): void {}

  /** The TLB has the page, so what is wrong is the access. */
  fault(space: SpaceState, address: VirtualAddress, access: Access, pc: VirtualAddress): Outcome {
    return this.#parts.misses.refused({ space, address, access, pc, by: 'guest' });
  }

  tlbMiss(
    space: SpaceState,
    address: VirtualAddress,
    access: Access,
    pc: VirtualAddress,
  ): Outcome | undefined {
    const outcome = this.#parts.misses.fill({ space, address, access, pc, by: 'guest' });
    return outcome.kind === 'resumed' ? undefined : outcome;
  }

  tlbModify(): Outcome {
    throw new Error('invariant broken: what may be written is held as written');
  }

  complete(request: RequestState): Promise<Outcome> | Outcome {
    return this.#parts.arrivals.complete(request);
  }

  askerOf(request: RequestState): Pid {
    return this.#parts.arrivals.askerOf(request);
  }

  user(space: SpaceState): UserMemory {
    return new PieceMemory(this.#parts, space);
  }

  addArea(space: SpaceState, area: Area): void {
    addArea(this.#parts, space, area);
  }

  map(space: SpaceState, request: MapRequest): Result {
    return map(this.#parts, space, request);
  }

  unmap(space: SpaceState, address: VirtualAddress, length: number): Result {
    return unmap(this.#parts, space, address, length);
  }

  protect(space: SpaceState, address: VirtualAddress, length: number, protection: number): Result {
    return protect(this.#parts, space, address, length, protection);
  }

  remap(
    space: SpaceState,
    address: VirtualAddress,
    oldLength: number,
    newLength: number,
    flags: number,
    newAddress: VirtualAddress,
  ): Result {
    return remap(this.#parts, space, { address, oldLength, newLength, flags, newAddress });
  }

  advise(space: SpaceState, address: VirtualAddress, length: number, advice: number): Result {
    return advise(this.#parts, space, address, length, advice);
  }

  setBreak(space: SpaceState, address: VirtualAddress): VirtualAddress {
    return setBreak(this.#parts, space, address);
  }

  synchronize(space: SpaceState, address: VirtualAddress, length: number, flags: number): Result {
    return synchronize(space, address, length, flags);
  }

  /** Everything that there is of a process that runs is in memory. */
  residency(space: SpaceState, address: VirtualAddress, length: number): Uint8Array | Result {
    const end = address + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
    if (address % PAGE_SIZE !== 0) return Errno.EINVAL;
    if (!(end <= space.layout.end) || !isCovered(space.areas, address, end)) return Errno.ENOMEM;
    return new Uint8Array((end - address) / PAGE_SIZE).fill(1);
  }

  objectTruncated(object: ObjectId, from: number): void {
    this.#showAgain(object, from, Number.POSITIVE_INFINITY);
  }

  /** No mapping is ever newer than its file. */
  readThroughCache(): void {}

  synchronizeObject(): Result {
    return 0;
  }

  writeThroughCache(object: ObjectId, offset: number, from: Uint8Array): void {
    this.#showAgain(object, offset, offset + from.length);
  }

  #showAgain(object: ObjectId, from: number, to: number): void {
    for (const space of this.#parts.root.spaces) {
      for (const area of space?.areas ?? [])
        if (area.backing?.object === object) showAgain(this.#parts, space!, area, from, to);
    }
  }

  listAreas(space: SpaceState): { area: Area; resident: number; swapped: number }[] {
    const { where } = this.#parts.spaces.record(space.id);
    return space.areas.map((area) => {
      const pages = (area.end - area.start) / PAGE_SIZE;
      return { area, resident: where === 'in' ? pages : 0, swapped: where === 'out' ? pages : 0 };
    });
  }

  referenced(): void {}
  clockInterrupt(): void {}

  get nextBackground(): number | undefined {
    return this.#parts.mover.due;
  }

  background(): void {
    this.#parts.mover.run();
  }

  /** Takes a whole space out of memory, as far as swap has room. */
  swapOut({ id, resident }: SpaceState): number {
    const { spaces, rolling, rules } = this.#parts;
    if (rules.scheme.addresses === 'physical' || spaces.record(id).where !== 'in' || !rolling.mayLeave(id))
      return 0;
    return rolling.out(id) ? resident : 0;
  }

  sampleWorkingSet({ resident }: SpaceState): number {
    return resident;
  }

  /** For the report. */
  get figures(): SegmentFigures {
    return this.#parts.state.figures;
  }

  /** The same: spaces that there are, and the first ones that have ended. */
  shownSpaces(): ShownSpace[] {
    return showSpaces(this.#parts);
  }

  /** The same: how memory is divided. */
  get placement() {
    return this.#parts.placement.figures();
  }

  checkInvariants(): void {
    checkInvariants(this.#parts);
  }
}
