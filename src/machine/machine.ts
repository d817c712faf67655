/**
 * The machine: WebAssembly does the running, this class makes it, starts it and says why it stopped.
 */

import { UserError } from '../base/errors.ts';
import { type Frame, type VirtualAddress, type Vpn, virtualAddress } from '../base/numbers.ts';
import { CodePages } from './code-pages.ts';
import type {
  Access,
  MachineConfig,
  MachineCounters,
  MachinePort,
  MachineState,
  ReferenceKind,
  RegisterContext,
  TimerStop,
  TlbFill,
  Trap,
  TrapCause,
} from './contract.ts';
import { cutOf } from './cut-pages.ts';
import { EXIT } from './exits.ts';
import {
  generateInterpreter,
  handlersFor,
  type InterpreterExports,
  interpreterShape,
  SHAPE_SECTION,
} from './interpreter.ts';
import {
  AT,
  COUNTER_SHIFT,
  CROSSING_RECORD,
  type Layout,
  layoutOf,
  MAXIMUM_FRAMES,
  RECORD_BYTES,
} from './layout.ts';
import { LookUps, type RecordedLookUp } from './look-ups.ts';
import { Predecoder } from './predecode.ts';
import { assertRefillable, checkFill } from './refill.ts';
import { RING_KIND } from './ring.ts';
import { TlbControl } from './tlb-control.ts';
import { sortByStamp } from './uses.ts';
import { ENTRY_FRAME_SHIFT } from './walker.ts';

const MAXIMUM_FUEL = 200_000;
const RETIRED = 1n << BigInt(COUNTER_SHIFT);

const CAUSES: Readonly<Record<number, TrapCause>> = {
  [EXIT.timer]: 'timer',
  [EXIT.systemCall]: 'system-call',
  [EXIT.breakpoint]: 'breakpoint',
  [EXIT.illegal]: 'illegal-instruction',
  [EXIT.pageFault]: 'page-fault',
  [EXIT.misaligned]: 'misaligned',
  [EXIT.ringFull]: 'ring-full',
  [EXIT.tlbMiss]: 'tlb-miss',
  [EXIT.tlbModify]: 'tlb-modify',
};
const ACCESSES: readonly Access[] = ['fetch', 'load', 'store'];

interface MutableTrap {
  cause: TrapCause;
  access: Access;
  address: VirtualAddress;
  pc: VirtualAddress;
}

export class Machine implements MachinePort {
  readonly frames: number;
  readonly ram: Uint8Array;
  readonly ramView: DataView;
  readonly x: BigInt64Array;
  readonly f: BigUint64Array;
  readonly #config: MachineConfig;
  readonly #layout: Layout;
  readonly #memory: WebAssembly.Memory;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #longs: BigInt64Array;
  readonly #stamps: BigInt64Array;
  readonly #predecoder: Predecoder;
  readonly #codePages: CodePages;
  readonly #tlb: TlbControl;
  readonly #exports: InterpreterExports;
  readonly #lookUps: LookUps;
  readonly #trap: MutableTrap = {
    cause: 'timer',
    access: 'fetch',
    address: virtualAddress(0),
    pc: virtualAddress(0),
  };

  /**
   * @param made the module for this configuration's shape, as `generateInterpreter` gave it before; saves the time
   *   to generate it
   * @throws UserError when there is no room for that much RAM, naming --memory
   */
  constructor(config: MachineConfig, made?: Uint8Array<ArrayBuffer>) {
    if (config.frames > MAXIMUM_FRAMES)
      throw new UserError(
        '--memory',
        `${config.frames} frames asked for, the machine has room for ${MAXIMUM_FRAMES} (3G)`,
      );
    if (config.refill === 'software') assertRefillable(config.tlb);
    this.#config = config;
    this.#layout = layoutOf(config);
    this.frames = config.frames;
    this.#memory = allocate(this.#layout);
    const buffer = this.#memory.buffer;
    this.ram = new Uint8Array(buffer, this.#layout.ram, config.frames * 4096);
    this.ramView = new DataView(buffer, this.#layout.ram, config.frames * 4096);
    this.x = new BigInt64Array(buffer, AT.x, 32);
    this.f = new BigUint64Array(buffer, AT.f, 32);
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
    this.#longs = new BigInt64Array(buffer, 0, this.#layout.codeMap >> 3);
    this.#stamps = new BigInt64Array(buffer, this.#layout.stamps, config.frames);
    const module = new WebAssembly.Module(made ?? generateInterpreter(config, this.#layout));
    if (made !== undefined) checkShape(module, config);
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as InterpreterExports;
    this.#predecoder = new Predecoder(buffer, this.ramView, handlersFor(config));
    this.#lookUps = new LookUps(buffer, this.#layout);
    this.#tlb = new TlbControl(buffer, this.#layout, config.tlb.kind);
    this.#codePages = new CodePages(buffer, this.#layout, this.#predecoder, this.#tlb);
    this.#longs[AT.reservationAddress >> 3] = -1n;
    this.#newMoment();
    this.#longs[AT.frames >> 3] = BigInt(config.frames);
    this.#longs[AT.tlbRandom >> 3] = BigInt(config.seed);
  }

  get pc(): VirtualAddress {
    return virtualAddress(Number(BigInt.asUintN(64, this.#longs[AT.pc >> 3]!)));
  }

  set pc(value: VirtualAddress) {
    const address = BigInt.asIntN(64, BigInt(value));
    if (address !== this.#longs[AT.pc >> 3]) this.#newMoment();
    this.#longs[AT.pc >> 3] = address;
  }

  get fcsr(): number {
    return this.#bytes[AT.status]! | (this.#bytes[AT.status + 1]! << 5);
  }

  set fcsr(value: number) {
    this.#bytes[AT.status] = value & 31;
    this.#bytes[AT.status + 1] = (value >> 5) & 7;
  }

  run(fuel: number, stop: TimerStop = 'behind jumps'): Trap {
    if (fuel < 1 || fuel > MAXIMUM_FUEL) throw new RangeError(`fuel ${fuel} is not in 1 to ${MAXIMUM_FUEL}`);
    const limit = this.#longs[AT.counter >> 3]! + BigInt(fuel) * RETIRED;
    let exit = this.#go(limit, stop);
    while (exit >= EXIT.decode) exit = this.#supply(exit, limit, stop);
    return this.#stopped(exit);
  }

  #go(limit: bigint, stop: TimerStop): number {
    if (stop === 'behind jumps') return this.#exports.run(limit);
    return this.#longs[AT.counter >> 3]! >= limit ? EXIT.timer : this.#exports.walk(limit);
  }

  /** Gives the interpreter what it lacks, and goes on. */
  #supply(exit: number, limit: bigint, stop: TimerStop): number {
    if (exit === EXIT.codePage) {
      this.#codePages.provide(this.#words[AT.wantedFrame >> 2]!);
      return this.#go(limit, stop);
    }
    const pc = this.#longs[AT.pc >> 3]!;
    const offset = Number(BigInt.asUintN(12, pc));
    let record = this.#words[AT.stepped >> 2]!;
    const records = record - offset * (RECORD_BYTES / 2);
    if (exit === EXIT.decode) {
      this.#predecoder.decodeFrom(records, this.#codePages.frameOf(records) * 4096, offset);
    } else {
      record = records + CROSSING_RECORD * RECORD_BYTES;
      this.#predecoder.decodeCrossing(records, this.#words[AT.crossingWord >> 2]!);
    }
    // The look-ups of this instruction are made and counted: it is stepped from its record, not fetched again.
    const after = this.#exports.step(record, pc, limit);
    return after === EXIT.none ? this.#go(limit, stop) : after;
  }

  #stopped(exit: number): Trap {
    const cause = CAUSES[exit];
    if (cause === undefined) throw new Error(`the interpreter stopped with ${exit}`);
    const counterAt = AT.counter >> 3;
    const counter = this.#longs[counterAt]!;
    const instructions = counter & ~(RETIRED - 1n);
    const stores = this.#longs[AT.storesInRun >> 3]!;
    this.#longs[AT.loads >> 3]! += counter - instructions - stores;
    this.#longs[AT.stores >> 3]! += stores;
    this.#longs[AT.storesInRun >> 3] = 0n;
    this.#longs[counterAt] = cause === 'system-call' ? instructions + RETIRED : instructions;
    const retired = cause === 'timer' || cause === 'ring-full' || cause === 'system-call';
    if (!retired) this.#longs[AT.extraFetches >> 3]! += 1n;
    this.#trap.cause = cause;
    this.#trap.pc = this.pc;
    this.#trap.access = ACCESSES[this.#words[AT.trapAccess >> 2]!]!;
    this.#trap.address = virtualAddress(Number(BigInt.asUintN(64, this.#longs[AT.trapAddress >> 3]!)));
    return this.#trap;
  }

  setSpace(root: Frame, asid: number): void {
    const at = this.#layout.ram + root * 4096;
    if (this.#words[AT.root >> 2] === at && this.#words[AT.asid >> 2] === asid) return;
    this.#words[AT.root >> 2] = at;
    this.#words[AT.asid >> 2] = asid;
    this.#longs[AT.reservationAddress >> 3] = -1n;
    this.#newMoment();
    this.#tlb.forgetFastSlots();
  }

  fillTlb(asid: number, page: Vpn, access: Access, entry: TlbFill): void {
    const { fillData, fillInstructions } = this.#exports;
    if (fillData === undefined || fillInstructions === undefined)
      throw new Error('the TLB of this machine is filled by its walker');
    checkFill(page, entry, this.frames);
    const { frame, flags, from = 0, to = 4096 } = entry;
    const fill = access === 'fetch' ? fillInstructions : fillData;
    const low = (frame << ENTRY_FRAME_SHIFT) | flags;
    fill(page | 0, Math.floor(page / 2 ** 32), asid, low, cutOf(from, to));
  }

  flushPage(asid: number, page: Vpn): void {
    this.#lookUps.flushed(RING_KIND.flushPage, page, asid);
    this.#longs[AT.flushed >> 3]! += BigInt(this.#tlb.flushPage(asid, page));
  }

  flushSpace(asid: number): void {
    this.#lookUps.flushed(RING_KIND.flushSpace, 0, asid);
    this.#longs[AT.flushed >> 3]! += BigInt(this.#tlb.flushSpace(asid));
  }

  flushAll(): void {
    this.#lookUps.flushed(RING_KIND.flushAll, 0, 0);
    this.#longs[AT.flushed >> 3]! += BigInt(this.#tlb.flushAll());
  }

  codeChanged(frame: Frame): void {
    this.#codePages.forget(frame);
  }

  stamp(frame: Frame): void {
    this.#newMoment();
    if (this.#config.stamps === 'off') return;
    this.#stamps[frame] = this.#longs[AT.counter >> 3]! + this.#longs[AT.stampBias >> 3]! - 1n;
  }

  /**
   * What comes next is later than all that was, though no instruction may have retired in between: the kernel
   * used a page, or goes on in another place. The coming fetch is a new reference, not the old one tried again.
   */
  #newMoment(): void {
    this.#longs[AT.stampBias >> 3]! += RETIRED;
    this.#longs[AT.fetchRecorded >> 3] = -1n;
    this.#longs[AT.crossingRecorded >> 3] = -1n;
  }

  clearStamp(frame: Frame): void {
    this.#stamps[frame] = 0n;
  }

  drainUses(each: (frame: Frame) => void): void {
    const since = this.#longs[AT.usesDrained >> 3]!;
    const count = this.#exports.uses(since, this.#layout.stamps + this.frames * 8);
    if (count === 0) return;
    const frames = new Uint32Array(this.#memory.buffer, this.#layout.used, count);
    sortByStamp(frames, this.#stamps, since);
    this.#longs[AT.usesDrained >> 3] = this.#stamps[frames[count - 1]!]!;
    for (const frame of frames) each(frame as Frame);
  }

  counters(): MachineCounters {
    const at = (address: number): number => Number(this.#longs[address >> 3]!);
    const instructions = Number(this.#longs[AT.counter >> 3]! >> BigInt(COUNTER_SHIFT));
    return {
      instructions,
      fetches: instructions + at(AT.extraFetches),
      loads: at(AT.loads),
      stores: at(AT.stores),
      instructionTlbMisses: at(AT.instructionMisses),
      dataTlbMisses: at(AT.dataMisses),
      walkLoads: at(AT.walkLoads),
      dirtyWalks: at(AT.dirtyWalks),
      flushed: at(AT.flushed),
    };
  }

  drainReferences(each: (kind: ReferenceKind, address: number, bytes: number) => void): void {
    this.drainLookUps((entry) => {
      if (!entry.failed && !entry.repeated && !entry.kind.startsWith('flush'))
        each(entry.kind as ReferenceKind, entry.address, entry.bytes);
    });
  }

  /** Every TLB look-up and flush since the last drain, in order; what `drainReferences` is made from. */
  drainLookUps(each: (entry: RecordedLookUp) => void): void {
    this.#lookUps.drain(each);
  }

  saveRegisters(into: RegisterContext): void {
    into.x.set(this.x);
    into.f.set(this.f);
    into.pc = this.pc;
    into.fcsr = this.fcsr;
  }

  loadRegisters(from: RegisterContext): void {
    this.x.set(from.x);
    this.f.set(from.f);
    this.pc = from.pc;
    this.fcsr = from.fcsr;
    this.#longs[AT.reservationAddress >> 3] = -1n;
  }

  save(): MachineState {
    const { tlbEnd, stamps } = this.#layout;
    const regions = new Uint8Array(tlbEnd + this.frames * 8);
    regions.set(this.#bytes.subarray(0, tlbEnd));
    regions.set(this.#bytes.subarray(stamps, stamps + this.frames * 8), tlbEnd);
    return { regions, ram: this.ram.slice() };
  }

  load(state: MachineState): void {
    const { tlbEnd, stamps } = this.#layout;
    if (state.regions.length !== tlbEnd + this.frames * 8 || state.ram.length !== this.ram.length)
      throw new Error('the state is of a machine of another shape');
    this.#bytes.set(state.regions.subarray(0, tlbEnd));
    this.#bytes.set(state.regions.subarray(tlbEnd), stamps);
    this.ram.set(state.ram);
    this.#codePages.forgetAll();
    this.#lookUps.forget();
  }
}

function checkShape(module: WebAssembly.Module, config: MachineConfig): void {
  const [section] = WebAssembly.Module.customSections(module, SHAPE_SECTION);
  const shape = section === undefined ? 'no shape' : new TextDecoder().decode(section);
  if (shape !== interpreterShape(config))
    throw new Error(`a module for "${shape}" was given to a machine of "${interpreterShape(config)}"`);
}

function allocate(layout: Layout): WebAssembly.Memory {
  const pages = layout.end / 65536;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    throw new UserError(
      '--memory',
      `the host can't reserve ${Math.ceil(layout.end / 2 ** 20)}M for a machine of that size`,
    );
  }
}
