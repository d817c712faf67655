/** Page faults of a run of several processes against those of its record, replayed on as many frames. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { NodeFiles } from '../../src/adapters/node-files.ts';
import type { PolicyDefinition, ReplacementPolicy } from '../../src/policies/replacement/contract.ts';
import { findReplacementPolicy } from '../../src/policies/replacement/registry.ts';
import { TraceBuilder } from '../../src/replay/builder.ts';
import type { DenseTrace } from '../../src/replay/dense.ts';
import { pagewalk as format } from '../../src/replay/formats/pagewalk.ts';
import { FIRST_FILE_SPACE, recordWriter } from '../../src/replay/record-format.ts';
import { readRecord } from '../../src/replay/record-reader.ts';
import { Simulation } from '../../src/replay/simulate.ts';
import { createSystem, type SystemOptions, systemConfig } from '../../src/system/index.ts';
import { compile, GUEST_COMPILER, removeFolder, temporaryFolder } from '../support/processes.ts';
import { needsTool } from '../support/tools.ts';

let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => removeFolder(folder));

/** Pages that came into frames and left them to make room. */
interface Counts {
  readonly admitted: number;
  readonly evicted: number;
}

interface Told {
  admitted: number;
  evicted: number;
  /** How often the policy had to pass a pinned page over. */
  passedOver: number;
}

/** The policy, with what it is told counted. */
function counted(name: string, told: Told): PolicyDefinition {
  const definition = findReplacementPolicy(name, 'test');
  return {
    ...definition,
    attach: (state, environment): ReplacementPolicy => {
      const { bits } = environment;
      const own = definition.attach(state, {
        ...environment,
        bits: {
          testAndClearReferenced: (frame) => bits.testAndClearReferenced(frame),
          isReferenced: (frame) => bits.isReferenced(frame),
          isDirty: (frame) => bits.isDirty(frame),
          isPinned: (frame) => {
            const isPinned = bits.isPinned(frame);
            if (isPinned) told.passedOver++;
            return isPinned;
          },
        },
      });
      return {
        admitted: (frame, page, owner) => {
          told.admitted++;
          own.admitted(frame, page, owner);
        },
        referenced: (frame) => own.referenced(frame),
        evicted: (frame) => {
          told.evicted++;
          own.evicted(frame);
        },
        released: (frame) => own.released(frame),
        victim: (incoming, now, why) => own.victim(incoming, now, why),
      };
    },
  };
}

interface Recorded {
  readonly live: Told;
  readonly bytes: Uint8Array;
  readonly forks: number;
  readonly copied: number;
}

async function record(
  programs: readonly (readonly string[])[],
  replacement: string,
  options: SystemOptions,
): Promise<Recorded> {
  const pieces: Uint8Array[] = [];
  const header = { granularity: 'every', pageSize: 4096, program: [] } as const;
  const writer = recordWriter('binary', header, (bytes) => pieces.push(bytes.slice()));
  const live = { admitted: 0, evicted: 0, passedOver: 0 };
  const policy = counted(replacement, live);
  const files = new NodeFiles({ root: folder, access: 'read-only' });
  const [program, ...others] = programs.map((argv) => {
    const [name = ''] = argv;
    return { name, path: `/${name}`, bytes: readFileSync(join(folder, name)), argv, env: [] };
  });
  const given = { swap: 'memory,64M', maxTime: '2000s', ...options };
  const system = createSystem(systemConfig(given, undefined, policy), {
    program: program!,
    others,
    files,
    streams: new MemoryStreams({}),
    stores: { file: undefined, temporary: undefined },
    turn: () => Promise.resolve(),
    policy,
    record: writer,
  });
  try {
    const end = await system.run();
    expect(end.kind).toBe('exited');
    system.checkInvariants();
    writer.finish();
    const { forks } = system.report();
    const made = forks.copyOnWrite + forks.eager;
    return {
      live,
      bytes: Uint8Array.from(Buffer.concat(pieces)),
      forks: made,
      copied: forks.copiedLater + forks.copied,
    };
  } finally {
    files.close();
  }
}

function traceOf(bytes: Uint8Array, pageSize = 4096): DenseTrace {
  const builder = new TraceBuilder({ name: 'record', pageSize, kinds: ['fetch', 'load', 'store'] });
  const parser = format.parser({ name: 'record', pageSize, columns: {} }, builder);
  parser.push(bytes);
  parser.end();
  return builder.finish();
}

function replayed(bytes: Uint8Array, name: string, frames: number): Counts {
  const trace = traceOf(bytes);
  const definition = findReplacementPolicy(name, 'test');
  const simulation = new Simulation({ definition, frames, pages: trace.pages, seed: 1 });
  for (const chunk of trace.chunks) simulation.feed(chunk, 0, chunk.length);
  const { faults, cleanEvictions, dirtyEvictions } = simulation.counts;
  return { admitted: faults, evicted: cleanEvictions + dirtyEvictions };
}

/**
 * The same numbers. A page that is being copied, or that an instruction still needs, is passed over in a run, which a
 * replay does not know: when there was one, they may differ by a hundredth.
 */
function expectSame(replay: Counts, { admitted, evicted, passedOver }: Told): void {
  if (passedOver === 0) expect(replay).toEqual({ admitted, evicted });
  expect(Math.abs(replay.admitted - admitted)).toBeLessThanOrEqual(0.01 * admitted);
  expect(Math.abs(replay.evicted - evicted)).toBeLessThanOrEqual(0.01 * admitted);
}

const compiler = needsTool(GUEST_COMPILER, 'apt-get install gcc-riscv64-linux-gnu');
compiler('faults of processes that share pages are those of their record', () => {
  beforeAll(() => {
    const guests = join(import.meta.dirname, '..');
    compile(join(guests, 'record-guests', 'forks.c'), folder, 'forks', GUEST_COMPILER);
    compile(join(guests, 'thread-guests', 'lives.c'), folder, 'lives', GUEST_COMPILER);
  });

  const ways = (['lru', 'fifo', 'clock'] as const).flatMap((replacement) =>
    (['copy-on-write', 'eager'] as const).flatMap((fork) =>
      (['fork', 'vfork', 'exec'] as const)
        // LRU goes all ways, the others what is most unlike.
        .filter((how) => replacement === 'lru' || (how === 'exec') === (fork === 'eager'))
        .map((how) => [replacement, fork, how] as const),
    ),
  );

  it.each(ways)('%s, %s, children made by %s', async (replacement, fork, how) => {
    const sizes = [
      [1, 600],
      [2, 110],
      [4, 45],
    ] as const;
    for (const [seed, frames] of replacement === 'lru' ? sizes : sizes.slice(1)) {
      const programs = [['forks', `${seed}`, how]];
      const { live, bytes, forks, copied } = await record(programs, replacement, { frames, fork });
      // vfork copies no space.
      if (how !== 'vfork') expect([forks > 3, copied > 30]).toEqual([true, true]);
      if (frames === 45) expect(live.evicted).toBeGreaterThan(300);
      // The copy of a page is rarely made when that page is the least recently used.
      if (replacement === 'lru' && fork === 'copy-on-write') expect(live.passedOver).toBe(0);
      expectSame(replayed(bytes, replacement, frames), live);
    }
  });

  it('whatever the seed and the memory', async () => {
    const cases = fc.tuple(
      fc.nat(1e6),
      fc.integer({ min: 40, max: 200 }),
      fc.constantFrom('fork', 'exec', 'vfork'),
    );
    const compared = fc.asyncProperty(cases, async ([seed, frames, how]) => {
      const { live, bytes } = await record([['forks', `${seed}`, how]], 'lru', { frames });
      expectSame(replayed(bytes, 'lru', frames), live);
    });
    await fc.assert(compared, { numRuns: 8 });
  });

  it('of several programs, and of threads that end before their process', async () => {
    const programs = [
      ['forks', '1', 'none'],
      ['forks', '2', 'none'],
      ['lives', ''],
    ];
    const { live, bytes } = await record(programs, 'lru', { frames: 2000 });
    expect(replayed(bytes, 'lru', 2000)).toEqual({ admitted: live.admitted, evicted: 0 });
  });

  it('is near where processes run beside each other: a page that is waited for comes at another time', async () => {
    for (const frames of [60, 120]) {
      const { live, bytes } = await record([['forks', '5', 'beside']], 'lru', { frames });
      const { admitted } = replayed(bytes, 'lru', frames);
      expect(Math.abs(admitted - live.admitted)).toBeLessThan(0.1 * live.admitted);
    }
  });

  it('does not name the spaces of files as processes, and says what larger pages leave out', async () => {
    const { bytes } = await record([['forks', '3', 'exec']], 'lru', { frames: 600 });
    const spaces = [...readRecord(bytes, 'r').entries].filter((entry) => entry.type === 'space');
    expect(spaces.some(({ space }) => space >= FIRST_FILE_SPACE)).toBe(true);
    const trace = traceOf(bytes);
    expect(trace.owners.every((owner) => owner < FIRST_FILE_SPACE)).toBe(true);
    expect(Math.max(...trace.names.owner)).toBe(trace.owners.length - 1);
    expect(trace.notes).toEqual([]);
    expect(traceOf(bytes, 16_384).notes.join()).toMatch(
      /^processes share pages of 4096 bytes; pages of 16384/,
    );
    // Halves of a page are shared as the page is.
    expect(traceOf(bytes, 2048).pages).toBeLessThanOrEqual(2 * trace.pages);
  });
});
