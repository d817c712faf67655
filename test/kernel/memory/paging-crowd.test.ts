/**
 * Several processes in the middle of instructions, in the frames that one of them needs, while pages are read ahead, freed
 * and cleaned beside them: everybody goes on, whoever is next.
 */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE } from '../../../src/base/numbers.ts';
import { nextBelow, type RandomState, randomState } from '../../../src/base/random.ts';
import { DEFAULT_ARM } from '../../../src/kernel/disk.ts';
import type { PagingRules } from '../../../src/kernel/memory/paging-rules.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { type Chooser, Crowd, type Instruction } from './crowd.ts';
import { anonymous, World } from './harness.ts';

const BASE = 0x10_0000;
const at = (page: number) => BASE + page * PAGE_SIZE;

const program = (random: RandomState, length: number, pages: number): Instruction[] =>
  Array.from({ length }, () =>
    Array.from({ length: 4 }, (_, i) => [
      at(nextBelow(random, pages)) + nextBelow(random, PAGE_SIZE),
      i % 2 === 0 ? 'load' : 'store',
    ]),
  );

const anybody =
  (random: RandomState): Chooser =>
  (ready) =>
    ready[nextBelow(random, ready.length)]!;
const lowest: Chooser = (ready) => ready[0]!;

const settings: Record<string, Partial<PagingRules>> = {
  'read-ahead': { readAhead: 8 },
  'a daemon that wants nearly all': { daemon: { low: 3, high: 3, first: 'any' }, cluster: 4 },
  'all of it': {
    readAhead: 3,
    cluster: 3,
    daemon: { low: 1, high: 2, first: 'clean' },
    cleanEvery: 20_000_000,
  },
};

describe.each(Object.keys(settings))('with %s', (name) => {
  const paging = settings[name]!;
  const policies = livePolicies.filter((_, i) => i % 3 === Object.keys(settings).indexOf(name));

  it.each(policies)('six processes go on in the frames that one needs: $name', async (policy) => {
    for (const [seed, choose] of [
      [7, anybody(randomState(5))],
      [8, lowest],
    ] as const) {
      const random = randomState(seed);
      const sizing = { mode: 'frames', frames: 4 } as const;
      const disk = { ...DEFAULT_ARM, order: seed === 7 ? 'elevator' : 'fcfs' } as const;
      const world = new World({ frames: 24, sizing, policy, paging, disk, watched: false });
      const crowd = new Crowd(world);
      for (let i = 0; i < 6; i++) {
        const space = world.memory.createSpace();
        world.memory.addArea(space, anonymous(BASE, 12));
        crowd.add(space, program(random, 10, 12));
      }
      await crowd.run(choose, 60_000);
      expect(crowd.members.every(({ end }) => end === undefined)).toBe(true);
      world.memory.checkInvariants();
    }
  });

  it('children that share pages with their parents go on, and nothing is left of them', async () => {
    const random = randomState(21);
    const sizing = { mode: 'frames', frames: 5 } as const;
    const world = new World({ frames: 20, sizing, paging, watched: false });
    const crowd = new Crowd(world);
    const space = world.memory.createSpace();
    world.memory.addArea(space, anonymous(BASE, 10));
    for (let page = 0; page < 10; page++) await world.store1(space, at(page), page);
    const child = await world.child(space);
    for (const of of [space, space, child, child, await world.child(child)])
      crowd.add(of, program(random, 12, 10));
    let turns = 0;
    await crowd.run((ready) => {
      const waiting = crowd.members.find(
        ({ process, end }) => end === undefined && process.waitsFor !== undefined,
      );
      if (++turns % 80 === 0 && waiting !== undefined) crowd.kill(waiting);
      return anybody(random)(ready, crowd);
    }, 60_000);
    for (const member of crowd.members) if (member.end === undefined) crowd.kill(member);
    world.memory.checkInvariants();
    expect(world.memory.counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0 });
    expect(world.root.requests).toEqual([]);
    const { read, useful, useless } = world.memory.counters.paging.readAhead;
    expect(useful + useless).toBe(read);
  });
});
