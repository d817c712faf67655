import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { curveReportSchema } from '../../src/report/curve-schema.ts';
import { replayReportSchema } from '../../src/report/replay-schema.ts';
import { inTemporaryDirectory, pagewalk, program } from './cli.ts';

const NOTES = '0 1 2 3 0 1 4 0 1 2 3 4';

describe('replay', () => {
  it("gives the notes' faults", () => {
    const { status, out } = pagewalk([
      'replay',
      '--references',
      NOTES,
      '--policy',
      'fifo,optimal,lru',
      '--frames',
      '3,4',
      '--json',
    ]);
    expect(status).toBe(0);
    const report = replayReportSchema.parse(JSON.parse(out));
    const faults = report.results.map(({ policy, frames, faults }) => `${policy} ${frames}: ${faults}`);
    expect(faults).toEqual([
      'fifo 3: 9',
      'fifo 4: 10',
      'optimal 3: 7',
      'optimal 4: 6',
      'lru 3: 10',
      'lru 4: 8',
    ]);
    expect(report.anomalies).toEqual([
      { policy: 'fifo', fewer: { frames: 3, faults: 9 }, more: { frames: 4, faults: 10 } },
    ]);
  });

  // FIFO with 3 frames as the notes draw it: page 4 evicts 0 (from frame 0), then 0 evicts 1, and so on.
  it('shows it frame by frame', () => {
    const { out } = pagewalk([
      'replay',
      '--references',
      NOTES,
      '--policy',
      'fifo',
      '--frames',
      '3',
      '--steps',
      '--json',
    ]);
    const steps = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(
      steps.map(({ page, outcome, frames }) => `${page} ${outcome} ${frames.join(' ')}`.trimEnd()),
    ).toEqual([
      '0 fault 0',
      '1 fault 0 1',
      '2 fault 0 1 2',
      '3 fault 3 1 2',
      '0 fault 3 0 2',
      '1 fault 3 0 1',
      '4 fault 4 0 1',
      '0 hit 4 0 1',
      '1 hit 4 0 1',
      '2 fault 4 2 1',
      '3 fault 4 2 3',
      '4 hit 4 2 3',
    ]);
    expect(steps[3].victim).toEqual({ page: '0', written: false });
    expect(steps[3].considered).toEqual([{ frame: 0, page: '0', known: { position: 0, pinned: false } }]);
  });

  // VP1, VP2, VP4 and VP7 in memory, VP2 in frame 1; VP6 takes frame 3 from VP4, written back only if it was changed.
  it.each([
    ['w4', 'evicts 4, written back'],
    ['4', 'evicts 4:'],
  ])("shows the lecture's example of 8 pages and 4 frames, %s changed", (four, why) => {
    const references = `w3 2 w6 ${four} 2 7 1 2 6`;
    const { out } = pagewalk([
      'replay',
      ...['--references', references, '--policy', 'lru', '--frames', '4', '--steps'],
    ]);
    const lines = out.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
    expect(lines).toContain('8 load 2 hit 7 2 1 4');
    expect(lines.find((line) => line.startsWith('9 '))).toContain(`9 load 6 fault 7 2 1 6 ${why}`);
  });

  it('reads what generate writes, from a pipe, compressed, and again from what it kept', () => {
    inTemporaryDirectory((directory) => {
      const generated = pagewalk(['generate', 'zipf:0.8', '--pages', '500', '--references', '1100k']);
      const trace = join(directory, 'trace.gz');
      writeFileSync(trace, gzipSync(generated.out));
      const args = ['--policy', 'lru,s3-fifo', '--frames', '10,100', '--json'];
      const piped = pagewalk(['replay', '-', ...args], { input: generated.out });
      const fromFile = pagewalk(['replay', trace, ...args]);
      expect(existsSync(`${trace}.dense`)).toBe(true);
      const kept = pagewalk(['replay', trace, ...args]);
      expect(kept.out).toBe(fromFile.out);
      expect(JSON.parse(fromFile.out).results).toEqual(JSON.parse(piped.out).results);
      // Another trace under the same name is not taken for the one that was kept.
      writeFileSync(trace, gzipSync(pagewalk(['generate', 'notes']).out));
      expect(JSON.parse(pagewalk(['replay', trace, ...args]).out).trace.references).toBe(12);
      // Nor is a kept form that was cut off.
      writeFileSync(trace, gzipSync(generated.out));
      pagewalk(['replay', trace, ...args]);
      writeFileSync(`${trace}.dense`, readFileSync(`${trace}.dense`).subarray(0, 1_000_000));
      expect(pagewalk(['replay', trace, ...args]).out).toBe(fromFile.out);
      expect(readdirSync(directory).filter((name) => name.endsWith('.partial'))).toEqual([]);
      utimesSync(trace, statSync(trace).atime, new Date(0));
      expect(pagewalk(['replay', trace, ...args, '--no-cache']).out).toBe(fromFile.out);
    });
  });

  it('takes a policy from a file, and says which rule it breaks', () => {
    inTemporaryDirectory((directory) => {
      const mine = `export default {
        name: 'lowest', summary: 's', source: 'mine', needs: 'nothing', ties: 'none',
        initial: () => ({ resident: [] }),
        attach: (state) => ({
          admitted(frame) { state.resident.push(frame); },
          referenced() {},
          evicted(frame) { state.resident = state.resident.filter((one) => one !== frame); },
          released(frame) { state.resident = state.resident.filter((one) => one !== frame); },
          victim() { return VICTIM; },
        }),
      };`;
      const file = join(directory, 'mine.mjs');
      const args = ['replay', '--references', NOTES, '--policy', file, '--frames', '3'];
      writeFileSync(file, mine.replace('VICTIM', 'Math.min(...state.resident)'));
      expect(pagewalk([...args, '--json']).status).toBe(0);
      const run = ['run', '--quiet', '--frames', '12', '--replacement', file, program('sort'), '2000'];
      expect(pagewalk(run)).toMatchObject({ status: 0, error: '' });
      for (const [victim, rule] of [
        ['7', /7/],
        ['undefined', /undefined/],
        ['-1', /-1/],
        ['state.nosuch.at', /nosuch|undefined/],
      ] as const) {
        writeFileSync(file, mine.replace('VICTIM', victim));
        const { status, error } = pagewalk(args);
        expect([status, error.split('\n').length]).toEqual([2, 2]);
        expect(error).toMatch(rule);
        expect(error).toMatch(/mine\.mjs/);
      }
    });
  });
});

describe('curve', () => {
  it('finds the knee of a loop and how much is enough', () => {
    const { out: trace } = pagewalk(['generate', 'loop:50', '--references', '5000']);
    const { out, status } = pagewalk(['curve', '-', '--policy', 'lru,optimal,fifo', '--json'], {
      input: trace,
    });
    expect(status).toBe(0);
    const { curves } = curveReportSchema.parse(JSON.parse(out));
    expect(curves.map(({ policy, method }) => `${policy} ${method}`)).toEqual([
      'lru exact',
      'optimal exact',
      'fifo simulated',
    ]);
    // A loop of 50 pages misses always below 50 frames under LRU and FIFO, and only at first from 50 on.
    for (const { policy, enough, points } of curves) {
      expect(enough).toEqual({ frames: 50, faults: 50 });
      if (policy !== 'optimal') expect(points.find(({ frames }) => frames === 50)!.faults).toBe(50);
      if (policy !== 'optimal') expect(points.find(({ frames }) => frames < 50)!.faults).toBe(5000);
    }
  });

  it('finds the same of LRU whether the trace is held or not', () => {
    const { out: trace } = pagewalk(['generate', 'zipf:1', '--references', '100000']);
    const curve = (...options: string[]) =>
      pagewalk(['curve', '-', '--policy', 'lru', '--json', ...options], { input: trace });
    const held = curve();
    expect([held.status, held.error]).toEqual([0, '']);
    expect(curve('--no-cache')).toEqual(held);
    // Of one policy and of two.
    const [first] = curveReportSchema.parse(
      JSON.parse(curve('--no-cache', '--policy', 'lru,fifo').out),
    ).curves;
    expect(curveReportSchema.parse(JSON.parse(held.out)).curves).toEqual([first]);
    for (const options of [[], ['--no-cache']])
      expect(curve(...options, '--threads', '0').error).toMatch(/^pagewalk: --threads: '0' is/);
  });

  it('runs a program first, and writes plots and points', () => {
    inTemporaryDirectory((directory) => {
      const files = ['c.svg', 'c.png', 'c.csv', 'c.parquet'];
      const options = files.flatMap((file) => [`--${file.slice(2)}`, join(directory, file)]);
      const { status, out, error } = pagewalk(['curve', ...options, program('sort'), '2000']);
      expect([status, error]).toEqual([0, '']);
      expect(out).toMatch(/lru: knee at \d+K/);
      expect(readdirSync(directory).sort()).toEqual([...files].sort());
      expect(readFileSync(join(directory, 'c.svg'), 'utf8')).toMatch(/^<svg/);
      expect(readFileSync(join(directory, 'c.png')).subarray(1, 4).toString()).toBe('PNG');
    });
  });
});

describe('a mistake gets one line and status 2', () => {
  const cases: [args: string[], line: RegExp][] = [
    [['replay'], /^trace: none given/],
    [['replay', './nosuch'], /^\.\/nosuch: no such file$/],
    [['replay', '/'], /^\/: is a directory/],
    [['replay', '--references', ''], /^--references: holds no reference/],
    [['replay', '--references', '1 2 x'], /^--references:1: /],
    [['replay', '--references', '1', '--frames', '0'], /^--frames: '0' is no number of frames/],
    [['replay', '--references', '1', '--frames', '5..1'], /^--frames: '5\.\.1' is no range/],
    [['replay', '--references', '1', '--memory', '1M'], /^--memory: the trace names pages/],
    [['replay', '--references', '1', '--policy', 'best'], /^--policy: unknown policy 'best'; known: fifo/],
    [['replay', '--references', '1', '--policy', 'lru-k:x'], /^--policy: 'x' is no parameter of lru-k/],
    [['replay', '--references', '1', '--policy', './nosuch.js'], /^--policy \.\/nosuch\.js: no such file$/],
    [['replay', '--references', '1', '--format', 'tape'], /^--format: no format 'tape', expected one of /],
    [['replay', '--references', '1', '--page-size', '3K'], /^--page-size: 3072 is no power of two/],
    [['replay', '--references', '1', '--kinds', 'jump'], /^--kinds: unknown kind 'jump'/],
    [['replay', '--references', '1', '--csv', '/nosuch/x'], /^--csv \/nosuch\/x: can't be written/],
    [['curve', '--references', '1', '--by', 'day'], /^--by: unknown 'day'; known: kind, process$/],
    [['curve', '--references', '1', '--sample', '2'], /^--sample: '2' is no share/],
    [['generate', 'storm'], /^generate: unknown workload 'storm'; known: notes/],
    [['generate', 'zipf:x'], /^generate: 'x' is no parameter of zipf/],
  ];
  it.each(cases)('%j', (args, line) => {
    const { status, out, error } = pagewalk(args);
    expect(error.split('\n')).toHaveLength(2);
    expect(error.slice('pagewalk: '.length).trimEnd()).toMatch(line);
    expect([status, out]).toEqual([2, '']);
  });

  it('names the file and the place in it', () => {
    inTemporaryDirectory((directory) => {
      const cut = gzipSync(Buffer.from('1\n2\n3\n'.repeat(1000))).subarray(0, 40);
      writeFileSync(join(directory, 'cut.gz'), cut);
      writeFileSync(join(directory, 'bad.din'), '0 1000\n1 2000\n9 3000\n');
      writeFileSync(join(directory, 'empty'), '');
      for (const [args, line] of [
        [['cut.gz'], /^cut\.gz\+0x28: /],
        [['bad.din', '--format', 'din'], /^bad\.din:3: /],
        [['empty'], /^empty: holds no reference/],
      ] as const) {
        const { status, error } = pagewalk(['replay', ...args], { cwd: directory });
        expect([status, error.split('\n').length]).toEqual([2, 2]);
        expect(error.slice('pagewalk: '.length).trimEnd()).toMatch(line);
      }
    });
  });
});
