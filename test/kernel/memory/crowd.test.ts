/** Several processes in the middle of instructions: they go on, however little memory there is and whoever is next. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { nextBelow, type RandomState, randomState } from '../../../src/base/random.ts';
import { isOutOfMemory } from '../../../src/kernel/memory/contract.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { type Call, type Chooser, Crowd, type Instruction, type Member } from './crowd.ts';
import { anonymous, World } from './harness.ts';

const BASE = 0x10_0000;
const at = (page: number) => BASE + page * PAGE_SIZE;

const first = (members: readonly Member[], rank: (member: Member) => number): Member =>
  members.reduce((best, member) => (rank(member) < rank(best) ? member : best));

/** Round robin, fixed priorities both ways, and schedulers that mean harm. */
const schedulers: Record<string, (random: RandomState) => Chooser> = {
  'anybody at random': (random) => (ready) => ready[nextBelow(random, ready.length)]!,
  'each in turn':
    () =>
    (ready, { last }) =>
      ready.find(({ process }) => process.pid > (last?.process.pid ?? 0)) ?? ready[0]!,
  'the lowest number first': () => (ready) => ready[0]!,
  'the highest number first': () => (ready) => ready.at(-1)!,
  'whoever has tried least': () => (ready) => first(ready, ({ tries }) => tries),
  'whoever is furthest': () => (ready) => first(ready, (member) => -member.at),
  'anybody but the last':
    () =>
    (ready, { last }) =>
      ready.find((member) => member !== last) ?? ready[0]!,
};

/** Instructions of four accesses to pages of `pages`, drawn at random. */
const program = (random: RandomState, length: number, pages: number): Instruction[] =>
  Array.from({ length }, () =>
    Array.from({ length: 4 }, (_, i) => [
      at(nextBelow(random, pages)) + nextBelow(random, PAGE_SIZE),
      i % 2 === 0 ? 'load' : 'store',
    ]),
  );

const names = Object.keys(schedulers);

describe.each(names)('with %s', (name) => {
  const make = schedulers[name]!;
  // Every policy with some scheduler.
  const policies = livePolicies.filter((_, i) => i % names.length === names.indexOf(name));

  it.each(policies)('six processes go on in the frames that one needs: $name', async (policy) => {
    const random = randomState(7);
    // Four pages an instruction; tables have frames of their own.
    const world = new World({ frames: 24, sizing: { mode: 'frames', frames: 4 }, policy, watched: false });
    const crowd = new Crowd(world);
    for (let i = 0; i < 6; i++) {
      const space = world.memory.createSpace();
      world.memory.addArea(space, anonymous(BASE, 12));
      crowd.add(space, program(random, 10, 12));
    }
    expect(world.memory.hasRoom).toBe(true);
    await crowd.run(make(random), 30_000);
    expect(crowd.members.every(({ end }) => end === undefined)).toBe(true);
    expect(world.memory.counters).toMatchObject({ pinnedPeak: 4, neededPeak: 4 });
  });

  // In some of these an instruction copies two pages, or one that another thread has pinned: the source of a copy
  // must not stay pinned.
  it.each([
    9, 109, 134_632,
  ])('threads and forked children go on in the frames that one needs: %i', async (seed) => {
    const random = randomState(seed);
    const world = new World({ frames: 20, sizing: { mode: 'frames', frames: 5 }, watched: false });
    const crowd = new Crowd(world);
    const space = world.memory.createSpace();
    world.memory.addArea(space, anonymous(BASE, 10));
    for (let page = 0; page < 10; page++) await world.store1(space, at(page), page);
    const child = await world.child(space);
    for (const of of [space, space, child, child, await world.child(child)])
      crowd.add(of, program(random, 12, 10));
    await crowd.run(make(random), 30_000);
    expect(crowd.members.every(({ end }) => end === undefined)).toBe(true);
    // A copy needs its source beside the four pages of the instruction.
    expect(world.memory.counters).toMatchObject({ pinnedPeak: 5, neededPeak: 5 });
  });

  it('processes that fork and call the system go on, or are told that memory is out', async () => {
    const random = randomState(13);
    const world = new World({ frames: 34, watched: false });
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
      world.memory.user(space).write(virtualAddress(at(step % 9)), new Uint8Array(3 * PAGE_SIZE));
    };
    for (let i = 0; i < 4; i++) {
      const space = world.memory.createSpace();
      world.memory.addArea(space, anonymous(BASE, 12));
      const [a, b, c] = [program(random, 3, 12), program(random, 3, 12), program(random, 3, 12)];
      crowd.add(space, [...a, write, fork, ...b, fork, write, ...c]);
    }
    const choose = make(random);
    await crowd.run((ready) => {
      for (const member of crowd.members) {
        if (member.at === member.program.length && member.end === undefined) crowd.kill(member);
      }
      return choose(ready, crowd);
    }, 30_000);
    expect(forked).toBeGreaterThan(1);
    expect(forked + refused).toBe(8);
    for (const member of crowd.members) if (member.end === undefined) crowd.kill(member);
    world.memory.checkInvariants();
    expect(world.memory.counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0 });
  });

  it('a process that is killed in between leaves nothing', async () => {
    const random = randomState(11);
    const world = new World({ frames: 20, sizing: { mode: 'frames', frames: 5 }, watched: false });
    const crowd = new Crowd(world);
    const parent = world.memory.createSpace();
    world.memory.addArea(parent, anonymous(BASE, 10));
    for (let page = 0; page < 10; page++) await world.store1(parent, at(page), page);
    const spaces = [parent];
    for (let i = 0; i < 3; i++) spaces.push(await world.child(parent));
    for (const space of spaces) crowd.add(space, program(random, 20, 10));
    const choose = make(random);
    let turns = 0;
    await crowd.run((ready) => {
      // Every so often one is killed that waits for a page.
      const waiting = crowd.members.find(
        ({ process, end }) => end === undefined && process.waitsFor !== undefined,
      );
      if (++turns % 50 === 0 && waiting !== undefined) crowd.kill(waiting);
      return choose(ready, crowd);
    }, 30_000);
    expect(crowd.members.some(({ end }) => end === 'killed')).toBe(true);
    for (const member of crowd.members) if (member.end === undefined) crowd.kill(member);
    world.memory.checkInvariants();
    expect(world.memory.counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0 });
    expect(world.root.requests).toEqual([]);
  });
});
