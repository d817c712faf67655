/**
 * Programs whose memory comes in pieces: moved while they live, refused what lies behind their bounds, rolled out and in;
 * code in memory once; stacks that grow down; one program without any translation.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import {
  createSystem,
  type KernelEvent,
  type RunReport,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { runGuest, shipped } from '../support/run-system.ts';
import { needsTool } from '../support/tools.ts';

const COMPILER = 'riscv64-linux-gnu-gcc';
const withCompiler = needsTool(COMPILER, 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross');
const repository = join(import.meta.dirname, '..', '..');
const sourceOf = (name: string) => join(repository, 'test', 'segment-guests', `${name}.c`);

type Segments = NonNullable<RunReport['segments']>;

interface Ran {
  /** Of all programs: whose come first depends on time. */
  readonly lines: readonly string[];
  readonly report: RunReport;
  readonly segments: Segments;
}

/** Several programs, each with its arguments; `arrivals` in nanoseconds. */
async function together(
  commands: readonly (readonly [path: string, ...args: string[]])[],
  options: SystemOptions,
  arrivals: readonly number[] = [],
): Promise<Ran> {
  const requests = commands.map(([path, ...args], i) => {
    const name = basename(path);
    return {
      name,
      path: `/${name}`,
      bytes: readFileSync(path),
      argv: [name, ...args],
      env: [],
      arrival: arrivals[i] ?? 0,
    };
  });
  const [program, ...others] = requests;
  const streams = new MemoryStreams();
  const system = createSystem(systemConfig({ swap: 'memory,16M', maxInstructions: '100m', ...options }), {
    program: program!,
    others,
    files: new MemoryFiles(),
    streams,
    stores: { file: undefined, temporary: undefined },
    turn: () => Promise.resolve(),
  });
  await system.run();
  system.checkInvariants();
  const report = system.report();
  return { lines: streams.text(1).split('\n').toSorted(), report, segments: report.segments! };
}

describe('base and bounds', () => {
  const program = { path: shipped('sort'), args: ['4000', 'heap'] };

  it('move a live process, of which nothing changes but its base register', async () => {
    const expected = await runGuest(program, {});
    const registers: { base: number; size: number }[] = [];
    const moved: number[] = [];
    const observe = (event: KernelEvent) => {
      if (event.type === 'piece' && event.change === 'moved' && event.why === 'asked')
        moved.push(registers.length);
      if (event.type === 'registers') registers.push(event.registers[0]!);
    };
    const options = { translation: 'base-bounds', moveEvery: '1ms', memory: '8M' };
    const ran = await runGuest(program, options, { observe });
    expect([ran.output, ran.status]).toEqual([expected.output, expected.status]);
    expect(ran.report.segments!.moves.asked.pieces).toBe(moved.length);
    expect(moved.length).toBeGreaterThan(20);
    for (const at of moved) {
      const [before, after] = [registers[at - 1]!, registers[at]!];
      expect(after.size).toBe(before.size);
      expect(after.base).not.toBe(before.base);
    }
    const { moves, ...others } = ran.report.time;
    expect(moves).toBeGreaterThan(0);
    expect(others.instructions).toBe(expected.report.time.instructions);
  });
});

describe('external fragmentation', () => {
  it('keeps a piece from growing though enough is free, until the others have moved together', async () => {
    const commands = ['9000', '6000', '3000', '12000'].map(
      (elements) => [shipped('sort'), elements, 'merge'] as const,
    );
    const roomy = await together(commands, { translation: 'base-bounds', memory: '8M' });
    const tight = await together(commands, { translation: 'base-bounds', memory: '1408K', room: '0' });
    expect(tight.lines).toEqual(roomy.lines);
    const { compactions, placement, moves, memory } = tight.segments;
    expect(placement.fragmented).toBeGreaterThan(0);
    expect(memory.worstExternal).toBeGreaterThan(0);
    const [first] = compactions.list;
    // Enough was free, in holes that were each too small; afterwards all of it was one.
    expect(first!.free).toBeGreaterThanOrEqual(first!.wanted);
    expect(first!.largestBefore).toBeLessThan(first!.wanted);
    expect(first!.largestAfter).toBe(first!.free);
    // 512 words of a page are read and written, 100 ns each.
    for (const { pages, took } of compactions.list) expect(took).toBe(pages * 102_400);
    expect(moves.compacted.pages).toBeGreaterThan(0);
    expect(tight.report.time.moves).toBeGreaterThan(0);
  });
});

it('lets each of many grow in turn, though all came in to grow and none fits with the others', async () => {
  // Kilobytes, and the milliseconds at which they arrive. 23 pages each to begin with, of which 22 fit.
  const walks = [
    [232, 0],
    [232, 28],
    [76, 46],
    [348, 85],
    [88, 92],
    [116, 117],
    [176, 155],
    [272, 167],
    [280, 195],
    [392, 225],
    [264, 251],
    [148, 286],
    [44, 305],
    [240, 306],
    [356, 307],
    [56, 341],
    [48, 365],
    [256, 393],
    [336, 425],
    [200, 444],
    [44, 466],
    [132, 486],
    [96, 521],
    [280, 532],
  ] as const;
  const commands = walks.map(([size]) => [shipped('walk'), `${size}K`, '4K', '300'] as const);
  const options = {
    translation: 'base-bounds',
    memory: '2M',
    room: '0',
    stack: '16K',
    swap: 'memory,64M',
    scheduler: 'rr:5ms',
  };
  const arrivals = walks.map(([, at]) => at * 1e6);
  const { report, segments } = await together(commands, options, arrivals);
  expect(report.processes.map(({ status }) => status)).toEqual(walks.map(() => 0));
  expect(segments.rolledOut.pieces).toBeLessThan(5 * walks.length);
});

withCompiler('guests in C', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pagewalk-segments-'));
  const built = (name: string) => join(folder, name);
  const compile = (name: string, ...flags: string[]) =>
    execFileSync(COMPILER, ['-O1', '-w', '-o', built(name), ...flags]);
  const FREESTANDING = ['-nostdlib', '-nostartfiles', '-Wl,--build-id=none,--no-dynamic-linker'];

  beforeAll(() => {
    compile('pieces', '-static', sourceOf('pieces'));
    compile('forks', '-static-pie', '-fpie', ...FREESTANDING, sourceOf('forks'));
    const runtime = ['runtime.c', 'heap.c', 'start.S'].map((file) => join('programs', 'runtime', file));
    const sources = ['programs/server.c', ...runtime].map((file) => join(repository, file));
    // Data in a segment of their own, so that the one with the code is code alone.
    const apart = '-Wl,--section-start=.data.rel.ro=0x10000000';
    compile(
      'server-apart',
      '-static',
      '-ffreestanding',
      '-mcmodel=medany',
      ...FREESTANDING,
      apart,
      ...sources,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    'base-bounds',
    'segmented',
  ])('%s rolls processes out and in, and they do the same', async (translation) => {
    const command = [built('pieces'), 'children', '6', '10'] as const;
    const paged = await together([command], {});
    const roomy = await together([command], { translation });
    expect(roomy.lines).toEqual(paged.lines);
    expect(roomy.segments.rolledOut.pieces).toBe(0);
    const tight = await together([command], { translation, memory: '2M', scheduler: 'rr:1ms' });
    expect(tight.lines).toEqual(paged.lines);
    const { rolledOut, rolledIn, bornOut } = tight.segments;
    expect(rolledOut.pieces).toBeGreaterThan(0);
    expect(rolledIn.pieces).toBe(rolledOut.pieces + bornOut);
    // Nobody is rolled in to leave again at once: a turn of the processor follows each.
    expect(rolledIn.pieces).toBeLessThan(60);
  });

  it('faults behind the bound, where another process has its memory', async () => {
    const options = { translation: 'base-bounds', memory: '8M' };
    const other = [built('pieces'), 'children', '0'] as const;
    const first = await together([[built('pieces'), 'peek', '0'], other], options);
    const [peeker, neighbour] = first.segments.spaces.toSorted((a, b) => a.pid - b.pid);
    const [own, its] = [peeker!.segments[0]!, neighbour!.segments[0]!];
    const behind = own.frames * 4096;
    expect(Number.parseInt(own.base!, 16) + behind).toBe(Number.parseInt(its.base!, 16));
    const second = await together([[built('pieces'), 'peek', `${behind}`], other], options);
    expect(second.report.processes[0]).toMatchObject({ status: 139 });
    expect(second.lines.filter((line) => line !== '')).toEqual(['0 children: 0']);
  });

  it('has code in memory once, for a server and the children that it forks', async () => {
    const commands = [
      [built('server-apart'), 'fork', '7000', '4', '32K', '2'],
      [shipped('client'), '7000', '1', '2', '2', '32K'],
      [shipped('client'), '7000', '2', '2', '2', '32K'],
    ] as const;
    const paged = await together(commands, {});
    const { lines, segments } = await together(commands, { translation: 'segmented', memory: '8M' });
    expect(lines).toEqual(paged.lines);
    const servers = segments.spaces.filter(({ name }) => name === 'server-apart');
    expect(servers.length).toBe(5);
    const codes = servers.map((space) => space.segments[0]!);
    expect(new Set(codes.map(({ base }) => base)).size).toBe(1);
    for (const { sharing, rights } of codes) expect([sharing, rights]).toEqual(['code', 'r-x']);
    expect(segments.code).toEqual({ shared: 4, framesSaved: 4 * codes[0]!.frames });
    for (const { segments: own } of servers)
      expect(own[1]).toMatchObject({ sharing: 'private', rights: 'rw-' });
  });

  it.each(['2', '4', '8', '16'])('grows a stack down in the last of %s segments', async (segments) => {
    const program = { path: built('pieces'), args: ['deep', '300'] };
    const paged = await runGuest(program, {});
    const ran = await runGuest(program, { translation: 'segmented', segments, memory: '4M' });
    expect([ran.output, ran.status]).toEqual([paged.output, 0]);
    const { spaces, stackGrowths } = ran.report.segments!;
    expect(stackGrowths).toBeGreaterThan(50);
    const stack = spaces[0]!.segments.at(-1)!;
    expect(stack).toMatchObject({ segment: Number(segments) - 1, grows: 'down', rights: 'rw-' });
    expect(stack.size).toBeGreaterThan(300 * 1024);
    const limited = await runGuest(program, { translation: 'segmented', segments, stack: '128K' });
    expect(limited.status).toBe(139);
  });

  it('relocated: one program, which may not fork, at its physical addresses', async () => {
    const options = { translation: 'relocated', memory: '4M', swap: undefined };
    const { output, status, report } = await runGuest({ path: built('forks') }, options);
    expect([new TextDecoder().decode(output), status]).toEqual(['refused\n', 12]);
    const { protection, refused, relocated } = report.segments!;
    expect(protection).toMatch(/^none: /);
    expect(refused).toEqual([
      { what: expect.stringMatching(/^fork: a copy would have to be at the same/), count: 1 },
    ]);
    expect(relocated).toBeGreaterThan(0);
  });
});
