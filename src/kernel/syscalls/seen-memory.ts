/**
 * User memory that remembers what passed through it, so that a call can be shown without touching the guest's
 * pages again: watching must not change a run.
 */
import type { VirtualAddress } from '../../base/numbers.ts';
import type { Access } from '../../machine/contract.ts';
import type { UserMemory } from '../memory/contract.ts';

/** Bytes kept of each piece. */
const KEPT = 64;

export class SeenMemory implements UserMemory {
  readonly #memory: UserMemory;
  readonly #pieces = new Map<number, Uint8Array>();
  readonly #strings = new Map<number, string>();
  readonly #words = new Map<number, bigint>();

  constructor(memory: UserMemory) {
    this.#memory = memory;
  }

  /** Bytes that were read or written at `address`: the first 64 of them, or `undefined` when there were none. */
  bytesAt(address: number): Uint8Array | undefined {
    return this.#pieces.get(address);
  }

  /** The string that was read at `address`. */
  stringAt(address: number): string | undefined {
    return this.#strings.get(address);
  }

  /** The 64-bit number that was read at `address`. */
  wordAt(address: number): bigint | undefined {
    return this.#words.get(address);
  }

  read(address: VirtualAddress, into: Uint8Array): void {
    this.#memory.read(address, into);
    this.#keep(address, into);
  }

  write(address: VirtualAddress, from: Uint8Array): void {
    this.#memory.write(address, from);
    this.#keep(address, from);
  }

  prepare(address: VirtualAddress, bytes: number, access: Access): void {
    this.#memory.prepare(address, bytes, access);
  }

  readString(address: VirtualAddress, limit: number): string | undefined {
    const text = this.#memory.readString(address, limit);
    if (text !== undefined) this.#strings.set(address, text);
    return text;
  }

  readU32(address: VirtualAddress): number {
    return this.#memory.readU32(address);
  }

  readU64(address: VirtualAddress): bigint {
    const value = this.#memory.readU64(address);
    this.#words.set(address, value);
    return value;
  }

  writeU32(address: VirtualAddress, value: number): void {
    this.#memory.writeU32(address, value);
  }

  writeU64(address: VirtualAddress, value: bigint): void {
    this.#memory.writeU64(address, value);
  }

  #keep(address: number, bytes: Uint8Array): void {
    this.#pieces.set(address, bytes.slice(0, KEPT));
  }
}
