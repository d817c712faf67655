/**
 * Random operations on address spaces, and a model that knows nothing of frames: for each space a map from page to
 * what may be done there and what it holds; every byte of a page that is accessed is compared.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { BadAddress, type ForkMode, isOutOfMemory } from '../../../src/kernel/memory/contract.ts';
import type { MemoryState } from '../../../src/kernel/memory/state.ts';
import { systemFrames } from '../../../src/kernel/memory/vax-tables.ts';
import type { ObjectId, SpaceState } from '../../../src/kernel/state.ts';
import type { Access } from '../../../src/machine/contract.ts';
import { World, type WorldOptions } from './harness.ts';

/** Ten pages on each side of a border between two leaf tables. */
const WINDOW = 20;
export const HALF = (WINDOW / 2) * PAGE_SIZE;
const MIDDLE = 0x4000_0000;

/** Where the pages are that anything happens to. */
export interface TrialWindow {
  /** Address of the first. */
  readonly base?: number;
  /** Pages from one to the next: what lies between is mapped with it, and not accessed. */
  readonly stride?: number;
}

/** Where a page's one interesting byte is. */
const BYTE = 1234;
const OBJECT_PAGES = 6;

type Kind = 'anonymous' | 'private file' | 'shared file' | 'shared memory';

interface ModelPage {
  protection: number;
  kind: Kind;
  index: number;
  /** What a private page holds once it differs from what it was made from. */
  own: number | undefined;
}

export type Operation =
  | { readonly op: 'map'; at: number; pages: number; kind: Kind; index: number; protection: number }
  | { readonly op: 'unmap' | 'drop' | 'sync'; at: number; pages: number }
  | { readonly op: 'protect'; at: number; pages: number; protection: number }
  | { readonly op: 'move'; at: number; pages: number; to: number; newPages: number }
  | { readonly op: 'access'; at: number; access: Access; value: number }
  | { readonly op: 'kernel'; at: number; access: 'load' | 'store'; value: number }
  | { readonly op: 'fork'; mode: ForkMode }
  | { readonly op: 'end' };

const place = fc.integer({ min: 0, max: WINDOW - 1 });
const pages = fc.integer({ min: 1, max: 6 });
const protection = fc.constantFrom(3, 3, 3, 1, 5, 7, 0, 2, 4);
const value = fc.integer({ min: 1, max: 255 });
/** An operation on one space. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('map' as const),
      at: place,
      pages,
      kind: fc.constantFrom<Kind>('anonymous', 'anonymous', 'private file', 'shared file', 'shared memory'),
      index: fc.integer({ min: 0, max: OBJECT_PAGES - 1 }),
      protection,
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('unmap', 'drop', 'sync'), at: place, pages }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('protect' as const), at: place, pages, protection }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('move' as const), at: place, pages, to: place, newPages: pages }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      op: fc.constant('access' as const),
      at: place,
      access: fc.constantFrom<Access>('load', 'store', 'store', 'fetch'),
      value,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('kernel' as const),
      at: place,
      access: fc.constantFrom('load' as const, 'store' as const),
      value,
    }),
  },
);
/** One that makes or ends a space. */
export const lifeAndDeath: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('fork' as const),
      mode: fc.constantFrom<ForkMode>('copy-on-write', 'copy-on-write', 'eager'),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ op: 'end' as const }) },
);

/** The model of spaces and what they map. */
class Model {
  readonly spaces: Map<number, ModelPage>[] = [];
  /** Bytes of the objects that mappings share. */
  readonly shared: Record<'shared file' | 'shared memory', number[]> = {
    'shared file': Array.from({ length: OBJECT_PAGES }, (_, i) => 100 + i),
    'shared memory': Array.from({ length: OBJECT_PAGES }, () => 0),
  };

  value(page: ModelPage): number {
    if (page.kind === 'shared file' || page.kind === 'shared memory')
      return this.shared[page.kind][page.index]!;
    return page.own ?? (page.kind === 'anonymous' ? 0 : 50 + page.index);
  }

  /** What the other bytes of the page hold, as far as the object reaches. */
  rest(page: ModelPage): number {
    if (page.kind === 'anonymous' || page.kind === 'shared memory') return 0;
    return (page.kind === 'shared file' ? 100 : 50) + page.index;
  }

  write(page: ModelPage, to: number): void {
    if (page.kind === 'shared file' || page.kind === 'shared memory') this.shared[page.kind][page.index] = to;
    else page.own = to;
  }

  /** What an access must end in. */
  verdict(page: ModelPage | undefined, access: Access): 'done' | { signal: number; code: number } {
    if (page === undefined) return { signal: 11, code: 1 };
    const needed = access === 'load' ? 3 : access === 'store' ? 2 : 4;
    if ((page.protection & needed) === 0) return { signal: 11, code: 2 };
    const fileLike = page.kind !== 'anonymous';
    if (fileLike && page.index >= OBJECT_PAGES && page.own === undefined) return { signal: 7, code: 2 };
    return 'done';
  }
}

const MOST_SPACES = 4;

/** Frames of tables that are no space's and stay. */
function sharedFrames({ root }: World): number {
  const { hashed, inverted, scanned, linear, hybrid, vax } = (root.memory as MemoryState).tables;
  if (vax !== undefined) return systemFrames(vax);
  return (hashed ?? inverted ?? scanned)?.frames.length ?? (linear ?? hybrid)?.units ?? 0;
}

export class Trial {
  readonly world: World;
  readonly model = new Model();
  readonly objects: Record<Exclude<Kind, 'anonymous'>, ObjectId>;
  readonly spaces: SpaceState[];
  readonly tight: boolean;
  /** Bytes from one page of the window to the next. */
  readonly distance: number;
  readonly #base: number;

  /** @param tight memory may be too small for what is asked: whoever finds no frame is killed */
  constructor(options: WorldOptions, spaces: number, tight = false, window: TrialWindow = {}) {
    this.tight = tight;
    this.distance = (window.stride ?? 1) * PAGE_SIZE;
    this.#base = window.base ?? MIDDLE - (WINDOW / 2) * this.distance;
    this.world = new World(options);
    const { objects, memory } = this.world;
    this.objects = {
      'private file': objects.add(this.#file(50)),
      'shared file': objects.add(this.#file(100)),
      'shared memory': objects.add(new Uint8Array(OBJECT_PAGES * this.distance), true),
    };
    this.spaces = Array.from({ length: spaces }, () => memory.createSpace());
    for (const _ of this.spaces) this.model.spaces.push(new Map());
  }

  /** Byte `b` of the page of index `i` is `first + i`. */
  #file(first: number): Uint8Array {
    const bytes = new Uint8Array(OBJECT_PAGES * this.distance);
    for (let i = 0; i < OBJECT_PAGES; i++)
      bytes.fill(first + i, i * this.distance, i * this.distance + PAGE_SIZE);
    return bytes;
  }

  /** One step, and what it brings with it. */
  async step(which: number, operation: Operation): Promise<void> {
    const { world, model, objects } = this;
    const memoryObject = world.objects.list[objects['shared memory']]!;
    const before = memoryObject.retained;
    await this.run(which % this.spaces.length, operation);
    // An object that nobody maps forgets shared memory, as the last close of it would.
    if (before > 0 && memoryObject.retained === 0) model.shared['shared memory'].fill(0);
    world.memory.checkInvariants();
  }

  async run(which: number, step: Operation): Promise<void> {
    const { world, model } = this;
    const space = this.spaces[which]!;
    const page = model.spaces[which]!;
    const address = virtualAddress(this.#base + ('at' in step ? step.at : 0) * this.distance);
    const length = 'pages' in step ? step.pages * this.distance : 0;
    const range = 'pages' in step ? Array.from({ length: step.pages }, (_, i) => step.at + i) : [];
    const covered = range.every((at) => page.has(at));
    switch (step.op) {
      case 'fork':
        return this.#fork(which, step.mode);
      case 'end':
        return this.#end(which);
      case 'map':
        return this.#map(which, step);
      case 'unmap':
        expect(world.memory.unmap(space, address, length)).toBe(0);
        for (const at of range) page.delete(at);
        return;
      case 'drop':
        expect(world.memory.advise(space, address, length, 4)).toBe(covered ? 0 : -12);
        for (const at of range) if (page.has(at)) page.get(at)!.own = undefined;
        return;
      case 'sync':
        expect(world.memory.synchronize(space, address, length, 4)).toBe(covered ? 0 : -12);
        return this.#expectSynchronized(page, range);
      case 'protect': {
        expect(world.memory.protect(space, address, length, step.protection)).toBe(covered ? 0 : -12);
        for (const at of range) {
          if (!page.has(at)) break;
          page.get(at)!.protection = step.protection;
        }
        return;
      }
      case 'move':
        return this.#move(which, step);
      case 'access':
        return this.#access(which, step);
      case 'kernel':
        return this.#kernel(which, step);
    }
  }

  async #fork(which: number, mode: ForkMode): Promise<void> {
    if (this.spaces.length === MOST_SPACES) return;
    const spaces = this.world.root.spaces.filter(Boolean).length;
    const tables = this.world.memory.counters.tableFrames;
    const child = await this.world.fork(this.spaces[which]!, mode);
    if (isOutOfMemory(child)) {
      expect(this.tight).toBe(true);
      expect(this.world.root.spaces.filter(Boolean)).toHaveLength(spaces);
      if (this.world.options.pageTables !== 'pageable')
        expect(this.world.memory.counters.tableFrames).toBe(tables);
      return;
    }
    this.spaces.push(child);
    const copies = [...this.model.spaces[which]!].map(([at, page]): [number, ModelPage] => [at, { ...page }]);
    this.model.spaces.push(new Map(copies));
  }

  #end(which: number): void {
    this.world.end(this.spaces[which]!);
    this.spaces.splice(which, 1);
    this.model.spaces.splice(which, 1);
    if (this.spaces.length > 0) return;
    this.spaces.push(this.world.memory.createSpace());
    this.model.spaces.push(new Map());
  }

  /** A process found no frame: it can only be because there are too few. */
  #kill(which: number): void {
    const { memory, machine } = this.world;
    const { tableFrames, swapUsed } = memory.counters;
    // Six tables at most are missing for one page, and five pages are needed for one instruction.
    const isCrowded = tableFrames + 6 + 5 > machine.frames;
    expect(this.tight && (isCrowded || swapUsed === this.world.store.capacity)).toBe(true);
    this.#end(which);
  }

  #map(which: number, step: Operation & { op: 'map' }): void {
    const { kind, index, protection } = step;
    const object = kind === 'anonymous' ? undefined : this.objects[kind];
    const backing = object === undefined ? undefined : { object, offset: index * this.distance, length: 1 };
    const shared = kind === 'shared file' || kind === 'shared memory';
    const address = this.#base + step.at * this.distance;
    const count = (step.pages * this.distance) / PAGE_SIZE;
    const result = this.world.map(this.spaces[which]!, address, count, { protection, shared, backing });
    expect(result).toBe(address);
    for (let i = 0; i < step.pages; i++) {
      this.model.spaces[which]!.set(step.at + i, { protection, kind, index: index + i, own: undefined });
    }
  }

  async #move(which: number, step: Operation & { op: 'move' }): Promise<void> {
    const space = this.spaces[which]!;
    const page = this.model.spaces[which]!;
    const from = virtualAddress(this.#base + step.at * this.distance);
    const to = virtualAddress(this.#base + step.to * this.distance);
    const [oldLength, newLength] = [step.pages * this.distance, step.newPages * this.distance];
    const { memory } = this.world;
    const remap = () => memory.remap(space, from, oldLength, newLength, 3, to);
    const result = await this.world.call(space, remap);
    if (result === -12 && this.tight) return;
    if (result < 0) {
      const overlaps = to < from + oldLength && from < to + newLength;
      const first = page.get(step.at);
      // One area is one kind with one protection and continuing indices.
      const kept = Math.min(step.pages, step.newPages);
      const isOne = Array.from({ length: kept }, (_, i) => page.get(step.at + i)).every(
        (p, i) =>
          p !== undefined &&
          p.kind === first?.kind &&
          p.protection === first.protection &&
          (p.kind === 'anonymous' || p.index === first.index + i),
      );
      if (!page.has(step.at)) expect(result).toBe(-14);
      else expect([overlaps ? -22 : 0, isOne ? 0 : -14]).toContain(result);
      return;
    }
    expect(result).toBe(to);
    const moved = Array.from(
      { length: Math.min(step.pages, step.newPages) },
      (_, i) => page.get(step.at + i)!,
    );
    for (let i = 0; i < step.newPages; i++) page.delete(step.to + i);
    for (let i = 0; i < step.pages; i++) page.delete(step.at + i);
    const [first] = moved;
    for (let i = 0; i < step.newPages; i++) {
      page.set(step.to + i, moved[i] ?? { ...first!, index: first!.index + i, own: undefined });
    }
  }

  async #access(which: number, step: Operation & { op: 'access' }): Promise<void> {
    const page = this.model.spaces[which]!.get(step.at);
    const expected = this.model.verdict(page, step.access);
    const address = this.#base + step.at * this.distance + BYTE;
    const result = await this.world.access(
      this.spaces[which]!,
      address,
      step.access,
      0x1000 + (step.value % 3) * 4,
    );
    if (result.kind === 'out-of-memory') return this.#kill(which);
    if (expected !== 'done') {
      expect(result).toEqual({ kind: 'signal', ...expected });
      return;
    }
    if (result.kind !== 'done') throw new Error(`${step.access}: ${JSON.stringify(result)}`);
    const { ram } = this.world.machine;
    expect(ram[result.physical]).toBe(this.model.value(page!));
    this.#compareRest(page!, result.physical);
    if (step.access !== 'store') return;
    ram[result.physical] = step.value;
    this.model.write(page!, step.value);
  }

  async #kernel(which: number, step: Operation & { op: 'kernel' }): Promise<void> {
    const page = this.model.spaces[which]!.get(step.at);
    const expected = this.model.verdict(page, step.access);
    const address = virtualAddress(this.#base + step.at * this.distance + BYTE);
    const byte = Uint8Array.of(step.value);
    const call = this.world.call(this.spaces[which]!, (user) =>
      step.access === 'load' ? user.read(address, byte) : user.write(address, byte),
    );
    if (expected !== 'done') {
      await expect(call).rejects.toBeInstanceOf(BadAddress);
      return;
    }
    try {
      await call;
    } catch (error) {
      if (!(error instanceof Error && error.message === 'call: out-of-memory')) throw error;
      return this.#kill(which);
    }
    if (step.access === 'load') expect(byte[0]).toBe(this.model.value(page!));
    else this.model.write(page!, step.value);
  }

  #compareRest(page: ModelPage, physical: number): void {
    const start = physical - (physical % PAGE_SIZE);
    const rest = this.world.machine.ram.slice(start, start + PAGE_SIZE);
    rest[BYTE] = this.model.rest(page);
    expect(rest.every((byte) => byte === this.model.rest(page))).toBe(true);
  }

  #expectSynchronized(page: Map<number, ModelPage>, range: number[]): void {
    const { bytes } = this.world.objects.list[this.objects['shared file']]!;
    for (const at of range) {
      const found = page.get(at);
      if (found?.kind !== 'shared file' || found.index >= OBJECT_PAGES) continue;
      expect(bytes[found.index * this.distance + BYTE]).toBe(this.model.shared['shared file'][found.index]);
    }
  }

  /** After the end of all spaces nothing may be left, and the file must have every byte. */
  end(): void {
    const { world } = this;
    for (const space of this.spaces) {
      world.end(space);
      world.memory.checkInvariants();
    }
    expect(world.memory.counters).toMatchObject({
      residentPages: 0,
      tableFrames: sharedFrames(world),
      swapUsed: 0,
    });
    expect(world.root.requests).toEqual([]);
    expect(world.objects.list.map(({ retained }) => retained)).toEqual([0, 0, 0]);
    const { bytes } = world.objects.list[this.objects['shared file']]!;
    const held = Array.from({ length: OBJECT_PAGES }, (_, i) => bytes[i * this.distance + BYTE]);
    expect(held).toEqual(this.model.shared['shared file']);
  }
}
