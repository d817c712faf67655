/**
 * One form of entries for the kernel, whatever the tables hold: that of Sv39, 8 bytes, valid ones with R W X U G A D
 * in its places and the frame above, invalid ones as invalid-entry.ts draws them. Where a table has another form,
 * entries go through here each way.
 *
 *   x86-64:  P R/W U/S A D PS … frame NX   ─┐                  ┌─ V R W X U G A D  frame << 10 │ 0
 *   Sv32:    V R W X U G A D  frame         ├─ toKernel ──────▶│
 *   invalid: V=0 kind payload               ─┘◀──── toTable ── └─ V=0 kind │ payload
 *
 * The kernel's frames are below 2^20, so that a valid entry is one number of 32 bits, which is also what the TLB holds.
 * Results are left in `low` and `high`: nothing is allocated.
 *
 * What x86-64 can't say, that a page may be executed and not read, is kept in bit 9, which the hardware leaves to the
 * kernel: the miss handler goes by it.
 */
import { assert } from '../base/errors.ts';
import {
  type EntryFormat,
  type EntryLayout,
  entryOf,
  frameIn,
  hasBit,
  permits,
  type RiscvLayout,
} from './radix.ts';
import { riscvEntries } from './sv39.ts';

const KERNEL = riscvEntries;
/** Where reading has no bit of its own: the page may not be read. */
const UNREADABLE = 1 << 9;

export class EntryCodec {
  /** Halves of the entry that was converted last. */
  low = 0;
  high = 0;
  readonly #format: EntryFormat;

  constructor(format: EntryFormat) {
    this.#format = format;
  }

  /** What a table's entry is to the kernel. */
  toKernel(low: number, high: number): void {
    const { entry, entryBytes } = this.#format;
    if (!hasBit(low, entry.valid)) {
      const kind = (low >>> 1) & 7;
      this.low = kind << 1;
      this.high = entryBytes === 8 ? high : low >>> 4;
      return;
    }
    let flags = 1 << KERNEL.valid;
    if (isReadable(entry, low)) flags |= 1 << KERNEL.read;
    if (permits(entry, low, high, 'store')) flags |= 1 << KERNEL.write;
    if (permits(entry, low, high, 'fetch')) flags |= 1 << KERNEL.execute;
    if (hasBit(low, entry.user)) flags |= 1 << KERNEL.user;
    if (hasBit(low, entry.accessed)) flags |= 1 << KERNEL.accessed;
    if (hasBit(low, entry.dirty)) flags |= 1 << KERNEL.dirty;
    this.low = ((frameIn(entry, low, high) << KERNEL.ppnShift) | flags) >>> 0;
    this.high = 0;
  }

  /** What one of the kernel's entries is in the table. */
  toTable(low: number, high: number): void {
    const { entry, entryBytes } = this.#format;
    if (!hasBit(low, KERNEL.valid)) {
      assert(entryBytes === 8 || high < 2 ** 28, 'an invalid entry of 4 bytes holds numbers below 2^28');
      this.low = entryBytes === 8 ? low : ((high << 4) | low) >>> 0;
      this.high = entryBytes === 8 ? high : 0;
      return;
    }
    let flags = 1 << entry.valid;
    const isRead = hasBit(low, KERNEL.read);
    if (isRead && entry.read !== undefined) flags |= 1 << entry.read;
    if (!isRead && entry.read === undefined) flags |= UNREADABLE;
    if (hasBit(low, KERNEL.write)) flags |= 1 << entry.write;
    if (entry.execute !== undefined && hasBit(low, KERNEL.execute)) flags |= 1 << entry.execute;
    if (hasBit(low, KERNEL.user)) flags |= 1 << entry.user;
    if (hasBit(low, KERNEL.accessed)) flags |= 1 << entry.accessed;
    if (hasBit(low, KERNEL.dirty)) flags |= 1 << entry.dirty;
    const halves = entryOf(entry, low >>> KERNEL.ppnShift, flags);
    this.low = halves.low;
    this.high = halves.high;
    if (entry.noExecute !== undefined && !hasBit(low, KERNEL.execute))
      this.high = (halves.high | (1 << (entry.noExecute - 32))) >>> 0;
  }
}

const isReadable = ({ read }: EntryLayout, low: number): boolean =>
  read === undefined ? (low & UNREADABLE) === 0 : hasBit(low, read);

/** The form of the kernel's entries. */
export interface KernelFormat extends EntryFormat {
  readonly entry: RiscvLayout;
}

export const kernelEntries: KernelFormat = {
  name: 'kernel',
  addressBits: 48,
  addresses: 'unsigned',
  offsetBits: 12,
  entryBytes: 8,
  entry: KERNEL,
};
