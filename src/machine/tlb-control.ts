/**
 * What the kernel does to the TLB: flushes. Between runs, so plain code over the same memory that generated
 * code uses; tlb.ts draws the layout.
 */
import type { TlbConfig } from './contract.ts';
import {
  DATA_SLOT_BYTES,
  INSTRUCTION_SLOT_BYTES,
  type Layout,
  SLOT_SUPERPAGE_AT,
  type SuperpageLayout,
  type TlbLayout,
  WAY_BYTES,
} from './layout.ts';

const WAY_WORDS = WAY_BYTES / 4;
const INVALID = 0xffffffff;

export class TlbControl {
  readonly #words: Uint32Array;
  readonly #layout: Layout;
  /** Each TLB once, also when one serves both purposes. */
  readonly #tlbs: readonly TlbLayout[];
  readonly #hasFastSlots: boolean;

  constructor(memory: ArrayBuffer, layout: Layout, kind: TlbConfig['kind']) {
    this.#words = new Uint32Array(memory);
    this.#layout = layout;
    this.#hasFastSlots = kind === 'split';
    this.#tlbs = [...new Set([layout.data, layout.instructions])].filter((tlb) => tlb !== undefined);
    this.forgetFastSlots();
  }

  /** Drops one page of one space, and the superpage that it lies in; the number of entries dropped. */
  flushPage(asid: number, page: number): number {
    let dropped = 0;
    for (const tlb of this.#tlbs) {
      dropped += this.#dropKey(tlb, asid, page);
      const { superpages } = tlb;
      if (superpages) dropped += this.#dropKey(superpages, asid, Math.floor(page / 2 ** superpages.pageBits));
    }
    return dropped;
  }

  flushSpace(asid: number): number {
    const wanted = (asid << 1) | 1;
    return this.#dropEverywhere((low) => (low & 0x1ffff) === wanted);
  }

  flushAll(): number {
    return this.#dropEverywhere(() => true);
  }

  /** Makes every inlined check fail; what the TLB holds stays. */
  forgetFastSlots(): void {
    if (!this.#hasFastSlots) return;
    for (const tlb of this.#tlbs) for (let set = 0; set < tlb.sets; set++) this.#forgetSlot(tlb, set);
  }

  /** Makes the next write to a frame take the slow path. */
  withholdWrites(frame: number): void {
    if (!this.#hasFastSlots) return;
    const tlb = this.#layout.data!;
    for (let set = 0; set < tlb.sets; set++) {
      const slot = (tlb.fast + set * DATA_SLOT_BYTES) >> 2;
      if (this.#words[slot + 6] === frame) this.#words.fill(INVALID, slot + 2, slot + 4);
    }
  }

  /** Makes the next fetch from a frame take the slow path. */
  forgetCode(frame: number): void {
    if (!this.#hasFastSlots) return;
    const tlb = this.#layout.instructions!;
    for (let set = 0; set < tlb.sets; set++) {
      const slot = (tlb.fast + set * INSTRUCTION_SLOT_BYTES) >> 2;
      if (this.#words[slot + 4] === frame) this.#words.fill(INVALID, slot, slot + 2);
    }
  }

  #dropKey(tlb: TlbLayout | SuperpageLayout, asid: number, page: number): number {
    const low = ((page << 17) | (asid << 1) | 1) >>> 0;
    const high = Math.floor(page / 2 ** 15) >>> 0;
    return this.#dropFromSet(tlb, page & (tlb.sets - 1), (lo, hi) => lo === low && hi === high);
  }

  #dropEverywhere(matches: (low: number, high: number) => boolean): number {
    let dropped = 0;
    for (const tlb of this.#tlbs) {
      for (const part of tlb.superpages ? [tlb, tlb.superpages] : [tlb])
        for (let set = 0; set < part.sets; set++) dropped += this.#dropFromSet(part, set, matches);
    }
    return dropped;
  }

  /** Ordered policies keep their entries together at the front of the set; random leaves the way empty. */
  #dropFromSet(
    tlb: TlbLayout | SuperpageLayout,
    set: number,
    matches: (low: number, high: number) => boolean,
  ): number {
    const words = this.#words;
    const ways = tlb.shape.ways;
    const first = (tlb.ways + set * ways * WAY_BYTES) >> 2;
    const end = first + ways * WAY_WORDS;
    let dropped = 0;
    for (let way = first; way < end; ) {
      const low = words[way]!;
      if (low === 0 || !matches(low, words[way + 1]!)) {
        way += WAY_WORDS;
        continue;
      }
      dropped++;
      if (tlb.shape.replacement === 'random') {
        words.fill(0, way, way + WAY_WORDS);
      } else {
        words.copyWithin(way, way + WAY_WORDS, end);
        words.fill(0, end - WAY_WORDS, end);
      }
    }
    if (dropped > 0 && this.#hasFastSlots) {
      if ('slots' in tlb) this.#forgetPagesOf(tlb, first << 2);
      else this.#forgetSlot(tlb, set);
    }
    return dropped;
  }

  /** Forgets the fast slots that stand for pages of a set of superpages. */
  #forgetPagesOf({ fast, slots }: SuperpageLayout, set: number): void {
    for (let i = 0; i < slots; i++) {
      const slot = (fast + i * DATA_SLOT_BYTES) >> 2;
      if (this.#words[slot + SLOT_SUPERPAGE_AT / 4] === set) this.#words.fill(INVALID, slot, slot + 4);
    }
  }

  #forgetSlot(tlb: TlbLayout, set: number): void {
    const slot = (tlb.fast + set * DATA_SLOT_BYTES) >> 2;
    this.#words.fill(INVALID, slot, slot + 4);
  }
}
