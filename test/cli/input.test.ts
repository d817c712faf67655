/** A run that waits for its input: others go on, an interrupt ends it with all that it writes, and nothing else is read. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compile, GUEST_COMPILER, removeFolder, temporaryFolder } from '../support/processes.ts';
import { needsTool } from '../support/tools.ts';
import { main } from './cli.ts';

const SOURCE = String.raw`
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (fork() == 0) {
    volatile long sum = 0;
    for (long i = 0; i < 1000000; i++) sum += i;
    printf("counted\n");
    exit(0);
  }
  char line[100];
  printf("read %zd\n", read(0, line, 4));
  wait(NULL);
  return 0;
}
`;

let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => removeFolder(folder));

const command = (...options: string[]) => [main, 'run', ...options, './waits'];

needsTool(GUEST_COMPILER, 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross')(
  'a run that waits for a pipe',
  () => {
    beforeAll(() => {
      writeFileSync(join(folder, 'waits.c'), SOURCE);
      compile(join(folder, 'waits.c'), folder, 'waits', GUEST_COMPILER);
    });

    it('lets others go on, and ends by an interrupt with its report', async () => {
      const before = readdirSync(folder);
      const options = ['--report', 'report.txt', '--timeline', 'timeline.json'];
      const child = spawn(process.execPath, command(...options), { cwd: folder });
      let out = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (out === 'counted\n') child.kill('SIGINT');
      });
      const [status] = await once(child, 'exit');
      expect([status, out]).toEqual([130, 'counted\n']);
      expect(readdirSync(folder).sort()).toEqual([...before, 'report.txt', 'timeline.json'].sort());
      expect(readFileSync(join(folder, 'report.txt'), 'utf8')).toContain('killed by SIGINT');
    });

    it('goes on with what comes', async () => {
      const child = spawn(process.execPath, command('--quiet'), { cwd: folder });
      let out = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (out === 'counted\n') child.stdin.write('ab');
      });
      expect((await once(child, 'exit'))[0]).toBe(0);
      expect(out).toBe('counted\nread 2\n');
    });

    it('leaves what it does not read to the next', () => {
      const both = `printf abcdefgh | ('${process.execPath}' '${main}' run --quiet ./waits | grep read; cat)`;
      const { stdout } = spawnSync('sh', ['-c', both], { cwd: folder, encoding: 'utf8' });
      expect(stdout).toBe('read 4\nefgh');
    });
  },
);
