import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { elfFile } from '../kernel/loader/elf-file.ts';
import { inTemporaryDirectory, main, pagewalk, program, repository } from './cli.ts';

const hello = program('hello');

/** Arguments of `run`, and the one line that they get. */
const cases: [args: string[], line: RegExp][] = [
  [[], /^<elf>: no program is named, here or in a configuration file$/],
  [['--nosuch', hello], /^unknown option '--nosuch'/],
  [['--memory'], /^option '--memory <size>' argument missing/],
  [['./nosuch'], /^\.\/nosuch: no such file or directory$/],
  [[''], /^<elf>: the name of the program is empty$/],
  [['/'], /^\/: is no regular file; expected a static RISC-V ELF$/],
  [['/dev/zero'], /^\/dev\/zero: is no regular file; expected a static RISC-V ELF$/],
  [
    ['--record-granularity', 'page', hello],
    /^--record-granularity: says how to --record, which is not given$/,
  ],
  [
    ['--report', './nosuch', '--events', 'nosuch', hello],
    /^--events nosuch: is what --report writes already$/,
  ],
  [['--report', hello, hello], /^--report .*hello\.elf: is the program already$/],
  [['package.json'], /^package\.json: not an ELF file: it starts with 7b/],
  [[process.execPath], /\+0x12: machine \d+ \(.*\), expected 243 \(RISC-V\)$/],
  [['--memory', 'lots', hello], /^--memory: 'lots' is not a size/],
  [['--memory', '0', hello], /^--memory: '0' is not a whole number of 4K pages/],
  [['--memory', '4G', hello], /^--memory: 4G is more than the machine can have/],
  [['--memory', '8K', hello], /^--memory 8K: too small for this program, which needs \d+K or more$/],
  [['--frames', '1', hello], /^--frames 1: too few for this program, which needs \d or more$/],
  [['--frames', '1', '--memory', '1M', hello], /^--frames: give either/],
  [['--tlb', '7x2', hello], /^--tlb: 7 entries in 2 ways make 3.5 sets/],
  [
    ['--replacement', 'best', hello],
    /^--replacement: unknown policy 'best'; known: fifo, random, lru, .*clock/,
  ],
  [['--translation', 'sv57', hello], /^--translation: unknown 'sv57'; known: sv39, sv48, .*hashed/],
  [['--swap', 'tape', hello], /^--swap: unknown store 'tape'; give /],
  [
    ['--swap', 'file:/nosuch/swap,1M', hello],
    /^--swap: cannot use '\/nosuch\/swap': no such file or directory/,
  ],
  [
    ['--admission', 'fewer', hello],
    /^--admission: unknown 'fewer'; known: off, watch, working-set, fault-rate; /,
  ],
  [['--admission', 'watch:0ms', hello], /^--admission: an interval of 0ms is none; expected more than 0$/],
  [
    ['--admission', 'working-set', '--bits', 'traps', hello],
    /^--admission: working-set samples referenced bits /,
  ],
  [['--swapping', 'often', hello], /^--swapping: unknown 'often'; known: off, suspended, switch$/],
  [['--out-of-memory', 'me', hello], /^--out-of-memory: unknown 'me'; known: largest, asker$/],
  [['--loading', 'now', hello], /^--loading: unknown 'now'; known: lazy, eager$/],
  [['--seed', 'x', hello], /^--seed: 'x'/],
  [['--env', 'novalue', hello], /^--env: 'novalue' is not NAME=VALUE$/],
  [['--root', '/nosuch', hello], /^--root \/nosuch: no such file or directory$/],
  [['--root', 'package.json', hello], /^--root package\.json: is not a directory$/],
  [['--costs', 'disk=1', hello], /^--costs: unknown cost 'disk'; known: /],
  [['--max-time', 'soon', hello], /^--max-time: 'soon' is not a duration/],
  [['--max-instructions', '0', hello], /^--max-instructions: '0' is not a whole number from 1 on$/],
  [['--record-granularity', 'byte', hello], /^--record-granularity: unknown 'byte'; known: every, page$/],
  [
    ['--report', '/nosuch/report', hello],
    /^--report \/nosuch\/report: can't be written: no such file or directory$/,
  ],
  [['--report', '-', hello], /^--report: '-' is no name of a file to write$/],
  [['--timeline', '/nosuch/t', hello], /^--timeline \/nosuch\/t: can't be written/],
  [['--record', '/nosuch/r', hello], /^--record \/nosuch\/r: can't be written/],
  [['--events', '/nosuch/e', hello], /^--events \/nosuch\/e: can't be written/],
  [
    ['--config', '/nosuch.json', hello],
    /^--config \/nosuch\.json: can't be read: no such file or directory$/,
  ],
];

describe('a mistake in `run` gets one line and status 125', () => {
  it.each(cases)('%j', (args, line) => {
    const { status, out, error } = pagewalk(['run', ...args]);
    expect(error.split('\n')).toHaveLength(2);
    expect(error).toMatch(/^pagewalk: /);
    expect(error.slice('pagewalk: '.length).trimEnd()).toMatch(line);
    expect(status).toBe(125);
    expect(out).toBe('');
  });

  it('a damaged program: the line names file and byte', () => {
    inTemporaryDirectory((directory) => {
      writeFileSync(join(directory, 'prog'), elfFile({ machine: 62 }));
      const { status, error } = pagewalk(['run', './prog'], { cwd: directory });
      expect([status, error]).toEqual([
        125,
        'pagewalk: ./prog+0x12: machine 62 (x86-64), expected 243 (RISC-V)\n',
      ]);
    });
  });
});

describe('a mistake elsewhere gets status 2', () => {
  it.each([
    [['nosuch'], /unknown command 'nosuch' \(see pagewalk --help\)/],
    [['--nosuch'], /unknown option '--nosuch'/],
    [['compare', '--replacement', 'clock,best', hello], /unknown policy 'best'/],
    [['compare', '--root', '.:rw', hello], /must not change files/],
    [['compare', '--config', 'jobs/together.json', hello], /jobs\/together\.json: programs: compare runs /],
    [['list', 'extra'], /too many arguments/],
  ])('%j', (args, line) => {
    const { status, error } = pagewalk(args);
    expect(status).toBe(2);
    expect(error).toMatch(line);
    expect(error.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('a configuration file', () => {
  it.each([
    ['{', /^c\.json: not JSON: /],
    ['[]', /^c\.json: .*expected object/],
    ['{"memroy": "1M"}', /^c\.json: memroy: unknown key; known: memory, /],
    ['{"memory": 5}', /^c\.json: memory: .*expected string/],
    ['{"tlb": "huge"}', /^c\.json: tlb: 'huge' is not a TLB/],
    ['{"costs": {"disk": 1}}', /^c\.json: costs/],
    ['{"replacement": "best"}', /^c\.json: replacement: unknown policy 'best'/],
  ])('%s is refused, with its name and the key', (text, line) => {
    inTemporaryDirectory((directory) => {
      writeFileSync(join(directory, 'c.json'), text);
      const { status, error } = pagewalk(['run', '--config', 'c.json', hello], { cwd: directory });
      expect(error.replace(/^pagewalk: /, '')).toMatch(line);
      expect(error.trimEnd().split('\n')).toHaveLength(1);
      expect(status).toBe(125);
    });
  });

  it('gives options, and flags come before it', () => {
    inTemporaryDirectory((directory) => {
      const options = {
        memory: '128K',
        replacement: 'fifo',
        env: { A: '1' },
        costs: { memory: 50 },
        seed: 3,
      };
      writeFileSync(join(directory, 'c.json'), JSON.stringify(options));
      const { status, error } = pagewalk(
        ['run', '--json', '--config', 'c.json', '--replacement', 'lru', '--frames', '9', hello],
        { cwd: directory },
      );
      expect(status).toBe(0);
      expect(JSON.parse(error)).toMatchObject({
        configuration: {
          sizing: 'frames',
          frames: 9,
          replacement: 'lru',
          seed: 3,
          costs: { memory: 50, trap: 200 },
        },
      });
    });
  });
});

it('a file that can’t be finished leaves nothing behind', () => {
  inTemporaryDirectory((directory) => {
    mkdirSync(join(directory, 'taken'));
    const { status, error } = pagewalk(['run', '--timeline', 't.json', '--report', '/dev/full', hello], {
      cwd: directory,
    });
    expect(status).toBe(125);
    expect(error).toBe("pagewalk: --report /dev/full: can't be written: no space left on the device\n");
    expect(readdirSync(directory)).toEqual(['taken']);
  });
});

describe('standard output that can not be written', () => {
  const cases: [args: string[], status: number][] = [
    [['compare', '--memory', '512K', hello], 2],
    [['list'], 2],
    [['schema', 'run'], 2],
    [['--help'], 2],
    [['run', '--help'], 125],
  ];
  it.each(cases)('%j: gets one line and status %i', (args, status) => {
    const full = openSync('/dev/full', 'w');
    try {
      const ran = spawnSync(process.execPath, [main, ...args], {
        cwd: repository,
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      });
      expect(ran.stderr).toBe("pagewalk: standard output: can't be written: no space left on the device\n");
      expect(ran.status).toBe(status);
    } finally {
      closeSync(full);
    }
  });
});
