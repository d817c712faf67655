/** Programs beside each other: the commands of docs/report.md, and that they print what the page says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/report/schema.ts';
import { inTemporaryDirectory, pagewalk, program, type Ran, repository } from './cli.ts';

const page = readFileSync(join(repository, 'docs', 'report.md'), 'utf8');
const section = /## Programs beside each other\n[\s\S]*?(?=\n## )/.exec(page)![0];
/** Each command of the section, and the lines that the page shows of what it prints. */
const examples = [...section.matchAll(/^\$ pagewalk (.*)\n((?:^ .*\n)+)/gm)].map(
  ([, command, lines]) => [command!, lines!.trimEnd().split('\n')] as const,
);

const reportOf = ({ error }: Ran): RunReport => JSON.parse(error) as RunReport;
const alone = (...args: string[]): RunReport => {
  const set = ['--frames', '64', '--replacement', 'lru', '--costs', 'diskPage=1000000'];
  return reportOf(pagewalk(['run', '--json', '--root', '/', ...set, ...args]));
};

describe('the page on programs beside each other', () => {
  it('has four commands', () => expect(examples).toHaveLength(4));

  it.each(examples)('%s', (command, lines) => {
    const { error } = pagewalk(command.split(' '));
    for (const line of lines) expect(error.split('\n')).toContain(line);
  });
});

it('while one waits for a page another runs', () => {
  const [apart, together] = ['one-by-one', 'together'].map((name) =>
    reportOf(pagewalk(['run', '--json', '--config', `jobs/${name}.json`])),
  ) as [RunReport, RunReport];
  const use = ({ time }: RunReport) => (time.total - time.idle) / time.total;
  const sort = alone(program('sort'), '20000', 'merge').time;
  const mix = alone(program('bench-mix'), '25').time;
  // What the processor has to do, in whatever order, up to what switching costs; and the most that overlap can save.
  expect(apart.time.total - apart.time.idle).toBeCloseTo(sort.total - sort.idle + mix.total - mix.idle, -7);
  expect(together.time.total).toBeGreaterThan(Math.max(sort.total, mix.total));
  expect(together.time.total).toBeLessThan(0.75 * (sort.total + mix.total));
  expect(use(apart)).toBeLessThan(0.55);
  expect(use(together)).toBeGreaterThan(0.75);
});

describe('an endless loop', () => {
  const run = (...flags: string[]) => pagewalk(['run', '--json', '--config', 'jobs/endless.json', ...flags]);
  const hello = (ran: Ran) => reportOf(ran).processes.find(({ pid }) => pid === 2)!;

  it('can not keep the processor from others', () => {
    const ran = run();
    expect(ran.status).toBe(124);
    expect(ran.out).toContain('Hello, world.');
    // It comes at 100 ms, waits for three pages of its file, and each time for a quantum of 10 ms at most.
    expect(hello(ran)).toMatchObject({ status: 0 });
    expect(hello(ran).ended! - hello(ran).arrived!).toBeLessThan(3 * 20e6 + 10e6);
    expect(reportOf(ran).scheduling.expired).toBeGreaterThan(50);
  });

  it('keeps it without a timer, until the time is over', () => {
    const ran = run('--timer', 'off');
    expect([ran.status, ran.out]).toEqual([124, '']);
    expect(hello(ran).cpu).toEqual({ user: 0, system: 0 });
    const { end, time, scheduling } = reportOf(ran);
    expect(end).toEqual({ kind: 'stopped', limit: 'time', status: 124 });
    expect(time.total).toBeLessThan(1.001e9);
    expect(scheduling.expired).toBe(0);
  });
});

it('programs that have too few frames for any of them are told so, however many they are', () => {
  inTemporaryDirectory((directory) => {
    const config = join(directory, 'many.json');
    const programs = Array.from({ length: 3 }, () => ({ run: [program('hello'), '4'] }));
    writeFileSync(config, JSON.stringify({ frames: 2, programs }));
    const { status, error } = pagewalk(['run', '--root', '/', '--config', config]);
    expect(error).toMatch(/^pagewalk: .*frames 2: too few for this program, which needs \d+ or more\n$/);
    expect(status).toBe(125);
  });
});
