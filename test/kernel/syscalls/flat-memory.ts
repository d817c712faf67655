/** User memory as one array, with pages that have to be waited for once, and pages that are not there. */
import type { VirtualAddress } from '../../../src/base/numbers.ts';
import { BadAddress, PageWait, type UserMemory } from '../../../src/kernel/memory/contract.ts';

/** The first byte; everything below faults. */
export const BASE = 0x10000;
export const SIZE = 0x40000;

export class FlatMemory implements UserMemory {
  readonly bytes = new Uint8Array(SIZE);
  /** Pages that make their first access wait. */
  readonly absent = new Set<number>();
  /** How often a page was waited for. */
  waits = 0;

  read(address: VirtualAddress, into: Uint8Array): void {
    into.set(this.#at(address, into.length));
  }

  write(address: VirtualAddress, from: Uint8Array): void {
    this.#at(address, from.length).set(from);
  }

  prepare(address: VirtualAddress, bytes: number): void {
    this.#at(address, bytes);
  }

  readString(address: VirtualAddress, limit: number): string | undefined {
    this.#at(address, 1);
    const end = this.bytes.indexOf(0, address - BASE);
    if (end < 0 || end - (address - BASE) >= limit) return undefined;
    return new TextDecoder().decode(this.#at(address, end - (address - BASE)));
  }

  readU32(address: VirtualAddress): number {
    return this.#view(address, 4).getUint32(0, true);
  }

  readU64(address: VirtualAddress): bigint {
    return this.#view(address, 8).getBigUint64(0, true);
  }

  writeU32(address: VirtualAddress, value: number): void {
    this.#view(address, 4).setUint32(0, value, true);
  }

  writeU64(address: VirtualAddress, value: bigint): void {
    this.#view(address, 8).setBigUint64(0, BigInt.asUintN(64, value), true);
  }

  #view(address: VirtualAddress, bytes: number): DataView {
    const part = this.#at(address, bytes);
    return new DataView(part.buffer, part.byteOffset, bytes);
  }

  #at(address: number, bytes: number): Uint8Array {
    const end = address + bytes;
    if (address < BASE || end > BASE + SIZE) throw new BadAddress();
    for (let page = Math.floor(address / 4096); page * 4096 < end; page++) {
      if (!this.absent.delete(page)) continue;
      this.waits++;
      throw new PageWait({ kind: 'blocked', request: page });
    }
    return this.bytes.subarray(address - BASE, end - BASE);
  }
}
