/**
 * The programs of drawn runs: shipped ones; C programs of several processes and threads from the test suite; and families
 * that `guests/kin.c` draws from a seed. Each has somebody else who says what it prints: qemu-riscv64, or the same source
 * compiled for the host (qemu's vfork forks, and it can't execute programs for RISC-V).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, join } from 'node:path';
import { QEMU } from './qemu.ts';

export const GUEST_COMPILER = 'riscv64-linux-gnu-gcc';
const HOST_COMPILER = 'gcc';

/** Commands that belong together: a program, or a server with its clients. */
export type Party = readonly string[];

/** What programs print and how they end, whoever runs when. */
export interface Outcome {
  /** All lines, sorted. */
  readonly lines: readonly string[];
  /** Of the programs, in order. */
  readonly statuses: readonly number[];
}

export const SHIPPED: readonly Party[] = [
  ['scan cyclic 60 4'],
  ['scan random 50 20'],
  ['scan phases 90 10'],
  ['scan skewed 80 10'],
  ['sort 3000 merge'],
  ['sort 3000 heap'],
  ['hashjoin 1K'],
  ['treewalk 9 500 shuffled'],
  ['alloc-churn 64K 600'],
  ['sparse 1G 40 spread 3'],
  ['hello 70'],
];

/** Of several processes; no two of these may run together, for they have one address. */
export const SERVERS: readonly Party[] = ['naive', 'prefork', 'fork', 'exec', 'vfork'].map((style) => [
  `server ${style} 7000 4 96K 3 2`,
  'client 7000 1 2 6 96K',
  'client 7000 2 2 6 96K',
]);

/**
 * Test programs whose lines depend on nothing but themselves, however long paging takes them: none has a signal that has to
 * come while it waits. Some put a line together of several writes.
 */
export const TESTED: readonly Party[] = [
  ['process-guests/adoption'],
  ['process-guests/descriptors'],
  ['process-guests/descriptors-sent'],
  ['process-guests/groups'],
  ['process-guests/memory'],
  ['process-guests/orphans'],
  ['process-guests/pipes'],
  ['process-guests/robust'],
  ['process-guests/vfork'],
  ['process-guests/wait-options'],
  ['thread-guests/between-processes'],
  ['thread-guests/conditions'],
];

/** A family of processes, another for each seed. */
export const kin = (seed: number): Party => [`kin ${seed}`];

export interface Built {
  /** As the guest sees it. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly argv: readonly string[];
}

const tests = join(process.cwd(), 'test');
const shipped = (name: string): string => join(process.cwd(), 'programs', 'bin', `${name}.elf`);
const sourceOf = (name: string): string =>
  name === 'kin' ? join(tests, 'fuzz', 'guests', 'kin.c') : join(tests, `${name}.c`);
const isThere = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;

/** Whether C programs can be compiled for the guest. */
export const canCompile = (): boolean => isThere(GUEST_COMPILER);

/** Compiles what it is asked for, once. */
export class Programs {
  readonly #folder: string;
  readonly #bytes = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #hasQemu = isThere(QEMU);
  readonly #hasHost = isThere(HOST_COMPILER);

  /** @param folder for what it makes; the caller's to remove */
  constructor(folder: string) {
    this.#folder = folder;
  }

  build(command: string): Built {
    const [name = '', ...args] = command.split(' ');
    let bytes = this.#bytes.get(name);
    if (bytes === undefined) {
      const file = existsSync(shipped(name)) ? shipped(name) : this.#compiled(name, GUEST_COMPILER);
      bytes = new Uint8Array(readFileSync(file));
      this.#bytes.set(name, bytes);
    }
    const path = `/${basename(name)}`;
    return { path, bytes, argv: [path, ...args] };
  }

  /** What somebody else says of a program; `undefined` when there is nobody who could. */
  judged(party: Party): Outcome | undefined {
    const [command = '', ...others] = party;
    const [name = '', ...args] = command.split(' ');
    if (others.length > 0) return undefined;
    if (existsSync(shipped(name)))
      return this.#hasQemu ? this.#runs(QEMU, [shipped(name), ...args], name) : undefined;
    return this.#hasHost ? this.#runs(this.#compiled(name, HOST_COMPILER), args, name) : undefined;
  }

  #compiled(name: string, compiler: string): string {
    const file = join(this.#folder, `${name.replaceAll('/', '-')}.${compiler}`);
    if (!existsSync(file))
      execFileSync(compiler, ['-static', '-pthread', '-O1', '-w', '-o', file, sourceOf(name)]);
    return file;
  }

  /** In a folder of its own, where the program may make files and find itself. */
  #runs(file: string, args: readonly string[], name: string): Outcome {
    const folder = mkdtempSync(join(this.#folder, 'run-'));
    const own = join(folder, basename(name));
    if (file !== QEMU) copyFileSync(file, own);
    const command = file === QEMU ? file : `./${basename(name)}`;
    const ended = spawnSync(command, args, { cwd: folder, env: {}, encoding: 'latin1', timeout: 60_000 });
    if (ended.error !== undefined) throw ended.error;
    const { status, signal, stdout, stderr } = ended;
    return { lines: linesOf(stdout + stderr), statuses: [status ?? 128 + constants.signals[signal!]] };
  }
}

/** Sorted, because the order in which processes print is the schedule's. */
export const linesOf = (text: string): string[] => text.split('\n').filter(Boolean).sort();
