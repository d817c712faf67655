/**
 * Several processes in the middle of instructions whose pages each have a table of their own, in the frames that are
 * said to be needed: everybody goes on, whoever is next.
 */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { nextBelow, type RandomState, randomState } from '../../../src/base/random.ts';
import { isOutOfMemory } from '../../../src/kernel/memory/contract.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { type Call, type Chooser, Crowd, type Instruction, type Member } from './crowd.ts';
import { anonymous, World } from './harness.ts';

const BASE = 0x4000_0000;
/** Each page in a table of its own. */
const RANGE = 512 * PAGE_SIZE;
const at = (page: number) => BASE + page * RANGE;

const choosers: Record<string, (random: RandomState) => Chooser> = {
  'anybody at random': (random) => (ready) => ready[nextBelow(random, ready.length)]!,
  'each in turn':
    () =>
    (ready, { last }) =>
      ready.find(({ process }) => process.pid > (last?.process.pid ?? 0)) ?? ready[0]!,
  'the highest number first': () => (ready) => ready.at(-1)!,
  'anybody but the last':
    () =>
    (ready, { last }) =>
      ready.find((member) => member !== last) ?? ready[0]!,
};

const program = (random: RandomState, length: number, pages: number): Instruction[] =>
  Array.from({ length }, () =>
    Array.from({ length: 4 }, (_, i) => [
      at(nextBelow(random, pages)) + nextBelow(random, PAGE_SIZE),
      i % 2 === 0 ? 'load' : 'store',
    ]),
  );

const names = Object.keys(choosers);

describe.each(names)('with %s', (name) => {
  const make = choosers[name]!;
  // One in two; all are in the property tests.
  const policies = livePolicies.filter((_, i) => i % (2 * names.length) === names.indexOf(name));

  it.each(
    policies,
  )('six processes go on in the frames that one needs beside upper tables: $name', async (policy) => {
    const random = randomState(7);
    // Six roots and six middle tables; an instruction's four pages, and the four leaf tables that they are in.
    const frames = 6 * 2 + 4 + 4;
    const world = new World({ frames, policy, pageTables: 'pageable', watched: false });
    const crowd = new Crowd(world);
    for (let i = 0; i < 6; i++) {
      const space = world.memory.createSpace();
      world.memory.addArea(space, anonymous(BASE, 12 * 512));
      crowd.add(space, program(random, 3, 12));
    }
    await crowd.run(make(random), 60_000);
    expect(crowd.members.every(({ end }) => end === undefined)).toBe(true);
    expect(world.memory.counters).toMatchObject({ pinnedPeak: 4, neededPeak: frames });
    expect(world.memory.counters.tablePaging.returned).toBeGreaterThan(0);
  });

  // Children have their parents' pages in tables of their own: a page that one needs must not keep the others' tables.
  it.each([9, 10])('threads and forked children go on in the frames that one needs: %i', async (seed) => {
    const random = randomState(seed);
    // Three spaces with two upper tables each; a copy needs its source beside the four pages.
    const frames = 3 * 2 + 5 + 5;
    const world = new World({ frames, pageTables: 'pageable', watched: false });
    const crowd = new Crowd(world);
    const space = world.memory.createSpace();
    world.memory.addArea(space, anonymous(BASE, 10 * 512));
    for (let page = 0; page < 10; page++) await world.store1(space, at(page), page);
    const child = await world.child(space);
    for (const of of [space, space, child, child, await world.child(child)])
      crowd.add(of, program(random, 8, 10));
    await crowd.run(make(random), 60_000);
    expect(crowd.members.every(({ end }) => end === undefined)).toBe(true);
    expect(world.memory.counters).toMatchObject({ pinnedPeak: 5, neededPeak: frames });
    world.memory.checkInvariants();
  });

  it('a page that is in memory under two addresses needs the table of one', async () => {
    const random = randomState(3);
    const frames = 2 + 4 + 4;
    const world = new World({ frames, pageTables: 'pageable', watched: false });
    const object = world.objects.add(new Uint8Array(6 * RANGE), true);
    const space = world.memory.createSpace();
    const area = { ...anonymous(BASE, 6 * 512), shared: true };
    world.memory.addArea(space, { ...area, backing: { object, offset: 0, length: 6 * RANGE } });
    const again = anonymous(at(6), 6 * 512);
    world.memory.addArea(space, {
      ...again,
      shared: true,
      backing: { object, offset: 0, length: 6 * RANGE },
    });
    const crowd = new Crowd(world);
    for (let i = 0; i < 3; i++) crowd.add(space, program(random, 15, 12));
    await crowd.run(make(random), 60_000);
    expect(crowd.members.every(({ end }) => end === undefined)).toBe(true);
    expect(world.memory.counters.neededPeak).toBe(frames);
    world.memory.checkInvariants();
  });

  it('processes that fork, move memory and call the system go on, or are told that memory is out', async () => {
    const random = randomState(13);
    const world = new World({ frames: 26, pageTables: 'pageable', watched: false });
    const crowd = new Crowd(world);
    let forked = 0;
    let refused = 0;
    const fork: Call = ({ space, at: step }, { world }) => {
      const child = world.memory.forkSpace(space, step % 2 === 0 ? 'eager' : 'copy-on-write');
      if (isOutOfMemory(child)) refused++;
      else forked++;
      if (!isOutOfMemory(child)) crowd.add(child, program(random, 4, 12));
    };
    const write: Call = ({ space, at: step }, { world }) => {
      const user = world.memory.user(space);
      user.prepare(virtualAddress(at(step % 9)), PAGE_SIZE, 'store');
      user.write(virtualAddress(at((step + 2) % 9)), new Uint8Array(PAGE_SIZE));
    };
    for (let i = 0; i < 3; i++) {
      const space = world.memory.createSpace();
      world.memory.addArea(space, anonymous(BASE, 12 * 512));
      const [a, b, c] = [program(random, 3, 12), program(random, 3, 12), program(random, 3, 12)];
      crowd.add(space, [...a, write, fork, ...b, fork, write, ...c]);
    }
    const choose = make(random);
    await crowd.run((ready) => {
      for (const member of crowd.members) if (isDone(member)) crowd.kill(member);
      return choose(ready, crowd);
    }, 60_000);
    expect(forked).toBeGreaterThan(1);
    expect(forked + refused).toBe(6);
    for (const member of crowd.members) if (member.end === undefined) crowd.kill(member);
    world.memory.checkInvariants();
    const { counters } = world.memory;
    expect(counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0 });
    expect(counters.tablePaging.swapped).toBe(0);
    expect(world.root.requests).toEqual([]);
  });

  it('a process that is killed in between leaves nothing', async () => {
    const random = randomState(11);
    const world = new World({ frames: 20, pageTables: 'pageable', watched: false });
    const crowd = new Crowd(world);
    const parent = world.memory.createSpace();
    world.memory.addArea(parent, anonymous(BASE, 10 * 512));
    for (let page = 0; page < 10; page++) await world.store1(parent, at(page), page);
    const spaces = [parent];
    for (let i = 0; i < 3; i++) spaces.push(await world.child(parent));
    for (const space of spaces) crowd.add(space, program(random, 20, 10));
    const choose = make(random);
    let turns = 0;
    await crowd.run((ready) => {
      const waiting = crowd.members.find(
        ({ process, end }) => end === undefined && process.waitsFor !== undefined,
      );
      if (++turns % 50 === 0 && waiting !== undefined) crowd.kill(waiting);
      return choose(ready, crowd);
    }, 60_000);
    for (const member of crowd.members) if (member.end === undefined) crowd.kill(member);
    world.memory.checkInvariants();
    expect(world.memory.counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0 });
    expect(world.root.requests).toEqual([]);
  });
});

const isDone = (member: Member): boolean => member.at === member.program.length && member.end === undefined;
