/**
 * C programs of several processes: each in `test/process-guests` prints and ends under Pagewalk as the same source,
 * compiled for the host, does on the host's Linux. (qemu can't judge these: its vfork forks, and it can't execute
 * programs for RISC-V.) The first line of each says what it shows.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { busybox } from '../../scripts/guests.mjs';
import {
  compile,
  GUEST_COMPILER,
  guestRuns,
  HOST_COMPILER,
  hostRuns,
  installShell,
  oneOfRuns,
  removeFolder,
  type Said,
  said,
  temporaryFolder,
} from '../support/processes.ts';
import { findTool, needsTool } from '../support/tools.ts';

const sources = join(import.meta.dirname, '..', 'process-guests');
const cases = readdirSync(sources)
  .filter((file) => file.endsWith('.c'))
  .map((file) => ({
    name: basename(file, '.c'),
    sentence: /^\/\/ (.*)$/m.exec(readFileSync(join(sources, file), 'utf8'))![1]!,
  }));
const missing = findTool(GUEST_COMPILER) === undefined ? GUEST_COMPILER : HOST_COMPILER;
const withCompilers = needsTool(
  missing,
  'apt-get install gcc libc6-dev gcc-riscv64-linux-gnu libc6-dev-riscv64-cross',
);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) removeFolder(folder);
});
const folder = (): string => {
  const made = temporaryFolder();
  folders.push(made);
  return made;
};

withCompilers('a program of several processes', () => {
  it.each(cases.map(({ name, sentence }) => [`${name}: ${sentence}`, name]))('%s', async (_, name) => {
    const guest = folder();
    compile(join(sources, `${name}.c`), guest, name, GUEST_COMPILER);
    const command = { file: name, argv: [`./${name}`] };
    const ran = said(await guestRuns(guest, command));
    const hostSays = (): Said => {
      const host = folder();
      compile(join(sources, `${name}.c`), host, name, HOST_COMPILER);
      return hostRuns(host, command);
    };
    expect(ran).toEqual(oneOfRuns(hostSays, ran));
  });

  needsTool(busybox.guest, 'npm run guests')('with a shell', () => {
    it('runs commands by system() and popen()', async () => {
      const made = folder();
      installShell(made, 'guest');
      writeFileSync(join(made, 'commands.c'), COMMANDS);
      compile(join(made, 'commands.c'), made, 'commands', GUEST_COMPILER);
      const { out, status } = await guestRuns(made, { file: 'commands', argv: ['./commands'] });
      expect(out).toBe(COMMANDS_SAY);
      expect(status).toBe(0);
    });
  });
});

const COMMANDS = `
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  printf("%d\\n", WEXITSTATUS(system("echo by system; exit 5")));
  printf("%d\\n", WTERMSIG(system("kill -9 $$")));
  printf("%d\\n", system(NULL) != 0);
  char line[100];
  FILE *from = popen("echo one; echo two; exit 6", "r");
  while (fgets(line, sizeof line, from)) printf("read %s", line);
  printf("%d\\n", WEXITSTATUS(pclose(from)));
  FILE *to = popen("sort -r", "w");
  fputs("a\\nc\\nb\\n", to);
  printf("%d\\n", pclose(to));
}
`;

/** By hand, from the program and system(3), popen(3). */
const COMMANDS_SAY = `by system
5
9
1
read one
read two
6
c
b
a
0
`;
