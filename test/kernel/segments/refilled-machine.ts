/** A machine without instructions whose TLB is refilled by software, and forgets nothing by itself. */
import type { Frame, Vpn } from '../../../src/base/numbers.ts';
import type { Access, TlbFill } from '../../../src/machine/contract.ts';
import { FakeMachine } from '../../support/fake-machine.ts';

const BIT: Record<Access, number> = { load: 2, store: 4, fetch: 8 };

/** What became of an access: the place in RAM, or which trap it was. */
export type Tried = number | 'tlb-miss' | 'page-fault';

export class RefilledMachine extends FakeMachine {
  readonly #entries = new Map<string, TlbFill>();
  #current = 0;

  /** An access of the guest of `bytes` bytes, all in one page. */
  try(address: number, access: Access, bytes = 1): Tried {
    const entry = this.#entries.get(`${this.#current}:${Math.floor(address / 4096)}`);
    if (entry === undefined) return 'tlb-miss';
    const offset = address % 4096;
    const { from = 0, to = 4096 } = entry;
    if ((entry.flags & BIT[access]) === 0 || offset < from || offset + bytes > to) return 'page-fault';
    return entry.frame * 4096 + offset;
  }

  override fillTlb(asid: number, page: Vpn, _access: Access, entry: TlbFill): void {
    this.#entries.set(`${asid}:${page}`, { ...entry });
  }

  override setSpace(_root: Frame, asid: number): void {
    this.#current = asid;
  }

  override flushPage(asid: number, page: Vpn): void {
    this.#entries.delete(`${asid}:${page}`);
  }

  override flushSpace(asid: number): void {
    for (const key of [...this.#entries.keys()]) if (key.startsWith(`${asid}:`)) this.#entries.delete(key);
  }

  override flushAll(): void {
    this.#entries.clear();
  }
}
