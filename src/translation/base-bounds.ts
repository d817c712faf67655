/**
 * Base and bounds, also called dynamic relocation: a program's memory is one piece, its addresses count from 0, and two
 * registers say where the piece begins and how long it is. A process is moved by a change of its base register.
 *
 *    address < bounds?  ──▶  base + address
 *
 * Source: Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 15.
 */
import { clearWalk, splitFields, type TranslationScheme, type Walk } from './contract.ts';
import type { AccessKind } from './radix.ts';

/** The registers of a space. Plain data. */
export interface BaseBounds {
  /** Physical address of the first byte. */
  base: number;
  /** Bytes that there are: the first address that faults. */
  bounds: number;
}

/** Translates `address`, to the byte and without a load. Nothing tells loads from stores. */
export function baseBoundsWalk(registers: BaseBounds, address: number, out: Walk): void {
  clearWalk(out);
  if (address < registers.bounds) out.physical = registers.base + address;
  else out.fault = 'bounds';
}

/** A space that is one piece. */
export class BaseBoundsScheme implements TranslationScheme {
  readonly name = 'base-bounds';
  readonly addressBits: number;
  readonly granule = 1;
  readonly #registers: BaseBounds;

  constructor(addressBits: number, registers: BaseBounds) {
    this.addressBits = addressBits;
    this.#registers = registers;
  }

  fields(address: number) {
    return splitFields(address, [['offset', this.addressBits]]);
  }

  walk(address: number, _access: AccessKind, out: Walk): void {
    baseBoundsWalk(this.#registers, address, out);
    if (address >= 2 ** this.addressBits) out.fault = 'canonical address';
  }

  footprint(): number {
    return 0;
  }
}
