/**
 * A program run twice, each time in a folder of its own: by the host's Linux, and by a system whose root that folder
 * is. What they print, how they end and what they leave in the folder can then be compared.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { busybox } from '../../scripts/guests.mjs';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { NodeFiles } from '../../src/adapters/node-files.ts';
import {
  createSystem,
  type Observer,
  type RunReport,
  type System,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { interpreters } from './interpreters.ts';
import { findTool } from './tools.ts';

export const GUEST_COMPILER = 'riscv64-linux-gnu-gcc';
export const HOST_COMPILER = 'gcc';

export interface Command {
  /** The file to run, relative to the folder. */
  readonly file: string;
  /** With argv[0]. */
  readonly argv: readonly string[];
  readonly input?: string;
  /** What the standard streams are; a pipe if not told. */
  readonly streams?: 'terminal' | 'pipe';
}

export interface Said {
  readonly out: string;
  readonly error: string;
  /** 128 + signal when a signal ended it. */
  readonly status: number;
}

export interface Ran extends Said {
  readonly system: System;
  readonly report: RunReport;
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'pagewalk-processes-'));

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true });

export function hostRuns(folder: string, { file, argv, input = '' }: Command): Said {
  const [argv0 = file, ...args] = argv;
  const { status, signal, stdout, stderr, error } = spawnSync(join(folder, file), args, {
    argv0,
    cwd: folder,
    input,
    env: { PATH: join(folder, 'bin') },
    encoding: 'latin1',
    maxBuffer: 1 << 26,
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  if (error !== undefined) throw error;
  return { out: stdout, error: stderr, status: status ?? 128 + constants.signals[signal!] };
}

/** Runs to the end and checks the kernel's invariants there. */
export async function guestRuns(
  folder: string,
  { file, argv, input = '', streams: kind = 'pipe' }: Command,
  options: SystemOptions = {},
  observe?: Observer,
): Promise<Ran> {
  const files = new NodeFiles({ root: folder, access: 'writable' });
  const streams = new MemoryStreams({ input, kind });
  // A program that never ends is stopped with status 124, and fails the test instead of holding it up.
  const config = systemConfig({
    swap: 'memory,256M',
    maxTime: '2000s',
    maxInstructions: '4000m',
    ...options,
  });
  const system = createSystem(config, {
    program: {
      name: file,
      path: `/${file}`,
      bytes: readFileSync(join(folder, file)),
      argv,
      env: ['PATH=/bin'],
    },
    files,
    streams,
    stores: { file: undefined, temporary: undefined },
    turn: () => Promise.resolve(),
    interpreters,
  });
  if (observe !== undefined) system.observe(observe);
  try {
    const outcome = await system.run();
    if (outcome.kind === 'paused') throw new Error('the run was not to pause');
    system.checkInvariants();
    const text = (stream: 1 | 2) => Buffer.from(streams.bytes(stream)).toString('latin1');
    const { status } = outcome;
    return { out: text(1), error: text(2), status, system, report: system.report() };
  } finally {
    files.close();
  }
}

/** As `hostRuns`, as the leader of a session on a terminal of its own; it has no input, and all that it says is `out`. */
export function hostRunsOnTerminal(folder: string, { file, argv }: Command): Said {
  const command = ['exec', file, ...argv.slice(1)].join(' ');
  const { status, stdout, error } = spawnSync(findTool('script')!, ['-qec', command, '/dev/null'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: join(folder, 'bin'), SHELL: '/bin/sh' },
    encoding: 'latin1',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  if (error !== undefined) throw error;
  return { out: stdout.replaceAll('\r\n', '\n'), error: '', status: status ?? -1 };
}

/** Runs of the host that are made at most for one that gives what is expected. */
const MOST_RUNS = 5;

/**
 * What the host says: the first of a few runs that is as expected, or else the last. A host with much to do is late
 * where programs measure time, and has processes meet in an order that they seldom do.
 */
export function oneOfRuns(run: () => Said, expected: Said): Said {
  let last = run();
  for (let i = 1; i < MOST_RUNS && JSON.stringify(last) !== JSON.stringify(expected); i++) last = run();
  return last;
}

/** What is to be equal of a run. */
export const said = ({ out, error, status }: Said): Said => ({ out, error, status });

/** Puts BusyBox into `folder/bin`, with a link for each of its programs, and makes an empty `work`. */
export function installShell(folder: string, which: 'guest' | 'host'): void {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  mkdirSync(join(folder, 'work'));
  copyFileSync(busybox[which], join(bin, 'busybox'));
  for (const name of applets()) {
    if (name !== 'busybox') symlinkSync('busybox', join(bin, name));
  }
}

let appletNames: readonly string[] | undefined;
function applets(): readonly string[] {
  appletNames ??= execFileSync(busybox.host, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  return appletNames;
}

/** Compiles a C program statically, as `folder/name`. */
export function compile(source: string, folder: string, name: string, compiler: string): void {
  execFileSync(compiler, ['-static', '-pthread', '-O1', '-w', '-o', join(folder, name), source]);
}

/** Differences of long files need not be read, only seen. */
const shortened = (bytes: Buffer): string =>
  bytes.length < 1000 ? bytes.toString('latin1') : createHash('md5').update(bytes).digest('hex');

/** Files below a folder and what they hold, without `bin`: what a run has left. */
export function contentsOf(folder: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(folder, below)).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    if (path === 'bin') continue;
    const stat = lstatSync(join(folder, path));
    const mode = (stat.mode & 0o777).toString(8);
    if (stat.isDirectory()) Object.assign(found, { [`${path}/`]: mode }, contentsOf(folder, path));
    else if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(folder, path))}`;
    else found[path] = `${mode} ${shortened(readFileSync(join(folder, path)))}`;
  }
  return found;
}
