/** A machine with one address space, set up by hand, for tests of single effects. */
import { frame, virtualAddress, vpn } from '../../../src/base/numbers.ts';
import { assemble } from '../../../src/isa/text.ts';
import type { MachineConfig } from '../../../src/machine/contract.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { sv39 } from '../../../src/translation/sv39.ts';
import { A, D, entryTo, Pool, R, U, V, W, X } from './tables.ts';

export const CODE = 0x10000;
export const DATA = 0x40000;
export const CODE_FRAME = 20;
export const DATA_FRAME = 40;
export const ASID = 3;
const pages = 8;
const shape = { entries: 64, ways: 4, replacement: 'lru' } as const;

export const usualTlb: MachineConfig['tlb'] = { kind: 'split', data: shape, instructions: shape };
export const READ_WRITE = V | R | W | U | A | D;

/** Pages of code and of data at fixed places; registers a1, a2, … hold the addresses of the data pages. */
export class SmallMachine {
  readonly machine: Machine;
  readonly #entries = new Map<number, number>();

  constructor(config: Partial<MachineConfig> = {}) {
    this.machine = new Machine({
      frames: 64,
      tlb: usualTlb,
      refill: 'hardware',
      geometry: sv39,
      stamps: 'off',
      references: 'off',
      seed: 1,
      ...config,
    });
    const pool = new Pool(16);
    const root = pool.take();
    for (let i = 0; i < pages; i++) {
      this.#entries.set(
        CODE + i * 4096,
        pool.map(root, CODE / 4096 + i, entryTo(CODE_FRAME + i, V | R | X | U)),
      );
      this.#entries.set(
        DATA + i * 4096,
        pool.map(root, DATA / 4096 + i, entryTo(DATA_FRAME + i, READ_WRITE)),
      );
      this.machine.x[11 + i] = BigInt(DATA + i * 4096);
    }
    this.machine.ram.set(pool.ram);
    this.machine.setSpace(frame(root), ASID);
    this.goTo(CODE);
  }

  goTo(pc: number): void {
    this.machine.pc = virtualAddress(pc);
  }

  /** Puts instructions at a virtual address (of the usual mapping, or of the frame given). */
  code(at: number, lines: readonly string[], inFrame = CODE_FRAME + Math.floor((at - CODE) / 4096)): this {
    let physical = inFrame * 4096 + (at % 4096);
    for (const line of lines) {
      const word = assemble(line, at);
      const bytes = (word & 3) === 3 ? 4 : 2;
      for (let i = 0; i < bytes; i++) this.machine.ram[physical + i] = (word >>> (8 * i)) & 255;
      at += bytes;
      physical += bytes;
    }
    return this;
  }

  /** Physical address of the root's entry for an address. */
  rootEntry(address: number): number {
    return Math.floor(address / 2 ** 30) * 8;
  }

  entry(page: number): bigint {
    return this.machine.ramView.getBigUint64(this.#entries.get(page)!, true);
  }

  setEntry(page: number, entry: bigint): void {
    this.machine.ramView.setBigUint64(this.#entries.get(page)!, entry, true);
  }

  flush(page: number): void {
    this.machine.flushPage(ASID, vpn(page / 4096));
  }

  /** Fills a frame with copies of a number. */
  fill(which: number, value: bigint): void {
    for (let at = 0; at < 4096; at += 8) this.machine.ramView.setBigUint64(which * 4096 + at, value, true);
  }

  /** Runs from the start of the code to a trap that is not the timer's; what it was. */
  again(from = CODE): string {
    this.goTo(from);
    for (;;) {
      const { cause } = this.machine.run(1000);
      if (cause !== 'timer') return cause;
    }
  }
}
