/** Scheduling policies from a file of the user's own: the one of docs/add-a-policy.md, word for word, and bad ones. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inTemporaryDirectory, pagewalk, program, repository } from './cli.ts';

const page = readFileSync(join(repository, 'docs', 'add-a-policy.md'), 'utf8');
const documented = /### One of your own[\s\S]*?```js\n([\s\S]*?)```/.exec(page)![1]!;

const JOBS = 'A : cpu 20ms\nB arrive=10ms : cpu 5ms\n';

interface Slices {
  readonly results: readonly {
    readonly policy: string;
    readonly slices: readonly { name: string; from: number; to: number; state: string }[];
  }[];
}

/** Who ran when, in ms, under each policy. */
function gantts(directory: string, policies: string): string[] {
  writeFileSync(join(directory, 'a.jobs'), JOBS);
  const { status, out, error } = pagewalk(['schedule', 'a.jobs', '--policy', policies, '--json'], {
    cwd: directory,
  });
  expect([status, error]).toEqual([0, '']);
  return (JSON.parse(out) as Slices).results.map(({ policy, slices }) => {
    const ran = slices.filter(({ state }) => state === 'running');
    return `${policy}: ${ran.map(({ name, from, to }) => `${name} ${from / 1e6}-${to / 1e6}`).join(', ')}`;
  });
}

describe("the documentation's scheduling policy", () => {
  it('is at most 40 lines', () => expect(documented.trim().split('\n').length).toBeLessThanOrEqual(40));

  it('schedules jobs as it says, beside a built-in one', () =>
    inTemporaryDirectory((directory) => {
      writeFileSync(join(directory, 'mine.mjs'), documented);
      // B comes at 10 ms with nothing had, A has had 10: B's 5 ms are first, and then A goes on.
      expect(gantts(directory, 'fifo,./mine.mjs')).toEqual([
        'fifo: A 0-20, B 20-25',
        'least-attained: A 0-5, A 5-10, B 10-15, A 15-20, A 20-25',
      ]);
    }));

  it('runs programs', () =>
    inTemporaryDirectory((directory) => {
      writeFileSync(join(directory, 'mine.mjs'), documented);
      writeFileSync(
        join(directory, 'two.json'),
        JSON.stringify({
          scheduler: './mine.mjs',
          programs: [{ run: [program('sort'), '3000', 'merge'] }, { run: [program('hello')] }],
        }),
      );
      const { status, out, error } = pagewalk(['run', '--json', '--root', '/', '--config', 'two.json'], {
        cwd: directory,
      });
      expect(status).toBe(0);
      expect(out.length).toBeGreaterThan(0);
      const report = JSON.parse(error) as { configuration?: unknown };
      expect(JSON.stringify(report)).toContain('least-attained');
    }));
});

describe('a scheduling policy that is wrong', () => {
  const run = (text: string, args: (file: string) => readonly string[]) => {
    let ran = { status: null as number | null, out: '', error: '' };
    inTemporaryDirectory((directory) => {
      writeFileSync(join(directory, 'bad.mjs'), text);
      writeFileSync(join(directory, 'a.jobs'), JOBS);
      ran = pagewalk(args('./bad.mjs'), { cwd: directory });
    });
    return ran;
  };
  const schedule = (file: string) => ['schedule', 'a.jobs', '--policy', `fifo,${file}`];
  const execute = (file: string) => ['run', '--scheduler', file, '--root', '/', program('hello')];

  it.each([
    [
      'gives somebody who is not ready',
      documented.replace('return { pid,', 'return { pid: pid + 1,'),
      /at decision 1: next gave process \d+, which is not ready$/,
    ],
    [
      'throws',
      documented.replace('this.state.used[pid] += used;', 'nowhere += used;'),
      /at decision 1: ran must not throw, it threw: nowhere is not defined$/,
    ],
    [
      'gives no quantum',
      documented.replace('quantum: 5e6', 'quantum: 0'),
      /at decision 1: next has to give a quantum of 1 ns or more, Infinity for none, and gave 0$/,
    ],
  ])('%s', (_what, text, rule) => {
    for (const [args, expected] of [
      [schedule, 2],
      [execute, 125],
    ] as const) {
      const { status, out, error } = run(text, args);
      expect([status, out]).toEqual([expected, '']);
      expect(error.trimEnd().split('\n')).toHaveLength(1);
      expect(error.trimEnd()).toMatch(rule);
      expect(error).toContain("./bad.mjs: policy 'least-attained' broke the contract");
    }
  });

  it.each([
    [
      'default export',
      'export const policy = 1;',
      /the default export has to be a policy definition; there is none/,
    ],
    ['a method', documented.replace('gone(', 'went('), /attach has to give an object with the method gone$/m],
    ['syntax', 'export default {', /\.\/bad\.mjs: can't be loaded: /],
  ])('lacks %s', (_what, text, message) => {
    expect(run(text, schedule)).toMatchObject({ status: 2, error: expect.stringMatching(message) });
    expect(run(text, execute)).toMatchObject({ status: 125, error: expect.stringMatching(message) });
  });

  it('is not there', () => {
    expect(pagewalk(['schedule', 'jobs/convoy.jobs', '--policy', './none.js'])).toEqual({
      status: 2,
      out: '',
      error: expect.stringContaining('--policy ./none.js: no such file'),
    });
    expect(pagewalk(['run', '--scheduler', './none.js', program('hello')])).toMatchObject({
      status: 125,
      error: expect.stringContaining('--scheduler ./none.js: no such file'),
    });
  });
});

describe('schedule --svg', () => {
  it('writes one picture with a panel for each policy into the file that is named', () =>
    inTemporaryDirectory((directory) => {
      const file = join(directory, 'picture');
      const ran = pagewalk(['schedule', 'jobs/convoy.jobs', '--policy', 'fifo,sjf,rr:1ms', '--svg', file]);
      expect(ran.status).toBe(0);
      const svg = readFileSync(file, 'utf8');
      expect(svg.match(/<svg/g)).toHaveLength(1);
      for (const name of ['fifo', 'sjf', 'rr:1ms']) expect(svg).toContain(`font-size="17">${name}</text>`);
    }));

  it('says so when that file takes nothing', () => {
    const ran = pagewalk(['schedule', 'jobs/convoy.jobs', '--policy', 'fifo,sjf', '--svg', '/dev/full']);
    expect(ran).toMatchObject({
      status: 2,
      out: '',
      error: expect.stringMatching(/^pagewalk: --svg \/dev\/full: can't be written: .*space.*\n$/),
    });
  });
});
