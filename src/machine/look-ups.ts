/** The kernel's end of the reference ring: TLB look-ups and flushes, in order; ring.ts draws an entry. */
import { AT, type Layout, RING_ENTRY_BYTES } from './layout.ts';
import { RING_FLAG } from './ring.ts';

const KINDS = ['fetch', 'load', 'store', 'flush-page', 'flush-space', 'flush-all'] as const;

export interface RecordedLookUp {
  readonly kind: (typeof KINDS)[number];
  /** Of a flush of one page: the page's number. */
  readonly address: number;
  readonly bytes: number;
  readonly asid: number;
  /** Of no reference: it, or the other half of its access, could not be made. */
  readonly failed: boolean;
  readonly repeated: boolean;
  /** The TLB lacked the page. */
  readonly missed: boolean;
  /** It led to a page that may be accessed so, which the TLB has since then. */
  readonly found: boolean;
}

const NO_LOOK_UP = { bytes: 0, failed: false, repeated: false, missed: false, found: true } as const;

export class LookUps {
  readonly #buffer: ArrayBuffer;
  readonly #words: Uint32Array;
  readonly #ring: number;
  readonly #bytes: number;
  /** Flushes for which the ring had no room: the kernel can make any number between two runs. */
  readonly #flushesBehind: RecordedLookUp[] = [];

  constructor(buffer: ArrayBuffer, { ring, ringBytes }: Layout) {
    this.#buffer = buffer;
    this.#words = new Uint32Array(buffer);
    this.#ring = ring;
    this.#bytes = ringBytes;
  }

  drain(each: (entry: RecordedLookUp) => void): void {
    const used = this.#words[AT.ringUsed >> 2]!;
    const view = new DataView(this.#buffer, this.#ring, used);
    for (let at = 0; at < used; at += RING_ENTRY_BYTES) {
      const flags = view.getUint8(at + 10);
      each({
        kind: KINDS[view.getUint8(at + 8)]!,
        address: Number(view.getBigUint64(at, true)),
        bytes: view.getUint8(at + 9),
        asid: view.getUint32(at + 12, true),
        failed: (flags & (RING_FLAG.failed | RING_FLAG.halved)) !== 0,
        repeated: (flags & RING_FLAG.repeated) !== 0,
        missed: (flags & RING_FLAG.missed) !== 0,
        found: (flags & RING_FLAG.failed) === 0,
      });
    }
    this.#words[AT.ringUsed >> 2] = 0;
    for (const entry of this.#flushesBehind.splice(0)) each(entry);
  }

  /** @param kind of RING_KIND */
  flushed(kind: number, page: number, asid: number): void {
    const used = this.#words[AT.ringUsed >> 2]!;
    if (this.#bytes === 0) return;
    if (used + RING_ENTRY_BYTES > this.#bytes) {
      this.#flushesBehind.push({ kind: KINDS[kind]!, address: page, asid, ...NO_LOOK_UP });
      return;
    }
    const view = new DataView(this.#buffer, this.#ring + used, RING_ENTRY_BYTES);
    view.setBigUint64(0, BigInt(page), true);
    view.setUint32(8, kind, true);
    view.setUint32(12, asid, true);
    this.#words[AT.ringUsed >> 2] = used + RING_ENTRY_BYTES;
  }

  /** What was in the ring is not part of a state that is loaded. */
  forget(): void {
    this.#words[AT.ringUsed >> 2] = 0;
    this.#flushesBehind.length = 0;
  }
}
