/** Forks that wait for a page, and processes that wait for the same one. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { PageWait } from '../../../src/kernel/memory/contract.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { at, BASE, fileArea, values, written } from './forking.ts';
import { anonymous, World } from './harness.ts';

describe('a fork that waits', () => {
  const small = { frames: 16, sizing: { mode: 'frames', frames: 4 } as const, policy: fifo };

  /** Has a process begin an eager fork that waits for a page. */
  async function waiting() {
    const { world, parent, memory } = await written(10, small);
    const process = world.run(parent);
    const begin = () => memory.forkSpace(parent, 'eager');
    expect(begin).toThrow(PageWait);
    memory.checkInvariants();
    expect(world.root.spaces.filter(Boolean)).toHaveLength(2);
    return { world, parent, memory, process };
  }

  it('leaves nothing when its process is killed', async () => {
    const { world, parent, memory, process } = await waiting();
    process.exit = { code: 0, signal: 9 };
    memory.forgetProcess(process.pid);
    memory.checkInvariants();
    expect(world.root.spaces.filter(Boolean)).toEqual([parent]);
    memory.destroySpace(parent.id);
    memory.checkInvariants();
    expect(memory.counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0 });
    expect(world.root.requests).toEqual([]);
  });

  it('leaves nothing when its space is destroyed first', async () => {
    const { world, parent, memory } = await waiting();
    memory.destroySpace(parent.id);
    memory.checkInvariants();
    expect(memory.counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0 });
    expect(world.root.requests).toEqual([]);
  });

  it("starts over when a signal's handler has run meanwhile", async () => {
    const { world, parent } = await waiting();
    // The handler writes a page that was copied already.
    await world.store1(parent, at(0), 77);
    const child = await world.child(parent, 'eager');
    expect(await world.load(child, at(0))).toBe(77);
    expect(world.root.spaces.filter(Boolean)).toHaveLength(2);
    expect(world.memory.counters.forkCopied).toBe(10);
  });

  it('starts over when a thread has changed the areas meanwhile', async () => {
    const { world, parent, memory } = await waiting();
    memory.unmap(parent, at(9), PAGE_SIZE);
    const child = await world.child(parent, 'eager');
    expect(child.areas).toEqual(parent.areas);
    expect(memory.counters.forkCopied).toBe(9);
    memory.checkInvariants();
  });

  it('goes on in a snapshot where it was', async () => {
    const { world } = await waiting();
    const store = new MemoryStore(1024);
    store.load((await world.store.save())!);
    const copy = new World({ ...small, store }, world);
    for (const each of [world, copy]) {
      const child = await each.child(each.space(0), 'eager');
      expect(await values(each, child, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(child.id).toBe(1);
    }
    expect(copy.machine.ram).toEqual(world.machine.ram);
  });
});

describe('two processes that want the same page', () => {
  const three = { frames: 16, sizing: { mode: 'frames', frames: 3 } as const, policy: fifo };
  const load = (world: World, space: SpaceState, page: number) => {
    const process = world.run(space);
    const outcome = world.memory.fault(space, at(page), 'load', virtualAddress(0x1000));
    process.waitsFor = outcome.kind === 'blocked' ? outcome.request : undefined;
    return outcome;
  };

  it.each(['slot', 'file'])('of a %s wait for one read', async (kind) => {
    const world = new World({ ...three });
    const parent = world.memory.createSpace();
    const file = world.objects.file(8, 50);
    world.memory.addArea(parent, kind === 'file' ? fileArea(file, 8, { protection: 1 }) : anonymous(BASE, 8));
    if (kind === 'slot') for (let page = 0; page < 8; page++) await world.store1(parent, at(page), 50 + page);
    const child = await world.child(parent);
    const first = load(world, parent, 0);
    expect(load(world, child, 0)).toEqual(first);
    const [request] = world.root.requests;
    expect(world.memory.askerOf(request!)).toBe(world.run(parent).pid);
    expect(await world.settle(first)).toEqual({ kind: 'resumed' });
    expect(await world.load(parent, at(0))).toBe(50);
    expect(await world.load(child, at(0))).toBe(50);
    expect(world.memory.counters.majorFaults).toBe(1);
    world.memory.checkInvariants();
  });

  it('go on when the one that asked is killed', async () => {
    const { world, parent, memory } = await written(8, three);
    const child = await world.child(parent);
    const outcome = load(world, parent, 0);
    expect(load(world, child, 0)).toEqual(outcome);
    const dead = world.run(parent);
    Object.assign(dead, { exit: { code: 0, signal: 9 }, status: 'zombie', waitsFor: undefined });
    memory.destroySpace(parent.id);
    memory.forgetProcess(dead.pid);
    memory.checkInvariants();
    expect(world.root.requests).toHaveLength(1);
    expect(await world.settle(outcome)).toEqual({ kind: 'resumed' });
    memory.checkInvariants();
    expect(await values(world, child, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
