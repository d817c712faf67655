/**
 * A machine whose TLB is refilled by software, together with the software: what runs on it sees no difference to a
 * machine with a walker. Tables are walked by hand, as in the naive machine.
 */
import { type Frame, frame, pageOf, virtualAddress } from '../../../src/base/numbers.ts';
import type { MachineConfig, TimerStop, Trap } from '../../../src/machine/contract.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { naiveWalk } from '../../support/naive-mmu.ts';
import type { Bounds } from './naive-machine.ts';
import { D, R, V, W, X } from './tables.ts';

export class RefilledMachine extends Machine {
  /** What the software had to do. */
  readonly seen = { misses: 0, modified: 0 };
  readonly #bounds: Bounds;
  #root = 0;
  #asid = 0;

  constructor(config: MachineConfig, bounds: Bounds) {
    super(config);
    this.#bounds = bounds;
  }

  override setSpace(root: Frame, asid: number): void {
    super.setSpace(root, asid);
    this.#root = root;
    this.#asid = asid;
  }

  override run(fuel: number, stop?: TimerStop): Trap {
    const before = this.counters().instructions;
    for (;;) {
      const left = fuel - (this.counters().instructions - before);
      const trap = super.run(Math.max(left, 1), stop);
      if (trap.cause !== 'tlb-miss' && trap.cause !== 'tlb-modify') return trap;
      if (!this.#refill(trap)) return { ...trap, cause: 'page-fault' };
    }
  }

  /** Whether the table allows the access. */
  #refill({ cause, access, address }: Trap): boolean {
    this.seen[cause === 'tlb-miss' ? 'misses' : 'modified']++;
    const walked = naiveWalk(this.ram, this.#root, BigInt(address), access, () => {});
    if ('fault' in walked) return false;
    const { leaf } = walked;
    const flags = [
      [V, true],
      [R, leaf.readable],
      [W, leaf.writable],
      [X, leaf.executable],
      [D, leaf.dirty],
    ] as const;
    const page = pageOf(virtualAddress(address));
    const [from, to] = this.#bounds(page);
    const given = flags.reduce((sum, [flag, has]) => sum + (has ? Number(flag) : 0), 0);
    this.fillTlb(this.#asid, page, access, { frame: frame(leaf.frame), flags: given, from, to });
    return true;
  }
}
