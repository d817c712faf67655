/** Words and strings of a program's memory, over whatever reads and writes its bytes. */
import { PAGE_SIZE, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import type { Access } from '../../machine/contract.ts';
import { BadAddress, type UserMemory } from './contract.ts';

export abstract class UserWords implements UserMemory {
  readonly #word = new Uint8Array(8);
  readonly #wordView = new DataView(this.#word.buffer);

  abstract read(address: VirtualAddress, into: Uint8Array): void;
  abstract write(address: VirtualAddress, from: Uint8Array): void;
  abstract prepare(address: VirtualAddress, bytes: number, access: Access): void;

  readString(address: VirtualAddress, limit: number): string | undefined {
    if (!Number.isSafeInteger(address)) throw new BadAddress('outside of the address space');
    const bytes: number[] = [];
    let at: number = address;
    while (bytes.length <= limit) {
      const room = Math.min(PAGE_SIZE - (at % PAGE_SIZE), limit + 1 - bytes.length);
      const part = new Uint8Array(room);
      this.read(virtualAddress(at), part);
      const end = part.indexOf(0);
      for (const byte of end < 0 ? part : part.subarray(0, end)) bytes.push(byte);
      if (end >= 0) return new TextDecoder().decode(Uint8Array.from(bytes));
      at += room;
    }
    return undefined;
  }

  readU32(address: VirtualAddress): number {
    this.read(address, this.#word.subarray(0, 4));
    return this.#wordView.getUint32(0, true);
  }

  readU64(address: VirtualAddress): bigint {
    this.read(address, this.#word);
    return this.#wordView.getBigUint64(0, true);
  }

  writeU32(address: VirtualAddress, value: number): void {
    this.#wordView.setUint32(0, value, true);
    this.write(address, this.#word.subarray(0, 4));
  }

  writeU64(address: VirtualAddress, value: bigint): void {
    this.#wordView.setBigUint64(0, value, true);
    this.write(address, this.#word);
  }
}
