import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { counted, duration, grouped, meanDuration, percent } from '../../src/report/format.ts';
import { runReportSchema } from '../../src/report/schema.ts';
import { reportText, type SystemOptions, Timeline } from '../../src/system/index.ts';
import { shipped, testSystem } from '../system/fixture.ts';

async function reportOf(options: SystemOptions, name = 'hello') {
  const { system } = testSystem(shipped(name), options);
  await system.run();
  return system.report();
}

describe('numbers', () => {
  it('are grouped by thousands', () => {
    expect([0, 999, 1000, 1234567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
  });
  it('of time have a fitting unit', () => {
    expect([0, 7, 1500, 12_345_678, 2e9, 5e12].map(duration)).toEqual([
      '0 ns',
      '7 ns',
      '1.50 µs',
      '12.35 ms',
      '2 s',
      '5,000 s',
    ]);
    expect([99.9, 100_000].map(meanDuration)).toEqual(['99.9 ns', '100 µs']);
  });
  it('of shares never say all or nothing when it is not', () => {
    expect([
      percent(1, 2),
      percent(0, 5),
      percent(5, 5),
      percent(1, 100_000),
      percent(99_999, 100_000),
      percent(1, 0),
    ]).toEqual(['50.0 %', '0.0 %', '100.0 %', '0.001 %', '99.999 %', '–']);
  });
  it('have plurals', () => {
    expect([counted(1, 'page'), counted(2, 'page'), counted(0, 'miss', 'misses')]).toEqual([
      '1 page',
      '2 pages',
      '0 misses',
    ]);
  });
});

describe('a report', () => {
  const cases: SystemOptions[] = [
    { memory: '64K' },
    { tlb: 'none' },
    { tlb: 'unified:32x2:fifo' },
    { maxInstructions: 100 },
    { memory: '64K', swap: 'memory,512K' },
    { memory: undefined, frames: 8, swap: 'none' },
    { writeXorExecute: true, loading: 'eager' },
  ];
  it.each(cases)('of %j keeps to its schema, also as JSON', async (options) => {
    const report = await reportOf(options);
    expect(runReportSchema.parse(report)).toEqual(report);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('adds up', async () => {
    const report = await reportOf({ memory: '64K' });
    const { tlb, accesses, faults, evictions, swap, time, accessTime } = report;
    expect(tlb!.instructions.lookUps).toBe(accesses.fetches);
    expect(tlb!.data.lookUps).toBe(accesses.loads + accesses.stores);
    expect(tlb!.data.hits + tlb!.data.misses).toBe(tlb!.data.lookUps);
    expect(faults.total).toBe(Object.values(faults.cases).reduce((a, b) => a + b, 0));
    expect(evictions.dirty).toBe(swap.writes);
    expect(faults.major).toBe(swap.reads + report.files.pagesRead);
    const { total, disk, ...parts } = time;
    expect(Object.values(parts).reduce((a, b) => a + b, 0)).toBe(total);
    expect(disk).toBe((swap.reads + swap.writes + report.files.pagesRead) * 10_000_000);
    // As the notes define it, from the report's own counts.
    const references = accesses.fetches + accesses.loads + accesses.stores;
    const miss = faults.major / references;
    expect(accessTime.average).toBeCloseTo((1 - miss) * 100 + miss * 1e7, 6);
  });

  it('as text says what matters, a line each', async () => {
    const text = reportText(await reportOf({ memory: '64K' }));
    expect(text).toMatch(/^pagewalk: \/prog\n {2}end +exited with status 0\n/);
    for (const line of [
      /ran +[\d,]+ instructions in /,
      /memory +16 frames, 64K with its tables · clock/,
      /least +40K \(10 frames\)/,
      /faults +\d+, \d+ with a transfer: /,
      /swap +\d+ reads/,
      /area +pages +resident +swapped\n/,
      /\[stack\]\n$|\[vdso\]\n$/,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text.split('\n').every((line) => !line.endsWith(' '))).toBe(true);
  });

  it('tells a kill and its reason', async () => {
    const text = reportText(await reportOf({ memory: '64K', swap: 'memory,512K' }));
    expect(text).toMatch(/end +killed by SIGKILL: .*swap is full \(status 137\)\n/);
  });

  it('has a JSON Schema', () => {
    expect(z.toJSONSchema(runReportSchema)).toMatchObject({
      type: 'object',
      properties: { schema: { const: 'pagewalk.run/1' } },
    });
  });
});

describe('a timeline', () => {
  it('is an array of trace events with rising times, counters and slices', async () => {
    const { system } = testSystem(shipped('hello'), { memory: '64K' });
    let text = '';
    const timeline = new Timeline((piece) => {
      text += piece;
    });
    system.observe(timeline.observe);
    await system.run();
    timeline.finish();
    const events = JSON.parse(text) as {
      name: string;
      ph: string;
      ts?: number;
      dur?: number;
      args?: Record<string, unknown>;
    }[];
    const times = events.flatMap(({ ph, ts }) => (ph === 'i' && ts !== undefined ? [ts] : []));
    expect(times.every((time, i) => i === 0 || time >= times[i - 1]!)).toBe(true);
    const counters = events.filter(({ ph, name }) => ph === 'C' && name === 'pages');
    expect(Math.max(...counters.map(({ args }) => Number(args?.resident)))).toBe(10);
    expect(counters.at(-1)?.args).toMatchObject({ resident: 0 });
    expect(events.filter(({ ph }) => ph === 'X').map(({ name }) => name)).toContain('write');
    expect(events.filter(({ name }) => name.startsWith('fault: ')).length).toBe(system.report().faults.total);
  });

  it('of nothing is an empty array', () => {
    let text = '';
    const timeline = new Timeline((piece) => {
      text += piece;
    });
    timeline.finish();
    expect(Array.isArray(JSON.parse(text))).toBe(true);
  });
});

it('docs/report.md names every field', async () => {
  const { readFileSync } = await import('node:fs');
  const page = readFileSync(new URL('../../docs/report.md', import.meta.url), 'utf8');
  const missing: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || path.split('.').length > 2) return;
    for (const [name, inner] of Object.entries(value)) {
      const forms = [`\`${path}${name}\``, `\`${path}${name}.`, `\`${name}\``];
      if (!forms.some((form) => page.includes(form))) missing.push(path + name);
      if (!Array.isArray(inner)) visit(inner, `${path}${name}.`);
    }
  };
  const { program, configuration, faults, systemCalls, areas, ...rest } = await reportOf({ memory: '64K' });
  visit({ program, configuration, faults, ...rest, areas: areas[0], systemCalls: systemCalls.calls[0] }, '');
  expect(missing).toEqual([]);
});
