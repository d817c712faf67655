/**
 * Programs that no one here wrote the machine for, under every address-translation scheme that can hold them, with
 * memory to spare and under pressure: the bytes and the status of a run under Sv39. A process reaches nothing of others
 * under any. What a scheme can't hold is told in one line, with what would fit. `npm run fuzz -- --paging` tries many more.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busybox, esbuild } from '../../scripts/guests.mjs';
import { pagingSchemes } from '../../src/kernel/memory/schemes.ts';
import type { SystemOptions } from '../../src/system/index.ts';
import {
  type Command,
  compile,
  GUEST_COMPILER,
  guestRuns,
  installShell,
  type Ran,
  removeFolder,
  said,
  temporaryFolder,
} from '../support/processes.ts';
import { runGuest } from '../support/run-system.ts';
import { needsTool } from '../support/tools.ts';

const tests = join(import.meta.dirname, '..');
const schemes = pagingSchemes.map(({ name }) => name);
const evictionsOf = ({ report }: Pick<Ran, 'report'>): number =>
  report.evictions.clean + report.evictions.dirty;
const commandOf = (file: string, ...args: string[]): Command => ({ file, argv: [`./${file}`, ...args] });

const compilers = 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross';

needsTool(GUEST_COMPILER, compilers)('programs in C', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
    for (const [from, name] of [
      ['process-guests', 'memory'],
      ['process-guests', 'pipes'],
      ['thread-guests', 'conditions'],
      ['translation-guests', 'probe'],
    ] as const)
      compile(join(tests, from, `${name}.c`), folder, name, GUEST_COMPILER);
  });
  afterAll(() => removeFolder(folder));

  const expected = new Map<string, Promise<ReturnType<typeof said>>>();
  const expectedOf = (file: string) => {
    const found = expected.get(file) ?? guestRuns(folder, commandOf(file)).then(said);
    expected.set(file, found);
    return found;
  };

  it.each(
    schemes,
  )('%s: a process reaches nothing of others, and gets frames of zeros', async (translation) => {
    const ran = await guestRuns(folder, commandOf('probe'), { frames: 24, translation });
    const out = 'child: 0\nstained 0, leaks 0, misplaced 0, all refused: yes\n';
    expect(said(ran)).toEqual({ out, error: '', status: 0 });
    expect(evictionsOf(ran)).toBeGreaterThan(0);
  });

  it.each([
    ['base-bounds', '1', {}],
    ['segmented', '16', { moveEvery: '500us' }],
    ['segmented', '4', { segments: 4, memory: '2M', swap: 'memory,16M' }],
  ] as const)('%s, segments %s: nothing outside of its pieces, and nothing of others in them', async (...given) => {
    const [translation, segments, options] = given;
    const all = { memory: '6M', translation, ...options };
    const ran = await guestRuns(folder, commandOf('probe', segments), all);
    const out = 'behind: 0\nchild: 0\nstained 0, leaks 0, misplaced 0, all refused: yes\n';
    expect(said(ran)).toEqual({ out, error: '', status: 0 });
  });

  const together = ['memory', 'conditions', 'pipes'];
  it.each(
    schemes.map((name, at) => [name, together[at % 3]!, at] as const),
  )('%s: %s, processes or threads together say the same', async (translation, file, at) => {
    const options: SystemOptions = {
      frames: 34,
      translation,
      scheduler: 'rr:1ms',
      bits: at % 3 === 0 ? 'traps' : 'hardware',
      tlb: at % 2 === 0 ? '16x4:lru' : 'unified:32x4:fifo',
    };
    const ran = await guestRuns(folder, commandOf(file), options);
    expect(said(ran)).toEqual(await expectedOf(file));
    expect(evictionsOf(ran)).toBeGreaterThan(0);
  });

  describe('linked beyond what a scheme has', () => {
    /** Ends with status 7; glibc's start files can't be linked so high. */
    const far = (address: string): string => {
      const [source, path] = [join(folder, 'far.s'), join(folder, `far-${address}`)];
      writeFileSync(source, '.globl _start\n_start: li a7, 94\n li a0, 7\n ecall\n');
      const at = `-Wl,-Ttext-segment=${address}`;
      execFileSync(GUEST_COMPILER, ['-static', '-nostdlib', at, '-o', path, source]);
      return path;
    };

    it('are refused with what would fit, and run where there is room', async () => {
      const path = far('0x200000000');
      const under = (translation: string) => runGuest({ path }, { translation });
      for (const name of ['two-level', 'linear', 'hybrid', 'segmented'])
        await expect(under(name)).rejects.toThrow(
          /^far-0x200000000: .*needs addresses up to 0x200001000; .* programs and .*heaps/,
        );
      for (const name of ['sv48', 'hashed', 'inverted', 'x86-64']) expect((await under(name)).status).toBe(7);
    });
  });
});

/** Three processes at once at most, as four tables of 4 MiB each have room. */
const SCRIPT =
  'seq 1 300 | sort -r | md5sum; echo $(expr 6 \\* 7); n=0; while [ $n -lt 3 ]; do n=$((n+1)); (exit $n); echo $?; done; ' +
  'mkdir d; echo text > d/f; wc d/f; sed s/x/y/ < d/f; rm -r d; printf "%05d\\n" 42; exit 3';

needsTool(busybox.guest, 'npm run guests')('a shell', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
    installShell(folder, 'guest');
  });
  afterAll(() => removeFolder(folder));
  const command: Command = { file: 'bin/busybox', argv: ['sh', '-c', SCRIPT] };

  it('says the same under schemes of all kinds, with frames for half of what it would have', async () => {
    const expected = await guestRuns(folder, command);
    const frames = Math.ceil(expected.report.resident.peak / 2);
    for (const translation of ['sv48', 'linear', 'hybrid', 'inverted', 'hashed']) {
      const ran = await guestRuns(folder, command, { frames, translation });
      expect([translation, said(ran)]).toEqual([translation, said(expected)]);
      expect(evictionsOf(ran)).toBeGreaterThan(0);
    }
    for (const translation of ['base-bounds', 'segmented']) {
      const ran = await guestRuns(folder, command, { translation, memory: '8M' });
      expect([translation, said(ran)]).toEqual([translation, said(expected)]);
    }
  });
});

needsTool(esbuild.guest, 'npm run guests')('a large program in Go', () => {
  const args = ['--version'];
  const under = (translation: string) =>
    runGuest(
      { path: esbuild.guest, args },
      { translation, memory: '20M', swap: translation === 'relocated' ? undefined : 'memory,64M' },
    );

  it('says its version under schemes with room for what it reserves', async () => {
    const expected = await under('sv39');
    for (const name of ['two-level', 'inverted', 'x86-64']) {
      const ran = await under(name);
      expect([name, ran.output, ran.status]).toEqual([name, expected.output, expected.status]);
    }
  });

  it('is told what it lacks where memory comes in pieces', async () => {
    await expect(under('base-bounds')).rejects.toThrow(
      /^--memory 20M: too small for this program, which needs \d+K or more$/,
    );
    await expect(under('relocated')).rejects.toThrow(/link it with -static-pie to have it relocated$/);
  });
});
