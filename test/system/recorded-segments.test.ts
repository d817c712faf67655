/** Records of programs whose memory comes in pieces: the same references as under paging, but for where areas lie. */
import { describe, expect, it } from 'vitest';
import {
  createSystem,
  type RecordEntry,
  type RunReport,
  readRecord,
  recordWriter,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { shipped, testPorts } from './fixture.ts';

interface Recorded {
  readonly entries: readonly RecordEntry[];
  readonly report: RunReport;
}

/** @param copies how many run at once */
async function record(
  name: string,
  args: readonly string[],
  options: SystemOptions,
  copies = 1,
): Promise<Recorded> {
  const pieces: Uint8Array[] = [];
  const header = { granularity: 'every', pageSize: 4096, program: ['prog'] } as const;
  const writer = recordWriter('binary', header, (bytes) => pieces.push(bytes));
  const ports = testPorts(shipped(name), args);
  const others = Array.from({ length: copies - 1 }, () => ports.program);
  const config = systemConfig({ swap: 'memory,16M', ...options });
  const system = createSystem(config, { ...ports, others, record: writer });
  await system.run();
  writer.finish();
  return { entries: [...readRecord(Buffer.concat(pieces), 'record').entries], report: system.report() };
}

/**
 * References in order, with their places by area: the image where it was linked, heap and mappings from their start, the
 * stack from its end. Names what the kernel did on the program's behalf.
 */
function placed({ entries, report }: Recorded): string[] {
  const ranges = report.areas.map((area) => ({
    name: area.name,
    start: Number.parseInt(area.start, 16),
    end: Number.parseInt(area.end, 16),
  }));
  const place = (address: number): string => {
    const area = ranges.find(({ start, end }) => start <= address && address < end);
    if (area === undefined) throw new Error(`0x${address.toString(16)} lies in no area`);
    if (area.name === '[stack]') return `[stack]-${area.end - address}`;
    const isImage = area.start < 0x80000 && area.name !== '[heap]';
    return isImage ? `${address}` : `${area.name}+${address - area.start}`;
  };
  const lines: string[] = [];
  let by = '';
  for (const entry of entries) {
    if (entry.type === 'kernel') by = ' by the kernel';
    if (entry.type !== 'reference') continue;
    lines.push(`${entry.kind} ${place(entry.address)} ${entry.bytes}${by}`);
    by = '';
  }
  return lines;
}

const schemes: readonly SystemOptions[] = [
  { translation: 'base-bounds' },
  { translation: 'base-bounds', moveEvery: '100us' },
  { translation: 'segmented', segments: 4 },
  { translation: 'segmented', moveEvery: '100us' },
];

describe('a record', () => {
  it.each([
    ['hello', ['3']],
    ['walk', ['64K', '4K', '8']],
    ['sort', ['300', 'heap']],
  ] as const)('of %s has the same references under every scheme, moved or not', async (name, args) => {
    const paged = await record(name, args, { translation: 'sv39' });
    const expected = placed(paged);
    expect(expected.length).toBeGreaterThan(1_000);
    for (const scheme of schemes) {
      const ran = await record(name, args, { ...scheme, memory: '4M' });
      const found = placed(ran);
      // All of it in a message would take seconds to write.
      const at = expected.findIndex((line, i) => line !== found[i]);
      expect([at, found[at], found.length]).toEqual([-1, undefined, expected.length]);
      const { fetches, loads, stores } = ran.report.accesses;
      expect(fetches + loads + stores).toBeGreaterThanOrEqual(found.length);
    }
  });

  it.each([
    'base-bounds',
    'segmented',
  ])('of two that %s rolls out and in has those of each', async (translation) => {
    const args = ['100K', '4K', '150'];
    const costs = { diskPage: 10_000 };
    const options = { translation, room: '0', stack: '16K', scheduler: 'rr:1ms', costs };
    const alone = await record('walk', args, options);
    const both = await record('walk', args, { ...options, memory: '320K' }, 2);
    expect(both.report.segments!.rolledOut.pieces).toBeGreaterThan(0);
    const bySpace = new Map<number, RecordEntry[]>();
    let own: RecordEntry[] = [];
    for (const entry of both.entries) {
      if (entry.type === 'reference') own.push(entry);
      if (entry.type !== 'space') continue;
      own = bySpace.get(entry.space) ?? [];
      bySpace.set(entry.space, own);
    }
    const expected = JSON.stringify(alone.entries.filter(({ type }) => type === 'reference'));
    expect(bySpace.size).toBe(2);
    for (const found of bySpace.values()) expect(JSON.stringify(found) === expected).toBe(true);
  });
});
