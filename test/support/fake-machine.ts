/**
 * A machine without instructions: RAM, stamps, and accesses that walk the table in RAM, or that trap until software has
 * filled the TLB. Its TLB never forgets anything by itself, so that an entry that should have been flushed is used for
 * ever.
 */
import { type Frame, frame as frameNumber, type VirtualAddress, type Vpn } from '../../src/base/numbers.ts';
import type {
  Access,
  MachineCounters,
  MachinePort,
  MachineState,
  RegisterContext,
  TlbFill,
  Trap,
  TrapCause,
} from '../../src/machine/contract.ts';
import {
  hasBit,
  permits,
  type RadixGeometry,
  readEntry,
  walk,
  writeEntry,
} from '../../src/translation/radix.ts';
import { sv39 } from '../../src/translation/sv39.ts';

/** What the TLB keeps of a leaf entry. */
interface TlbEntry {
  frame: Frame;
  low: number;
}

/** Why an access could not be made. */
export type FakeTrap = Extract<TrapCause, 'page-fault' | 'tlb-miss' | 'tlb-modify'>;

export class FakeMachine implements MachinePort {
  readonly ram: Uint8Array;
  readonly ramView: DataView;
  readonly frames: number;
  readonly x = new BigInt64Array(32);
  readonly f = new BigUint64Array(32);
  pc = 0 as VirtualAddress;
  fcsr = 0;
  instructions = 0;
  readonly geometry: RadixGeometry;
  /** Frames whose code was dropped, in order. */
  readonly changed: Frame[] = [];
  readonly refill: 'hardware' | 'software';
  /** How the TLB holds a superpage. */
  readonly superpages: 'pieces' | 'whole';
  /** Why the last access that was not made was not. */
  trap: FakeTrap = 'page-fault';
  #root = frameNumber(0);
  #asid = 0;
  #time = 0;
  #flushed = 0;
  #stamps: Float64Array;
  #drained = 0;
  #tlb = new Map<string, TlbEntry>();

  constructor(
    frames: number,
    refill: 'hardware' | 'software' = 'hardware',
    geometry: RadixGeometry = sv39,
    superpages: 'pieces' | 'whole' = 'pieces',
  ) {
    this.superpages = superpages;
    this.frames = frames;
    this.refill = refill;
    this.geometry = geometry;
    this.ram = new Uint8Array(frames * 4096);
    // What was there before must not shine through.
    this.ram.fill(0xa5);
    this.ramView = new DataView(this.ram.buffer);
    this.#stamps = new Float64Array(frames);
  }

  /** Makes one access of the guest: its physical address, or `undefined` when there is a `trap`. */
  access(address: number, access: Access): number | undefined {
    const page = Math.floor(address / 4096);
    const key = `${this.#asid}:${page}`;
    const hit = this.#tlb.get(key) ?? this.#wholeHit(page);
    if (hit !== undefined && this.#allows(hit.low, access)) {
      this.#stamps[hit.frame] = ++this.#time;
      return hit.frame * 4096 + (address % 4096);
    }
    if (this.refill === 'hardware') return this.#walk(key, address, access);
    const { entry: layout } = this.geometry;
    if (hit === undefined) this.trap = 'tlb-miss';
    else this.trap = permits(layout, hit.low, 0, access) ? 'tlb-modify' : 'page-fault';
    return undefined;
  }

  #walk(key: string, address: number, access: Access): number | undefined {
    const { entry: layout } = this.geometry;
    const result = walk(this.geometry, this.ramView, this.#root, address, access);
    if (result.kind === 'fault') return undefined;
    const bits = (1 << layout.accessed) | (access === 'store' ? 1 << layout.dirty : 0);
    const low = (result.entry.low | bits) >>> 0;
    writeEntry(this.geometry, this.ramView, result.entryAddress, { low, high: result.entry.high });
    const isWhole = this.superpages === 'whole' && result.level === this.geometry.indexBits.length - 2;
    if (!isWhole) this.#tlb.set(key, { frame: result.frame, low });
    else {
      const inside = Math.floor(address / 4096) % this.#span;
      this.#tlb.delete(key);
      this.#tlb.set(this.#wholeKey(this.#asid, Math.floor(address / 4096)), {
        frame: (result.frame - inside) as Frame,
        low,
      });
    }
    this.#stamps[result.frame] = ++this.#time;
    return result.frame * 4096 + (address % 4096);
  }

  get #span(): number {
    return 2 ** this.geometry.indexBits.at(-1)!;
  }

  #wholeKey(asid: number, page: number): string {
    return `${asid}:superpage ${Math.floor(page / this.#span)}`;
  }

  /** What a superpage in the TLB says of one of its pages. */
  #wholeHit(page: number): TlbEntry | undefined {
    const hit = this.#tlb.get(this.#wholeKey(this.#asid, page));
    return hit && { frame: (hit.frame + (page % this.#span)) as Frame, low: hit.low };
  }

  /** Whether a page is in the TLB. */
  caches(asid: number, page: number): boolean {
    return this.#tlb.has(`${asid}:${page}`);
  }

  /** Whether the superpage of a page is. */
  cachesWhole(asid: number, page: number): boolean {
    return this.#tlb.has(this.#wholeKey(asid, page));
  }

  /** A store through an entry that is not dirty yet is not just made, so that the table gets its bit. */
  #allows(low: number, access: Access): boolean {
    const { entry: layout } = this.geometry;
    if (!permits(layout, low, 0, access)) return false;
    return access !== 'store' || hasBit(low, layout.dirty);
  }

  /** Leaf entry of a page in RAM, as halves; `undefined` without a table. */
  leafEntry(address: number): { low: number; high: number } | undefined {
    const result = walk(this.geometry, this.ramView, this.#root, address, 'load');
    return result.kind === 'leaf' ? readEntry(this.geometry, this.ramView, result.entryAddress) : undefined;
  }

  run(): Trap {
    throw new Error('this machine runs no instructions');
  }

  setSpace(root: Frame, asid: number): void {
    this.#root = root;
    this.#asid = asid;
  }

  fillTlb(asid: number, page: Vpn, _access: Access, { frame, flags }: TlbFill): void {
    if (this.refill === 'hardware') throw new Error('this machine walks its table');
    this.#tlb.set(`${asid}:${page}`, { frame, low: flags });
  }

  flushPage(asid: number, page: Vpn): void {
    if (this.#tlb.delete(`${asid}:${page}`)) this.#flushed++;
    if (this.#tlb.delete(this.#wholeKey(asid, page))) this.#flushed++;
  }

  flushSpace(asid: number): void {
    for (const key of [...this.#tlb.keys()]) {
      if (key.startsWith(`${asid}:`) && this.#tlb.delete(key)) this.#flushed++;
    }
  }

  flushAll(): void {
    this.#flushed += this.#tlb.size;
    this.#tlb.clear();
  }

  codeChanged(frame: Frame): void {
    this.changed.push(frame);
  }

  drainUses(each: (frame: Frame) => void): void {
    const since = this.#drained;
    const used = [...this.#stamps.keys()].filter((frame) => this.#stamps[frame]! > since);
    used.sort((a, b) => this.#stamps[a]! - this.#stamps[b]!);
    this.#drained = this.#stamps[used.at(-1) ?? -1] ?? since;
    for (const frame of used) each(frame as Frame);
  }

  stamp(frame: Frame): void {
    this.#stamps[frame] = ++this.#time;
  }

  clearStamp(frame: Frame): void {
    this.#stamps[frame] = 0;
  }

  counters(): MachineCounters {
    return {
      instructions: this.instructions,
      fetches: 0,
      loads: 0,
      stores: 0,
      instructionTlbMisses: 0,
      dataTlbMisses: 0,
      walkLoads: 0,
      dirtyWalks: 0,
      flushed: this.#flushed,
    };
  }

  drainReferences(): void {}
  saveRegisters(_into: RegisterContext): void {}
  loadRegisters(_from: RegisterContext): void {}

  save(): MachineState {
    throw new Error('use clone');
  }

  load(): void {
    throw new Error('use clone');
  }

  /** Another machine in the same state. */
  clone(): FakeMachine {
    const other = new FakeMachine(this.frames, this.refill, this.geometry, this.superpages);
    other.ram.set(this.ram);
    other.instructions = this.instructions;
    other.pc = this.pc;
    other.setSpace(this.#root, this.#asid);
    other.#time = this.#time;
    other.#flushed = this.#flushed;
    other.#stamps = this.#stamps.slice();
    other.#drained = this.#drained;
    other.#tlb = structuredClone(this.#tlb);
    return other;
  }
}
