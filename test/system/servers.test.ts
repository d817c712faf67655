/**
 * Servers and their clients: the shipped programs say the same here, under qemu-riscv64 and as programs of the host;
 * and the comparison's figures are those that can be worked out by hand.
 *
 * When the server forks it has, besides its heap, two pages of its own (static variables, stack) and three of its
 * file that it can't write to (constants, two of code).
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { AnswerTimes } from '../../src/report/answer-times.ts';
import { type ServerLoad, type ServerRun, serversReportSchema } from '../../src/report/servers-schema.ts';
import { serversText } from '../../src/report/servers-text.ts';
import type { KernelEvent, SystemOptions } from '../../src/system/index.ts';
import { usualInterpreters } from '../../src/system/interpreters.ts';
import { compareServers, type ServersReport, serverVariants } from '../../src/system/servers.ts';
import { findTool, needsTool } from '../support/tools.ts';
import { shipped } from './fixture.ts';

const programs = { server: shipped('server'), client: shipped('client') };
const interpreters = new Map(usualInterpreters().map(({ shape, bytes }) => [shape, bytes]));
const PAGE_SIZE = 4096;

const usual: ServerLoad = {
  address: '7000',
  clients: 3,
  connections: 2,
  requests: 3,
  think: 5e6,
  heap: 32,
  writes: 2,
  workers: 3,
};
const CONNECTIONS = 6;
const REQUESTS = 18;
const [PRIVATE_PAGES, FILE_PAGES] = [2, 3];

const STYLES = ['naive', 'prefork', 'fork', 'exec'] as const;
const COPIES = ['eager', 'copy-on-write', 'vfork'] as const;
const all = serverVariants(STYLES, COPIES);

function compared(
  load: Partial<ServerLoad> = {},
  options: SystemOptions = {},
  variants = all,
): Promise<ServersReport> {
  const host = () => {
    const streams = new MemoryStreams();
    return {
      files: new MemoryFiles({
        entries: { '/server': programs.server, '/client': programs.client },
        access: 'read-only',
      }),
      streams,
      stores: { file: undefined, temporary: undefined },
      interpreters: (shape: string) => interpreters.get(shape),
      turn: () => Promise.resolve(),
      output: () => streams.text(1),
      complaints: () => streams.text(2),
    };
  };
  const chosen = { swap: 'memory,16M', maxTime: '1000s', ...options };
  return compareServers({ load: { ...usual, ...load }, programs, options: chosen, host }, variants);
}

const find = ({ runs }: ServersReport, style: string, fork: string): ServerRun =>
  runs.find((run) => run.style === style && run.fork === fork)!;
const share = ({ forkTime, serverTime }: ServerRun): number => forkTime / serverTime;
const calls = ({ report }: ServerRun, name: string): number =>
  report.systemCalls.calls.find((call) => call.name === name)?.count ?? 0;

describe('the comparison of servers', () => {
  let report: ServersReport;
  beforeAll(async () => {
    report = await compared();
  });

  it('has every style with every way to make processes that it can have', () => {
    expect(all.map(({ style, fork }) => `${style} ${fork}`)).toEqual([
      'naive none',
      'prefork eager',
      'prefork copy-on-write',
      'fork eager',
      'fork copy-on-write',
      'exec eager',
      'exec copy-on-write',
      'exec vfork',
    ]);
    expect(serverVariants(['fork'], ['vfork'])).toEqual([]);
  });

  it('finds that all servers answer all requests in the same way', () => {
    expect(report.identicalOutput).toBe(true);
    for (const run of report.runs) {
      expect(run.output).toEqual(report.runs[0]!.output);
      expect(run).toMatchObject({ requests: REQUESTS, complaints: '' });
      // Workers are ended with SIGTERM.
      const ends = run.report.processes.map(({ status }) => status);
      const workers = run.style === 'prefork' ? usual.workers : 0;
      expect(ends.filter((status) => status === 128 + constants.signals.SIGTERM)).toHaveLength(workers);
      expect(ends.filter((status) => status === 0)).toHaveLength(ends.length - workers);
    }
    expect(report.runs[0]!.output.at(-1)).toMatch(
      /^server: 6 connections, 18 requests, checksum [0-9a-f]{16}$/,
    );
  });

  it('counts children: none, a worker each, a connection each', () => {
    for (const run of report.runs) {
      const children = { naive: 0, prefork: usual.workers, fork: CONNECTIONS, exec: CONNECTIONS }[run.style];
      expect(run.children).toBe(children);
      expect(calls(run, 'clone')).toBe(children);
      expect(calls(run, 'execve')).toBe(run.style === 'exec' ? CONNECTIONS : 0);
      expect(run.report.forks.eager).toBe(run.fork === 'eager' ? children : 0);
      expect(run.report.forks.copyOnWrite).toBe(run.fork === 'copy-on-write' ? children : 0);
    }
  });

  it('eager forks copy every page that the server could write to', () => {
    for (const run of report.runs.filter(({ fork }) => fork === 'eager')) {
      const { forks, configuration } = run.report;
      expect(forks.copied).toBe((usual.heap + PRIVATE_PAGES) * run.children);
      expect(forks.shared).toBe(FILE_PAGES * run.children);
      expect(forks).toMatchObject({ copiedLater: 0, takenOver: 0 });
      const { copyPage, sharePage } = configuration.costs;
      expect(run.forkTime).toBe(forks.copied * copyPage! + forks.shared * sharePage!);
    }
  });

  it('copy-on-write forks share as much, and copy what is written to: heap, variables, stack', () => {
    for (const run of report.runs.filter(({ fork }) => fork === 'copy-on-write')) {
      const { forks, configuration } = run.report;
      expect(forks.copied).toBe(0);
      expect(forks.shared).toBe((usual.heap + PRIVATE_PAGES + FILE_PAGES) * run.children);
      // Of the stack either parent or child makes a copy; one that executes a program at once writes to nothing else.
      const written = run.style === 'exec' ? 1 : usual.writes + PRIVATE_PAGES;
      expect(forks.copiedLater).toBe(written * run.children);
      const { copyPage, sharePage } = configuration.costs;
      expect(run.forkTime).toBe(forks.copiedLater * copyPage! + forks.shared * sharePage!);
    }
  });

  it('a naive server and vfork copy and share nothing', () => {
    const nothing = {
      copyOnWrite: 0,
      eager: 0,
      shared: 0,
      copied: 0,
      copiedLater: 0,
      takenOver: 0,
      tables: 0,
    };
    for (const run of [find(report, 'naive', 'none'), find(report, 'exec', 'vfork')]) {
      expect(run.report.forks).toEqual(nothing);
      expect(run.forkTime).toBe(0);
    }
  });

  it("orders fork's share: eager, copy-on-write, vfork; a child a connection more than a worker each", () => {
    for (const style of ['prefork', 'fork', 'exec']) {
      expect(share(find(report, style, 'eager'))).toBeLessThan(1);
      expect(share(find(report, style, 'eager'))).toBeGreaterThan(
        share(find(report, style, 'copy-on-write')),
      );
      expect(share(find(report, style, 'copy-on-write'))).toBeGreaterThan(0);
    }
    for (const copy of ['eager', 'copy-on-write']) {
      expect(share(find(report, 'fork', copy))).toBeGreaterThan(share(find(report, 'prefork', copy)));
    }
  });

  it('a naive server lets clients wait while another one thinks; the others do not', () => {
    // Who comes second waits for a connection's thinking at least.
    const thinking = usual.requests * usual.think;
    expect(find(report, 'naive', 'none').answer.worst).toBeGreaterThan(thinking);
    for (const [style, fork] of [
      ['prefork', 'copy-on-write'],
      ['fork', 'copy-on-write'],
    ] as const) {
      expect(find(report, style, fork).answer.worst).toBeLessThan(thinking);
    }
  });

  it('keeps to its schema, also as JSON, and has a row a server as text', () => {
    expect(serversReportSchema.parse(report)).toEqual(report);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    const text = serversText(report);
    expect(text).toMatch(/^naive +– +0 +0 +0 +0 +0 ns .* 0\.0 % /m);
    expect(text).toMatch(/^fork +eager +6 +18 +204 +0 /m);
    expect(text).toMatch(/^exec +vfork +6 +0 +0 +0 +0 ns /m);
    expect(text).toMatch(/\nAll 8 runs gave the same answers to 18 requests\.\n$/);
  });
});

describe('what servers cost', () => {
  it('grows under eager copy with the heap, a page a fork, and not under vfork', async () => {
    const small = await compared({ heap: 16 });
    const large = await compared({ heap: 48 });
    for (const style of ['prefork', 'fork', 'exec']) {
      const [a, b] = [find(small, style, 'eager'), find(large, style, 'eager')];
      expect(b.report.forks.copied - a.report.forks.copied).toBe((48 - 16) * b.children);
    }
    expect(find(large, 'exec', 'vfork').forkTime).toBe(0);
  });

  it('is no less with copy-on-write than with eager copy when children write to everything', async () => {
    const variants = serverVariants(['fork'], ['eager', 'copy-on-write']);
    const report = await compared({ writes: usual.heap }, {}, variants);
    const [eager, later] = [find(report, 'fork', 'eager'), find(report, 'fork', 'copy-on-write')];
    expect(later.report.forks.copiedLater).toBe(eager.report.forks.copied);
    expect(later.serverTime).toBeGreaterThan(eager.serverTime);
  });

  it('is the same for a naive server however fork copies', async () => {
    const variants = serverVariants(['naive'], ['vfork']);
    const [eager, later] = await Promise.all(
      ['eager', 'copy-on-write'].map((fork) => compared({}, { fork }, variants)),
    );
    const same = ({ runs }: ServersReport) => ({ ...runs[0]!.report, configuration: undefined });
    expect(same(eager!)).toEqual(same(later!));
  });
});

describe('answers', () => {
  const settings: [what: string, load: Partial<ServerLoad>, options: SystemOptions][] = [
    ['too little memory, LRU', {}, { frames: 24, replacement: 'lru' }],
    ['short quanta', {}, { scheduler: 'rr:50us' }],
    ['a lottery', {}, { scheduler: 'lottery', seed: 7 }],
    ['a UNIX socket', { address: '/tmp/server' }, {}],
    ['more clients than workers', { clients: 6, connections: 1, workers: 2 }, {}],
    ['one worker, nothing written', { workers: 1, writes: 0, think: 0 }, {}],
  ];
  it.each(settings)('are right with %s', async (_, load, options) => {
    const report = await compared(load, options);
    expect(report.identicalOutput, serversText(report)).toBe(true);
    for (const { requests, complaints } of report.runs) {
      expect({ requests, complaints }).toEqual({ requests: REQUESTS, complaints: '' });
    }
  });

  it('that are missing are told', async () => {
    const report = await compared({}, { maxTime: '1ms' }, serverVariants(['fork'], ['eager']));
    expect(report.identicalOutput).toBe(false);
    expect(serversText(report)).toMatch(
      /\nTHE RUNS DIFFER, OR FAILED:\n {2}fork eager: stopped with status 124/,
    );
  });
});

describe('the time of answers', () => {
  const event = (pid: number, time: number, name: string, result: number) =>
    ({ type: 'system-call', pid, time, name, number: 0, result }) as unknown as KernelEvent;

  it('is from a request to what comes first, of clients alone', () => {
    const times = new AnswerTimes((pid) => pid > 1);
    const events = [
      event(2, 100, 'sendto', 8),
      event(1, 110, 'sendto', 16),
      event(3, 120, 'sendto', 8),
      event(1, 150, 'recvfrom', 8),
      event(2, 130, 'recvfrom', 10),
      event(2, 140, 'recvfrom', 6),
      event(3, 170, 'recvfrom', 16),
      event(2, 200, 'sendto', 8),
      event(2, 220, 'recvfrom', 0),
    ];
    for (const one of events) times.observe(one);
    expect({ ...times, answers: times.answers, mean: times.mean, worst: times.worst }).toMatchObject({
      answers: 2,
      mean: (30 + 50) / 2,
      worst: 50,
    });
  });
  it('of nothing is nothing', () => {
    const none = new AnswerTimes(() => true);
    expect([none.answers, none.mean, none.worst]).toEqual([0, 0, 0]);
  });
});

/** The lines of a server and its clients on the host, sorted; `command` starts one of the two programs. */
async function onHost(
  style: string,
  address: string,
  command: (program: 'server' | 'client', args: readonly string[]) => readonly string[],
): Promise<string[]> {
  const { clients, connections, requests, think, heap, writes, workers } = usual;
  const bytes = heap * PAGE_SIZE;
  const commands = [
    command('server', [style, address, clients * connections, bytes, writes, workers].map(String)),
    ...Array.from({ length: clients }, (_, i) =>
      command('client', [address, i + 1, connections, requests, bytes, think / 1000].map(String)),
    ),
  ];
  const said = await Promise.all(commands.map(outputOf));
  return said.flatMap((text) => text.trimEnd().split('\n')).sort();
}

function outputOf([file, ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file!, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {},
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    const said = { out: '', error: '' };
    child.stdout.on('data', (piece: Buffer) => {
      said.out += piece.toString('latin1');
    });
    child.stderr.on('data', (piece: Buffer) => {
      said.error += piece.toString('latin1');
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0 && said.error === '') resolve(said.out);
      else reject(new Error(`${file} ${args.join(' ')}: ${status ?? signal}: ${said.error}`));
    });
  });
}

/** A port that nobody had a moment ago. */
function freePort(): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(String(typeof address === 'object' ? address?.port : address)));
    });
  });
}

describe('elsewhere', () => {
  let folder = '';
  let here: readonly string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pagewalk-servers-'));
    here = (await compared({}, {}, serverVariants(['naive'], ['eager']))).runs[0]!.output;
    if (findTool('gcc') === undefined) return;
    for (const program of ['server', 'client']) compileForHost(program, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  needsTool('qemu-riscv64', 'apt-get install qemu-user')('under qemu', () => {
    const built = join(import.meta.dirname, '..', '..', 'programs', 'bin');
    const command = (program: string, args: readonly string[]) => [
      findTool('qemu-riscv64')!,
      join(built, `${program}.elf`),
      ...args,
    ];
    // It can't execute programs for RISC-V.
    it.each(['naive', 'prefork', 'fork'])('%s: server and clients print the same', async (style) => {
      expect(await onHost(style, join(folder, `qemu-${style}`), command)).toEqual(here);
    });
    it('through TCP as well', async () => {
      expect(await onHost('fork', await freePort(), command)).toEqual(here);
    });
  });

  needsTool('gcc', 'apt-get install gcc libc6-dev')('compiled for the host', () => {
    const command = (program: string, args: readonly string[]) => [join(folder, program), ...args];
    it.each([
      'naive',
      'prefork',
      'fork',
      'exec',
      'vfork',
    ])('%s: server and clients print the same', async (style) => {
      expect(await onHost(style, join(folder, `host-${style}`), command)).toEqual(here);
    });
  });
});

function compileForHost(program: string, folder: string): void {
  const runtime = join(import.meta.dirname, '..', '..', 'programs');
  const sources = ['runtime/runtime.c', 'runtime/heap.c', `${program}.c`].map((file) => join(runtime, file));
  const start = join(import.meta.dirname, '..', 'support', 'host-start.c');
  const flags =
    '-std=c11 -O2 -w -static -nostdlib -ffreestanding -fno-builtin -fno-stack-protector -fno-pie -no-pie';
  const output = ['-fno-tree-loop-distribute-patterns', '-o', join(folder, program)];
  execFileSync('gcc', [...flags.split(' '), ...output, start, ...sources]);
}
