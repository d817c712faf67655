import { describe, expect, it } from 'vitest';
import {
  createSystem,
  type RecordEntry,
  readRecord,
  recordWriter,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { shipped, testPorts } from './fixture.ts';

interface Recorded {
  readonly entries: readonly RecordEntry[];
  /** Pages in the order in which the live run evicted them. */
  readonly victims: readonly number[];
  readonly admissions: number;
  readonly accesses: { readonly fetches: number; readonly loads: number; readonly stores: number };
}

/** Runs a program while its references are recorded, and reads the record back. */
async function record(
  name: string,
  options: SystemOptions,
  granularity: 'every' | 'page' = 'every',
  args: readonly string[] = [],
): Promise<Recorded> {
  const pieces: Uint8Array[] = [];
  const writer = recordWriter('binary', { granularity, pageSize: 4096, program: ['prog'] }, (bytes) =>
    pieces.push(bytes),
  );
  const system = createSystem(systemConfig({ swap: 'memory,16M', ...options }), {
    ...testPorts(shipped(name), args),
    record: writer,
  });
  const victims: number[] = [];
  let admissions = 0;
  const pageIn = new Map<number, number>();
  system.observe((event) => {
    if (event.type === 'map') {
      pageIn.set(event.frame, event.vpn);
      admissions++;
    }
    if (event.type === 'evict') victims.push(pageIn.get(event.frame)!);
  });
  await system.run();
  writer.finish();
  return {
    entries: [...readRecord(Buffer.concat(pieces), 'record').entries],
    victims,
    admissions,
    accesses: system.report().accesses,
  };
}

/** LRU or FIFO over recorded references, as the textbook has it: the pages evicted, in order. */
function naive(
  policy: 'lru' | 'fifo',
  frames: number,
  entries: readonly RecordEntry[],
): { victims: number[]; admissions: number } {
  const resident: number[] = [];
  const victims: number[] = [];
  let admissions = 0;
  for (const entry of entries) {
    if (entry.type === 'unmap') {
      for (let page = entry.page; page < entry.page + Math.min(entry.count, 4096); page++) {
        const at = resident.indexOf(page);
        if (at >= 0) resident.splice(at, 1);
      }
    }
    if (entry.type !== 'reference') continue;
    const page = Math.floor(entry.address / 4096);
    const at = resident.indexOf(page);
    if (at >= 0 && policy === 'fifo') continue;
    if (at >= 0) resident.splice(at, 1);
    else {
      admissions++;
      if (resident.length === frames) victims.push(resident.shift()!);
    }
    resident.push(page);
  }
  return { victims, admissions };
}

describe('a record', () => {
  it.each([
    ['hello', 'lru', 8],
    ['hello', 'fifo', 8],
    ['hello', 'lru', 64],
    ['hashjoin', 'lru', 12],
    ['hashjoin', 'fifo', 12],
  ] as const)('of %s under %s with %i frames replays to the same victims', async (name, policy, frames) => {
    const live = await record(
      name,
      { frames, replacement: policy },
      'every',
      name === 'hashjoin' ? ['2000'] : [],
    );
    const replayed = naive(policy, frames, live.entries);
    expect(replayed.admissions).toBe(live.admissions);
    expect(replayed.victims).toEqual(live.victims);
    expect(live.victims.length).toBeGreaterThan(100);
  });

  it('at page granularity replays to the same victims', async () => {
    const every = await record('hello', { frames: 8, replacement: 'lru' });
    const pages = await record('hello', { frames: 8, replacement: 'lru' }, 'page');
    expect(pages.entries.length).toBeLessThan(every.entries.length / 2);
    expect(naive('lru', 8, pages.entries).victims).toEqual(every.victims);
  });

  it('does not depend on the memory of the run it was made from', async () => {
    const plenty = await record('hello', { memory: '16M' });
    const little = await record('hello', { memory: '64K' });
    expect(little.entries).toEqual(plenty.entries);
  });

  it('holds each access once: the retry of one that faulted is none', async () => {
    const { entries, accesses } = await record('hello', { memory: '64K' });
    const count = (kind: string) =>
      entries.filter((entry) => entry.type === 'reference' && entry.kind === kind).length;
    // The machine counts look-ups, failed and repeated ones too; the record adds the kernel's accesses for the program.
    expect(count('fetch')).toBeLessThanOrEqual(accesses.fetches);
    expect(count('fetch')).toBeGreaterThan(accesses.fetches * 0.9);
    expect(entries.at(-1)).toEqual({ type: 'exit' });
  });
});
