/**
 * The machine without a kernel: pages mapped as a test says, and of the system calls only what a test program
 * needs to say something and end. Virtual addresses below 512 GiB / 2; frames are given out in order.
 */
import { type Frame, frame, virtualAddress } from '../../src/base/numbers.ts';
import { assemble } from '../../src/isa/text.ts';
import type { MachineConfig, TlbShape, Trap } from '../../src/machine/contract.ts';
import { generateInterpreter, interpreterShape } from '../../src/machine/interpreter.ts';
import { layoutOf } from '../../src/machine/layout.ts';
import { Machine } from '../../src/machine/machine.ts';
import {
  encodeLeaf,
  encodePointer,
  frameIn,
  indexAt,
  readEntry,
  writeEntry,
} from '../../src/translation/radix.ts';
import { sv39 } from '../../src/translation/sv39.ts';

export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Bytes in memory; those behind `bytes` are zero. */
  readonly size: number;
  readonly write: boolean;
  readonly execute: boolean;
}

export interface Program {
  readonly entry: number;
  readonly segments: readonly Segment[];
}

/** Rights of a page; without any given a page is readable, writable and executable. */
export interface PageRights {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly execute?: boolean;
  /** Whether the referenced and dirty bits are set from the start. */
  readonly preset?: boolean;
}

export interface Outcome {
  /** Exit status, or the trap that ended the run. */
  readonly end: number | Trap;
  /** What was written, on whatever descriptor. */
  readonly output: Buffer;
}

const shape = (entries: number, ways: number, replacement: TlbShape['replacement'] = 'lru'): TlbShape => ({
  entries,
  ways,
  replacement,
});

/** A machine of 64×4 LRU TLBs without stamps and recording, but for what `changed` says. */
export const bareConfig = (changed: Partial<MachineConfig> = {}): MachineConfig => ({
  frames: 64,
  tlb: { kind: 'split', data: shape(64, 4), instructions: shape(64, 4) },
  refill: 'hardware',
  geometry: sv39,
  stamps: 'off',
  references: 'off',
  seed: 1,
  ...changed,
});

/** Configurations that must not differ in anything a program sees. */
export const equivalentConfigs: Readonly<Record<string, Partial<MachineConfig>>> = {
  'split 64x4': {},
  'split, stamped': { stamps: 'on' },
  'split, one entry each': { tlb: { kind: 'split', data: shape(1, 1), instructions: shape(1, 1) } },
  'split 4x2 random': {
    tlb: { kind: 'split', data: shape(4, 2, 'random'), instructions: shape(4, 2, 'random') },
  },
  'unified 8x4 fifo': { tlb: { kind: 'unified', shape: shape(8, 4, 'fifo') } },
  'unified, stamped': { tlb: { kind: 'unified', shape: shape(64, 4) }, stamps: 'on' },
  'no TLB': { tlb: { kind: 'none' } },
  'split, recorded': { references: 'recorded' },
};

const WRITE = 64n;
const EXIT = 93n;
const EXIT_GROUP = 94n;
const QUANTUM = 100_000;
const ROOT = frame(0);

/** Made once for each shape, because tests make hundreds of machines. */
const made = new Map<string, Uint8Array<ArrayBuffer>>();
function interpreterFor(config: MachineConfig): Uint8Array<ArrayBuffer> {
  const shape = interpreterShape(config);
  const bytes = made.get(shape) ?? generateInterpreter(config, layoutOf(config));
  made.set(shape, bytes);
  return bytes;
}

export class BareMachine {
  readonly machine: Machine;
  #nextFrame = 1;

  constructor(changed: Partial<MachineConfig> = {}) {
    const config = bareConfig(changed);
    this.machine = new Machine(config, interpreterFor(config));
    this.machine.setSpace(ROOT, 1);
  }

  /** Unmaps everything and makes the registers zero. */
  clear(): void {
    const { machine } = this;
    machine.ram.fill(0, 0, this.#nextFrame * 4096);
    for (let used = 0; used < this.#nextFrame; used++) machine.codeChanged(frame(used));
    this.#flush();
    machine.loadRegisters({
      x: new BigInt64Array(32),
      f: new BigUint64Array(32),
      pc: virtualAddress(0),
      fcsr: 0,
    });
    this.#nextFrame = 1;
  }

  /** Maps the page of an address, to a new frame unless one is given; keeps the frame of a page that is mapped. */
  map(address: number, rights: PageRights = {}, given?: Frame): Frame {
    const { read = true, write = true, execute = true, preset = false } = rights;
    const at = this.#leafAt(address);
    const before = readEntry(sv39, this.machine.ramView, at);
    const isMapped = (before.low & 1) === 1;
    const target = given ?? (isMapped ? frameIn(sv39.entry, before.low, before.high) : this.#takeFrame());
    const bits = {
      read,
      write,
      execute,
      user: true,
      global: false,
      accessed: preset,
      dirty: preset && write,
    };
    writeEntry(sv39, this.machine.ramView, at, encodeLeaf(sv39.entry, { frame: target, ...bits }));
    this.#flush();
    return target;
  }

  unmap(address: number): void {
    writeEntry(sv39, this.machine.ramView, this.#leafAt(address), { low: 0, high: 0 });
    this.#flush();
  }

  /** The low bits of the table entry of an address: V R W X U G A D. */
  entryBits(address: number): number {
    return this.machine.ramView.getUint32(this.#leafAt(address), true) & 0xff;
  }

  /** Maps and fills a program's pages, and goes to its entry. */
  load(program: Program, preset = false): void {
    for (const { address, size, bytes, write, execute } of program.segments) {
      for (let at = address - (address % 4096); at < address + size; at += 4096)
        this.map(at, { write, execute, preset });
      this.write(address, bytes);
    }
    this.machine.pc = virtualAddress(program.entry);
  }

  /** Puts the encodings of lines of assembly text at an address, mapping nothing; the address behind them. */
  assemble(address: number, lines: readonly string[]): number {
    let at = address;
    for (const line of lines) {
      const word = assemble(line, at);
      const length = (word & 3) === 3 ? 4 : 2;
      this.write(at, new Uint8Array(Uint32Array.of(word).buffer, 0, length));
      at += length;
    }
    return at;
  }

  write(address: number, bytes: Uint8Array): void {
    for (const [at, from, count] of this.#pieces(address, bytes.length)) {
      this.machine.ram.set(bytes.subarray(from, from + count), at);
      this.machine.codeChanged(frame(Math.floor(at / 4096)));
    }
  }

  read(address: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (const [at, from, count] of this.#pieces(address, length))
      bytes.set(this.machine.ram.subarray(at, at + count), from);
    return bytes;
  }

  /** Where the bytes lie, page by page: physical address, offset from the first, bytes. */
  *#pieces(address: number, length: number): Generator<readonly [number, number, number]> {
    for (let from = 0; from < length; ) {
      const at = this.physical(address + from);
      const count = Math.min(length - from, 4096 - (at % 4096));
      yield [at, from, count];
      from += count;
    }
  }

  /** @throws Error when the page is not mapped */
  physical(address: number): number {
    const { low, high } = readEntry(sv39, this.machine.ramView, this.#leafAt(address));
    if ((low & 1) === 0) throw new Error(`0x${address.toString(16)} is not mapped`);
    return frameIn(sv39.entry, low, high) * 4096 + (address % 4096);
  }

  /** Runs until something other than the timer or a full ring stops the machine. */
  runToTrap(fuel = QUANTUM): Trap {
    for (;;) {
      const trap = this.machine.run(fuel);
      if (trap.cause === 'ring-full') this.machine.drainReferences(() => {});
      else if (trap.cause !== 'timer') return { ...trap };
    }
  }

  /** Runs a program, serving `write` and `exit`, to its end. */
  run(fuel = QUANTUM): Outcome {
    const written: Buffer[] = [];
    for (;;) {
      const trap = this.runToTrap(fuel);
      const call = this.machine.x[17];
      if (trap.cause !== 'system-call') return { end: trap, output: Buffer.concat(written) };
      if (call === EXIT || call === EXIT_GROUP)
        return { end: Number(this.machine.x[10]), output: Buffer.concat(written) };
      if (call !== WRITE) throw new Error(`system call ${call}`);
      written.push(this.read(Number(this.machine.x[11]), Number(this.machine.x[12])));
      this.machine.x[10] = this.machine.x[12]!;
      this.machine.pc = virtualAddress(trap.pc + 4);
    }
  }

  /** Flushes are recorded as well, and there must be room for them. */
  #flush(): void {
    this.machine.drainReferences(() => {});
    this.machine.flushAll();
  }

  #takeFrame(): Frame {
    if (this.#nextFrame === this.machine.frames)
      throw new Error(`the program needs more than ${this.machine.frames} frames`);
    return frame(this.#nextFrame++);
  }

  /** Physical address of the leaf entry of an address, making tables on the way. */
  #leafAt(address: number): number {
    const { ramView } = this.machine;
    let table: number = ROOT;
    for (let level = 0; ; level++) {
      const at = table * 4096 + indexAt(sv39, level, address) * sv39.entryBytes;
      if (level === sv39.indexBits.length - 1) return at;
      const entry = readEntry(sv39, ramView, at);
      if ((entry.low & 1) === 0) writeEntry(sv39, ramView, at, encodePointer(sv39.entry, this.#takeFrame()));
      const made = readEntry(sv39, ramView, at);
      table = frameIn(sv39.entry, made.low, made.high);
    }
  }
}
