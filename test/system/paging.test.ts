/**
 * Programs under read-ahead, page daemon, clusters, cleaning and an arm: the same bytes and status in every setting and
 * at every size; the same log twice; a snapshot goes on as the run did. And what each is for shows in the report.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createSystem,
  EventHash,
  resumeSystem,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { compile, GUEST_COMPILER, guestRuns, removeFolder, temporaryFolder } from '../support/processes.ts';
import { type Guest, runGuest, shipped } from '../support/run-system.ts';
import { needsTool } from '../support/tools.ts';
import { testPorts } from './fixture.ts';

const guest = (name: string, ...args: string[]): Guest => ({ path: shipped(name), args });

const settings: Record<string, SystemOptions> = {
  'read-ahead': { readAhead: 7 },
  daemon: { daemon: '5%,10%' },
  'all on an arm': {
    disk: 'arm',
    readAhead: 3,
    daemon: '5%,10%,clean-first',
    cluster: 4,
    cleanEvery: '50ms',
  },
  'all with an elevator': {
    disk: 'arm:order=elevator,pages=8',
    readAhead: 15,
    daemon: '10%,20%',
    cluster: 16,
    cleanEvery: '5ms',
    replacement: 'lru',
  },
  vms: { replacement: 'vms', cluster: 8, readAhead: 3, disk: 'arm' },
};

const programs: readonly Guest[] = [
  guest('sort', '10000', 'merge'),
  guest('hashjoin', '1K'),
  guest('scan', 'skewed', '96', '4'),
  guest('sparse', '1G', '96', 'spread', '2'),
];

describe.each(programs)('$path $args', (program) => {
  it.each(
    Object.keys(settings),
  )('%s: writes the same with plenty, a half, a quarter and little more than the least', async (name) => {
    const options = settings[name]!;
    const roomy = await runGuest(program, {});
    const { resident, tables, leastMemory } = roomy.report;
    const least = leastMemory!.frames + 2;
    for (const frames of [4096, resident.peak / 2 + tables.peak, resident.peak / 4 + tables.peak, least]) {
      const memory = `${Math.max(least, Math.ceil(frames)) * 4}K`;
      const run = await runGuest(program, { ...options, memory });
      expect(Buffer.from(run.output).toString()).toBe(Buffer.from(roomy.output).toString());
      expect(run.status).toBe(roomy.status);
    }
  });
});

describe('the same run twice', () => {
  it.each(Object.keys(settings))('%s: gives the same event log and report', async (name) => {
    const options = { memory: '128K', ...settings[name]!, seed: 7 };
    const first = await runGuest(guest('sort', '10000'), options);
    const second = await runGuest(guest('sort', '10000'), options);
    expect(second.digest).toBe(first.digest);
    expect(second.report).toEqual(first.report);
  });

  it('goes on from a snapshot as it did, transfers in the queue and all', async () => {
    const options = { memory: '128K', swap: 'memory,4M', ...settings['all with an elevator'] };
    const config = systemConfig(options);
    const ports = () => testPorts(readFileSync(shipped('sort')), ['5000']);
    const whole = createSystem(config, ports());
    await whole.run({ instructions: 600_000 });
    const snapshot = await whole.snapshot();
    expect(snapshot.root.disk.nextTicket).toBeGreaterThan(1);
    const [here, there] = [new EventHash(), new EventHash()];
    whole.observe(here.observe);
    await whole.run();
    const resumed = await resumeSystem(snapshot, config, ports());
    resumed.observe(there.observe);
    await resumed.run();
    expect(there.digest).toBe(here.digest);
    expect(resumed.report()).toEqual(whole.report());
    resumed.checkInvariants();
  });
});

describe('what it is for', () => {
  const program = guest('sort', '20000', 'merge');
  const run = async (options: SystemOptions) =>
    (await runGuest(program, { memory: '160K', disk: 'arm:pages=1,track=0ns', ...options })).report;

  it('clusters save writes and seeks, and read-ahead saves faults with a transfer', async () => {
    const plain = await run({});
    const clustered = await run({ cluster: 8, daemon: '3,8' });
    const ahead = await run({ cluster: 8, daemon: '3,8', readAhead: 7 });
    expect(clustered.disk.writes.requests).toBeLessThan(plain.disk.writes.requests / 2);
    expect(clustered.disk.seeks).toBeLessThan(plain.disk.seeks);
    expect(ahead.faults.major).toBeLessThan(clustered.faults.major / 2);
    expect(ahead.time.total).toBeLessThan(clustered.time.total / 1.5);
    const { read, useful, useless } = ahead.paging.readAhead;
    expect(useful + useless).toBe(read);
    expect(useful).toBeGreaterThan(10 * useless);
  });

  it('nearly every page finds a free frame when there is a daemon, and none in a full memory without', async () => {
    const { found, missed } = (await run({ daemon: '5%,15%' })).paging.daemon;
    expect(found).toBeGreaterThan(20 * missed);
    const without = (await run({})).paging.daemon;
    expect(without).toMatchObject({ wakeUps: 0, dropped: 0, written: 0 });
    expect(without.missed).toBeGreaterThan(without.found);
  });

  it('less is dirty at once when pages are cleaned more often', async () => {
    const peaks: number[] = [];
    for (const cleanEvery of ['100ms', '20ms', '5ms']) {
      const report = (
        await runGuest(guest('sort', '20000', 'merge'), { memory: '4M', disk: 'arm', cleanEvery })
      ).report;
      peaks.push(report.paging.cleaning.dirtyPeak);
    }
    expect(peaks).toEqual([...peaks].sort((a, b) => b - a));
    expect(peaks[2]).toBeLessThan((2 / 3) * peaks[0]!);
  });

  it('a flat disk seeks nowhere, and each page takes what the costs say', async () => {
    const { disk, time } = (await runGuest(program, { memory: '160K', cluster: 8 })).report;
    expect(disk).toMatchObject({ seeks: 0, distance: 0, sequential: 0 });
    expect(time.disk).toBe((disk.reads.pages + disk.writes.pages) * 10_000_000);
  });
});

const UNLINKED = `
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
/* Writes to a file by a mapping, and reads a byte back by its descriptor. */
static void fill(const char *name, int pages, int value, int keep) {
  unsigned char byte = 0;
  int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  ftruncate(file, pages * 4096);
  char *at = mmap(0, pages * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  memset(at, value, pages * 4096);
  if (!keep) unlink(name);
  pread(file, &byte, 1, 8192);
  printf("%d\\n", byte);
  close(file);
  munmap(at, pages * 4096);
}
int main(void) {
  fill("gone", 5, 7, 0);
  fill("kept", 3, 9, 1);
  return 0;
}
`;

needsTool(GUEST_COMPILER, 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross')(
  'a file without a name',
  () => {
    it('is never written when its last mapping goes, and one with a name is', async () => {
      const folder = temporaryFolder();
      try {
        writeFileSync(join(folder, 'unlinked.c'), UNLINKED);
        compile(join(folder, 'unlinked.c'), folder, 'unlinked', GUEST_COMPILER);
        const { out, report } = await guestRuns(folder, { file: 'unlinked', argv: ['./unlinked'] });
        expect(out).toBe('7\n9\n');
        expect(report.paging.neverWritten.file).toBe(5);
        expect(report.files.pagesWritten).toBe(3);
        expect(readFileSync(join(folder, 'kept')).every((byte) => byte === 9)).toBe(true);
      } finally {
        removeFolder(folder);
      }
    });
  },
);
