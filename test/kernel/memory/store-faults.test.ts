/** What failing transfers mean for pages and processes. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, type VirtualAddress, virtualAddress } from '../../../src/base/numbers.ts';
import { BadAddress } from '../../../src/kernel/memory/contract.ts';
import type { MemoryState } from '../../../src/kernel/memory/state.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { parseFaults } from '../../../src/stores/fault-syntax.ts';
import { FaultyStore } from '../../../src/stores/faulty.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { LateStore } from '../../support/stores.ts';
import { anonymous, World, type WorldOptions } from './harness.ts';

const BASE = 0x10000;
const at = (page: number): VirtualAddress => virtualAddress(BASE + page * PAGE_SIZE);
const SIGBUS = { kind: 'signal', signal: 7, code: 2 };

/** Three page frames, first in first out, over a store of `slots` with faults. */
function faultyWorld(faults: string, slots = 32, more: Partial<WorldOptions> = {}): World {
  const store = new FaultyStore(new MemoryStore(slots), parseFaults(faults, ''), 1);
  const sizing = { mode: 'frames', frames: 3 } as const;
  return new World({ frames: 40, sizing, policy: fifo, store, ...more });
}

function spaceIn(world: World, pages = 8): SpaceState {
  const space = world.memory.createSpace();
  world.memory.addArea(space, anonymous(BASE, pages));
  return space;
}

const swapOf = (world: World) => (world.root.memory as MemoryState).swap;

describe('a page that can not be read back', () => {
  // Pages 0, 1, … go to slots 0, 1, … as later ones push them out.
  it('is missed by who touches it, every time, and by nobody else', async () => {
    const world = faultyWorld('read:slot=1');
    const space = spaceIn(world);
    for (let page = 0; page < 6; page++) await world.store1(space, at(page), 20 + page);
    for (const page of [0, 2, 3, 4, 5]) expect(await world.load(space, at(page))).toBe(20 + page);
    const { storeFailures } = world.memory.counters;
    expect(storeFailures).toBe(0);
    for (let again = 0; again < 3; again++) {
      expect(await world.access(space, at(1), again === 1 ? 'store' : 'load')).toEqual(SIGBUS);
      world.memory.checkInvariants();
    }
    // It was read once: it stays bad.
    expect(world.memory.counters).toMatchObject({
      storeFailures: 1,
      swapErrors: { read: 1 },
      lostPages: 1,
      badSlots: 1,
      refused: { [world.run(space).pid]: { signals: 3, calls: 0 } },
    });
    for (const page of [0, 2, 3, 4, 5]) expect(await world.load(space, at(page))).toBe(20 + page);
  });

  it('is named in the outcome: what was accessed, from where, and why it can not be had', async () => {
    const world = faultyWorld('corrupt:slot=0');
    const space = spaceIn(world);
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 20 + page);
    await world.access(space, at(0), 'load');
    const outcome = world.memory.fault(space, virtualAddress(at(0) + 5), 'load', virtualAddress(0x1000));
    expect(outcome).toMatchObject({ address: at(0) + 5, code: 2, signal: 7 });
    expect(outcome).toHaveProperty(
      'detail',
      expect.stringMatching(
        /^load from 0x10005 in anonymous memory, a page that came back from swap otherwise than it went: checksum \w{8}, written as \w{8} \(pc 0x1000\)$/,
      ),
    );
  });

  it('is EFAULT for a system call, and the process is not signalled', async () => {
    const world = faultyWorld('read:slot=0');
    const space = spaceIn(world);
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 20 + page);
    const bytes = new Uint8Array(1);
    await expect(world.call(space, (user) => user.read(at(0), bytes))).rejects.toThrow(BadAddress);
    expect(world.memory.counters.refused).toEqual({ [world.run(space).pid]: { signals: 0, calls: 1 } });
    await world.call(space, (user) => user.read(at(1), bytes));
    expect(bytes[0]).toBe(21);
    world.memory.checkInvariants();
  });

  it('can be given up and made anew; its slot is not used again', async () => {
    const world = faultyWorld('read:slot=0:times=1', 8);
    const space = spaceIn(world);
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 20 + page);
    expect(await world.access(space, at(0), 'load')).toEqual(SIGBUS);
    world.memory.unmap(space, at(0), PAGE_SIZE);
    world.map(space, at(0), 1);
    world.memory.checkInvariants();
    expect(await world.load(space, at(0))).toBe(0);
    for (let round = 0; round < 4; round++)
      for (let page = 0; page < 8; page++) await world.store1(space, at(page), round + page);
    expect(swapOf(world).references[0]).toBe(0);
    world.end(space);
    world.memory.checkInvariants();
    expect(world.memory.counters).toMatchObject({ swapUsed: 0, badSlots: 1 });
  });

  it.each([
    'copy-on-write',
    'eager',
  ] as const)('is shared by %s fork, and missed by each that touches it', async (mode) => {
    const world = faultyWorld('read:slot=0');
    const parent = spaceIn(world);
    for (let page = 0; page < 4; page++) await world.store1(parent, at(page), 20 + page);
    const child = await world.child(parent, mode);
    world.memory.checkInvariants();
    // The fork alone is no use of the page.
    expect(world.memory.counters.refused).toEqual({});
    for (let page = 1; page < 4; page++) expect(await world.load(child, at(page))).toBe(20 + page);
    expect(await world.access(child, at(0), 'load')).toEqual(SIGBUS);
    expect(Object.keys(world.memory.counters.refused)).toEqual([String(world.run(child).pid)]);
    world.end(child);
    world.memory.checkInvariants();
    for (let page = 1; page < 4; page++) expect(await world.load(parent, at(page))).toBe(20 + page);
    expect(await world.access(parent, at(0), 'load')).toEqual(SIGBUS);
  });

  it('of shared memory is missed by all that map it', async () => {
    const world = faultyWorld('read:slot=0');
    const object = world.objects.add(new Uint8Array(PAGE_SIZE), true);
    const backing = { object, offset: 0, length: PAGE_SIZE };
    const [one, two] = [spaceIn(world), spaceIn(world)];
    for (const space of [one, two]) world.map(space, 0x80000, 1, { shared: true, backing });
    await world.store1(one, 0x80000, 9);
    for (let page = 0; page < 4; page++) await world.store1(one, at(page), 1);
    for (const space of [two, one, two]) {
      expect(await world.access(space, 0x80000, 'load')).toEqual(SIGBUS);
      world.memory.checkInvariants();
    }
  });

  it('that was damaged is used as it is when nobody checks', async () => {
    const world = faultyWorld('corrupt:slot=0', 32, { checksums: 'off' });
    const space = spaceIn(world);
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 20 + page);
    expect(await world.access(space, at(0), 'load')).toMatchObject({ kind: 'done' });
    expect(world.memory.counters.storeFailures).toBe(0);
  });
});

describe('a page that can not be written', () => {
  it.each(['write', 'short'])('goes to another slot (%s), and no byte is lost', async (kind) => {
    const world = faultyWorld(`${kind}:slot=0-4`);
    const space = spaceIn(world);
    for (let page = 0; page < 8; page++) await world.store1(space, at(page), 20 + page);
    world.memory.checkInvariants();
    for (let page = 0; page < 8; page++) expect(await world.load(space, at(page))).toBe(20 + page);
    expect(world.memory.counters).toMatchObject({
      swapErrors: { [kind]: 5 },
      writesRetried: 5,
      badSlots: 5,
      lostPages: 0,
      refused: {},
    });
    expect(world.eventsOf('swap-out').every(({ slot }) => slot >= 5)).toBe(true);
  });

  it('when every slot is bad there is no swap left', async () => {
    const world = faultyWorld('write', 6);
    const space = spaceIn(world);
    for (let page = 0; page < 3; page++) await world.store1(space, at(page), 20 + page);
    expect(await world.access(space, at(3), 'store')).toEqual({ kind: 'out-of-memory' });
    world.memory.checkInvariants();
    expect(world.memory.counters).toMatchObject({ badSlots: 6, swapUsed: 0 });
    expect(world.eventsOf('out-of-memory')[0]!.detail).toMatch(/swap is full \(6 slots are bad\)$/);
    for (let page = 0; page < 3; page++) expect(await world.load(space, at(page))).toBe(20 + page);
  });

  it('a store that only fails is given up long before its last slot', async () => {
    const world = faultyWorld('write', 2 ** 31);
    const space = spaceIn(world);
    for (let page = 0; page < 3; page++) await world.store1(space, at(page), 20 + page);
    expect(await world.access(space, at(3), 'store')).toEqual({ kind: 'out-of-memory' });
    expect(world.memory.counters.badSlots).toBe(256);
    world.memory.checkInvariants();
  });

  it('a full store is as one with so many slots: none of them is bad', async () => {
    const said = async (world: World) => {
      const space = spaceIn(world);
      const outcomes: unknown[] = [];
      const store = async (page: number) => {
        const outcome = await world.access(space, at(page), 'store');
        outcomes.push(outcome.kind);
        if (outcome.kind === 'done') world.machine.ram[outcome.physical] = 20 + page;
      };
      for (const page of [0, 1, 2, 3, 4, 5]) await store(page);
      world.memory.checkInvariants();
      // What is given up makes room for another.
      for (const page of [0, 1]) world.memory.unmap(space, at(page), PAGE_SIZE);
      await store(5);
      for (const page of [2, 3, 4, 5]) outcomes.push(await world.load(space, at(page)));
      world.memory.checkInvariants();
      return outcomes;
    };
    const world = faultyWorld('full:after=2');
    const outcomes = await said(world);
    const done = Array(5).fill('done');
    expect(outcomes).toEqual([...done, 'out-of-memory', 'done', 22, 23, 24, 25]);
    expect(outcomes).toEqual(await said(faultyWorld('read:p=0', 2)));
    expect(world.memory.counters).toMatchObject({ badSlots: 0, storeFailures: 1, swapErrors: { full: 1 } });
  });

  it('a late answer loses nothing, and the slot is not used again', async () => {
    const inner = new FaultyStore(new MemoryStore(16), parseFaults('write:nth=1', ''), 1);
    const world = faultyWorld('read:p=0', 16, { store: new LateStore(inner) });
    const space = spaceIn(world);
    for (let round = 0; round < 3; round++) {
      for (let page = 0; page < 8; page++) await world.store1(space, at(page), 10 * round + page);
      for (let page = 0; page < 8; page++) expect(await world.load(space, at(page))).toBe(10 * round + page);
      world.memory.checkInvariants();
    }
    expect(world.memory.counters).toMatchObject({ badSlots: 1, lostPages: 0 });
    world.end(space);
    world.memory.checkInvariants();
  });
});

it('a slow store takes longer, and changes nothing else', async () => {
  const time = async (faults: string) => {
    const world = faultyWorld(faults);
    const space = spaceIn(world);
    for (let page = 0; page < 6; page++) await world.store1(space, at(page), 20 + page);
    const due = world.root.nextRequest;
    expect(await world.load(space, at(0))).toBe(20);
    expect(world.root.nextRequest).toBe(due + 1);
    return world.clock.delays;
  };
  expect(await time('slow:25ms')).toEqual([25e6, 25e6, 25e6, 25e6, 25e6]);
  expect(await time('read:p=0')).toEqual([0, 0, 0, 0, 0]);
});

describe('a page of a file that can not be read', () => {
  it('is missed by who asked, with the address of the access, and read again by the next', async () => {
    const world = faultyWorld('read:p=0');
    const space = spaceIn(world);
    const file = world.objects.file(2, 40);
    world.map(space, 0x80000, 2, { backing: { object: file, offset: 0, length: 2 * PAGE_SIZE } });
    let broken = true;
    world.objects.fails = (operation) => broken && operation === 'read';
    expect(await world.access(space, 0x80000 + 9, 'load')).toEqual(SIGBUS);
    world.memory.checkInvariants();
    await expect(
      world.call(space, (user) => user.read(virtualAddress(0x80000), new Uint8Array(1))),
    ).rejects.toThrow(BadAddress);
    const { pid } = world.run(space);
    expect(world.memory.counters).toMatchObject({
      fileErrors: { read: 2, write: 0 },
      refused: { [pid]: { signals: 1, calls: 1 } },
    });
    broken = false;
    expect(await world.load(space, 0x80000)).toBe(40);
  });
});
