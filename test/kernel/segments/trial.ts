/** Random programs on memory in pieces, beside a model that keeps each byte of each space in a map of its own. */
import { expect } from 'vitest';
import { nanoseconds, PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { isOutOfMemory } from '../../../src/kernel/memory/contract.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { Killed, program, World, type WorldOptions } from './world.ts';

export interface Step {
  readonly kind:
    | 'load program'
    | 'store'
    | 'load'
    | 'kernel'
    | 'probe'
    | 'break'
    | 'map'
    | 'map file'
    | 'map shared'
    | 'unmap'
    | 'remap'
    | 'forget'
    | 'protect'
    | 'fork'
    | 'end'
    | 'swap out'
    | 'time'
    | 'resume';
  readonly pick: number;
  readonly size: number;
  readonly value: number;
}

/** What a program sees at an address. */
interface Cell {
  value: number;
}

/** A page of a model's space: what its bytes are where they are known otherwise than by the default. */
interface ModelPage {
  /** Of every byte that has no cell. */
  readonly fallback: number;
  readonly cells: Map<number, Cell>;
  readonly writable: boolean;
}

interface ModelSpace {
  readonly space: SpaceState;
  readonly pages: Map<number, ModelPage>;
}

const page = (fallback: number, writable = true): ModelPage => ({ fallback, cells: new Map(), writable });
const FILE_PAGES = 5;

export class Trial {
  readonly world: World;
  readonly #spaces: ModelSpace[] = [];
  readonly #files: number[];
  readonly #isJoint: boolean;

  constructor(options: WorldOptions) {
    this.world = new World(options);
    this.#files = [0x20, 0x40].map((first) => this.world.file(first));
    // Somebody holds the files all the time.
    for (const file of this.#files) this.world.objects.retain(file);
    this.world.objects.retain(this.world.trampoline.object);
    this.#isJoint = options.scheme !== 'segmented';
  }

  do(step: Step): void {
    const model = this.#spaces[step.pick % Math.max(1, this.#spaces.length)];
    if (step.kind === 'load program') this.#load(step);
    else if (step.kind === 'resume') this.world.resume();
    else if (step.kind === 'time') this.#time(step);
    else if (model !== undefined) this.#attempt(model, step);
    this.world.memory.checkInvariants();
  }

  #attempt(model: ModelSpace, step: Step): void {
    try {
      this.#inSpace(model, step);
    } catch (error) {
      // Whoever can't have memory is none the worse for having asked.
      if (!(error instanceof Killed)) throw error;
    }
  }

  #inSpace(model: ModelSpace, step: Step): void {
    switch (step.kind) {
      case 'store':
        this.#store(model, step);
        return;
      case 'load':
        this.#see(model, step);
        return;
      case 'kernel':
        this.#kernel(model, step);
        return;
      case 'probe':
        this.#probe(model, step);
        return;
      case 'break':
        this.#break(model, step);
        return;
      case 'map':
        this.#map(model, step, undefined);
        return;
      case 'map file':
        this.#map(model, step, this.#files[step.value % 2]!);
        return;
      case 'map shared':
        this.#mapShared(model, step);
        return;
      case 'unmap':
        this.#unmap(model, step);
        return;
      case 'remap':
        this.#remap(model, step);
        return;
      case 'forget':
        this.#forget(model, step);
        return;
      case 'protect':
        this.#protect(model, step);
        return;
      case 'fork':
        this.#fork(model);
        return;
      case 'swap out':
        this.world.memory.swapOut(this.#space(model));
        return;
      case 'end':
        this.world.end(this.#space(model));
        this.#spaces.splice(this.#spaces.indexOf(model), 1);
    }
  }

  /** The space as it is now: a copy of the state has others. */
  #space({ space }: ModelSpace): SpaceState {
    return this.world.root.spaces[space.id]!;
  }

  #load({ pick, value }: Step): void {
    if (this.#spaces.length >= 5) return;
    const file = this.#files[value % 2]!;
    const dataAt = this.#isJoint || pick % 3 === 0 ? 0x12000 : 2 ** (this.world.rules.addressBits - 4);
    const space = this.world.load(file, program(dataAt));
    if (typeof space === 'string') throw new Error(space);
    const first = this.world.objects.list[file]!.bytes[0]!;
    const pages = new Map<number, ModelPage>();
    pages.set(0x10, page(first, false));
    pages.set(0x11, page(first + 1, false));
    pages.set(dataAt / PAGE_SIZE, page(first + 2));
    pages.set(dataAt / PAGE_SIZE + 1, page(0));
    for (const area of space.areas)
      if (area.name === '[stack]')
        for (let at = area.start / PAGE_SIZE; at < area.end / PAGE_SIZE; at++) pages.set(at, page(0));
    this.#spaces.push({ space, pages });
  }

  #time({ value }: Step): void {
    const { clock } = this.world.root;
    clock.now = nanoseconds(clock.now + value * 1_000_000);
    this.world.memory.background();
  }

  /** An address in a page of the model, and below the break. */
  #address({ pages, space }: ModelSpace, { pick, value }: Step, writable: boolean): number | undefined {
    const candidates = [...pages].filter(([, one]) => one.writable || !writable).map(([number]) => number);
    if (candidates.length === 0) return undefined;
    const address = candidates[pick % candidates.length]! * PAGE_SIZE + ((value * 37) % PAGE_SIZE);
    const { brk, brkStart } = this.world.root.spaces[space.id]!;
    const isPast = address >= brk && address >= brkStart && address < Math.ceil(brk / PAGE_SIZE) * PAGE_SIZE;
    return isPast ? undefined : address;
  }

  #expected({ pages }: ModelSpace, address: number): number {
    const { fallback, cells } = pages.get(Math.floor(address / PAGE_SIZE))!;
    return cells.get(address % PAGE_SIZE)?.value ?? fallback;
  }

  #set({ pages }: ModelSpace, address: number, value: number): void {
    const { cells } = pages.get(Math.floor(address / PAGE_SIZE))!;
    const cell = cells.get(address % PAGE_SIZE);
    if (cell === undefined) cells.set(address % PAGE_SIZE, { value });
    else cell.value = value;
  }

  #store(model: ModelSpace, step: Step): void {
    const address = this.#address(model, step, true);
    if (address === undefined) return;
    const made = this.world.access(this.#space(model), address, 'store');
    if (made.kind === 'out-of-memory') return;
    if (made.kind !== 'done') throw new Error(made.detail);
    this.world.machine.ram[made.physical] = step.value;
    this.#set(model, address, step.value);
  }

  #see(model: ModelSpace, step: Step): void {
    const address = this.#address(model, step, false);
    if (address === undefined) return;
    const made = this.world.access(this.#space(model), address, 'load');
    if (made.kind === 'out-of-memory') return;
    if (made.kind !== 'done') throw new Error(made.detail);
    expect(this.world.machine.ram[made.physical]).toBe(this.#expected(model, address));
  }

  /** The kernel reads across pages; nothing of it may be refused. */
  #kernel(model: ModelSpace, step: Step): void {
    const address = this.#address(model, step, false);
    if (address === undefined) return;
    expect(this.world.kernelRead(this.#space(model), address)).toBe(this.#expected(model, address));
  }

  /** Behind every bound there is a fault, never another's byte. */
  #probe(model: ModelSpace, { value, size }: Step): void {
    const space = this.#space(model);
    const last = space.areas.at(-1)!;
    const { rules } = this.world;
    const top = rules.segmentBits === 0 ? Math.max(space.brk, last.end) : 2 ** rules.addressBits;
    const far = top + size * value * 8;
    for (const access of ['load', 'store', 'fetch'] as const)
      expect(['signal', 'out-of-memory']).toContain(this.world.access(space, far, access).kind);
    expect(this.world.kernelRead(space, far)).toBeUndefined();
  }

  #break(model: ModelSpace, { size, value }: Step): void {
    const { memory } = this.world;
    const space = this.#space(model);
    const before = space.brk;
    const wanted = space.brkStart + size * PAGE_SIZE + (value % 3 === 0 ? 0 : value);
    const got = this.world.call(space, () => memory.setBreak(space, virtualAddress(wanted)));
    expect([before, wanted]).toContain(got);
    const [from, to] = [before, got].map((end) => Math.ceil(end / PAGE_SIZE));
    for (let number = to!; number < from!; number++) model.pages.delete(number);
    for (let number = from!; number < to!; number++) model.pages.set(number, page(0));
  }

  #map(model: ModelSpace, { size, pick, value }: Step, object: number | undefined): void {
    const space = this.#space(model);
    const pages = object === undefined ? size : Math.min(size, FILE_PAGES);
    const first = object === undefined ? 0 : this.world.objects.list[object]!.bytes[0]!;
    const start = this.world.call(space, () =>
      this.world.memory.map(space, {
        address: virtualAddress(0),
        length: pages * PAGE_SIZE,
        protection: value % 4 === 0 ? 1 : 3,
        shared: false,
        fixed: 'hint',
        backing: object === undefined ? undefined : { object, offset: 0, length: pages * PAGE_SIZE },
        growLimit: 0,
        name: `${pick % 2}`,
      }),
    );
    if (start < 0) {
      expect(start).toBe(-12);
      return;
    }
    for (let i = 0; i < pages; i++) {
      expect(model.pages.has(start / PAGE_SIZE + i)).toBe(false);
      model.pages.set(start / PAGE_SIZE + i, page(object === undefined ? 0 : first + i, value % 4 !== 0));
    }
  }

  #mapShared(model: ModelSpace, { size }: Step): void {
    const space = this.#space(model);
    const object = this.world.objects.add(new Uint8Array(size * PAGE_SIZE), true);
    const length = size * PAGE_SIZE;
    const start = this.world.call(space, () =>
      this.world.memory.map(space, {
        address: virtualAddress(0),
        length,
        protection: 3,
        shared: true,
        fixed: 'hint',
        backing: { object, offset: 0, length },
        growLimit: 0,
        name: 'shared',
      }),
    );
    // ENODEV where no segment is free, ENOMEM where memory is short.
    if (start < 0) {
      expect([-12, -19]).toContain(start);
      return;
    }
    for (let i = 0; i < size; i++) {
      const shared = page(0);
      for (let at = 0; at < PAGE_SIZE; at += 37) shared.cells.set((at * 37) % PAGE_SIZE, { value: 0 });
      model.pages.set(start / PAGE_SIZE + i, Object.assign(shared, { shared: true }));
    }
  }

  /** A part of an area that was mapped by itself, or of the program's, by page numbers. */
  #part(model: ModelSpace, { pick, size, value }: Step): { from: number; to: number } | undefined {
    const names = value % 3 === 0 ? ['/p'] : ['0', '1', 'shared'];
    const areas = this.#space(model).areas.filter(({ name }) => names.includes(name));
    const area = areas[pick % Math.max(1, areas.length)];
    if (area === undefined) return undefined;
    const [start, end] = [area.start / PAGE_SIZE, area.end / PAGE_SIZE];
    const from = start + (value % (end - start));
    return { from, to: Math.min(end, from + size) };
  }

  #unmap(model: ModelSpace, step: Step): void {
    const part = this.#part(model, step);
    if (part === undefined) return;
    const space = this.#space(model);
    const { from, to } = part;
    const length = (to - from) * PAGE_SIZE;
    const at = virtualAddress(from * PAGE_SIZE);
    expect(this.world.call(space, () => this.world.memory.unmap(space, at, length))).toBe(0);
    for (let number = from; number < to; number++) model.pages.delete(number);
  }

  #remap(model: ModelSpace, step: Step): void {
    const part = this.#part(model, step);
    if (part === undefined) return;
    const space = this.#space(model);
    const { from, to } = part;
    const pages = [...Array(to - from).keys()].map((i) => model.pages.get(from + i)!);
    // What a grown mapping of a file shows depends on the file, and shared memory stays where it is.
    const area = space.areas.find(({ start, end }) => start <= from * PAGE_SIZE && end >= to * PAGE_SIZE)!;
    if (area.backing !== undefined) return;
    const result = this.world.call(space, () =>
      this.world.memory.remap(
        space,
        virtualAddress(from * PAGE_SIZE),
        (to - from) * PAGE_SIZE,
        step.size * PAGE_SIZE,
        1,
        virtualAddress(0),
      ),
    );
    if (result < 0) {
      expect(result).toBe(-12);
      return;
    }
    for (let number = from; number < to; number++) model.pages.delete(number);
    for (let i = 0; i < step.size; i++) {
      const moved = pages[i] ?? page(0, pages[0]!.writable);
      model.pages.set(result / PAGE_SIZE + i, moved);
    }
  }

  /** MADV_DONTNEED: private pages are as they were when they were mapped. */
  #forget(model: ModelSpace, step: Step): void {
    const part = this.#part(model, step);
    if (part === undefined) return;
    const space = this.#space(model);
    const { from, to } = part;
    const at = virtualAddress(from * PAGE_SIZE);
    const length = (to - from) * PAGE_SIZE;
    expect(this.world.call(space, () => this.world.memory.advise(space, at, length, 4))).toBe(0);
    for (let number = from; number < to; number++) {
      const old = model.pages.get(number)!;
      if (!('shared' in old)) model.pages.set(number, page(old.fallback, old.writable));
    }
  }

  #protect(model: ModelSpace, step: Step): void {
    const part = this.#part(model, step);
    if (part === undefined) return;
    const space = this.#space(model);
    const { from, to } = part;
    const writable = step.value % 2 === 0;
    const at = virtualAddress(from * PAGE_SIZE);
    const length = (to - from) * PAGE_SIZE;
    const protection = writable ? 3 : 1;
    const result = this.world.call(space, () => this.world.memory.protect(space, at, length, protection));
    if (result < 0) {
      // Code that others have too has to be copied first.
      expect(result).toBe(-12);
      return;
    }
    for (let number = from; number < to; number++)
      model.pages.set(number, { ...model.pages.get(number)!, writable });
  }

  #fork(model: ModelSpace): void {
    if (this.#spaces.length >= 6) return;
    const parent = this.#space(model);
    const made = this.world.fork(parent);
    if (isOutOfMemory(made)) return;
    const pages = new Map(
      [...model.pages].map(([number, old]) => {
        if ('shared' in old) return [number, old];
        const cells = new Map([...old.cells].map(([at, { value }]) => [at, { value }]));
        return [number, { ...old, cells }];
      }),
    );
    this.#spaces.push({ space: made, pages });
  }

  /** All bytes that are known are there, and when all have ended nothing is left. */
  finish(): void {
    for (const model of this.#spaces) {
      for (const [number, { cells, fallback }] of model.pages) {
        for (const at of [...cells.keys(), 0]) {
          const address = number * PAGE_SIZE + at;
          const { brk, brkStart } = this.#space(model);
          if (address >= brk && address >= brkStart && address < Math.ceil(brk / PAGE_SIZE) * PAGE_SIZE)
            continue;
          const made = this.world.access(this.#space(model), address, 'load');
          if (made.kind === 'out-of-memory') continue;
          if (made.kind === 'signal') throw new Error(made.detail);
          const [got, due] = [this.world.machine.ram[made.physical], cells.get(at)?.value ?? fallback];
          // There are thousands of them: no matcher for each.
          if (got !== due) throw new Error(`0x${address.toString(16)} holds ${got} and not ${due}`);
        }
      }
    }
    for (const model of this.#spaces.splice(0)) {
      this.world.end(this.#space(model));
      this.world.memory.checkInvariants();
    }
    const { free, units, holes } = this.world.memory.placement;
    expect({ free, holes }).toEqual({ free: units, holes: this.#fewest(units) });
    expect(this.world.memory.counters.swapUsed).toBe(0);
    const held = this.world.objects.list.map(({ retained }) => retained);
    expect(held.every((count, object) => count === (object <= 2 ? 1 : 0))).toBe(true);
  }

  /** Buddies have a block for each bit of the size. */
  #fewest(units: number): number {
    const isBuddy = this.world.placementName === 'buddy';
    return isBuddy ? [...units.toString(2)].filter((bit) => bit === '1').length : 1;
  }
}
