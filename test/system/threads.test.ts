/**
 * C programs of several threads: each in `test/thread-guests` prints and ends under Pagewalk as the same source,
 * compiled for the host, does on the host's Linux. The first line of each says what it shows.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  GUEST_COMPILER,
  guestRuns,
  HOST_COMPILER,
  hostRuns,
  oneOfRuns,
  removeFolder,
  said,
  temporaryFolder,
} from '../support/processes.ts';
import { findTool, needsTool } from '../support/tools.ts';

const sources = join(import.meta.dirname, '..', 'thread-guests');
const cases = readdirSync(sources).map((file) => ({
  name: basename(file, '.c'),
  sentence: /^\/\/ (.*)$/m.exec(readFileSync(join(sources, file), 'utf8'))![1]!,
}));
const missing = findTool(GUEST_COMPILER) === undefined ? GUEST_COMPILER : HOST_COMPILER;
const withCompilers = needsTool(
  missing,
  'apt-get install gcc libc6-dev gcc-riscv64-linux-gnu libc6-dev-riscv64-cross',
);

withCompilers('a program of several threads', () => {
  let guest = '';
  let host = '';
  beforeAll(() => {
    guest = temporaryFolder();
    host = temporaryFolder();
  });
  afterAll(() => {
    removeFolder(guest);
    removeFolder(host);
  });

  it.each(cases.map(({ name, sentence }) => [`${name}: ${sentence}`, name]))('%s', async (_, name) => {
    compile(join(sources, `${name}.c`), guest, name, GUEST_COMPILER);
    compile(join(sources, `${name}.c`), host, name, HOST_COMPILER);
    const command = { file: name, argv: [`./${name}`] };
    const ran = said(await guestRuns(guest, command));
    expect(ran).toEqual(oneOfRuns(() => hostRuns(host, command), ran));
  });

  describe('that add to one counter', () => {
    beforeAll(() => compile(join(sources, 'lost-update.c'), guest, 'lost-update', GUEST_COMPILER));
    const countedBy = async (how: string, scheduler: string, timer = 'on'): Promise<number> => {
      const command = { file: 'lost-update', argv: ['./lost-update', how] };
      return Number((await guestRuns(guest, command, { scheduler, timer })).out);
    };

    it('loses updates when a timer comes between load and store', async () => {
      const counted = await countedBy('plain', 'rr:10us');
      expect(counted).toBeLessThan(40_000);
      // One thread's alone are never lost: a store is at least its own counter's next value.
      expect(counted).toBeGreaterThanOrEqual(2);
    });

    it('loses none while nothing takes the processor away', async () => {
      expect(await countedBy('plain', 'rr:10us', 'off')).toBe(40_000);
    });

    it.each(['atomic', 'compare', 'mutex'])('loses none with %s', async (how) => {
      expect(await countedBy(how, 'rr:10us')).toBe(40_000);
    });

    it('have one address space, so that a switch between them flushes nothing', async () => {
      const command = { file: 'lost-update', argv: ['./lost-update', 'atomic'] };
      const { report } = await guestRuns(guest, command, { scheduler: 'rr:50us', asids: 'none' });
      expect(report.scheduling.switches).toBeGreaterThan(20);
      expect(report.asids).toEqual({ switches: 1, flushes: 0, rollOvers: 0, dropped: 0 });
    });
  });
});
