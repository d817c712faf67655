/**
 * One program on three machines at once: the naive one, the product with every look-up recorded, and the
 * product with its inlined fast path. After each run they must agree on why it ended and on every count; at
 * the end on all registers and all of RAM. Between runs a kernel that knows no mercy does something to all three.
 */
import { expect } from 'vitest';
import { frame, virtualAddress, vpn } from '../../../src/base/numbers.ts';
import { nextBelow, type RandomState, randomState } from '../../../src/base/random.ts';
import type { MachineConfig, MachineCounters } from '../../../src/machine/contract.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { sv39 } from '../../../src/translation/sv39.ts';
import { type Bounds, NaiveMachine, type NaiveTrap } from './naive-machine.ts';
import { LOOP_PAGE, listBounds } from './program.ts';
import { RefilledMachine } from './refilled-machine.ts';
import { A, D, entryTo, R, U, V, W, X } from './tables.ts';
import { type Editable, makeWorld, type World } from './world.ts';

export interface LockstepOptions {
  readonly seed: number;
  readonly tlb: MachineConfig['tlb'];
  /** Left out: the machine has a walker. With software the tables are walked by the test's own kernel. */
  readonly refill?: MachineConfig['refill'];
  /** Which bytes of a page may be accessed; only with refill by software. */
  readonly bounds?: Bounds;
  /** Whether the world has many superpages, and code and data are mostly used through them. */
  readonly superpages?: 'many';
  readonly stamps: 'on' | 'off';
  readonly spaces: number;
  readonly operations: number;
  /** Times through the list of operations. */
  readonly rounds: number;
  /** Most instructions a run. */
  readonly fuel: number;
  /** How often the kernel interferes when the timer rings: once in so many times. */
  readonly calm: number;
}

const pick = <T>(random: RandomState, items: readonly T[]): T => items[nextBelow(random, items.length)]!;

export class Lockstep {
  readonly naive: NaiveMachine;
  readonly recorded: Machine;
  /** Replaced when a test goes on with a saved state. */
  fast: Machine;
  readonly world: World;
  readonly options: LockstepOptions;
  /** What happened, for tests that want to see that something did. */
  readonly seen = { traps: 0, faults: 0, retries: 0, edits: 0 };
  /** Called when the kernel has the machines: after each run's comparison. */
  atTrap: () => void = () => {};
  readonly #random: RandomState;
  #tries = new Map<number, number>();

  constructor(options: LockstepOptions) {
    this.options = options;
    this.#random = randomState(options.seed);
    const { tlb, seed, stamps, refill = 'hardware', bounds = () => [0, 4096] } = options;
    this.world = makeWorld(this.#random, options);
    const config = { frames: this.world.frames, tlb, refill, geometry: sv39, stamps, seed } as const;
    this.naive = new NaiveMachine(this.world.ram.slice(), this.world.listing, tlb, seed, refill, bounds);
    const make = (made: MachineConfig): Machine =>
      refill === 'software' ? new RefilledMachine(made, bounds) : new Machine(made);
    this.recorded = make({ ...config, references: 'recorded' });
    this.fast = make({ ...config, references: 'off' });
    for (const machine of this.machines) machine.ram.set(this.world.ram);
    this.setSpace(0);
    const [first, end] = listBounds(this.world.operations);
    this.setRegister(8, first);
    this.setRegister(9, end);
    this.goTo(this.world.program.start);
  }

  get machines(): readonly Machine[] {
    return [this.recorded, this.fast];
  }

  setRegister(number: number, value: bigint): void {
    this.naive.x[number] = value;
    for (const machine of this.machines) machine.x[number] = value;
  }

  goTo(pc: number): void {
    this.naive.goTo(pc);
    for (const machine of this.machines) machine.pc = virtualAddress(pc);
  }

  setSpace(index: number): void {
    const { root, asid } = this.world.spaces[index]!;
    this.naive.setSpace(root, asid);
    for (const machine of this.machines) machine.setSpace(frame(root), asid);
  }

  stamp(used: number): void {
    this.naive.stamp(used);
    for (const machine of this.machines) machine.stamp(frame(used));
  }

  flushPage(asid: number, page: number): void {
    this.naive.mmu.flushPage(asid, page);
    for (const machine of this.machines) machine.flushPage(asid, vpn(page));
  }

  flushSpace(asid: number): void {
    this.naive.mmu.flushSpace(asid);
    for (const machine of this.machines) machine.flushSpace(asid);
  }

  flushAll(): void {
    this.naive.mmu.flushAll();
    for (const machine of this.machines) machine.flushAll();
  }

  writeEntry(at: number, entry: bigint): void {
    new DataView(this.naive.ram.buffer).setBigUint64(at, entry, true);
    for (const machine of this.machines) machine.ramView.setBigUint64(at, entry, true);
  }

  /** Runs to the end of the last round. */
  toTheEnd(): void {
    for (let round = 0; round < this.options.rounds; round++) this.#round();
    this.compareMemory();
  }

  #round(): void {
    for (;;) {
      const trap = this.step();
      if (trap.cause === 'system-call') break;
      if (trap.cause === 'timer') this.#atTimer();
      else this.#atFault(trap);
    }
    const [first] = listBounds(this.world.operations);
    this.setRegister(8, first);
    this.goTo(this.world.program.start);
  }

  /** One run of all three. */
  step(): NaiveTrap {
    const fuel = 1 + nextBelow(this.#random, this.options.fuel);
    const expected = this.naive.run(fuel);
    for (const machine of this.machines) {
      const trap = { ...machine.run(fuel) };
      const shown = { cause: trap.cause, pc: trap.pc };
      expect(shown).toEqual({ cause: expected.cause, pc: expected.pc });
      if (trap.cause === 'page-fault' || trap.cause === 'misaligned') expect(trap).toEqual(expected);
      expect(machine.counters()).toEqual(this.#expectedCounters());
    }
    this.seen.traps++;
    this.#compareLookUps();
    if (this.options.stamps === 'on') this.#compareUses();
    this.atTrap();
    return expected;
  }

  #expectedCounters(): MachineCounters {
    const { counts, mmu } = this.naive;
    return {
      ...counts,
      instructionTlbMisses: mmu.counts.instructionMisses,
      dataTlbMisses: mmu.counts.dataMisses,
      walkLoads: mmu.counts.walkLoads,
      dirtyWalks: mmu.counts.dirtyWalks,
      flushed: mmu.counts.flushed,
    };
  }

  #compareLookUps(): void {
    const recorded: typeof this.naive.lookUps = [];
    this.recorded.drainLookUps(({ kind, address, bytes, failed, repeated, missed, found }) => {
      if (kind === 'fetch' || kind === 'load' || kind === 'store') {
        recorded.push({ kind, address, bytes, failed, repeated, missed, found });
      }
    });
    expect(recorded).toEqual(this.naive.lookUps);
    this.naive.lookUps = [];
  }

  #compareUses(): void {
    const expected = this.naive.drainUses();
    for (const machine of this.machines) {
      const used: number[] = [];
      machine.drainUses((one) => used.push(one));
      expect(used).toEqual(expected);
    }
  }

  /** All of RAM, and with it the referenced and dirty bits; and all registers. */
  compareMemory(): void {
    for (const machine of this.machines) {
      expect(firstDifference(machine.ram, this.naive.ram)).toBeUndefined();
      expect([...machine.x]).toEqual(this.naive.x);
      expect(machine.f[0]).toBe(this.naive.ft0);
    }
  }

  #atTimer(): void {
    if (nextBelow(this.#random, this.options.calm) > 0) return;
    const random = this.#random;
    const { spaces, editable, dataFrames } = this.world;
    const space = nextBelow(random, spaces.length);
    const actions = [
      () => this.setSpace(space),
      () => this.setSpace(space),
      () => this.flushPage(spaces[space]!.asid, this.#pageOf(pick(random, editable))),
      () => this.flushSpace(spaces[space]!.asid),
      () => this.flushAll(),
      () => this.#edit(),
      () => this.#edit(),
      () => this.stamp(pick(random, dataFrames)),
    ];
    pick(random, actions)();
  }

  /** Changes an entry; as a rule without the flush that it should have. */
  #edit(): void {
    const random = this.#random;
    const target = pick(random, this.world.editable);
    const entry = new DataView(this.naive.ram.buffer).getBigUint64(target.at, true);
    const elsewhere = {
      data: () => entryTo(pick(random, this.world.dataFrames), entry & 1023n),
      code: () => entry & ~X,
      superpage: () => (target.others === undefined ? entry & ~X : pick(random, target.others)),
    };
    const changed = [
      entry & ~V,
      entry & ~W,
      entry & ~(A | D),
      entry & ~U,
      target.original,
      elsewhere[target.holds](),
    ];
    this.seen.edits++;
    this.writeEntry(target.at, pick(random, changed));
    if (nextBelow(random, 3) === 0) this.#flushEverywhere(target);
  }

  #flushEverywhere(target: Editable): void {
    const page = this.#pageOf(target);
    for (const { asid } of this.world.spaces) this.flushPage(asid, page);
  }

  /** Any page that the entry maps. */
  #pageOf({ page, span = 1 }: Editable): number {
    return span === 1 ? page : page + nextBelow(this.#random, span);
  }

  /** Repairs the page, with or without a flush, and tries again; or gives the operation up. */
  #atFault(trap: NaiveTrap): void {
    this.seen.faults++;
    const tries = (this.#tries.get(trap.pc) ?? 0) + 1;
    this.#tries.set(trap.pc, tries);
    const space = this.world.spaces.find(
      ({ root, asid }) => root === this.naive.mmu.root && asid === this.naive.mmu.asid,
    );
    const page = Math.floor(trap.address / 4096);
    const candidates = this.world.editable.filter(
      ({ page: first, span = 1 }) => page >= first && page < first + span,
    );
    // Entries of all spaces were pushed in the order of the spaces.
    const target = candidates[this.world.spaces.indexOf(space!)];
    if (target === undefined || tries > 2 || nextBelow(this.#random, 3) === 0) {
      this.#giveUp(trap);
      return;
    }
    this.seen.retries++;
    const isData = target.holds === 'data';
    this.writeEntry(
      target.at,
      isData ? entryTo(pick(this.#random, this.world.dataFrames), V | R | W | U) : target.original,
    );
    if (nextBelow(this.#random, 4) > 0) this.flushPage(space!.asid, page);
    if (nextBelow(this.#random, 5) === 0) this.stamp(pick(this.#random, this.world.dataFrames));
    if (nextBelow(this.#random, 5) === 0) this.setSpace(nextBelow(this.#random, this.world.spaces.length));
  }

  /** On with the next operation: ra leads back to the loop. */
  #giveUp(trap: NaiveTrap): void {
    if (Math.floor(trap.pc / 4096) === LOOP_PAGE) throw new Error('the loop itself faults');
    this.#tries.delete(trap.pc);
    this.goTo(Number(this.naive.x[1]));
  }
}

function firstDifference(a: Uint8Array, b: Uint8Array): string | undefined {
  if (Buffer.compare(a, b) === 0) return undefined;
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return `frame ${Math.floor(at / 4096)} offset ${at % 4096}: ${a[at]} instead of ${b[at]}`;
}
