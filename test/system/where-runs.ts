/** Runs that say where their faults come from, and what has to hold of every such report. */
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { inflateSync } from 'node:zlib';
import { expect } from 'vitest';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { NodeFiles } from '../../src/adapters/node-files.ts';
import { runReportSchema } from '../../src/report/schema.ts';
import type { WhereReport } from '../../src/report/where-schema.ts';
import {
  createSystem,
  type EventHash,
  type RunReport,
  type SystemOptions,
  type SystemPorts,
  systemConfig,
} from '../../src/system/index.ts';
import { attributeFaults, BREAKDOWNS } from '../../src/system/where.ts';

export interface Asked {
  readonly input?: string;
  readonly argv?: readonly string[];
  readonly ports?: Partial<SystemPorts>;
  readonly digest?: EventHash;
  readonly top?: number;
}

/** Runs a program of the folder, or of a path, which has the folder as its root; with everything asked for. */
export async function runAsking(
  folder: string,
  file: string,
  options: SystemOptions,
  asked: Asked = {},
): Promise<RunReport> {
  const path = resolve(folder, file);
  const { input = '', argv = [file], top = Number.POSITIVE_INFINITY } = asked;
  const files = new NodeFiles({ root: folder, access: 'writable' });
  const system = createSystem(
    systemConfig({ swap: 'memory,64M', maxTime: '5000s', maxInstructions: '1000m', ...options }),
    {
      program: { name: file, path: `/${basename(path)}`, bytes: readFileSync(path), argv, env: [] },
      files,
      streams: new MemoryStreams({ input }),
      stores: { file: undefined, temporary: undefined },
      turn: () => Promise.resolve(),
      where: attributeFaults({ breakdowns: BREAKDOWNS, top }, (bytes) => inflateSync(bytes)),
      ...asked.ports,
    },
  );
  if (asked.digest) system.observe(asked.digest.observe);
  await system.run();
  system.checkInvariants();
  files.close();
  const report = system.report();
  expect(runReportSchema.parse(report)).toEqual(report);
  return report;
}

const counts = ['faults', 'major', 'refaults', 'kernel'] as const;

/** Every list adds up to the totals, and these are the report's. */
export function checkSums(report: RunReport): WhereReport {
  const where = report.where!;
  expect(where.faults).toBe(report.faults.total);
  expect(where.major).toBe(report.faults.major);
  expect(where.evictions).toBe(report.evictions.clean + report.evictions.dirty);
  for (const name of BREAKDOWNS) {
    const list = where[name]!;
    const parts = [...list.rows, ...(list.others === undefined ? [] : [list.others])];
    for (const what of counts) {
      expect([name, what, parts.reduce((sum, row) => sum + row[what], 0)]).toEqual([name, what, where[what]]);
    }
    const cases: Record<string, number> = {};
    for (const row of parts) {
      for (const [which, n] of Object.entries(row.cases)) cases[which] = (cases[which] ?? 0) + n;
    }
    expect(cases).toEqual(Object.fromEntries(Object.entries(report.faults.cases).filter(([, n]) => n > 0)));
  }
  for (const name of ['areas', 'pages', 'processes'] as const) {
    const list = where[name]!;
    const rest = list.others?.evictions ?? 0;
    expect(list.rows.reduce((sum, row) => sum + row.evictions, rest)).toBe(where.evictions);
  }
  return where;
}

/** Of a process, faults of its own instructions are what wait4(2) and the report of processes count. */
export function checkProcesses(report: RunReport): void {
  const own = new Map<number, number>();
  for (const { pid, faults, kernel } of report.where!.processes!.rows)
    own.set(pid, (own.get(pid) ?? 0) + faults - kernel);
  for (const { pid, faults } of report.processes)
    expect([pid, own.get(pid) ?? 0]).toEqual([pid, faults.minor + faults.major]);
}
