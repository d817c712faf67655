import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import {
  EventHash,
  EventRing,
  eventLine,
  type KernelEvent,
  type SystemOptions,
} from '../../src/system/index.ts';
import { elfFile } from '../kernel/loader/elf-file.ts';
import { livePolicies } from '../support/live-policies.ts';
import { shipped, testSystem } from './fixture.ts';

const hello = shipped('hello');
const GREETING =
  'Hello, world.\nHallo, Welt.\nBonjour, monde.\nHola, mundo.\n256 pages, checksum 4871806721bd991f\n';

async function run(bytes: Uint8Array, options: SystemOptions = {}, args: readonly string[] = []) {
  const made = testSystem(bytes, options, args);
  const hash = new EventHash();
  made.system.observe(hash.observe);
  const outcome = await made.system.run();
  return { ...made, outcome, digest: hash.digest, events: hash.state.events, text: made.output() };
}

describe('a run', () => {
  it('ends as the program does, with its output', async () => {
    const { outcome, text } = await run(hello);
    expect(outcome).toEqual({ kind: 'exited', status: 0 });
    expect(text).toBe(GREETING);
  });

  it.each([
    ['hello-pie', {}],
    ['hello', { loading: 'eager' }],
    ['hello', { writeXorExecute: true }],
  ] as const)('%s %j', async (name, options) => {
    expect((await run(shipped(name), options)).text).toBe(GREETING);
  });

  it('gives the program its arguments', async () => {
    const { text } = await run(shipped('echo-args'), {}, ['one', 'zwei drei']);
    expect(text).toContain('zwei drei');
  });

  it('gives back everything that the process held', async () => {
    const { system } = await run(hello, { memory: '64K' });
    system.checkInvariants();
    const { counters } = system.memory;
    expect([counters.tableFrames, counters.swapUsed]).toEqual([0, 0]);
    expect(system.root.requests).toEqual([]);
  });

  it('stops at a limit, and says which', async () => {
    const { outcome, system } = await run(hello, { maxInstructions: 1000 });
    expect(outcome).toEqual({ kind: 'stopped', limit: 'instructions', status: 124 });
    expect(system.report().end).toEqual(outcome);
    expect((await run(hello, { maxTime: '1ms' })).outcome).toMatchObject({ kind: 'stopped', limit: 'time' });
  });

  it('is killed by an interrupt from outside', async () => {
    const { system } = testSystem(hello);
    await system.run({ instructions: 1000 });
    system.interrupt(2);
    expect(await system.run()).toEqual({ kind: 'killed', signal: 'SIGINT', status: 130 });
  });
});

describe('memory under pressure', () => {
  const sizes = ['44K', '64K', '256K', '16M'];
  const policies = livePolicies.map(({ name }) => name);
  it.each(
    policies.flatMap((replacement) => sizes.map((memory) => ({ replacement, memory }))),
  )('$replacement in $memory gives the same bytes', async (options) => {
    const { text, system, outcome } = await run(hello, options);
    expect(outcome).toEqual({ kind: 'exited', status: 0 });
    expect(text).toBe(GREETING);
    const { evictions, leastMemory } = system.report();
    if (options.memory !== '16M') expect(evictions.clean + evictions.dirty).toBeGreaterThan(0);
    // 6 tables (root, two levels each for program, heap and stack, whose top level they share) and 4 pages.
    expect(leastMemory).toEqual({ frames: 10, bytes: 40_960 });
  });

  it('with frames for pages alone, tables lie beside them', async () => {
    const { text, system } = await run(hello, { memory: undefined, frames: 8 } as SystemOptions);
    expect(text).toBe(GREETING);
    expect(system.report().resident.peak).toBe(8);
  });

  it('too little is a mistake of the user, with the least known', async () => {
    for (const memory of ['4K', '16K', '28K']) {
      const { system } = testSystem(hello, { memory });
      await expect(system.run()).rejects.toThrow(UserError);
    }
    const { system } = testSystem(hello, { memory: '28K' });
    await expect(system.run()).rejects.toThrow(
      /^--memory 28K: too small for this program, which needs \d+[KM] or more$/,
    );
  });

  it('with swap full the program is killed, and the report says so', async () => {
    const { outcome, system } = await run(hello, { memory: '64K', swap: 'memory,512K' });
    expect(outcome).toMatchObject({ kind: 'killed', signal: 'SIGKILL', status: 137 });
    expect(outcome).toHaveProperty('reason', expect.stringContaining('swap is full'));
    system.checkInvariants();
  });
});

describe('the same run twice', () => {
  it.each([
    {},
    { memory: '64K' },
    { memory: '64K', replacement: 'random', seed: 5 },
    { memory: '64K', replacement: 'lru', tlb: '16x4:random' },
  ])('%j gives the same event log', async (options) => {
    const [first, second] = [await run(hello, options), await run(hello, options)];
    expect(second.digest).toBe(first.digest);
    expect(first.events).toBeGreaterThan(500);
  });

  it('another seed gives another log of a random policy', async () => {
    const options = { memory: '64K', replacement: 'random' };
    expect((await run(hello, { ...options, seed: 2 })).digest).not.toBe((await run(hello, options)).digest);
  });

  it('nobody watching gives the same counts', async () => {
    const watched = await run(hello, { memory: '64K' });
    const { system } = testSystem(hello, { memory: '64K' });
    await system.run();
    expect(system.report()).toEqual(watched.system.report());
  });
});

describe('a snapshot', () => {
  it.each([
    { memory: '64K' },
    { memory: '48K', replacement: 'lru' },
    { memory: '64K', replacement: 'random' },
    { frames: 8, memory: undefined, replacement: 'clock-clean' },
  ] as SystemOptions[])('resumed in a fresh machine gives the rest of the event log: %j', async (options) => {
    const { resumeSystem, systemConfig } = await import('../../src/system/index.ts');
    const { testPorts } = await import('./fixture.ts');
    const whole = await run(hello, options);
    for (const instructions of [1, 2000, 5000, 6800]) {
      const { system, output } = testSystem(hello, options);
      const hash = new EventHash();
      system.observe(hash.observe);
      expect(await system.run({ instructions })).toEqual({ kind: 'paused' });
      const snapshot = structuredClone(await system.snapshot());
      const ports = testPorts(hello);
      const resumed = await resumeSystem(
        snapshot,
        systemConfig({ memory: '1M', swap: 'memory,4M', ...options }),
        ports,
      );
      resumed.checkInvariants();
      const rest = new EventHash(structuredClone(hash.state));
      resumed.observe(rest.observe);
      expect(await resumed.run()).toEqual({ kind: 'exited', status: 0 });
      expect(rest.digest).toBe(whole.digest);
      expect(output() + ports.streams.text(1)).toBe(GREETING);
      // The original goes on unharmed, to the same end.
      expect(await system.run()).toEqual({ kind: 'exited', status: 0 });
      expect(hash.digest).toBe(whole.digest);
    }
  });
});

describe('observers', () => {
  it('see a fault before what it causes, with rising time', async () => {
    const { system } = testSystem(hello, { memory: '64K' });
    const events: KernelEvent[] = [];
    const end = system.observe((event) => events.push(event));
    await system.run();
    end();
    for (let i = 1; i < events.length; i++)
      expect(events[i]!.time).toBeGreaterThanOrEqual(events[i - 1]!.time);
    expect(events[0]).toMatchObject({ type: 'table', change: 'allocated' });
    expect(events.find(({ type }) => type === 'exec')).toMatchObject({ path: '/prog', argv: ['./prog'] });
    expect(events.at(-1)).toMatchObject({ type: 'exit', status: 0, signal: 0 });
    const eviction = events.find(({ type }) => type === 'evict');
    expect(eviction).toHaveProperty('why.0.known.referenced');
    expect(JSON.parse(eventLine(eviction!))).toMatchObject({ type: 'evict', policy: 'clock' });
  });

  it('a ring keeps the last events', async () => {
    const { system } = testSystem(hello);
    const ring = new EventRing(3);
    system.observe(ring.observe);
    await system.run();
    expect(
      ring
        .events()
        .map(({ type }) => type)
        .at(-1),
    ).toBe('exit');
    expect(ring.events()).toHaveLength(3);
  });
});

it('write-xor-execute refuses a program with a page that is both', async () => {
  const both = elfFile({
    segments: [{ flags: 7, offset: 0, address: 0x10000, fileBytes: 0x1000, memoryBytes: 0x1000 }],
  });
  const { system } = testSystem(both, { writeXorExecute: true });
  await expect(system.run()).rejects.toThrow(
    /^\.\/prog: the segment at 0x10000 is writable and executable, which --write-xor-execute forbids$/,
  );
});
