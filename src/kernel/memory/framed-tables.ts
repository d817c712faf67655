/**
 * What structures have in common whose entries of pages lie in leaf tables of a frame each: an entry of zeros leads to no
 * leaf table, a valid one to its frame, another to its slot in swap. Where the entries that lead there lie is the
 * structure's own: in tables above (tables.ts), or in one table for all spaces (vax-tables.ts).
 *
 *   leading entry ──▶ leaf table ──▶ entry of a page in memory   V=1, frame, R W X U, A and D
 *                                             elsewhere          V=0, see translation/invalid-entry.ts
 *
 * Leaf tables may be in swap, where `--page-tables pageable` says so. Their entries have addresses below -1, and say
 * what the kernel has on record: see leaf-tables.ts. Nothing but the kernel's own bookkeeping goes by that.
 *
 * A leaf table counts its entries that are not zero; when the last one goes, the frame may go, and with it the entry that
 * led to it. The TLB forgets a page before its valid entry changes hands.
 */
import { type Frame, PAGE_SIZE, type Slot, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { EntryCodec, kernelEntries } from '../../translation/entry-codec.ts';
import { payloadOf } from '../../translation/invalid-entry.ts';
import { type EntryFormat, type EntryHalves, frameIn, hasBit } from '../../translation/radix.ts';
import { riscvEntries } from '../../translation/sv39.ts';
import type { EventSink } from '../events.ts';
import type { SpaceState } from '../state.ts';
import { Flushes } from './flushes.ts';
import type { FrameTable } from './frames.ts';
import type { LeafTables } from './leaf-tables.ts';
import type { EntryVisit } from './page-tables.ts';
import type { Pins } from './pins.ts';

export interface FramedTableParts {
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly pins: Pins;
  readonly events: EventSink;
  /** `undefined`: all tables stay in memory. */
  readonly leaves: LeafTables | undefined;
}

export abstract class FramedTables {
  readonly format = kernelEntries;
  /** Form of the entries as they lie in the tables. */
  readonly form: EntryFormat;
  reads = 0;
  refusals = 0;
  protected readonly machine: MachinePort;
  protected readonly frames: FrameTable;
  protected readonly leaves: LeafTables | undefined;
  /** `undefined`: entries are in the kernel's form. */
  readonly #codec: EntryCodec | undefined;
  readonly #pins: Pins;
  readonly #events: EventSink;
  readonly #flushes: Flushes;

  constructor(form: EntryFormat, { machine, frames, pins, events, leaves }: FramedTableParts) {
    this.form = form;
    this.machine = machine;
    this.frames = frames;
    this.leaves = leaves;
    this.#codec = form.entry === riscvEntries ? undefined : new EntryCodec(form);
    this.#flushes = new Flushes(machine, events);
    this.#pins = pins;
    this.#events = events;
  }

  /** Physical address of the entry that leads to the leaf table of `page`, which there is, in memory or in swap. */
  abstract pointerTo(space: SpaceState, page: Vpn): number;

  isSwapped(entryAddress: number): boolean {
    return entryAddress < -1;
  }

  noteUse(entryAddress: number): void {
    if (entryAddress >= 0) this.leaves?.used(entryAddress);
  }

  low(entryAddress: number): number {
    const low = this.raw(entryAddress);
    if (this.#codec === undefined || low === 0) return low;
    this.#codec.toKernel(low, this.#rawHigh(entryAddress));
    return this.#codec.low;
  }

  high(entryAddress: number): number {
    const high = this.#rawHigh(entryAddress);
    if (this.#codec === undefined) return high;
    this.#codec.toKernel(this.raw(entryAddress), high);
    return this.#codec.high;
  }

  write(entryAddress: number, low: number, high: number): void {
    if (this.#codec === undefined) {
      this.writeEntry(entryAddress, low, high);
      return;
    }
    this.#codec.toTable(low, high);
    this.writeEntry(entryAddress, this.#codec.low, this.#codec.high);
  }

  setBits(entryAddress: number, bits: number): void {
    this.write(entryAddress, (this.low(entryAddress) | bits) >>> 0, this.high(entryAddress));
  }

  clearBits(entryAddress: number, bits: number): void {
    this.write(entryAddress, (this.low(entryAddress) & ~bits) >>> 0, this.high(entryAddress));
  }

  frameAt(entryAddress: number): Frame {
    return frameIn(kernelEntries.entry, this.low(entryAddress), this.high(entryAddress));
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

  /** Halves of an entry that leads to a table, or to nothing. */
  pointerAt(entryAddress: number): EntryHalves {
    return { low: this.raw(entryAddress), high: this.#rawHigh(entryAddress) };
  }

  /** Changes an entry that leads to a table, in the table's own form. */
  writePointer(entryAddress: number, low: number, high: number): void {
    this.writeEntry(entryAddress, low, high);
  }

  /** Changes an entry, in the table's own form, and keeps the count of its table. */
  protected writeEntry(entryAddress: number, low: number, high: number): void {
    if (entryAddress < 0) {
      this.leaves!.write(entryAddress, low, high);
      return;
    }
    const view = this.machine.ramView;
    const before = view.getUint32(entryAddress, true);
    view.setUint32(entryAddress, low, true);
    if (this.form.entryBytes === 8) view.setUint32(entryAddress + 4, high, true);
    const table = Math.floor(entryAddress / PAGE_SIZE);
    if (before === 0 && low !== 0) this.frames.state.index[table]!++;
    if (before !== 0 && low === 0) this.frames.state.index[table]!--;
    this.leaves?.changed(table, before, low);
  }

  /** Gives back an empty table that nothing leads to any more. */
  free(space: SpaceState, table: Frame): void {
    this.leaves?.freed(table, space);
    this.frames.freeTable(table);
    space.tableFrames--;
    if (this.#events.watched)
      this.#events.emit({ type: 'table', space: space.id, frame: table, change: 'freed' });
  }

  /** Makes an empty table of `frame`, which was just allocated. */
  protected initialise(space: SpaceState, frame: Frame): void {
    this.machine.ram.fill(0, frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
    this.machine.codeChanged(frame);
    space.tableFrames++;
    this.#pins.noteNeed();
    if (this.#events.watched)
      this.#events.emit({ type: 'table', space: space.id, frame, change: 'allocated' });
  }

  /** The lower half of an entry as the table has it. */
  protected raw(entryAddress: number): number {
    if (entryAddress < 0) return this.leaves!.low(entryAddress);
    return this.machine.ramView.getUint32(entryAddress, true);
  }

  #rawHigh(entryAddress: number): number {
    if (entryAddress < 0) return this.leaves!.high(entryAddress);
    return this.form.entryBytes === 8 ? this.machine.ramView.getUint32(entryAddress + 4, true) : 0;
  }

  /** Whether an entry above the leaves leads to a table in memory. */
  protected isPointer(low: number): boolean {
    return hasBit(low, this.form.entry.valid);
  }

  /** Frame of the table that a valid entry at an address leads to. */
  protected target(low: number, entryAddress: number): Frame {
    return frameIn(this.form.entry, low, this.#rawHigh(entryAddress));
  }

  /** Address of the entry of `page` in the table in swap that the entry at `at` leads to. */
  protected inSwap(low: number, at: number, page: number): number {
    const { entryBytes } = this.form;
    const index = page % (PAGE_SIZE / entryBytes);
    return this.leaves!.addressIn(payloadOf(this.form, low, this.#rawHigh(at)), index * entryBytes);
  }

  /** Visits the entries of pages `from` to `to` - 1 of a leaf table in swap, whose first page is `base`. */
  protected visitSwapped(
    low: number,
    at: number,
    base: number,
    from: number,
    to: number,
    visit: EntryVisit,
  ): void {
    const first = this.inSwap(low, at, base);
    this.leaves!.forEach(first, (index, entryAddress) => {
      const page = base + index;
      if (page >= from && page < to) visit(page as Vpn, entryAddress);
    });
  }

  /** Frees the slot of the table that the entry at `at` leads to, if it has become empty. */
  protected pruneSwapped(space: SpaceState, low: number, at: number): void {
    const slot = payloadOf(this.form, low, this.#rawHigh(at)) as Slot;
    if (this.leaves!.swapped(slot).used !== 0) return;
    this.writePointer(at, 0, 0);
    this.leaves!.dropSwapped(slot, space);
  }
}
