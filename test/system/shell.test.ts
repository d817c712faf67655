/**
 * Shell scripts: BusyBox for the guest prints, answers and leaves in the folder what the same BusyBox of the host does.
 * Each script in `test/scripts` is a test; its first line says what it shows.
 */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { busybox } from '../../scripts/guests.mjs';
import {
  contentsOf,
  guestRuns,
  hostRuns,
  installShell,
  removeFolder,
  said,
  temporaryFolder,
} from '../support/processes.ts';
import { needsTool } from '../support/tools.ts';

const scripts = join(import.meta.dirname, '..', 'scripts');
const sentenceOf = (file: string): string => /^# (.*)$/m.exec(readFileSync(join(scripts, file), 'utf8'))![1]!;
const cases = readdirSync(scripts).map((file) => ({ file, sentence: sentenceOf(file) }));
const run = { file: 'bin/busybox', argv: ['sh', 'script.sh'] };

needsTool(busybox.guest, 'npm run guests')('a shell script', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) removeFolder(folder);
  });

  const shell = (which: 'guest' | 'host'): string => {
    const folder = temporaryFolder();
    folders.push(folder);
    installShell(folder, which);
    return folder;
  };

  it.each(cases.map(({ file, sentence }) => [`${file}: ${sentence}`, file]))('%s', async (_, file) => {
    const [guest, host] = [shell('guest'), shell('host')];
    for (const folder of [guest, host]) copyFileSync(join(scripts, file), join(folder, 'script.sh'));
    const expected = hostRuns(host, run);
    expect(said(await guestRuns(guest, run))).toEqual(expected);
    expect(contentsOf(guest)).toEqual(contentsOf(host));
  });

  it('reads its input, and its own status is the last command’s', async () => {
    const [guest, host] = [shell('guest'), shell('host')];
    const command = {
      file: 'bin/busybox',
      argv: ['sh', '-c', 'read a; echo "[$a]"; sed s/^/+/; exit 3'],
      input: 'one\ntwo\nthree',
    };
    expect(said(await guestRuns(guest, command))).toEqual(hostRuns(host, command));
  });

  describe('that never stops forking', () => {
    // By hand: a limit of root's does not hold on Linux, and no host is to be bombed.
    it('is refused at its limit of processes, and the system goes on', async () => {
      const folder = shell('guest');
      writeFileSync(
        join(folder, 'script.sh'),
        'ulimit -u 20; (bomb() { bomb | bomb & }; bomb); echo "the shell is there"; exit 3\n',
      );
      const { out, error, status } = await guestRuns(folder, run);
      expect(error).toContain("can't fork: Resource temporarily unavailable");
      expect({ out, status }).toEqual({ out: 'the shell is there\n', status: 3 });
    });
  });
});
