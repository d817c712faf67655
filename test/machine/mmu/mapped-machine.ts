/** A machine whose TLB is refilled from a map of pages, for tests of single effects. */
import { frame, virtualAddress, vpn } from '../../../src/base/numbers.ts';
import { assemble } from '../../../src/isa/text.ts';
import type { Access, MachineConfig, TlbFill, Trap } from '../../../src/machine/contract.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { sv39 } from '../../../src/translation/sv39.ts';

export const [V, R, W, X, D] = [1, 2, 4, 8, 128] as const;
export const READ_WRITE = V | R | W | D;
export const CODE_FLAGS = V | R | X;
const shape = { entries: 64, ways: 4, replacement: 'lru' } as const;
export const ASID = 5;

/** What the software was asked for: `cause access page`. */
export type Asked = string;

export class MappedMachine {
  readonly machine: Machine;
  readonly pages = new Map<number, TlbFill>();
  readonly asked: Asked[] = [];

  constructor(config: Partial<MachineConfig> = {}) {
    this.machine = new Machine({
      frames: 64,
      tlb: { kind: 'split', data: shape, instructions: shape },
      refill: 'software',
      geometry: sv39,
      stamps: 'off',
      references: 'off',
      seed: 1,
      ...config,
    });
    this.machine.setSpace(frame(0), ASID);
  }

  map(
    page: number,
    inFrame: number,
    flags: number = READ_WRITE,
    cut: { from?: number; to?: number } = {},
  ): void {
    this.pages.set(page, { frame: frame(inFrame), flags, ...cut });
  }

  /** Puts an entry into the TLB, asked or not. */
  fill(page: number, access: Access = 'load'): void {
    this.machine.fillTlb(ASID, vpn(page), access, this.pages.get(page)!);
  }

  /** Puts instructions into a frame; the offset behind them. */
  code(inFrame: number, offset: number, lines: readonly string[]): number {
    for (const line of lines) {
      const word = assemble(line, offset);
      const bytes = (word & 3) === 3 ? 4 : 2;
      for (let i = 0; i < bytes; i++)
        this.machine.ram[inFrame * 4096 + offset + i] = (word >>> (8 * i)) & 255;
      offset += bytes;
    }
    this.machine.codeChanged(frame(inFrame));
    return offset;
  }

  /** Runs from an address, refilling, to a trap that the map can't answer. */
  run(from: number): Trap {
    this.machine.pc = virtualAddress(from);
    for (;;) {
      const trap = this.machine.run(1000);
      if (trap.cause === 'timer') continue;
      if (trap.cause !== 'tlb-miss' && trap.cause !== 'tlb-modify') return { ...trap };
      const page = Math.floor(trap.address / 4096);
      this.asked.push(`${trap.cause} ${trap.access} ${page}`);
      const entry = this.pages.get(page);
      if (entry === undefined) return { ...trap };
      if (trap.cause === 'tlb-modify') this.pages.set(page, { ...entry, flags: entry.flags | D });
      this.fill(page, trap.access);
    }
  }
}
