/** mmap, munmap, mprotect, brk, mremap, madvise, mincore: results and errnos as on Linux. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { Errno } from '../../../src/kernel/errno.ts';
import { BadAddress } from '../../../src/kernel/memory/contract.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { World, type WorldOptions } from './harness.ts';

const BASE = 0x10_0000;
const at = (page: number, offset = 0) => virtualAddress(BASE + page * PAGE_SIZE + offset);

function fresh(options: Partial<WorldOptions> = {}) {
  const world = new World({ frames: 32, ...options });
  return { world, space: world.memory.createSpace(), memory: world.memory };
}

describe('mmap', () => {
  it('goes down from the top', () => {
    const { world, space } = fresh();
    space.mmapTop = virtualAddress(0x8000_0000);
    expect(world.map(space, 0, 4, { fixed: 'hint' })).toBe(0x8000_0000 - 4 * PAGE_SIZE);
    expect(world.map(space, 0, 1, { fixed: 'hint', protection: 1 })).toBe(0x8000_0000 - 5 * PAGE_SIZE);
    expect(world.map(space, 0x5_0123, 1, { fixed: 'hint' })).toBe(0x5_0000);
    expect(world.map(space, 0x5_0000, 1, { fixed: 'hint' })).toBe(0x8000_0000 - 6 * PAGE_SIZE);
  });

  it('answers mistakes as Linux does', () => {
    const { world, space } = fresh();
    const object = world.objects.file(1, 1);
    expect(world.map(space, BASE, 0)).toBe(Errno.EINVAL);
    expect(world.map(space, BASE + 1, 1)).toBe(Errno.EINVAL);
    expect(world.map(space, BASE, 1, { backing: { object, offset: 1, length: 1 } })).toBe(Errno.EINVAL);
    expect(world.map(space, 0x1000, 1)).toBe(Errno.EPERM);
    expect(world.map(space, 2 ** 38 - PAGE_SIZE, 2)).toBe(Errno.ENOMEM);
    expect(world.map(space, 0, 2 ** 27, { fixed: 'hint' })).toBe(Errno.ENOMEM);
    expect(world.map(space, BASE, 4)).toBe(BASE);
    expect(world.map(space, at(3), 4, { fixed: 'noreplace' })).toBe(Errno.EEXIST);
    expect(world.map(space, at(4), 4, { fixed: 'noreplace' })).toBe(at(4));
  });

  it('reserves a lot for nothing', async () => {
    const { world, space } = fresh();
    const start = world.map(space, 0, 2 ** 25, { fixed: 'hint' });
    expect(start).toBeGreaterThan(0);
    expect(world.memory.counters).toMatchObject({ tableFrames: 1, residentPages: 0 });
    await world.store1(space, start + 2 ** 30, 1);
    expect(world.memory.protect(space, virtualAddress(start), 2 ** 37, 1)).toBe(0);
    expect(world.memory.unmap(space, virtualAddress(start), 2 ** 37)).toBe(0);
    expect(world.memory.counters).toMatchObject({ tableFrames: 1, residentPages: 0 });
  });

  it('frees what it replaces', async () => {
    const { world, space } = fresh();
    world.map(space, BASE, 4);
    await world.store1(space, at(1), 7);
    expect(world.map(space, at(1), 1)).toBe(at(1));
    expect(await world.load(space, at(1))).toBe(0);
    expect(space.areas).toHaveLength(1);
  });
});

describe('munmap', () => {
  it('splits areas, frees tables, and minds no holes', async () => {
    const { world, space, memory } = fresh();
    world.map(space, BASE, 4);
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), page);
    expect(memory.unmap(space, at(1), 2 * PAGE_SIZE - 5)).toBe(0);
    expect(space.areas.map(({ start, end }) => [start, end])).toEqual([
      [at(0), at(1)],
      [at(3), at(4)],
    ]);
    expect(await world.access(space, at(1), 'load')).toMatchObject({ signal: 11, code: 1 });
    expect(memory.counters).toMatchObject({ residentPages: 2, tableFrames: 3 });
    expect(memory.unmap(space, at(0), 4 * PAGE_SIZE)).toBe(0);
    expect(memory.counters).toMatchObject({ residentPages: 0, tableFrames: 1 });
    expect(memory.unmap(space, at(0), 4 * PAGE_SIZE)).toBe(0);
  });

  it('answers mistakes as Linux does', () => {
    const { space, memory } = fresh();
    expect(memory.unmap(space, virtualAddress(BASE + 1), PAGE_SIZE)).toBe(Errno.EINVAL);
    expect(memory.unmap(space, at(0), 0)).toBe(Errno.EINVAL);
    expect(memory.unmap(space, at(0), 2 ** 38)).toBe(Errno.EINVAL);
    expect(memory.unmap(space, at(0), Number.POSITIVE_INFINITY)).toBe(Errno.EINVAL);
  });
});

describe('mprotect', () => {
  it('takes away and gives back without losing a byte', async () => {
    const { world, space, memory } = fresh();
    world.map(space, BASE, 3);
    await world.store1(space, at(1), 7);
    expect(memory.protect(space, at(1), PAGE_SIZE, 0)).toBe(0);
    expect(await world.access(space, at(1), 'load')).toMatchObject({ signal: 11, code: 2 });
    expect(memory.listAreas(space).map(({ resident }) => resident)).toEqual([0, 1, 0]);
    expect(memory.protect(space, at(1), PAGE_SIZE, 1)).toBe(0);
    expect(await world.load(space, at(1))).toBe(7);
    expect(await world.access(space, at(1), 'store')).toMatchObject({ signal: 11, code: 2 });
    expect(memory.protect(space, at(1), PAGE_SIZE, 3)).toBe(0);
    await world.store1(space, at(1), 8);
    expect(space.areas).toHaveLength(1);
    memory.checkInvariants();
  });

  it('writes a hidden dirty page when it is evicted', async () => {
    const { world, space, memory } = fresh({
      frames: 8,
      sizing: { mode: 'frames', frames: 2 },
      policy: fifo,
    });
    world.map(space, BASE, 4);
    await world.store1(space, at(0), 7);
    memory.protect(space, at(0), PAGE_SIZE, 0);
    for (const page of [1, 2]) await world.load(space, at(page));
    expect(memory.listAreas(space).map(({ swapped }) => swapped)).toEqual([1, 0]);
    memory.protect(space, at(0), PAGE_SIZE, 1);
    expect(await world.load(space, at(0))).toBe(7);
  });

  it('leaves shared file pages copy-on-write', async () => {
    const { world, space, memory } = fresh();
    const object = world.objects.file(1, 100);
    world.map(space, BASE, 1, { protection: 1, backing: { object, offset: 0, length: 1 } });
    await world.load(space, at(0));
    memory.protect(space, at(0), PAGE_SIZE, 3);
    await world.store1(space, at(0), 1);
    expect(world.objects.list[object]!.bytes[0]).toBe(100);
    expect(memory.counters.faults['copy-on-write']).toBe(1);
  });

  it('answers mistakes as Linux does', () => {
    const { world, space, memory } = fresh();
    world.map(space, BASE, 2);
    world.map(space, at(3), 1);
    expect(memory.protect(space, virtualAddress(BASE + 1), 1, 1)).toBe(Errno.EINVAL);
    expect(memory.protect(space, at(0), PAGE_SIZE, 64)).toBe(Errno.EINVAL);
    expect(memory.protect(space, at(0), 0, 1)).toBe(0);
    expect(memory.protect(space, at(5), PAGE_SIZE, 1)).toBe(Errno.ENOMEM);
    // Up to the hole it is done.
    expect(memory.protect(space, at(0), 4 * PAGE_SIZE, 1)).toBe(Errno.ENOMEM);
    expect(space.areas.map(({ protection }) => protection)).toEqual([1, 3]);
  });

  it('refuses writable and executable pages when told to', () => {
    const strict = fresh({ writeXorExecute: true });
    strict.world.map(strict.space, BASE, 1);
    expect(strict.world.map(strict.space, at(4), 1, { protection: 7 })).toBe(Errno.EACCES);
    expect(strict.memory.protect(strict.space, at(0), PAGE_SIZE, 7)).toBe(Errno.EACCES);
    expect(strict.memory.protect(strict.space, at(0), PAGE_SIZE, 5)).toBe(0);
    const lax = fresh();
    expect(lax.world.map(lax.space, at(4), 1, { protection: 7 })).toBe(at(4));
  });
});

describe('brk', () => {
  it('moves the end of the heap, up and down', async () => {
    const { world, space, memory } = fresh();
    space.brkStart = at(0);
    space.brk = at(0);
    expect(memory.setBreak(space, virtualAddress(0))).toBe(at(0));
    expect(memory.setBreak(space, at(3, 100))).toBe(at(3, 100));
    await world.store1(space, at(3), 7);
    expect(await world.access(space, at(4), 'store')).toMatchObject({ signal: 11 });
    expect(memory.setBreak(space, at(2))).toBe(at(2));
    expect(memory.setBreak(space, at(4))).toBe(at(4));
    expect(await world.load(space, at(3))).toBe(0);
    expect(space.areas).toMatchObject([{ start: at(0), end: at(4), name: '[heap]' }]);
    world.map(space, at(6), 1);
    expect(memory.setBreak(space, at(6))).toBe(at(4));
    expect(memory.setBreak(space, at(5))).toBe(at(5));
  });
});

describe('mremap', () => {
  it('grows in place where it can, moves where it may, and copies no page', async () => {
    const { world, space, memory } = fresh();
    world.map(space, at(0), 2);
    world.map(space, at(4), 1);
    await world.store1(space, at(1), 7);
    expect(memory.remap(space, at(0), 2 * PAGE_SIZE, 4 * PAGE_SIZE, 0, at(0))).toBe(at(0));
    expect(memory.remap(space, at(0), 4 * PAGE_SIZE, 5 * PAGE_SIZE, 0, at(0))).toBe(Errno.ENOMEM);
    const moved = memory.remap(space, at(0), 4 * PAGE_SIZE, 600 * PAGE_SIZE, 1, at(0));
    expect(moved).toBeGreaterThan(0);
    expect(await world.load(space, moved + PAGE_SIZE)).toBe(7);
    expect(memory.counters).toMatchObject({ faults: { zero: 1 }, residentPages: 1 });
    expect(await world.access(space, at(1), 'load')).toMatchObject({ signal: 11 });
    expect(memory.remap(space, virtualAddress(moved), 600 * PAGE_SIZE, PAGE_SIZE, 0, at(0))).toBe(moved);
    expect(memory.counters.residentPages).toBe(0);
    memory.checkInvariants();
  });

  it('moves pages that are in swap', async () => {
    const { world, space, memory } = fresh({
      frames: 12,
      sizing: { mode: 'frames', frames: 2 },
      policy: fifo,
    });
    world.map(space, at(0), 4);
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 1 + page);
    const to = virtualAddress(0x4000_0000);
    expect(memory.remap(space, at(0), 4 * PAGE_SIZE, 4 * PAGE_SIZE, 3, to)).toBe(to);
    memory.checkInvariants();
    for (let page = 0; page < 4; page++)
      expect(await world.load(space, to + page * PAGE_SIZE)).toBe(1 + page);
  });

  it('leaves everything as it was when no frame is left for tables', async () => {
    // Root, middle and leaf table and no more: the new place would need two.
    const { world, space, memory } = fresh({ frames: 5, sizing: { mode: 'frames', frames: 2 } });
    world.map(space, at(0), 2);
    for (let page = 0; page < 2; page++) await world.store1(space, at(page), 1 + page);
    expect(memory.remap(space, at(0), 2 * PAGE_SIZE, 2 * PAGE_SIZE, 3, virtualAddress(0x4000_0000))).toBe(
      Errno.ENOMEM,
    );
    memory.checkInvariants();
    for (let page = 0; page < 2; page++) expect(await world.load(space, at(page))).toBe(1 + page);
  });

  it('answers mistakes as Linux does', () => {
    const { world, space, memory } = fresh();
    world.map(space, at(0), 2);
    const remap = (address: number, old: number, now: number, flags: number, to = 0) =>
      memory.remap(
        space,
        virtualAddress(address),
        old * PAGE_SIZE,
        now * PAGE_SIZE,
        flags,
        virtualAddress(to),
      );
    expect(remap(at(0) + 1, 1, 1, 0)).toBe(Errno.EINVAL);
    expect(remap(at(0), 1, 0, 0)).toBe(Errno.EINVAL);
    expect(remap(at(0), 1, 1, 2, at(9))).toBe(Errno.EINVAL);
    expect(remap(at(0), 2, 2, 5)).toBe(Errno.EINVAL);
    expect(remap(at(0), 2, 2, 3, at(1))).toBe(Errno.EINVAL);
    expect(remap(at(0), 2, 2, 3, at(9) + 1)).toBe(Errno.EINVAL);
    expect(remap(at(5), 1, 2, 1)).toBe(Errno.EFAULT);
    expect(remap(at(0), 3, 4, 1)).toBe(Errno.EFAULT);
  });
});

describe('madvise and mincore', () => {
  it('drops what it is told to', async () => {
    const { world, space, memory } = fresh();
    world.map(space, at(0), 3);
    for (let page = 0; page < 3; page++) await world.store1(space, at(page), 9);
    expect(memory.residency(space, at(0), 3 * PAGE_SIZE)).toEqual(Uint8Array.of(1, 1, 1));
    expect(memory.advise(space, at(1), PAGE_SIZE, 4)).toBe(0);
    expect(memory.residency(space, at(0), 3 * PAGE_SIZE)).toEqual(Uint8Array.of(1, 0, 1));
    expect([await world.load(space, at(0)), await world.load(space, at(1))]).toEqual([9, 0]);
    expect(world.references).toContain(`0 gone ${(at(1) / PAGE_SIZE).toString(16)} 1`);
  });

  it('answers mistakes as Linux does', () => {
    const { world, space, memory } = fresh();
    world.map(space, at(0), 1);
    world.map(space, at(2), 1);
    expect(memory.advise(space, at(0), PAGE_SIZE, 9)).toBe(Errno.EINVAL);
    expect(memory.advise(space, virtualAddress(BASE + 1), PAGE_SIZE, 4)).toBe(Errno.EINVAL);
    expect(memory.advise(space, at(0), 0, 4)).toBe(0);
    expect(memory.advise(space, at(0), 3 * PAGE_SIZE, 4)).toBe(Errno.ENOMEM);
    expect(memory.advise(space, at(0), PAGE_SIZE, 14)).toBe(0);
    expect(memory.residency(space, at(0), 3 * PAGE_SIZE)).toBe(Errno.ENOMEM);
    expect(memory.residency(space, virtualAddress(BASE + 1), 1)).toBe(Errno.EINVAL);
    expect(memory.synchronize(space, at(0), PAGE_SIZE, 5)).toBe(Errno.EINVAL);
    expect(memory.synchronize(space, at(0), 3 * PAGE_SIZE, 4)).toBe(Errno.ENOMEM);
  });
});

describe("the kernel's own accesses", () => {
  it('fault pages in, reach over pages, and leave what the program would leave', async () => {
    const { world, space, memory } = fresh();
    world.map(space, at(0), 2);
    await world.call(space, (user) => user.write(at(0, 4090), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)));
    expect(await world.call(space, (user) => user.readU64(at(0, 4090)))).toBe(0x0807060504030201n);
    expect(await world.load(space, at(1, 0))).toBe(7);
    expect(memory.counters.faults).toEqual({ zero: 2 });
    const [low] = [world.machine.leafEntry(at(0))!.low];
    expect((low >>> 6) & 3).toBe(3);
    expect(world.references.slice(0, 2)).toEqual(['0 store 100ffa 6', '0 store 101000 2']);
    expect(world.machine.changed.length).toBeGreaterThanOrEqual(4);
  });

  it('end where the program would get a signal, before a byte is written', async () => {
    const { world, space } = fresh();
    world.map(space, at(0), 1);
    const bytes = new Uint8Array(PAGE_SIZE + 1).fill(9);
    await expect(world.call(space, (user) => user.write(at(0), bytes))).rejects.toBeInstanceOf(BadAddress);
    expect(await world.load(space, at(0))).toBe(0);
    await expect(
      world.call(space, (user) => user.prepare(virtualAddress(2 ** 50), 1, 'load')),
    ).rejects.toBeInstanceOf(BadAddress);
  });

  it('read strings', async () => {
    const { world, space } = fresh();
    world.map(space, at(0), 2);
    const text = new TextEncoder().encode('größer\0');
    await world.call(space, (user) => user.write(at(0, 4093), text));
    expect(await world.call(space, (user) => user.readString(at(0, 4093), 100))).toBe('größer');
    expect(await world.call(space, (user) => user.readString(at(0, 4093), 8))).toBe('größer');
    expect(await world.call(space, (user) => user.readString(at(0, 4093), 7))).toBeUndefined();
  });

  it('keep prepared pages until the step is done', async () => {
    const { world, space, memory } = fresh({
      frames: 10,
      sizing: { mode: 'frames', frames: 3 },
      policy: fifo,
    });
    world.map(space, at(0), 6);
    for (let page = 0; page < 6; page++) await world.store1(space, at(page), 1);
    await world.call(space, (user) => {
      for (const page of [0, 1, 2]) user.prepare(at(page), 1, 'store');
      for (const page of [0, 1, 2]) user.write(at(page), Uint8Array.of(7));
    });
    expect(memory.counters.pinnedPeak).toBe(5);
    memory.checkInvariants();
  });
});
