/** A run's TLB misses, walk loads and tables against those of its record, replayed under the same scheme, TLB, policy and frames. */
import { describe, expect, it } from 'vitest';
import { findReplacementPolicy } from '../../src/policies/replacement/registry.ts';
import { TraceBuilder } from '../../src/replay/builder.ts';
import { pagewalk as format } from '../../src/replay/formats/pagewalk.ts';
import { recordWriter } from '../../src/replay/record-format.ts';
import { Simulation } from '../../src/replay/simulate.ts';
import { Identifiers } from '../../src/replay/translation/identifiers.ts';
import { PagingLog } from '../../src/replay/translation/paging-log.ts';
import { TranslationPass } from '../../src/replay/translation/pass.ts';
import { pagesOf, replayedScheme } from '../../src/replay/translation/schemes.ts';
import type { SystemOptions } from '../../src/system/index.ts';
import { parseTlb } from '../../src/system/tlb-syntax.ts';
import { type Guest, runGuest, shipped } from '../support/run-system.ts';

interface Setting {
  readonly translation: string;
  readonly tlb: string;
  readonly replacement: string;
  readonly frames: number;
}

async function recorded(guest: Guest, options: SystemOptions) {
  const builder = new TraceBuilder({ name: 'record', pageSize: 4096, kinds: ['fetch', 'load', 'store'] });
  const parser = format.parser({ name: 'record', pageSize: 4096, columns: {} }, builder);
  const header = { granularity: 'every', pageSize: 4096, program: [] } as const;
  const record = recordWriter('binary', header, (bytes) => parser.push(bytes.slice()));
  const { report } = await runGuest(guest, options, { record });
  record.finish();
  parser.end();
  return { report, trace: builder.finish() };
}

async function liveAndReplayed(guest: Guest, { translation, tlb, replacement, frames }: Setting) {
  const { report, trace } = await recorded(guest, { translation, tlb, replacement, frames });
  const scheme = replayedScheme(translation, 4096, 'test');
  const tables = scheme.tables(pagesOf(scheme, trace), frames);
  const pass = new TranslationPass({
    tlb: parseTlb(tlb, 'test'),
    tables: [tables],
    numbers: trace.names.low,
    spaceOf: undefined,
    spaces: 1,
    identifiers: new Identifiers('none', 1),
    remarks: trace.remarks,
    seed: 1,
  });
  const log = new PagingLog();
  const definition = findReplacementPolicy(replacement, 'test');
  const simulation = new Simulation({ definition, frames, pages: trace.pages, seed: 1, listener: log });
  for (const chunk of trace.chunks) {
    log.clear();
    simulation.feed(chunk, 0, chunk.length);
    pass.feed(chunk, 0, chunk.length, log);
  }
  const { instructionMisses, dataMisses, dirtyWalks } = pass.counts;
  const live = report.tlb!;
  return {
    live: {
      misses: [live.instructions.misses, live.data.misses],
      loads: report.walks.loads,
      dirty: report.walks.dirty + (report.refills?.modifies ?? 0),
      bytes: report.tables.bytes,
      faults: report.faults.total,
    },
    replayed: {
      misses: [instructionMisses, dataMisses],
      loads: pass.loads[0],
      dirty: dirtyWalks,
      bytes: tables.peakBytes,
      faults: simulation.counts.faults,
    },
  };
}

const sort = { path: shipped('sort'), args: ['8000', 'merge'] };
const setting = { translation: 'sv39', tlb: '16x4:lru', replacement: 'lru', frames: 24 };

describe('TLB misses, walk loads and bytes of tables of a run are those of its record', () => {
  it.each([
    { ...setting, replacement: 'fifo', tlb: 'data=16x2:fifo;instructions=4:lru' },
    { ...setting, replacement: 'clock', tlb: '16x4:random' },
    { ...setting, replacement: 'clock', translation: 'hybrid' },
    { ...setting, replacement: 'lru', translation: 'inverted' },
    { ...setting, replacement: 'clock', translation: 'hashed' },
  ])('$translation, $tlb, $replacement in $frames frames', async (one) => {
    const { live, replayed } = await liveAndReplayed(sort, one);
    expect(live.faults).toBeGreaterThan(100);
    expect(replayed).toEqual(live);
  });
});
