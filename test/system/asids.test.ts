/**
 * Programs under few address-space identifiers, or none: several processes in tiny TLBs, with pages that come and go, do
 * what they do when every space has an identifier of its own.
 */
import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { createSystem, type RunReport, type SystemOptions, systemConfig } from '../../src/system/index.ts';
import { shipped } from './fixture.ts';

const programs = { server: shipped('server'), client: shipped('client'), scan: shipped('scan') };
type Name = keyof typeof programs;

interface Ran {
  /** Lines of all programs, in order of the alphabet: whose come first depends on time. */
  readonly lines: string[];
  readonly report: RunReport;
}

async function ran(
  commands: readonly (readonly [Name, ...string[]])[],
  options: SystemOptions,
): Promise<Ran> {
  const requests = commands.map(([name, ...args]) => ({
    name,
    path: `/${name}`,
    bytes: programs[name],
    argv: [name, ...args],
    env: [],
  }));
  const [program, ...others] = requests;
  const streams = new MemoryStreams();
  const system = createSystem(systemConfig({ swap: 'memory,4M', maxInstructions: '100m', ...options }), {
    program: program!,
    others,
    files: new MemoryFiles(),
    streams,
    stores: { file: undefined, temporary: undefined },
    turn: () => Promise.resolve(),
  });
  await system.run();
  system.checkInvariants();
  const text = streams.text(1) + streams.text(2);
  return { lines: text.split('\n').toSorted(), report: system.report() };
}

const served = [
  ['server', 'fork', '7000', '4', '32K', '2'],
  ['client', '7000', '1', '2', '2', '32K'],
  ['client', '7000', '2', '2', '2', '32K'],
] as const;
const scans = [
  ['scan', 'random', '12', '6'],
  ['scan', 'cyclic', '12', '6'],
  ['scan', 'skewed', '12', '6'],
] as const;

const ways: readonly SystemOptions[] = [
  { asids: 2, tlb: '2' },
  { asids: 'none', tlb: '4x2:random', fork: 'eager' },
  { asids: 2, tlb: 'unified:8x4:fifo', bits: 'traps' },
  { asids: 2, tlb: '4', refill: 'software:handler', translation: 'hashed' },
  { asids: 'none', tlb: 'data=4;instructions=2', translation: 'two-level' },
];

describe.each([
  ['a server and its clients', served, {}],
  ['scans that page', scans, { frames: 24, costs: { diskPage: 100_000 } }],
] as const)('%s', (_name, commands, pressure) => {
  it('say the same with few identifiers', async () => {
    const usual = await ran(commands, pressure);
    expect(usual.report.asids).toMatchObject({ flushes: 0, rollOvers: 0, dropped: 0 });
    for (const way of ways) {
      const { lines, report } = await ran(commands, { scheduler: 'rr:50us', ...pressure, ...way });
      expect([way, lines]).toEqual([way, usual.lines]);
      const { switches, flushes, rollOvers } = report.asids!;
      expect(flushes).toBeGreaterThan(10);
      expect(report.tlb!.flushed).toBeGreaterThanOrEqual(report.asids!.dropped);
      if (way.asids === 'none') expect([flushes, rollOvers]).toEqual([switches - 1, 0]);
      else expect(rollOvers).toBe(flushes);
    }
  });
});

it('misses of processes add up to those of the machine', async () => {
  const { report } = await ran(scans, { asids: 'none', scheduler: 'rr:100us' });
  const { instructions, data } = report.tlb!;
  const sum = report.processes.reduce((total, { tlbMisses }) => total + tlbMisses, 0);
  expect(sum).toBe(instructions.misses + data.misses);
});
