/**
 * The kernel's access to a program's memory: by page, through the program's own table, with the same faults,
 * and leaving the same traces as the program's own access would: referenced and dirty bits, the frame's stamp,
 * the recorded reference.
 */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, pageOf, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import type { Access, MachinePort } from '../../machine/contract.ts';
import { permits } from '../../translation/radix.ts';
import type { SpaceState } from '../state.ts';
import { BadAddress, PageWait, type ReferenceSink } from './contract.ts';
import type { Faults } from './faults.ts';
import type { PageTables } from './page-tables.ts';
import type { Pins } from './pins.ts';
import type { Replacement } from './replacement.ts';
import { UserWords } from './user-words.ts';

export interface AccessParts {
  readonly machine: MachinePort;
  readonly tables: PageTables;
  readonly faults: Faults;
  readonly pins: Pins;
  readonly replacement: Replacement;
  readonly references: ReferenceSink | undefined;
}

/** More faults than one page can need: mapped, copied, and made room for. */
const MOST_FAULTS = 8;

export class SpaceMemory extends UserWords {
  readonly #parts: AccessParts;
  readonly #space: SpaceState;

  constructor(parts: AccessParts, space: SpaceState) {
    super();
    this.#parts = parts;
    this.#space = space;
  }

  read(address: VirtualAddress, into: Uint8Array): void {
    const { ram } = this.#parts.machine;
    this.#eachPage(address, into.length, 'load', (frame, offset, done, bytes) => {
      const from = frame * PAGE_SIZE + offset;
      into.set(ram.subarray(from, from + bytes), done);
    });
  }

  write(address: VirtualAddress, from: Uint8Array): void {
    const { machine } = this.#parts;
    this.#eachPage(address, from.length, 'store', (frame, offset, done, bytes) => {
      machine.ram.set(from.subarray(done, done + bytes), frame * PAGE_SIZE + offset);
      machine.codeChanged(frame);
    });
  }

  prepare(address: VirtualAddress, bytes: number, access: Access): void {
    if (bytes <= 0) return;
    const last = this.#lastPage(address, bytes);
    this.#enter();
    for (let page = pageOf(address); page <= last; page++)
      this.#frameFor((page * PAGE_SIZE) as VirtualAddress, access);
  }

  #eachPage(
    address: VirtualAddress,
    bytes: number,
    access: 'load' | 'store',
    copy: (frame: Frame, offset: number, done: number, bytes: number) => void,
  ): void {
    if (bytes <= 0) return;
    // All pages first, so that nothing has been copied when one of them can't be had.
    this.prepare(address, bytes, access);
    for (let done = 0; done < bytes; ) {
      const at = virtualAddress(address + done);
      const offset = at % PAGE_SIZE;
      const part = Math.min(PAGE_SIZE - offset, bytes - done);
      const frame = this.#frameFor(at, access);
      copy(frame, offset, done, part);
      this.#trace(frame, at, access, part);
      done += part;
    }
  }

  /** The frame behind an address that the program may access so; it stays until the step is done. */
  #frameFor(address: VirtualAddress, access: Access): Frame {
    const { tables, faults, pins, machine } = this.#parts;
    const page = pageOf(address);
    for (let tries = 0; tries < MOST_FAULTS; tries++) {
      const at = tables.find(this.#space, page);
      const low = at === -1 ? 0 : tables.low(at);
      if (tables.isValid(low) && permits(tables.format.entry, low, tables.high(at), access)) {
        const frame = tables.frameAt(at);
        pins.addKernel(frame);
        pins.needTable(at, 'kernel');
        return frame;
      }
      const outcome = faults.handle({ space: this.#space, address, access, pc: machine.pc, by: 'kernel' });
      if (outcome.kind === 'signal') throw new BadAddress(outcome.detail ?? `0x${address.toString(16)}`);
      if (outcome.kind !== 'resumed') throw new PageWait(outcome);
    }
    throw new Error('invariant broken: a page stays mapped until its access is made');
  }

  #trace(frame: Frame, address: VirtualAddress, access: 'load' | 'store', bytes: number): void {
    const { tables, replacement, machine, references } = this.#parts;
    const { accessed, dirty } = tables.format.entry;
    const at = tables.find(this.#space, pageOf(address));
    tables.setBits(at, (1 << accessed) | (access === 'store' ? 1 << dirty : 0));
    if (replacement.needsStamps) machine.stamp(frame);
    if (replacement.needsReferences) replacement.referenced(frame);
    references?.reference(this.#space.id, access, address, bytes);
  }

  #enter(): void {
    this.#parts.faults.enter(this.#space, 'kernel', this.#parts.machine.pc);
  }

  #lastPage(address: VirtualAddress, bytes: number): number {
    const { format } = this.#parts.tables;
    const end = address + bytes;
    if (!(address >= 0 && end <= 2 ** format.addressBits))
      throw new BadAddress('outside of the address space');
    assert(Number.isInteger(address), 'an address is a whole number');
    return pageOf((end - 1) as VirtualAddress);
  }
}
