/**
 * A hashed page table, one for all spaces: buckets in adjacent frames that are taken at the start, and frames of nodes
 * as they are needed, which stay. A node holds a whole entry, so pages that are elsewhere have one as well; the place of
 * an entry is its physical address. Nodes whose entries have become zero go when their range is pruned.
 */
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { newWalk } from '../../translation/contract.ts';
import { kernelEntries } from '../../translation/entry-codec.ts';
import {
  addNodes,
  BUCKET_BYTES,
  eachHashed,
  type HashedTable,
  hashedFind,
  hashedInsert,
  hashedRemove,
  makeHashed,
} from '../../translation/hashed.ts';
import { frameIn, hasBit } from '../../translation/radix.ts';
import type { SpaceState } from '../state.ts';
import { Flushes } from './flushes.ts';
import type { EntryVisit, PageTables, TableAllocator } from './page-tables.ts';
import type { TableParts } from './schemes.ts';
import { takeAdjacent } from './shared-tables.ts';

/** Plain data. */
export interface HashedState {
  table: HashedTable;
  /** Frames of buckets, then of nodes. */
  frames: number[];
}

export class HashedTables implements PageTables {
  readonly format = kernelEntries;
  readonly least = 2;
  reads = 0;
  readonly refusals = 0;
  readonly #machine: MachinePort;
  readonly #flushes: Flushes;
  readonly #state: HashedState;
  readonly #found = newWalk();

  constructor(parts: TableParts) {
    this.#machine = parts.machine;
    this.#flushes = new Flushes(parts.machine, parts.events);
    parts.state.tables.hashed ??= emptyTable(parts);
    this.#state = parts.state.tables.hashed;
  }

  open(): boolean {
    return true;
  }

  close(space: SpaceState): void {
    this.#removeEmpty(space, 0, Number.POSITIVE_INFINITY);
  }

  find({ id }: SpaceState, page: Vpn): number {
    return hashedFind(this.#machine.ramView, this.#state.table, id, page, this.#found);
  }

  walk(space: SpaceState, page: Vpn): number {
    const at = this.find(space, page);
    this.reads += this.#found.loads;
    return at;
  }

  ensure(space: SpaceState, page: Vpn, allocate: TableAllocator): number {
    const found = this.find(space, page);
    if (found !== -1) return found;
    const { table, frames } = this.#state;
    const { ramView, ram } = this.#machine;
    if (table.free === 0) {
      const frame = allocate();
      if (frame === -1) return -1;
      ram.fill(0, frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
      this.#machine.codeChanged(frame);
      addNodes(ramView, table, frame * PAGE_SIZE, PAGE_SIZE);
      frames.push(frame);
    }
    return hashedInsert(ramView, table, space.id, page);
  }

  isSwapped(): boolean {
    return false;
  }

  noteUse(): void {}

  low(place: number): number {
    return this.#machine.ramView.getUint32(place, true);
  }

  high(place: number): number {
    return this.#machine.ramView.getUint32(place + 4, true);
  }

  write(place: number, low: number, high: number): void {
    this.#machine.ramView.setUint32(place, low, true);
    this.#machine.ramView.setUint32(place + 4, high, true);
  }

  setBits(place: number, bits: number): void {
    this.#machine.ramView.setUint32(place, (this.low(place) | bits) >>> 0, true);
  }

  clearBits(place: number, bits: number): void {
    this.#machine.ramView.setUint32(place, (this.low(place) & ~bits) >>> 0, true);
  }

  frameAt(place: number): Frame {
    return frameIn(kernelEntries.entry, this.low(place), this.high(place));
  }

  isValid(low: number): boolean {
    return hasBit(low, kernelEntries.entry.valid);
  }

  flushSpace(space: SpaceState): void {
    this.#flushes.space(space);
  }

  flush(space: SpaceState, page: Vpn): void {
    this.#flushes.page(space, page);
  }

  forEach(space: SpaceState, from: number, to: number, visit: EntryVisit): void {
    for (const [page, at] of this.#entriesOf(space, from, to)) if (this.low(at) !== 0) visit(page as Vpn, at);
  }

  prune(space: SpaceState, from: number, to: number): void {
    this.#removeEmpty(space, from, to);
  }

  forEachTable(): void {}

  forEachShared(visit: (frame: Frame) => void): void {
    for (const frame of this.#state.frames) visit(frame as Frame);
  }

  #removeEmpty(space: SpaceState, from: number, to: number): void {
    const { table } = this.#state;
    for (const [page, at] of this.#entriesOf(space, from, to))
      if (this.low(at) === 0) hashedRemove(this.#machine.ramView, table, space.id, page);
  }

  /** Pages of a range that have nodes, in order: each is asked for, or all nodes are looked at, whichever is less. */
  #entriesOf(space: SpaceState, from: number, to: number): [page: number, at: number][] {
    const found: [number, number][] = [];
    const { table } = this.#state;
    if (to - from <= table.used) {
      for (let page = from; page < to; page++) {
        const at = this.find(space, page as Vpn);
        if (at !== -1) found.push([page, at]);
      }
      return found;
    }
    eachHashed(this.#machine.ramView, table, space.id, (_space, page, at) => {
      if (page >= from && page < to) found.push([page, at]);
    });
    return found.sort(([a], [b]) => a - b);
  }
}

/** A bucket for each frame that pages may have. */
function emptyTable({ state, machine, frames }: TableParts): HashedState {
  const bucketCount = 2 ** Math.ceil(Math.log2(Math.max(2, state.frames.pages.limit)));
  const taken = takeAdjacent(frames, bucketCount * BUCKET_BYTES);
  return { table: makeHashed(machine.ramView, taken[0]! * PAGE_SIZE, bucketCount), frames: taken };
}
