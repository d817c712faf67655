/** Faults in the swap store under real programs: who suffers is named, and every other byte is right. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import {
  createSystem,
  type KernelEvent,
  type RunReport,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { compile, GUEST_COMPILER, removeFolder, temporaryFolder } from '../support/processes.ts';
import { type Guest, portsOf, shipped } from '../support/run-system.ts';
import { needsTool } from '../support/tools.ts';

let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => removeFolder(folder));

const SIGBUS = 7;

interface Ran {
  readonly text: string;
  readonly report: RunReport;
  readonly status: number;
  /** Processes that got SIGBUS. */
  readonly signalled: ReadonlySet<number>;
}

/** Runs to the end in slices, with the invariants checked between them. */
async function run(guest: Guest, options: SystemOptions): Promise<Ran> {
  const streams = new MemoryStreams();
  const system = createSystem(systemConfig({ swap: 'memory,4M', ...options }), portsOf(guest, streams));
  const signalled = new Set<number>();
  system.observe((event: KernelEvent) => {
    if (event.type === 'signal' && event.signal === SIGBUS) signalled.add(event.pid);
  });
  for (let to = 50_000; ; to += 50_000) {
    const outcome = await system.run({ instructions: to });
    system.checkInvariants();
    if (outcome.kind === 'paused') continue;
    return { text: streams.text(1), report: system.report(), status: outcome.status, signalled };
  }
}

describe('a shipped program', () => {
  const guest = { path: shipped('sort'), args: ['20000'] };
  const small = { memory: '100K', scheduler: 'fifo' };

  it.each([
    'write:p=0.2',
    'short:p=0.2',
    'write:p=0.1,short:p=0.1,slow:5ms:p=0.3',
    'full:after=60',
  ])('%s: prints the same', async (storeFaults) => {
    const sound = await run(guest, small);
    const ran = await run(guest, { ...small, storeFaults });
    expect({ text: ran.text, status: ran.status }).toEqual({ text: sound.text, status: sound.status });
    const { failures } = ran.report;
    expect(failures).toMatchObject({ lostPages: 0, processes: [] });
    const { injected, swap, retries, badSlots } = failures!;
    expect([swap.write, swap.short, swap.full]).toEqual([injected!.write, injected!.short, injected!.full]);
    expect(badSlots).toBe(swap.write + swap.short);
    expect(retries).toBe(badSlots);
    expect(sound.report.failures).toBeUndefined();
  });

  it.each(['read', 'corrupt'])('%s: is killed by SIGBUS, and the report says for what', async (kind) => {
    const { report, status, signalled } = await run(guest, { ...small, storeFaults: `${kind}:nth=40` });
    expect(status).toBe(128 + SIGBUS);
    expect(report.end).toMatchObject({
      signal: 'SIGBUS',
      reason: expect.stringMatching(/^(load|store|fetch) .* swap.*: .* \(pc 0x\w+\)$/),
    });
    const [pid] = signalled;
    expect(report.failures).toMatchObject({
      injected: { [kind]: 1 },
      swap: { [kind]: 1 },
      badSlots: 1,
      lostPages: 1,
      processes: [{ pid, signals: 1, calls: 0 }],
    });
  });

  it('ends as with full swap when every write fails', async () => {
    const { report, status } = await run(guest, { ...small, storeFaults: 'write' });
    expect(status).toBe(137);
    expect(report.end).toMatchObject({ reason: expect.stringMatching(/swap is full \(\d+ slots are bad\)/) });
  });

  it('is the same for the same seed, event by event, and another for another', async () => {
    const way = { ...small, storeFaults: 'write:p=0.2,slow:5ms:p=0.2' };
    const [one, two, three] = [
      await run(guest, way),
      await run(guest, way),
      await run(guest, { ...way, seed: 2 }),
    ];
    expect(two.report).toEqual(one.report);
    expect(three.report.failures).not.toEqual(one.report.failures);
  });

  it('needs a swap to fail', () => {
    expect(() => systemConfig({ swap: 'none', storeFaults: 'read' })).toThrow(
      '--store-faults: there is no swap that could fail',
    );
  });
});

needsTool(GUEST_COMPILER, 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross')('a family', () => {
  let guest: Guest;
  let sound: Map<string, string>;
  const linesOf = (text: string) =>
    new Map([...text.matchAll(/^child (\d) (\w{16})$/gm)].map(([, number, sum]) => [number!, sum!]));

  beforeAll(async () => {
    compile(join(import.meta.dirname, '..', 'store-guests', 'family.c'), folder, 'family', GUEST_COMPILER);
    guest = { path: join(folder, 'family') };
    sound = linesOf((await run(guest, { memory: '16M' })).text);
    expect(sound.size).toBe(5);
  });

  const kinds = [
    'read:p=0.004',
    'corrupt:p=0.01',
    'read:p=0.002,write:p=0.1,short:p=0.05,corrupt:p=0.002,slow:3ms:p=0.1',
  ];
  const ways = [
    { fork: 'copy-on-write', replacement: 'clock', scheduler: 'rr:1ms' },
    { fork: 'eager', replacement: 'lru', scheduler: 'rr:5ms' },
    { fork: 'copy-on-write', replacement: 'random', scheduler: 'lottery' },
  ];
  const seeds = Array.from({ length: 8 }, (_, index) => index + 1);

  it.each(kinds)('%s: only those suffer that the report names', async (storeFaults) => {
    let suffered = 0;
    let judged = 0;
    for (const seed of seeds) {
      const way = ways[seed % ways.length]!;
      const { text, report, signalled, status } = await run(guest, {
        ...way,
        memory: '320K',
        storeFaults,
        seed,
      });
      const named = report.failures!.processes;
      suffered += named.length;
      const bySignal = named.filter(({ signals }) => signals > 0).map(({ pid }) => pid);
      expect(new Set(bySignal)).toEqual(signalled);
      const got = linesOf(text);
      // Whoever printed a sum printed the right one, unless the kernel refused it something.
      for (const [number, sum] of got) expect(sum).toBe(sound.get(number));
      const parent = report.processes.find(({ parent }) => parent === 0)!;
      if (named.some(({ pid }) => pid === parent.pid)) continue;
      expect(status).toBe(0);
      for (const [, number, pid, ended] of text.matchAll(/^ended (\d) pid (\d+) status (\d+)$/gm)) {
        const isNamed = named.some((process) => process.pid === Number(pid));
        judged++;
        expect(got.has(number!) && ended === '0', `child ${number} of pid ${pid}`).toBe(!isNamed);
        if (signalled.has(Number(pid))) expect(ended).toBe(String(128 + SIGBUS));
      }
    }
    expect(judged).toBeGreaterThan(10);
    expect(suffered).toBeGreaterThan(0);
    // Not everybody, or nothing would be shown of the others.
    expect(suffered).toBeLessThan(seeds.length * 6);
  });
});
