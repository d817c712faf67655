/** Page tables put into RAM by hand, entry by entry. */

/** Bits of an entry. */
export const V = 1n;
export const R = 2n;
export const W = 4n;
export const X = 8n;
export const U = 16n;
export const G = 32n;
export const A = 64n;
export const D = 128n;
/** N of Svnapot and one of the bits of Svpbmt: reserved on a machine without them. */
export const NAPOT = 1n << 63n;
export const PBMT = 1n << 61n;

export const entryTo = (frame: number, flags: bigint): bigint => (BigInt(frame) << 10n) | flags;

/** RAM and the next frame of it that is free. */
export class Pool {
  readonly ram: Uint8Array;
  readonly #view: DataView;
  next = 0;

  constructor(frames: number) {
    this.ram = new Uint8Array(frames * 4096);
    this.#view = new DataView(this.ram.buffer);
  }

  take(): number {
    if ((this.next + 1) * 4096 > this.ram.length) throw new Error('the test has too little RAM');
    return this.next++;
  }

  read(at: number): bigint {
    return this.#view.getBigUint64(at, true);
  }

  write(at: number, entry: bigint): void {
    this.#view.setBigUint64(at, entry, true);
  }

  /**
   * Writes the entry of page `page` in the table of `level` (2 is the root's, 0 the last), making the tables
   * on the way. Its physical address.
   */
  map(root: number, page: number, entry: bigint, level = 0): number {
    let table = root;
    for (let above = 2; above > level; above--) {
      const at = table * 4096 + indexOf(page, above) * 8;
      if (this.read(at) === 0n) this.write(at, entryTo(this.take(), V));
      table = Number(this.read(at) >> 10n);
    }
    const at = table * 4096 + indexOf(page, level) * 8;
    this.write(at, entry);
    return at;
  }
}

const indexOf = (page: number, level: number): number => Math.floor(page / 512 ** level) % 512;
