/**
 * The pressure matrix: a program writes the same bytes and ends with the same status at every memory size, from
 * plenty down to the least that its roomy run names, under every policy.
 */
import { describe, expect, it } from 'vitest';
import { livePolicies } from '../support/live-policies.ts';
import { type Guest, type Ran, runGuest, shipped } from '../support/run-system.ts';

const guest = (name: string, ...args: string[]): Guest => ({ path: shipped(name), args });
/** Without the one that evicts what is needed next: its runs are right as well, and take minutes. */
const names = livePolicies.map(({ name }) => name).filter((name) => name !== 'mru');
const usual = ['fifo', 'random', 'lru', 'clock', 'clock-clean'];
const others = names.filter((name) => !usual.includes(name));

/** Small enough for a few pages to be enough of a fight. */
const tiny: readonly Guest[] = [
  guest('hello', '16'),
  guest('hello-pie', '16'),
  guest('sort', '300'),
  guest('hashjoin', '256'),
  guest('treewalk', '5', '40'),
  guest('scan', 'random', '8', '2'),
  guest('sparse', '256M', '12', 'spread', '1'),
];

describe.each(tiny)('$path $args', (program) => {
  const at = tiny.indexOf(program);
  // Each policy meets four programs, or three.
  it.each(
    names.filter((_, i) => i % 2 === at % 2),
  )('%s: completes with the least memory', async (replacement) => {
    const roomy = await runGuest(program, { replacement });
    const least = roomy.report.leastMemory!.frames;
    const tight = await runGuest(program, { replacement, memory: `${least * 4}K` });
    expect(Buffer.from(tight.output).toString()).toBe(Buffer.from(roomy.output).toString());
    expect(tight.status).toBe(roomy.status);
    expect(tight.report.leastMemory).toEqual(roomy.report.leastMemory);
    expect(tight.report.evictions.clean + tight.report.evictions.dirty).toBeGreaterThan(0);
  });
});

const larger: readonly Guest[] = [
  guest('sort', '30000', 'merge'),
  guest('matmul', 'ikj', '64'),
  guest('hashjoin', '4K'),
  guest('treewalk', '12', '3000'),
  guest('alloc-churn', '256K', '5000'),
  guest('scan', 'skewed', '96', '6'),
  guest('sparse', '1G', '96', 'spread', '2'),
];

describe.each(larger)('$path $args', (program) => {
  const at = larger.indexOf(program);
  let spare: Promise<Ran> | undefined;
  // Each of the usual ones meets four programs or five, each other one a program.
  it.each([
    usual[at % 5]!,
    usual[(at + 1) % 5]!,
    usual[(at + 3) % 5]!,
    others[at % others.length]!,
  ])('%s: a half and a quarter of the resident peak', async (replacement) => {
    // With memory to spare no policy has anything to choose.
    spare ??= runGuest(program, {});
    const roomy = await spare;
    const { resident, tables, leastMemory } = roomy.report;
    for (const share of [2, 4]) {
      const frames = Math.max(leastMemory!.frames + 2, Math.ceil(resident.peak / share) + tables.peak);
      const tight = await runGuest(program, { replacement, memory: `${frames * 4}K` });
      expect(Buffer.from(tight.output).toString()).toBe(Buffer.from(roomy.output).toString());
      expect(tight.status).toBe(roomy.status);
      expect(tight.report.evictions.clean + tight.report.evictions.dirty).toBeGreaterThan(0);
    }
  });
});

describe('below the least', () => {
  it.each(['hello', 'sort', 'sparse'])('%s: is refused, whatever the policy', async (program) => {
    const args = { hello: [], sort: ['300'], sparse: ['256M', '12', 'spread', '1'] }[program]!;
    const roomy = await runGuest(guest(program, ...args), {});
    const least = roomy.report.leastMemory!.frames;
    for (let frames = 1; frames < least; frames += frames < least - 4 ? 7 : 1) {
      const replacement = names[frames % names.length]!;
      await expect(
        runGuest(guest(program, ...args), { memory: `${frames * 4}K`, replacement }),
      ).rejects.toThrow(/^--memory \d+[KM]: too small for this program, which needs \d+[KM] or more$/);
    }
  });
});

describe('the same run twice', () => {
  it.each(names)('%s: gives the same event log', async (replacement) => {
    const options = { memory: '64K', replacement, seed: 7 };
    const first = await runGuest(guest('sort', '8000'), options);
    const second = await runGuest(guest('sort', '8000'), options);
    expect(second.digest).toBe(first.digest);
    expect(second.report).toEqual(first.report);
  });
});
