/** The parts are the real ones: state that is cloned goes on, and damage to the store is noticed. */
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { openFileStore } from '../../src/stores/file.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import {
  createSystem,
  EventHash,
  type RecordWriter,
  resumeSystem,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { portsOf, runGuest, shipped } from '../support/run-system.ts';
import { LateStore } from '../support/stores.ts';

const guest = { path: shipped('sort'), args: ['6000', 'heap'] };

describe.each(['fifo', 'random', 'lru', 'clock', 'clock-clean'])('a snapshot under %s', (replacement) => {
  it('resumed in a fresh machine goes on to the same event log, output and report', async () => {
    const options = { memory: '60K', swap: 'memory,64M', replacement };
    const config = systemConfig(options);
    const whole = await runGuest(guest, options);

    const streams = new MemoryStreams();
    const first = createSystem(config, portsOf(guest, streams));
    const hash = new EventHash();
    first.observe(hash.observe);
    expect(await first.run({ instructions: 300_000 })).toEqual({ kind: 'paused' });
    const snapshot = structuredClone(await first.snapshot());
    const state = structuredClone(hash.state);
    // The first goes on as well: what it does must not reach the snapshot.
    await first.run();

    const rest = new MemoryStreams();
    const second = await resumeSystem(snapshot, config, portsOf(guest, rest));
    const restHash = new EventHash(state);
    second.observe(restHash.observe);
    const outcome = await second.run();
    second.checkInvariants();
    expect(outcome).toMatchObject({ status: whole.status });
    expect(restHash.digest).toBe(whole.digest);
    expect(hash.digest).toBe(whole.digest);
    expect(second.report()).toEqual(whole.report);
    expect(rest.text(1)).toBe(new TextDecoder().decode(whole.output));
  });
});

const nothing: RecordWriter = {
  reference: () => {},
  space: () => {},
  unmap: () => {},
  share: () => {},
  part: () => {},
  kernel: () => {},
  refused: () => {},
  flush: () => {},
  exit: () => {},
  finish: () => {},
};

/** Where a run is cut into pieces is to be seen nowhere: by pauses, or because the references that are recorded are many. */
describe.each<SystemOptions>([
  {},
  { memory: '140K', daemon: '1,2', readAhead: 2, cleanEvery: '1ms', replacement: 'aging' },
  { scheduler: 'mlfq', frames: 60, bits: 'traps', replacement: 'lru' },
  { translation: 'base-bounds', memory: '2M', moveEvery: '200us', swap: 'memory,4M' },
])('pauses of a run with %j', (options) => {
  const programs = [
    ['sort', '1500', 'heap'],
    ['scan', 'random', '12', '6'],
    ['scan', 'skewed', '12', '6'],
  ] as const;

  const run = async (pauses: number, count: number, record?: RecordWriter) => {
    const streams = new MemoryStreams();
    const [ports, ...others] = programs
      .slice(0, count)
      .map(([name, ...args]) => portsOf({ path: shipped(name), args }, streams, record));
    const config = systemConfig({ swap: 'memory,64M', ...options });
    const system = createSystem(config, { ...ports!, others: others.map(({ program }) => program!) });
    const hash = new EventHash();
    system.observe(hash.observe);
    for (let i = 1; i <= pauses; i++)
      expect(await system.run({ instructions: i * 17_001 })).toEqual({ kind: 'paused' });
    await system.run();
    return { digest: hash.digest, text: streams.text(1) };
  };

  it.each([1, 3])('leave no trace in the events of %i programs', async (count) => {
    const whole = await run(0, count);
    expect(await run(12, count)).toEqual(whole);
    if (options.translation === undefined) expect(await run(0, count, nothing)).toEqual(whole);
  });
});

describe('a swap file that is damaged between write and read', () => {
  it('is noticed by its checksum, and the program that needs the page gets SIGBUS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pagewalk-test-'));
    const path = join(folder, 'swap');
    const ports = portsOf(guest, new MemoryStreams());
    const system = createSystem(systemConfig({ memory: '60K', swap: `file:${path},16M` }), {
      ...ports,
      stores: { file: openFileStore, temporary: undefined },
    });
    const failures: string[] = [];
    system.observe((event) => {
      if (event.type === 'store-failure') failures.push(event.failure);
    });
    await system.run({ instructions: 250_000 });
    expect(system.report().swap.used).toBeGreaterThan(0);
    damage(path);
    const outcome = await system.run();
    expect(failures[0]).toBe('corrupt');
    expect(outcome).toMatchObject({ kind: 'killed', signal: 'SIGBUS', status: 135 });
    system.checkInvariants();
    system.close();
    expect(existsSync(path)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

/** Changes one byte of every page of a swap file but the first, which is its header. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 4096 + 1234; at < bytes.length; at += 4096) bytes[at]! ^= 0x40;
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
}

describe('a store that answers late', () => {
  it('changes no result: same event log as one that answers at once', async () => {
    const options = { memory: '60K', swap: 'file:/any,64M' };
    const run = async (wrap: (store: MemoryStore) => MemoryStore | LateStore) => {
      const streams = new MemoryStreams();
      const stores = {
        file: (_path: string, capacity: number) => wrap(new MemoryStore(capacity)),
        temporary: undefined,
      };
      const system = createSystem(systemConfig(options), { ...portsOf(guest, streams), stores });
      const hash = new EventHash();
      system.observe(hash.observe);
      await system.run();
      system.checkInvariants();
      return { digest: hash.digest, text: streams.text(1) };
    };
    expect(await run((store) => new LateStore(store))).toEqual(await run((store) => store));
  });
});
