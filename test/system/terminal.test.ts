/**
 * Sessions, jobs and their terminal: programs in `test/terminal-guests` print and end on a terminal as the same do on
 * one of the host's, which script(1) makes. The first line of each says what it shows.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { busybox } from '../../scripts/guests.mjs';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { createSystem, systemConfig } from '../../src/system/index.ts';
import {
  type Command,
  compile,
  GUEST_COMPILER,
  guestRuns,
  HOST_COMPILER,
  hostRunsOnTerminal,
  installShell,
  oneOfRuns,
  removeFolder,
  said,
  temporaryFolder,
} from '../support/processes.ts';
import { findTool, needsTool } from '../support/tools.ts';
import { testPorts } from './fixture.ts';

const sources = join(import.meta.dirname, '..', 'terminal-guests');
const sentenceOf = (file: string): string =>
  /^(?:\/\/|#) (.*)$/m.exec(readFileSync(join(sources, file), 'utf8'))![1]!;
const missing = [GUEST_COMPILER, HOST_COMPILER, 'script'].find((tool) => findTool(tool) === undefined);
const withTools = needsTool(
  missing ?? 'script',
  'apt-get install gcc libc6-dev gcc-riscv64-linux-gnu libc6-dev-riscv64-cross bsdutils',
);

withTools('on a terminal', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) removeFolder(folder);
  });
  const folder = (): string => {
    const made = temporaryFolder();
    folders.push(made);
    return made;
  };

  it(`control: ${sentenceOf('control.c')}`, async () => {
    const [guest, host] = [folder(), folder()];
    compile(join(sources, 'control.c'), guest, 'control', GUEST_COMPILER);
    compile(join(sources, 'control.c'), host, 'control', HOST_COMPILER);
    const command: Command = { file: './control', argv: ['./control'], streams: 'terminal' };
    const ran = said(await guestRuns(guest, command));
    expect(ran).toEqual(oneOfRuns(() => hostRunsOnTerminal(host, command), ran));
  });

  needsTool(busybox.guest, 'npm run guests')('a shell', () => {
    it(`jobs: ${sentenceOf('jobs.sh')}`, async () => {
      const [guest, host] = [folder(), folder()];
      installShell(guest, 'guest');
      installShell(host, 'host');
      for (const made of [guest, host]) copyFileSync(join(sources, 'jobs.sh'), join(made, 'script.sh'));
      const command: Command = {
        file: 'bin/busybox',
        argv: ['bin/busybox', 'sh', 'script.sh'],
        streams: 'terminal',
      };
      const ran = said(await guestRuns(guest, command));
      expect(ran).toEqual(oneOfRuns(() => hostRunsOnTerminal(host, command), ran));
    });
  });

  describe('what is typed', () => {
    it('goes to the process group that the terminal is for', async () => {
      const made = folder();
      compile(join(sources, 'typed.c'), made, 'typed', GUEST_COMPILER);
      const streams = new MemoryStreams({ kind: 'terminal' });
      const bytes = readFileSync(join(made, 'typed'));
      const system = createSystem(systemConfig({ swap: 'memory,64M' }), { ...testPorts(bytes), streams });
      expect(await system.run({ time: 10e9 })).toEqual({ kind: 'paused' });
      system.interrupt(2);
      expect(await system.run()).toEqual({ kind: 'exited', status: 0 });
      expect(streams.text(1)).toBe('the job: ended by 2\n');
    });
  });
});
