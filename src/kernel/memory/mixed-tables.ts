/**
 * Spaces whose tables have different forms, side by side: each space has the structure that its `translation` names, and
 * the miss handler asks that one. A place says which structure it is of:
 *
 *    place = number of the structure * 2^40 + place in the structure
 */
import { assert } from '../../base/errors.ts';
import type { Frame, Vpn } from '../../base/numbers.ts';
import { kernelEntries } from '../../translation/entry-codec.ts';
import type { SpaceState } from '../state.ts';
import type { EntryVisit, PageTables, TableAllocator } from './page-tables.ts';

const SPAN = 2 ** 40;

export class MixedTables implements PageTables {
  readonly format = kernelEntries;
  readonly least: number;
  readonly #names: readonly string[];
  readonly #structures: readonly PageTables[];

  /** @param structures by the name of their scheme */
  constructor(structures: ReadonlyMap<string, PageTables>) {
    this.#names = [...structures.keys()];
    this.#structures = [...structures.values()];
    this.least = Math.max(...this.#structures.map(({ least }) => least));
  }

  get reads(): number {
    return this.#structures.reduce((sum, { reads }) => sum + reads, 0);
  }

  get refusals(): number {
    return this.#structures.reduce((sum, { refusals }) => sum + refusals, 0);
  }

  open(space: SpaceState, allocate: TableAllocator): boolean {
    return this.#of(space).open(space, allocate);
  }

  close(space: SpaceState): void {
    this.#of(space).close(space);
  }

  find(space: SpaceState, page: Vpn): number {
    return this.#named(space, this.#of(space).find(space, page));
  }

  ensure(space: SpaceState, page: Vpn, allocate: TableAllocator): number {
    return this.#named(space, this.#of(space).ensure(space, page, allocate));
  }

  walk(space: SpaceState, page: Vpn): number {
    return this.#named(space, this.#of(space).walk(space, page));
  }

  isSwapped(): boolean {
    return false;
  }

  noteUse(): void {}

  low(place: number): number {
    return this.#at(place).low(place % SPAN);
  }

  high(place: number): number {
    return this.#at(place).high(place % SPAN);
  }

  write(place: number, low: number, high: number): void {
    this.#at(place).write(place % SPAN, low, high);
  }

  setBits(place: number, bits: number): void {
    this.#at(place).setBits(place % SPAN, bits);
  }

  clearBits(place: number, bits: number): void {
    this.#at(place).clearBits(place % SPAN, bits);
  }

  frameAt(place: number): Frame {
    return this.#at(place).frameAt(place % SPAN);
  }

  isValid(low: number): boolean {
    return this.#structures[0]!.isValid(low);
  }

  flushSpace(space: SpaceState): void {
    this.#of(space).flushSpace(space);
  }

  flush(space: SpaceState, page: Vpn): void {
    this.#of(space).flush(space, page);
  }

  forEach(space: SpaceState, from: number, to: number, visit: EntryVisit): void {
    this.#of(space).forEach(space, from, to, (page, place) => visit(page, this.#named(space, place)));
  }

  prune(space: SpaceState, from: number, to: number): void {
    this.#of(space).prune(space, from, to);
  }

  forEachTable(space: SpaceState, visit: (frame: Frame, level: number) => void): void {
    this.#of(space).forEachTable(space, visit);
  }

  forEachShared(visit: (frame: Frame) => void): void {
    for (const structure of this.#structures) structure.forEachShared(visit);
  }

  #number({ translation }: SpaceState): number {
    const number = this.#names.indexOf(translation);
    assert(number !== -1, 'a space has a scheme that the machine was made with');
    return number;
  }

  #of(space: SpaceState): PageTables {
    return this.#structures[this.#number(space)]!;
  }

  #named(space: SpaceState, place: number): number {
    return place === -1 ? -1 : this.#number(space) * SPAN + place;
  }

  #at(place: number): PageTables {
    return this.#structures[Math.floor(place / SPAN)]!;
  }
}
