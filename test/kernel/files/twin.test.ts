/**
 * The same file operations on the guest's /tmp, on a host directory through the kernel, and on the host directly:
 * all three must answer the same.
 */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../../src/adapters/memory-streams.ts';
import { NodeFiles } from '../../../src/adapters/node-files.ts';
import { errnoName } from '../../../src/kernel/errno.ts';
import { KernelFiles } from '../../../src/kernel/files/files.ts';
import type { HostFiles } from '../../../src/kernel/files/host.ts';
import { testRoot } from '../root.ts';

const AT_FDCWD = -100;
const AT_REMOVEDIR = 0x200;
const AT_SYMLINK_NOFOLLOW = 0x100;

/** One operation; `slot` stands for the descriptor opened by that many-th open. */
type Operation =
  | { do: 'open'; path: string; flags: number }
  | { do: 'close'; slot: number }
  | { do: 'read'; slot: number; bytes: number; at: number | undefined }
  | { do: 'write'; slot: number; bytes: number; at: number | undefined }
  | { do: 'resize'; slot: number; bytes: number }
  | { do: 'mkdir'; path: string }
  | { do: 'rmdir'; path: string }
  | { do: 'unlink'; path: string }
  | { do: 'symlink'; target: string; path: string }
  | { do: 'link' | 'rename'; path: string; to: string }
  | { do: 'readlink'; path: string }
  | { do: 'list'; path: string }
  | { do: 'stat' | 'lstat'; path: string }
  | { do: 'truncate'; path: string; bytes: number }
  | { do: 'fstat'; slot: number };

/** What an operation came to: an error's name, or a short text of what it gave. */
interface Twin {
  run(operation: Operation): string;
}

const bytesFor = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);
const digest = (bytes: Uint8Array) =>
  `${bytes.length}:${bytes.reduce((sum, byte, i) => (sum * 31 + byte + i) % 1_000_003, 7)}`;

class KernelTwin implements Twin {
  readonly #files: KernelFiles;
  readonly #process = testRoot().process;
  readonly #slots: number[] = [];
  #seed = 0;

  constructor(host: HostFiles, cwd: string) {
    const { root } = testRoot();
    this.#process.directory.path = cwd;
    this.#files = new KernelFiles({ root, host, streams: new MemoryStreams(), frames: 8 });
  }

  run(operation: Operation): string {
    const result = this.#run(operation);
    return typeof result === 'number' ? (result < 0 ? errnoName(result)! : String(result)) : result;
  }

  #run(operation: Operation): string | number {
    const files = this.#files;
    const process = this.#process;
    const { names } = files;
    switch (operation.do) {
      case 'open': {
        const descriptor = files.open(process, AT_FDCWD, operation.path, operation.flags, 0o644);
        if (descriptor >= 0) this.#slots.push(descriptor);
        return Math.min(descriptor, 0);
      }
      case 'close':
        return files.close(process, this.#slots[operation.slot] ?? -1);
      case 'read': {
        const into = new Uint8Array(operation.bytes);
        const count = files.read(process, this.#slots[operation.slot] ?? -1, into, operation.at);
        return count < 0 ? count : digest(into.subarray(0, count));
      }
      case 'write':
        return files.write(
          process,
          this.#slots[operation.slot] ?? -1,
          bytesFor(operation.bytes, this.#seed++),
          operation.at,
        );
      case 'resize':
        return files.descriptors.truncate(process, this.#slots[operation.slot] ?? -1, operation.bytes);
      case 'mkdir':
        return names.makeDirectory(process, AT_FDCWD, operation.path, 0o755);
      case 'rmdir':
        return names.remove(process, AT_FDCWD, operation.path, AT_REMOVEDIR);
      case 'unlink':
        return names.remove(process, AT_FDCWD, operation.path, 0);
      case 'symlink':
        return names.makeLink(process, operation.target, AT_FDCWD, operation.path);
      case 'link':
        return names.link(process, AT_FDCWD, operation.path, AT_FDCWD, operation.to, 0);
      case 'rename':
        return names.rename(process, AT_FDCWD, operation.path, AT_FDCWD, operation.to, 0);
      case 'readlink':
        return names.readLink(process, AT_FDCWD, operation.path);
      case 'truncate':
        return names.truncate(process, operation.path, operation.bytes);
      case 'list':
        return this.#list(operation.path);
      case 'stat':
      case 'lstat': {
        const flags = operation.do === 'stat' ? 0 : AT_SYMLINK_NOFOLLOW;
        const stat = files.statPath(process, AT_FDCWD, operation.path, flags);
        return typeof stat === 'number' ? stat : shownStat(stat.mode, stat.links, stat.size);
      }
      case 'fstat': {
        const stat = files.statDescriptor(process, this.#slots[operation.slot] ?? -1);
        return typeof stat === 'number' ? stat : shownStat(stat.mode, stat.links, stat.size);
      }
    }
  }

  #list(path: string): string | number {
    const descriptor = this.#files.open(this.#process, AT_FDCWD, path, 0o200000, 0);
    if (descriptor < 0) return descriptor;
    const listed = this.#files.descriptors.list(this.#process, descriptor);
    this.#files.close(this.#process, descriptor);
    if (typeof listed === 'number') return listed;
    const names = listed.entries.map(({ name }) => name).filter((name) => name !== '.' && name !== '..');
    return names.sort().join();
  }
}

/** Type, links of what is no directory, size of what has one. */
function shownStat(mode: number, links: number, size: number): string {
  const type = mode >>> 12;
  return `${type}${type === 4 ? '' : ` ${links} ${size}`}`;
}

class HostTwin implements Twin {
  readonly #root: string;
  readonly #slots: (number | undefined)[] = [];
  #seed = 0;

  constructor(root: string) {
    this.#root = root;
  }

  run(operation: Operation): string {
    try {
      return this.#run(operation);
    } catch (error) {
      return String((error as { code: unknown }).code);
    }
  }

  close(): void {
    for (const descriptor of this.#slots) if (descriptor !== undefined) fs.closeSync(descriptor);
  }

  #at(path: string): string {
    return `${this.#root}/${path}`;
  }

  #descriptor(slot: number): number {
    const descriptor = this.#slots[slot];
    if (descriptor === undefined) throw { code: 'EBADF' };
    return descriptor;
  }

  #run(operation: Operation): string {
    switch (operation.do) {
      case 'open':
        this.#slots.push(fs.openSync(this.#at(operation.path), operation.flags, 0o644));
        return '0';
      case 'close':
        fs.closeSync(this.#descriptor(operation.slot));
        this.#slots[operation.slot] = undefined;
        return '0';
      case 'read': {
        const into = new Uint8Array(operation.bytes);
        const count = fs.readSync(
          this.#descriptor(operation.slot),
          into,
          0,
          into.length,
          operation.at ?? null,
        );
        return digest(into.subarray(0, count));
      }
      case 'write': {
        const bytes = bytesFor(operation.bytes, this.#seed++);
        return String(
          fs.writeSync(this.#descriptor(operation.slot), bytes, 0, bytes.length, operation.at ?? null),
        );
      }
      case 'resize':
        fs.ftruncateSync(this.#descriptor(operation.slot), operation.bytes);
        return '0';
      case 'mkdir':
        fs.mkdirSync(this.#at(operation.path), 0o755);
        return '0';
      case 'rmdir':
        fs.rmdirSync(this.#at(operation.path));
        return '0';
      case 'unlink':
        fs.unlinkSync(this.#at(operation.path));
        return '0';
      case 'symlink':
        fs.symlinkSync(operation.target, this.#at(operation.path));
        return '0';
      case 'link':
        fs.linkSync(this.#at(operation.path), this.#at(operation.to));
        return '0';
      case 'rename':
        fs.renameSync(this.#at(operation.path), this.#at(operation.to));
        return '0';
      case 'readlink':
        return fs.readlinkSync(this.#at(operation.path));
      case 'truncate':
        // Through a descriptor, as node:fs does it, a directory is another error than truncate(2) has.
        if (fs.statSync(this.#at(operation.path)).isDirectory()) throw { code: 'EISDIR' };
        fs.truncateSync(this.#at(operation.path), operation.bytes);
        return '0';
      case 'list':
        return fs.readdirSync(this.#at(operation.path)).sort().join();
      case 'stat':
      case 'lstat': {
        const stat =
          operation.do === 'stat'
            ? fs.statSync(this.#at(operation.path))
            : fs.lstatSync(this.#at(operation.path));
        return shownStat(stat.mode, stat.nlink, stat.size);
      }
      case 'fstat': {
        const stat = fs.fstatSync(this.#descriptor(operation.slot));
        return shownStat(stat.mode, stat.nlink, stat.size);
      }
    }
  }
}

const path = fc.constantFrom(
  'a',
  'b',
  'd',
  'd/a',
  'd/e',
  'd/e/a',
  'l',
  'l/a',
  './a',
  'd/../b',
  'd/',
  'a/',
  'd/.',
  'l/',
  'm',
);
const slot = fc.nat(5);
// node:fs answers a transfer of no bytes by itself.
const bytes = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(4095, 4096, 70_000));
const at = fc.option(fc.nat(70_000), { nil: undefined });
const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NOFOLLOW, O_DIRECTORY } =
  fs.constants;
const flags = fc
  .tuple(
    fc.constantFrom(O_RDONLY, O_WRONLY, O_RDWR),
    fc.subarray([O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NOFOLLOW]),
  )
  .map(([access, more]) => more.reduce((all, flag) => all | flag, access));
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      path,
      flags: fc.oneof(flags, fc.constant(O_DIRECTORY)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), slot }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), slot, bytes, at }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), slot, bytes, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resize' as const), slot, bytes }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mkdir' as const), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('rmdir' as const, 'unlink' as const), path }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('symlink' as const),
      target: fc.constantFrom('a', 'd', 'd/e', '../b', 'm', 'gone'),
      path,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('link' as const, 'rename' as const), path, to: path }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('readlink' as const, 'list' as const), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('stat' as const, 'lstat' as const), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('truncate' as const), path, bytes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fstat' as const), slot }) },
);

let base: string;
beforeAll(() => {
  base = fs.mkdtempSync(join(tmpdir(), 'pagewalk-twin-'));
});
afterAll(() => fs.rmSync(base, { recursive: true, force: true }));

describe('file operations', () => {
  it('come to the same in memory, through the kernel on the host, and on the host itself', {
    timeout: 120_000,
  }, () => {
    let round = 0;
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 40 }), (operations) => {
        const through = join(base, `through${round}`);
        const direct = join(base, `direct${round++}`);
        // One directory down, so that `..` leads to the same from all of them.
        fs.mkdirSync(join(through, 'w'), { recursive: true });
        fs.mkdirSync(join(direct, 'w'), { recursive: true });
        const node = new NodeFiles({ root: through, access: 'writable' });
        const host = new HostTwin(join(direct, 'w'));
        const twins = [new KernelTwin(new MemoryFiles(), '/tmp'), new KernelTwin(node, '/w'), host];
        try {
          operations.forEach((one, i) => {
            const results = twins.map((twin) => twin.run(one));
            expect({ i, one, results }).toEqual({ i, one, results: [results[2], results[2], results[2]] });
          });
        } finally {
          node.close();
          host.close();
        }
      }),
      { numRuns: 300 },
    );
  });
});
