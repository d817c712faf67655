/**
 * A memory-management unit as a person would carry it out with a pencil: slow, step by step, sharing nothing
 * with the product. What the product's generated one does is compared with it.
 *
 * Sources: RISC-V Instruction Set Manual, volume II, version 20240411, section 12.3.2 (the numbered steps) and
 * 12.4 (Sv39), with hardware that sets A and D; the TLB as the product's documentation defines it.
 */
export type NaiveAccess = 'fetch' | 'load' | 'store';

export interface NaiveShape {
  readonly entries: number;
  readonly ways: number;
  readonly replacement: 'lru' | 'fifo' | 'random';
}

/** `superpages`: the shape of a TLB for superpages beside each of the others. */
export type NaiveConfig =
  | {
      readonly kind: 'split';
      readonly data: NaiveShape;
      readonly instructions: NaiveShape;
      readonly superpages?: NaiveShape;
    }
  | { readonly kind: 'unified'; readonly shape: NaiveShape; readonly superpages?: NaiveShape }
  | { readonly kind: 'none' };

/** Everything that can be wrong, in the words of the manual. */
export const naiveFaults = [
  'address is not canonical',
  'entry is not valid',
  'entry is writable but not readable',
  'reserved bits are set',
  'last level holds a pointer',
  'pointer has A, D or U',
  'superpage is misaligned',
  'page is not for users',
  'access is not permitted',
  'memory is not there',
] as const;
export type NaiveFault = (typeof naiveFaults)[number];

export interface NaiveCounts {
  instructionMisses: number;
  dataMisses: number;
  walkLoads: number;
  dirtyWalks: number;
  flushed: number;
}

/** A leaf as it was when it was walked to. */
interface Leaf {
  frame: number;
  readable: boolean;
  writable: boolean;
  executable: boolean;
  dirty: boolean;
}

/** `leaf` is of the page of 4 KiB that holds the address; `level` where it was found, 0 in a last table. */
interface Reached {
  readonly leaf: Leaf;
  readonly level: number;
}
type Walked = Reached | { readonly fault: NaiveFault };
/** `refilled`: the TLB has what it lacked now, and the instruction is to be tried again. */
export type NaiveTranslation =
  | { readonly frame: number; readonly physical: number }
  | { readonly fault: NaiveFault }
  | { readonly refilled: true }
  /** The access passes a bound of the page. */
  | { readonly passes: true };

/** Who brings in what the TLB lacks, and sets dirty bits. */
export type NaiveRefill = 'hardware' | 'software';

const bitOf = (entry: bigint, bit: number): boolean => ((entry >> BigInt(bit)) & 1n) === 1n;
const [V, R, W, X, U, A, D] = [0, 1, 2, 3, 4, 6, 7];

function readEntry(ram: Uint8Array, at: number): bigint {
  let entry = 0n;
  for (let i = 7; i >= 0; i--) entry = entry * 256n + BigInt(ram[at + i]!);
  return entry;
}

function writeEntry(ram: Uint8Array, at: number, entry: bigint): void {
  for (let i = 0; i < 8; i++) ram[at + i] = Number((entry >> BigInt(8 * i)) & 255n);
}

/** Bits 63 to 39 must all equal bit 38. */
export function isCanonicalAddress(address: bigint): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(39, address)) === address;
}

/** Steps 2 to 9 of the manual's list. `count` is called for each entry read. */
export function naiveWalk(
  ram: Uint8Array,
  root: number,
  address: bigint,
  access: NaiveAccess,
  count: () => void,
): Walked {
  if (!isCanonicalAddress(address)) return { fault: 'address is not canonical' };
  const frames = BigInt(ram.length / 4096);
  let table = BigInt(root);
  for (let level = 2; level >= 0; level--) {
    const index = (address >> BigInt(12 + 9 * level)) & 511n;
    const at = Number(table * 4096n + index * 8n);
    const entry = readEntry(ram, at);
    count();
    if (!bitOf(entry, V)) return { fault: 'entry is not valid' };
    if (bitOf(entry, W) && !bitOf(entry, R)) return { fault: 'entry is writable but not readable' };
    if (entry >> 54n !== 0n) return { fault: 'reserved bits are set' };
    const target = (entry >> 10n) & ((1n << 44n) - 1n);
    if (bitOf(entry, R) || bitOf(entry, X)) return naiveLeaf(ram, at, entry, target, level, address, access);
    if (level === 0) return { fault: 'last level holds a pointer' };
    if (bitOf(entry, A) || bitOf(entry, D) || bitOf(entry, U)) return { fault: 'pointer has A, D or U' };
    if (target >= frames) return { fault: 'memory is not there' };
    table = target;
  }
  throw new Error('a walk has at most three levels');
}

function naiveLeaf(
  ram: Uint8Array,
  at: number,
  entry: bigint,
  target: bigint,
  level: number,
  address: bigint,
  access: NaiveAccess,
): Walked {
  const below = (1n << BigInt(9 * level)) - 1n;
  if ((target & below) !== 0n) return { fault: 'superpage is misaligned' };
  if (!bitOf(entry, U)) return { fault: 'page is not for users' };
  const needed = access === 'fetch' ? X : access === 'load' ? R : W;
  if (!bitOf(entry, needed)) return { fault: 'access is not permitted' };
  const frame = target + ((address >> 12n) & below);
  if (frame >= BigInt(ram.length / 4096)) return { fault: 'memory is not there' };
  const updated = entry | (1n << BigInt(A)) | (access === 'store' ? 1n << BigInt(D) : 0n);
  if (updated !== entry) writeEntry(ram, at, updated);
  return {
    level,
    leaf: {
      frame: Number(frame),
      readable: bitOf(entry, R),
      writable: bitOf(entry, W),
      executable: bitOf(entry, X),
      dirty: bitOf(updated, D),
    },
  };
}

interface Held {
  readonly page: bigint;
  readonly asid: number;
  leaf: Leaf;
  /** Times, from one counter. */
  insertedAt: number;
  usedAt: number;
}

/** Knuth's MMIX generator; the bits from 33 upwards choose. Both TLBs of a split pair draw from one. */
class NaiveRandom {
  state: bigint;

  constructor(seed: number) {
    this.state = BigInt.asUintN(64, BigInt(seed));
  }

  below(n: number): number {
    this.state = BigInt.asUintN(64, this.state * 6364136223846793005n + 1442695040888963407n);
    return Number((this.state >> 33n) % BigInt(n));
  }
}

/** Ways with times instead of an order among them. */
class NaiveTlb {
  readonly #shape: NaiveShape;
  readonly #sets: (Held | undefined)[][];
  readonly #random: NaiveRandom;
  #time = 0;

  constructor(shape: NaiveShape, random: NaiveRandom) {
    this.#shape = shape;
    this.#random = random;
    this.#sets = Array.from({ length: shape.entries / shape.ways }, () => Array(shape.ways).fill(undefined));
  }

  #setOf(page: bigint): (Held | undefined)[] {
    return this.#sets[Number(page % BigInt(this.#sets.length))]!;
  }

  find(page: bigint, asid: number): Held | undefined {
    const held = this.#setOf(page).find((way) => way?.page === page && way.asid === asid);
    if (held !== undefined) held.usedAt = ++this.#time;
    return held;
  }

  insert(page: bigint, asid: number, leaf: Leaf): void {
    const set = this.#setOf(page);
    const now = ++this.#time;
    set[this.#placeIn(set)] = { page, asid, leaf, insertedAt: now, usedAt: now };
  }

  #placeIn(set: readonly (Held | undefined)[]): number {
    const empty = set.indexOf(undefined);
    if (empty >= 0) return empty;
    if (this.#shape.replacement === 'random') return this.#random.below(set.length);
    const times = set.map((way) => (this.#shape.replacement === 'lru' ? way!.usedAt : way!.insertedAt));
    return times.indexOf(Math.min(...times));
  }

  /** Drops what `isMeant`; how many. */
  drop(isMeant: (held: Held) => boolean): number {
    let dropped = 0;
    for (const set of this.#sets) {
      for (let way = 0; way < set.length; way++) {
        const held = set[way];
        if (held === undefined || !isMeant(held)) continue;
        set[way] = undefined;
        dropped++;
      }
    }
    return dropped;
  }
}

/** Walker and TLBs over `ram`, in whose entries it sets referenced and dirty bits. */
/** Two TLBs that are asked at the same time. */
interface NaivePair {
  readonly pages: NaiveTlb;
  readonly superpages: NaiveTlb | undefined;
}

/** What a look-up found, and in what unit. */
interface Found {
  readonly held: Held;
  readonly isSuperpage: boolean;
}

const PAGES_A_SUPERPAGE = 512n;

export class NaiveMmu {
  readonly ram: Uint8Array;
  readonly counts: NaiveCounts = {
    instructionMisses: 0,
    dataMisses: 0,
    walkLoads: 0,
    dirtyWalks: 0,
    flushed: 0,
  };
  /** Frame of the root table, and the address-space identifier. */
  root = 0;
  asid = 0;
  readonly #refill: NaiveRefill;
  readonly #data: NaivePair | undefined;
  readonly #instructions: NaivePair | undefined;

  constructor(ram: Uint8Array, config: NaiveConfig, seed: number, refill: NaiveRefill = 'hardware') {
    this.ram = ram;
    this.#refill = refill;
    const random = new NaiveRandom(seed);
    if (config.kind === 'none') return;
    const { superpages } = config;
    const pair = (shape: NaiveShape): NaivePair => ({
      pages: new NaiveTlb(shape, random),
      superpages: superpages && new NaiveTlb(superpages, random),
    });
    this.#data = pair(config.kind === 'split' ? config.data : config.shape);
    this.#instructions = config.kind === 'split' ? pair(config.instructions) : this.#data;
  }

  /**
   * One look-up.
   * @param isInside whether the bytes at a physical address may be accessed
   */
  translate(
    address: bigint,
    access: NaiveAccess,
    isInside: (physical: number) => boolean = () => true,
  ): NaiveTranslation {
    const tlb = access === 'fetch' ? this.#instructions : this.#data;
    const found = this.#find(tlb, address);
    let leaf = found && pieceOf(found, address);
    if (leaf === undefined) {
      if (access === 'fetch') this.counts.instructionMisses++;
      else this.counts.dataMisses++;
      const walked = this.#walk(address, access);
      if ('fault' in walked) return walked;
      leaf = walked.leaf;
      this.#insert(tlb, address, walked);
      if (this.#refill === 'software') return { refilled: true };
    }
    if (leaf.frame >= this.ram.length / 4096) return { fault: 'memory is not there' };
    const allowed = access === 'fetch' ? leaf.executable : access === 'load' ? leaf.readable : leaf.writable;
    if (!allowed) return { fault: 'access is not permitted' };
    if (!isInside(leaf.frame * 4096 + Number(address & 4095n))) return { passes: true };
    if (access === 'store' && !leaf.dirty) {
      if (this.#refill === 'hardware') this.counts.dirtyWalks++;
      const walked = this.#walk(address, access);
      if ('fault' in walked) return walked;
      leaf = walked.leaf;
      if (found !== undefined) update(found, address, walked);
      if (this.#refill === 'software') return { refilled: true };
    }
    return { frame: leaf.frame, physical: leaf.frame * 4096 + Number(address & 4095n) };
  }

  /** The TLB for pages goes first; the other is used only if that one has nothing. */
  #find(tlb: NaivePair | undefined, address: bigint): Found | undefined {
    const page = address >> 12n;
    const held = tlb?.pages.find(page, this.asid);
    if (held !== undefined) return { held, isSuperpage: false };
    const larger = tlb?.superpages?.find(page / PAGES_A_SUPERPAGE, this.asid);
    return larger && { held: larger, isSuperpage: true };
  }

  #insert(tlb: NaivePair | undefined, address: bigint, { leaf, level }: Reached): void {
    const page = address >> 12n;
    if (level > 0 && tlb?.superpages !== undefined) {
      tlb.superpages.insert(page / PAGES_A_SUPERPAGE, this.asid, superpageOf(leaf, address));
    } else tlb?.pages.insert(page, this.asid, leaf);
  }

  #walk(address: bigint, access: NaiveAccess): Walked {
    return naiveWalk(this.ram, this.root, address, access, () => {
      if (this.#refill === 'hardware') this.counts.walkLoads++;
    });
  }

  flushPage(asid: number, page: number): void {
    this.#drop(
      (held) => held.asid === asid && held.page === BigInt(page),
      (held) => held.asid === asid && held.page === BigInt(page) / PAGES_A_SUPERPAGE,
    );
  }

  flushSpace(asid: number): void {
    this.#drop((held) => held.asid === asid);
  }

  flushAll(): void {
    this.#drop(() => true);
  }

  #drop(isMeant: (held: Held) => boolean, isMeantSuperpage = isMeant): void {
    for (const tlb of new Set([this.#data, this.#instructions])) {
      this.counts.flushed += tlb?.pages.drop(isMeant) ?? 0;
      this.counts.flushed += tlb?.superpages?.drop(isMeantSuperpage) ?? 0;
    }
  }
}

const placeIn = (address: bigint): number => Number((address >> 12n) % PAGES_A_SUPERPAGE);

/** Of a leaf for one page, the one for the superpage around it. */
const superpageOf = (leaf: Leaf, address: bigint): Leaf => ({
  ...leaf,
  frame: leaf.frame - placeIn(address),
});

function pieceOf({ held, isSuperpage }: Found, address: bigint): Leaf {
  return isSuperpage ? { ...held.leaf, frame: held.leaf.frame + placeIn(address) } : held.leaf;
}

/** After a walk for the dirty bit. A superpage whose page has a leaf of its own by now stays as it was. */
function update({ held, isSuperpage }: Found, address: bigint, { leaf, level }: Reached): void {
  if (!isSuperpage) held.leaf = leaf;
  else if (level > 0) held.leaf = superpageOf(leaf, address);
}
