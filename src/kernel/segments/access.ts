/**
 * The kernel's access to a program's memory, where that comes in pieces: to the byte, through the same registers and with
 * the same bounds and rights as the program's own.
 */
import { assert } from '../../base/errors.ts';
import { PAGE_SIZE, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import type { Access, MachinePort } from '../../machine/contract.ts';
import { BadAddress, PageWait, type ReferenceSink } from '../memory/contract.ts';
import { UserWords } from '../memory/user-words.ts';
import type { SpaceState } from '../state.ts';
import type { Misses } from './miss.ts';
import type { Pieces } from './pieces.ts';

export interface AccessParts {
  readonly machine: MachinePort;
  readonly misses: Misses;
  readonly pieces: Pieces;
  readonly references: ReferenceSink | undefined;
}

export class PieceMemory extends UserWords {
  readonly #parts: AccessParts;
  readonly #space: SpaceState;

  constructor(parts: AccessParts, space: SpaceState) {
    super();
    this.#parts = parts;
    this.#space = space;
  }

  read(address: VirtualAddress, into: Uint8Array): void {
    const { ram } = this.#parts.machine;
    this.#eachPart(address, into.length, 'load', (physical, done, bytes) => {
      into.set(ram.subarray(physical, physical + bytes), done);
    });
  }

  write(address: VirtualAddress, from: Uint8Array): void {
    const { machine, pieces } = this.#parts;
    this.#eachPart(address, from.length, 'store', (physical, done, bytes) => {
      machine.ram.set(from.subarray(done, done + bytes), physical);
      pieces.wrote(physical, bytes);
    });
  }

  prepare(address: VirtualAddress, bytes: number, access: Access): void {
    if (bytes <= 0) return;
    if (!(address >= 0 && Number.isSafeInteger(address + bytes)))
      throw new BadAddress('outside of the address space');
    assert(Number.isInteger(address), 'an address is a whole number');
    const end = address + bytes;
    // From the top, as a stack grows: what lies above is there then.
    for (let at = end - 1; at >= address; at = Math.floor(at / PAGE_SIZE) * PAGE_SIZE - 1)
      this.#reach(virtualAddress(at), access);
    this.#reach(address, access);
  }

  #eachPart(
    address: VirtualAddress,
    bytes: number,
    access: 'load' | 'store',
    copy: (physical: number, done: number, bytes: number) => void,
  ): void {
    if (bytes <= 0) return;
    // All of it first, so that nothing has been copied when a part can't be had.
    this.prepare(address, bytes, access);
    for (let done = 0; done < bytes; ) {
      const at = virtualAddress(address + done);
      const part = Math.min(PAGE_SIZE - (at % PAGE_SIZE), bytes - done);
      copy(this.#reach(at, access), done, part);
      this.#parts.references?.reference(this.#space.id, access, at, part);
      done += part;
    }
  }

  /** The place in memory of an address that the program may access so. */
  #reach(address: VirtualAddress, access: Access): number {
    const { misses, machine } = this.#parts;
    const reached = misses.reach({ space: this.#space, address, access, pc: machine.pc, by: 'kernel' });
    if (reached.kind === 'there') return reached.physical;
    if (reached.kind === 'signal') throw new BadAddress(reached.detail ?? `0x${address.toString(16)}`);
    throw new PageWait(reached);
  }
}
