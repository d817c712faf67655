/**
 * Several processes and threads under pressure: the same bytes and status at full memory, at a quarter of it and near
 * the least that the roomy run names, whoever is evicted, whoever runs next and however fork copies. And the same
 * seed gives the same run.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busybox } from '../../scripts/guests.mjs';
import { EventHash, type SystemOptions } from '../../src/system/index.ts';
import {
  type Command,
  compile,
  contentsOf,
  GUEST_COMPILER,
  guestRuns,
  installShell,
  type Ran,
  removeFolder,
  said,
  temporaryFolder,
} from '../support/processes.ts';
import { needsTool } from '../support/tools.ts';

const tests = join(import.meta.dirname, '..');
let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => removeFolder(folder));

/** Each policy of either kind is in one of these, and each way to fork with several. */
const ways: readonly SystemOptions[] = [
  { replacement: 'lru', scheduler: 'fifo', fork: 'eager' },
  { replacement: 'fifo', scheduler: 'rr:1ms', fork: 'copy-on-write' },
  { replacement: 'random', scheduler: 'mlfq', fork: 'eager' },
  { replacement: 'clock', scheduler: 'lottery', fork: 'copy-on-write' },
  { replacement: 'clock-clean', scheduler: 'stride', fork: 'eager' },
  { replacement: 'car', scheduler: 'decay', fork: 'copy-on-write' },
  { replacement: 'wsclock', scheduler: 'stcf', fork: 'copy-on-write' },
  { replacement: 'lru', scheduler: 'sjf', fork: 'copy-on-write' },
  { replacement: 'clock', scheduler: 'rr:100us', fork: 'eager' },
  // Pages read ahead, freed and cleaned beside what is asked for.
  {
    replacement: 'clock',
    scheduler: 'rr:1ms',
    fork: 'eager',
    ...{ disk: 'arm', readAhead: 7, daemon: '5%,10%', cluster: 8, cleanEvery: '20ms' },
  },
  {
    replacement: 'lru',
    scheduler: 'lottery',
    fork: 'copy-on-write',
    ...{
      disk: 'arm:order=elevator',
      readAhead: 3,
      daemon: '3%,6%,clean-first',
      cluster: 4,
      cleanEvery: '5ms',
    },
  },
  // Bits kept by traps or beside stamps, second chances, and pages of one's own.
  {
    replacement: 'clock',
    scheduler: 'rr:1ms',
    fork: 'copy-on-write',
    ...{ bits: 'traps', replacementScope: 'local:proportional', readAhead: 3, daemon: '5%,10%' },
  },
  {
    replacement: 'lru',
    scheduler: 'lottery',
    fork: 'copy-on-write',
    ...{ bits: 'traps', sampleEvery: '100us', replacementScope: 'local', maxTime: '10000s' },
  },
  {
    replacement: 'vms',
    scheduler: 'rr:100us',
    fork: 'copy-on-write',
    ...{ bits: 'traps', readAhead: 7, daemon: '5%,10%', cluster: 8, cleanEvery: '20ms' },
  },
  { replacement: 'vms', scheduler: 'mlfq', fork: 'eager' },
  {
    replacement: 'lru',
    scheduler: 'stride',
    fork: 'copy-on-write',
    ...{ bits: 'stamps', replacementScope: 'local' },
  },
  {
    replacement: 'car',
    scheduler: 'rr:1ms',
    fork: 'eager',
    // Many processes with equal shares of very little thrash.
    ...{ replacementScope: 'local', maxTime: '10000s' },
  },
];

/** Runs with memory to spare, then with less, and compares. That the roomy run is right is for the other tests. */
async function comparePressure(command: Command, way: SystemOptions): Promise<void> {
  const roomy = await guestRuns(folder, command, way);
  const left = contentsOf(folder);
  const { leastMemory, resident, tables } = roomy.report;
  const quarter = Math.ceil(resident.peak / 4) + tables.peak;
  for (const frames of [Math.max(quarter, leastMemory!.frames + 8), leastMemory!.frames + 2]) {
    const tight = await guestRuns(folder, command, { ...way, memory: `${frames * 4}K` });
    expect(said(tight)).toEqual(said(roomy));
    expect(contentsOf(folder)).toEqual(left);
    expect(evictions(tight)).toBeGreaterThan(0);
  }
}

const evictions = ({ report }: Ran): number => report.evictions.clean + report.evictions.dirty;

async function digestOf(command: Command, options: SystemOptions) {
  const hash = new EventHash();
  const { report } = await guestRuns(folder, command, options, hash.observe);
  return { digest: hash.digest, report };
}

const compilers = 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross';

describe.each([
  { name: 'memory', from: 'process-guests', goes: [2, 3, 5, 9, 14, 15] },
  { name: 'robust', from: 'process-guests', goes: [0, 4, 8, 12] },
  { name: 'conditions', from: 'thread-guests', goes: [1, 7, 10, 11, 13, 16] },
  { name: 'shells.sh', from: 'scripts', goes: [1, 6] },
])('$name', ({ name, from, goes }) => {
  const isScript = from === 'scripts';
  const enabled = isScript
    ? needsTool(busybox.guest, 'npm run guests')
    : needsTool(GUEST_COMPILER, compilers);
  const command: Command = isScript
    ? { file: 'bin/busybox', argv: ['sh', name] }
    : { file: name, argv: [`./${name}`] };

  enabled('with little memory', () => {
    beforeAll(() => {
      if (isScript) {
        installShell(folder, 'guest');
        copyFileSync(join(tests, from, name), join(folder, name));
      } else compile(join(tests, from, `${name}.c`), folder, name, GUEST_COMPILER);
    });

    // Each goes some of the ways, and each way is gone by one or two.
    it.each(
      ways.filter((_, at) => goes.includes(at)),
    )('does the same under $replacement and $scheduler with fork $fork, read-ahead $readAhead, bits $bits, $replacementScope', async (way) => {
      await comparePressure(command, way);
    });

    it('does the same twice with the same seed, event by event, and not with another', async () => {
      const options = { memory: '512K', replacement: 'random', scheduler: 'lottery:1ms', seed: 7 };
      const first = await digestOf(command, options);
      expect(await digestOf(command, options)).toEqual(first);
      expect((await digestOf(command, { ...options, seed: 8 })).digest).not.toBe(first.digest);
    });
  });
});
