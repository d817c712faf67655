/** Where the faults of a run come from: pages against its record, jobs by hand, what was asked for, and the command. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TraceBuilder } from '../../src/replay/builder.ts';
import { pagewalk as format } from '../../src/replay/formats/pagewalk.ts';
import { recordWriter } from '../../src/replay/record-format.ts';
import { runReportSchema } from '../../src/report/schema.ts';
import { reportText } from '../../src/report/text.ts';
import { EventHash, parseJobs, type SystemOptions } from '../../src/system/index.ts';
import { attributeFaults, BREAKDOWNS, parseWhere } from '../../src/system/where.ts';
import { inTemporaryDirectory, pagewalk } from '../cli/cli.ts';
import { shipped } from '../support/run-system.ts';
import { type Asked, checkSums, runAsking } from './where-runs.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pagewalk-where-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (file: string, options: SystemOptions, asked?: Asked) => runAsking(folder, file, options, asked);

describe('of a run', () => {
  const sort = (options: SystemOptions, asked: Asked = {}) =>
    run(shipped('sort'), options, { argv: ['sort', '20000', 'merge'], ...asked });

  it('pages that come back are faults beyond the first of each page, as its record has them', async () => {
    const pieces: Uint8Array[] = [];
    const record = recordWriter('binary', { granularity: 'every', pageSize: 4096, program: [] }, (bytes) =>
      pieces.push(bytes.slice()),
    );
    const report = await sort(
      { frames: 16, replacement: 'lru' },
      { argv: ['sort', '5000', 'merge'], ports: { record } },
    );
    record.finish();
    const builder = new TraceBuilder({ name: 'record', pageSize: 4096, kinds: ['fetch', 'load', 'store'] });
    const parser = format.parser({ name: 'record', pageSize: 4096, columns: {} }, builder);
    for (const piece of pieces) parser.push(piece);
    parser.end();
    const trace = builder.finish();
    const where = checkSums(report);
    expect(where.refaults).toBe(report.faults.total - trace.pages);
    expect(where.refaults).toBeGreaterThan(100);
    const pages = where.pages!.rows;
    expect(pages.length).toBe(trace.pages);
    for (const { faults, refaults, evictions } of pages) {
      expect(refaults).toBe(faults - 1);
      // What was evicted either came back or did not.
      expect(evictions - refaults === 0 || evictions - refaults === 1).toBe(true);
    }
  });

  it('is what was asked for, the first rows, and the sum of the others', async () => {
    const all = checkSums(await sort({ memory: '256K' }));
    const few = checkSums(await sort({ memory: '256K' }, { top: 3 }));
    for (const name of BREAKDOWNS) {
      expect(few[name]!.rows).toEqual(all[name]!.rows.slice(0, 3));
      expect((few[name]!.others?.rows ?? 0) + few[name]!.rows.length).toBe(all[name]!.rows.length);
      const faults = all[name]!.rows.map((row) => row.faults);
      expect(faults).toEqual([...faults].sort((a, b) => b - a));
    }
    const one = await sort({ memory: '256K' }, { ports: { where: attributeFaults(parseWhere('areas')) } });
    expect(Object.keys(one.where!)).not.toContain('pages');
    expect(one.where!.areas!.rows).toEqual(all.areas!.rows.slice(0, 10));
  });

  it('changes nothing of the run, and is absent when nobody asks', async () => {
    const [plain, watched] = [new EventHash(), new EventHash()];
    const report = await sort({ memory: '256K' }, { digest: plain, ports: { where: undefined } });
    const { where, ...rest } = await sort({ memory: '256K' }, { digest: watched });
    expect(watched.digest).toBe(plain.digest);
    expect(where).toBeDefined();
    expect(report).toEqual(rest);
  });

  it('of scripted jobs has pages and no functions', async () => {
    const jobs = parseJobs('toucher : write 0-30, touch 0-30', 'jobs');
    const where = checkSums(
      await run(shipped('hello'), { memory: '96K', replacement: 'fifo' }, { ports: { jobs } }),
    );
    const mine = where.functions!.rows.filter(({ program }) => program === 'toucher');
    expect(mine.map(({ function: name }) => name)).toEqual(['(job)']);
    // By hand: 31 pages, in order, twice, in fewer frames than that under FIFO: each touch is a fault.
    expect(where.areas!.rows.find(({ area }) => area === 'job')).toMatchObject({
      faults: 62,
      pages: 31,
      refaults: 31,
      cases: { zero: 31, swapped: 31 },
    });
  });

  it('as text is a table for each list', async () => {
    const text = reportText(await sort({ memory: '256K' }, { top: 2 }));
    for (const line of [
      /^ +faults +share +read +refaults +kernel +function +by cause$/m,
      /^ +[\d,]+ +[\d.]+ % +\d+ +\d+ +\d+ +\d+ others .*zero/m,
      /^ +faults +share +read +refaults +kernel +evicted +page +by cause$/m,
      /^ +note {2}\/sort\.elf: it has no debug lines: compile it with -g$/m,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text.split('\n').every((line) => !line.endsWith(' '))).toBe(true);
  });
});

describe('the command', () => {
  it('prints it after the report, and puts it into the JSON', () => {
    inTemporaryDirectory((directory) => {
      copyFileSync(shipped('hello'), join(directory, 'hello'));
      const text = pagewalk(['run', '--where', 'functions,processes', '--where-top', '2', 'hello'], {
        cwd: directory,
      });
      expect(text.status).toBe(0);
      expect(text.error).toMatch(
        / function +by cause\n(.*\n){3} +faults .*process +by cause\n +\d+ .* 1 hello /,
      );
      const json = pagewalk(['run', '--where', 'all', '--where-top', 'all', '--json', 'hello'], {
        cwd: directory,
      });
      const report = runReportSchema.parse(JSON.parse(json.error));
      checkSums(report);
    });
  });

  it.each([
    [
      ['--where', 'functions,line'],
      "--where: unknown 'line'; known: functions, lines, instructions, areas, pages, processes, all",
    ],
    [
      ['--where', ''],
      "--where: unknown ''; known: functions, lines, instructions, areas, pages, processes, all",
    ],
    [['--where', 'all', '--where-top', '0'], "--where-top: '0' is not a whole number from 1 on"],
    [['--where-top', '5'], '--where-top: says how much of --where, which is not given'],
  ])('refuses %j', (flags, message) => {
    const { status, error } = pagewalk(['run', ...flags, 'programs/bin/hello.elf']);
    expect([status, error]).toEqual([125, `pagewalk: ${message}\n`]);
  });
});
