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

export type NaiveConfig =
  | { readonly kind: 'split'; readonly data: NaiveShape; readonly instructions: NaiveShape }
  | { readonly kind: 'unified'; readonly shape: NaiveShape }
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

type Walked = { readonly leaf: Leaf } | { readonly fault: NaiveFault };
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
  readonly #data: NaiveTlb | undefined;
  readonly #instructions: NaiveTlb | undefined;

  constructor(ram: Uint8Array, config: NaiveConfig, seed: number, refill: NaiveRefill = 'hardware') {
    this.ram = ram;
    this.#refill = refill;
    const random = new NaiveRandom(seed);
    if (config.kind === 'split') {
      this.#data = new NaiveTlb(config.data, random);
      this.#instructions = new NaiveTlb(config.instructions, random);
    } else if (config.kind === 'unified') {
      this.#data = new NaiveTlb(config.shape, random);
      this.#instructions = this.#data;
    }
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
    const page = address >> 12n;
    const held = tlb?.find(page, this.asid);
    let leaf = held?.leaf;
    if (held === undefined) {
      if (access === 'fetch') this.counts.instructionMisses++;
      else this.counts.dataMisses++;
      const walked = this.#walk(address, access);
      if ('fault' in walked) return walked;
      leaf = walked.leaf;
      tlb?.insert(page, this.asid, leaf);
      if (this.#refill === 'software') return { refilled: true };
    }
    const allowed =
      access === 'fetch' ? leaf!.executable : access === 'load' ? leaf!.readable : leaf!.writable;
    if (!allowed) return { fault: 'access is not permitted' };
    if (!isInside(leaf!.frame * 4096 + Number(address & 4095n))) return { passes: true };
    if (access === 'store' && !leaf!.dirty) {
      if (this.#refill === 'hardware') this.counts.dirtyWalks++;
      const walked = this.#walk(address, access);
      if ('fault' in walked) return walked;
      leaf = walked.leaf;
      held!.leaf = leaf;
      if (this.#refill === 'software') return { refilled: true };
    }
    return { frame: leaf!.frame, physical: leaf!.frame * 4096 + Number(address & 4095n) };
  }

  #walk(address: bigint, access: NaiveAccess): Walked {
    return naiveWalk(this.ram, this.root, address, access, () => {
      if (this.#refill === 'hardware') this.counts.walkLoads++;
    });
  }

  flushPage(asid: number, page: number): void {
    this.#drop((held) => held.asid === asid && held.page === BigInt(page));
  }

  flushSpace(asid: number): void {
    this.#drop((held) => held.asid === asid);
  }

  flushAll(): void {
    this.#drop(() => true);
  }

  #drop(isMeant: (held: Held) => boolean): void {
    for (const tlb of new Set([this.#data, this.#instructions])) {
      this.counts.flushed += tlb?.drop(isMeant) ?? 0;
    }
  }
}
