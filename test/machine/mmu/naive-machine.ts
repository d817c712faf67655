/**
 * A hart that executes the *text* of its instructions over the naive memory-management unit, and writes down
 * every look-up and reference. It knows just what the test programs use.
 */
import type { NaiveAccess, NaiveConfig, NaiveFault, NaiveRefill } from '../../support/naive-mmu.ts';
import { NaiveMmu } from '../../support/naive-mmu.ts';

const registerNames =
  'zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6';
const registerNumbers = new Map(registerNames.split(' ').map((name, i) => [name, i]));
const numberOf = (name: string): number => {
  const number = registerNumbers.get(name);
  if (number === undefined) throw new Error(`no register ${name}`);
  return number;
};

/** An instruction by the physical address of its first byte. */
export interface Line {
  readonly text: string;
  readonly bytes: 2 | 4;
}
export type Listing = ReadonlyMap<number, Line>;

export interface NaiveLookUp {
  readonly kind: NaiveAccess;
  readonly address: number;
  readonly bytes: number;
  /** Not a reference: it faulted, or is the first half of an access whose second half did. */
  failed: boolean;
  /** Not a reference: the fetch of an instruction that is tried again. */
  readonly repeated: boolean;
  /** The TLB lacked the page. */
  readonly missed: boolean;
  /** It led to a page. */
  readonly found: boolean;
}

export interface NaiveTrap {
  readonly cause: 'timer' | 'system-call' | 'page-fault' | 'misaligned';
  readonly access: NaiveAccess;
  readonly address: number;
  readonly pc: number;
}

/** Thrown by an instruction that does not retire. */
class Stop extends Error {
  readonly why: 'page-fault' | 'misaligned';
  readonly access: NaiveAccess;
  readonly address: bigint;

  constructor(why: 'page-fault' | 'misaligned', access: NaiveAccess, address: bigint) {
    super(why);
    this.why = why;
    this.access = access;
    this.address = address;
  }
}

/** Thrown by an instruction for which software has refilled the TLB. */
class TryAgain extends Error {}

/** Bytes of a page that may be accessed, [from, to). */
export type Bounds = (page: number) => readonly [from: number, to: number];

const isOutside = (bounds: Bounds, address: bigint, bytes: number): boolean => {
  const [from, to] = bounds(Number(address >> 12n));
  const offset = Number(address & 4095n);
  return Array.from({ length: bytes }, (_, i) => offset + i).some((at) => at < from || at >= to);
};

/** Physical addresses of an access's bytes, with the frames they lie in. */
interface Reached {
  readonly bytes: readonly number[];
}

const loads: Readonly<Record<string, readonly [bytes: number, signed: boolean]>> = {
  lb: [1, true],
  lh: [2, true],
  lw: [4, true],
  ld: [8, true],
  lbu: [1, false],
  lhu: [2, false],
  lwu: [4, false],
};
const stores: Readonly<Record<string, number>> = { sb: 1, sh: 2, sw: 4, sd: 8 };

export class NaiveMachine {
  readonly mmu: NaiveMmu;
  readonly ram: Uint8Array;
  readonly x: bigint[] = Array<bigint>(32).fill(0n);
  ft0 = 0n;
  pc = 0;
  readonly counts = { instructions: 0, fetches: 0, loads: 0, stores: 0 };
  readonly faults = new Set<NaiveFault>();
  /** Since the last `drain`. */
  lookUps: NaiveLookUp[] = [];
  readonly #listing: Listing;
  readonly #bounds: Bounds;
  readonly #lastUse = new Map<number, number>();
  #time = 0;
  #drainedAt = 0;
  #reservation: { address: bigint; value: bigint } | undefined;
  /** Fetches that were written down for the instruction that is the next to retire. */
  #fetched = new Set<bigint>();

  constructor(
    ram: Uint8Array,
    listing: Listing,
    config: NaiveConfig,
    seed: number,
    refill: NaiveRefill = 'hardware',
    bounds: Bounds = () => [0, 4096],
  ) {
    this.ram = ram;
    this.mmu = new NaiveMmu(ram, config, seed, refill);
    this.#listing = listing;
    this.#bounds = bounds;
  }

  /** The kernel did something that tells the present from what was before. */
  newMoment(): void {
    this.#fetched.clear();
  }

  setSpace(root: number, asid: number): void {
    if (this.mmu.root === root && this.mmu.asid === asid) return;
    this.mmu.root = root;
    this.mmu.asid = asid;
    this.#reservation = undefined;
    this.newMoment();
  }

  /** The kernel goes on elsewhere. */
  goTo(pc: number): void {
    if (pc !== this.pc) this.newMoment();
    this.pc = pc;
  }

  stamp(frame: number): void {
    this.newMoment();
    this.#use(frame);
  }

  /** Frames used since the last call, by last use. */
  drainUses(): number[] {
    const recent = [...this.#lastUse].filter(([, at]) => at > this.#drainedAt).sort((a, b) => a[1] - b[1]);
    this.#drainedAt = this.#time;
    return recent.map(([frame]) => frame);
  }

  #use(frame: number): void {
    this.#lastUse.set(frame, ++this.#time);
  }

  run(fuel: number): NaiveTrap {
    const limit = this.counts.instructions + fuel;
    for (;;) {
      const pc = this.pc;
      try {
        const line = this.#fetch(BigInt(pc));
        const [name, operands] = split(line.text);
        if (name === 'ecall') {
          this.#retire();
          return { cause: 'system-call', access: 'fetch', address: 0, pc };
        }
        const jumped = this.#execute(name, operands, line.bytes);
        this.#retire();
        const otherPage = Math.floor(this.pc / 4096) !== Math.floor(pc / 4096);
        if (this.counts.instructions >= limit && (jumped || otherPage)) {
          return { cause: 'timer', access: 'fetch', address: 0, pc: this.pc };
        }
      } catch (stop) {
        if (stop instanceof TryAgain) {
          this.pc = pc;
          continue;
        }
        if (!(stop instanceof Stop)) throw stop;
        this.pc = pc;
        return { cause: stop.why, access: stop.access, address: Number(stop.address), pc };
      }
    }
  }

  #retire(): void {
    this.counts.instructions++;
    this.#fetched.clear();
  }

  get #misses(): number {
    return this.mmu.counts.instructionMisses + this.mmu.counts.dataMisses;
  }

  #fetch(pc: bigint): Line {
    const first = this.#fetchHalf(pc, pc);
    const line = this.#listing.get(first);
    if (line === undefined) throw new Error(`no instruction at ${pc.toString(16)}`);
    if (line.bytes === 4 && (pc & 4095n) === 4094n) this.#fetchHalf(pc + 2n, pc);
    return line;
  }

  /** Bytes of the instruction at `physical` that lie in its page; a page's bound may hide the rest. */
  #bytesInPage(physical: number): number {
    const room = 4096 - (physical % 4096);
    return Math.min(room, this.#listing.get(physical)?.bytes ?? 2);
  }

  /** @param start where the instruction begins */
  #fetchHalf(address: bigint, start: bigint): number {
    this.counts.fetches++;
    const missesBefore = this.#misses;
    const found = this.mmu.translate(address, 'fetch', (physical) => {
      const bytes = address === start ? this.#bytesInPage(physical) : 2;
      return !isOutside(this.#bounds, address, bytes);
    });
    const failed = !('physical' in found);
    const repeated = !failed && this.#fetched.has(address);
    const missed = this.#misses > missesBefore;
    this.lookUps.push({
      kind: 'fetch',
      address: Number(address),
      bytes: 2,
      failed,
      repeated,
      missed,
      found: !failed,
    });
    if ('passes' in found) throw new Stop('page-fault', 'fetch', start);
    if ('refilled' in found) throw new TryAgain();
    if ('fault' in found) {
      this.faults.add(found.fault);
      throw new Stop('page-fault', 'fetch', address);
    }
    this.#fetched.add(address);
    if (!repeated) this.#use(found.frame);
    return found.physical;
  }

  /** Translates every page that the access touches. */
  #reach(address: bigint, bytes: number, kind: 'load' | 'store'): Reached {
    const inFirst = Math.min(bytes, 4096 - Number(address & 4095n));
    const parts: [bigint, number][] = [[address, inFirst]];
    if (inFirst < bytes) parts.push([BigInt.asUintN(64, address + BigInt(inFirst)), bytes - inFirst]);
    const reached: number[] = [];
    const frames: number[] = [];
    for (const [at, count] of parts) {
      this.counts[kind === 'load' ? 'loads' : 'stores']++;
      const missesBefore = this.#misses;
      const found = this.mmu.translate(at, kind, () => !isOutside(this.#bounds, at, count));
      const failed = !('physical' in found);
      if (failed && frames.length > 0) this.lookUps.at(-1)!.failed = true;
      const missed = this.#misses > missesBefore;
      this.lookUps.push({
        kind,
        address: Number(at),
        bytes: count,
        failed,
        repeated: false,
        missed,
        found: !failed,
      });
      if ('passes' in found) throw new Stop('page-fault', kind, address);
      if ('refilled' in found) throw new TryAgain();
      if ('fault' in found) {
        this.faults.add(found.fault);
        throw new Stop('page-fault', kind, at);
      }
      frames.push(found.frame);
      for (let i = 0; i < count; i++) reached.push(found.physical + i);
    }
    for (const frame of frames) this.#use(frame);
    return { bytes: reached };
  }

  #read({ bytes }: Reached, signed: boolean): bigint {
    const value = bytes.reduceRight((sum, at) => sum * 256n + BigInt(this.ram[at]!), 0n);
    return signed ? BigInt.asIntN(8 * bytes.length, value) : value;
  }

  #write({ bytes }: Reached, value: bigint): void {
    bytes.forEach((at, i) => {
      this.ram[at] = Number((value >> BigInt(8 * i)) & 255n);
    });
  }

  #get(name: string): bigint {
    return this.x[numberOf(name)]!;
  }

  #set(name: string, value: bigint): void {
    if (name !== 'zero') this.x[numberOf(name)] = BigInt.asIntN(64, value);
  }

  /** `imm(register)`. */
  #address(text: string): bigint {
    const [, offset, register] = /^(-?\d*)\((\w+)\)$/.exec(text)!;
    return BigInt.asUintN(64, this.#get(register!) + BigInt(offset === '' ? 0 : offset!));
  }

  /** Whether it was a jump or a branch, taken or not. */
  #execute(name: string, operands: readonly string[], bytes: number): boolean {
    const [a = '', b = '', c = ''] = operands;
    const next = this.pc + bytes;
    if (this.#jump(name, operands, next)) return true;
    this.pc = next;
    if (name in loads) {
      const [size, signed] = loads[name]!;
      this.#set(a, this.#read(this.#reach(this.#address(b), size, 'load'), signed));
    } else if (name in stores) {
      this.#write(this.#reach(this.#address(b), stores[name]!, 'store'), this.#get(a));
    } else if (name === 'fld') this.ft0 = this.#read(this.#reach(this.#address(b), 8, 'load'), false);
    else if (name === 'fsd') this.#write(this.#reach(this.#address(b), 8, 'store'), this.ft0);
    else if (/^(amo|lr|sc)/.test(name)) this.#atomic(name, operands);
    else if (name === 'addi') this.#set(a, this.#get(b) + BigInt(c));
    else if (name === 'c.addi') this.#set(a, this.#get(a) + BigInt(b));
    else if (name === 'add') this.#set(a, this.#get(b) + this.#get(c));
    else if (name === 'xor') this.#set(a, this.#get(b) ^ this.#get(c));
    else if (name === 'c.xor') this.#set(a, this.#get(a) ^ this.#get(b));
    else if (name === 'or') this.#set(a, this.#get(b) | this.#get(c));
    else if (name === 'slli') this.#set(a, this.#get(b) << BigInt(c));
    else if (name === 'srli') this.#set(a, BigInt.asUintN(64, this.#get(b)) >> BigInt(c));
    else if (name !== 'fence') throw new Error(`no instruction ${name}`);
    return false;
  }

  #jump(name: string, [a = '', b = '', c = '']: readonly string[], next: number): boolean {
    if (name === 'jal' || name === 'c.j') {
      this.pc = Number(name === 'jal' ? b : a);
      if (name === 'jal') this.#set(a, BigInt(next));
      return true;
    }
    if (name === 'jalr') {
      this.pc = Number(this.#address(b) & ~1n);
      this.#set(a, BigInt(next));
      return true;
    }
    if (name !== 'beq' && name !== 'bne') return false;
    const equal = this.#get(a) === this.#get(b);
    this.pc = equal === (name === 'beq') ? Number(c) : next;
    return true;
  }

  #atomic(name: string, operands: readonly string[]): void {
    const bytes = name.includes('.w') ? 4 : 8;
    const address = this.#address(operands.at(-1)!);
    const [rd = '', rs2 = ''] = operands;
    const isLoad = name.startsWith('lr');
    const kind = isLoad ? 'load' : 'store';
    if (address % BigInt(bytes) !== 0n) throw new Stop('misaligned', kind, address);
    if (name.startsWith('sc')) {
      this.#storeConditional(address, bytes, rd, this.#get(rs2));
      return;
    }
    const reached = this.#reach(address, bytes, kind);
    const old = this.#read(reached, true);
    if (isLoad) this.#reservation = { address, value: old };
    else this.#write(reached, name.startsWith('amoadd') ? old + this.#get(rs2) : this.#get(rs2));
    this.#set(rd, old);
  }

  /** Succeeds while the word holds what `lr` read: what no other hart can tell from a true reservation. */
  #storeConditional(address: bigint, bytes: number, rd: string, value: bigint): void {
    const held = this.#reservation;
    if (held === undefined || held.address !== address) {
      this.#reservation = undefined;
      this.#set(rd, 1n);
      return;
    }
    const reached = this.#reach(address, bytes, 'store');
    const same = this.#read(reached, true) === held.value;
    if (same) this.#write(reached, value);
    this.#reservation = undefined;
    this.#set(rd, same ? 0n : 1n);
  }
}

function split(text: string): [name: string, operands: string[]] {
  const [name = '', rest = ''] = text.split(' ');
  return [name, rest === '' ? [] : rest.split(',')];
}
