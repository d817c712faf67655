/** What files do beyond reading and writing: outliving their names, /dev, /proc, mappings, capacity, snapshots. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryFiles, type MemoryFilesOptions } from '../../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../../src/adapters/memory-streams.ts';
import { NodeFiles } from '../../../src/adapters/node-files.ts';
import { Errno, errnoName } from '../../../src/kernel/errno.ts';
import { KernelFiles } from '../../../src/kernel/files/files.ts';
import type { HostFiles } from '../../../src/kernel/files/host.ts';
import { MEMORY_FILES_CAPACITY } from '../../../src/kernel/files/memory-filesystem.ts';
import type { ProcessState, RootState } from '../../../src/kernel/state.ts';
import { testRoot } from '../root.ts';

const CWD = -100;
const O_RDWR = 2;
const O_CREAT = 0o100;
const AT_EMPTY_PATH = 0x1000;

class Bench {
  readonly root: RootState;
  readonly process: ProcessState;
  readonly files: KernelFiles;
  readonly streams = new MemoryStreams();

  constructor(host: HostFiles, root?: RootState) {
    this.root = root ?? testRoot().root;
    this.process = this.root.processes[0]!;
    this.files = new KernelFiles({ root: this.root, host, streams: this.streams, frames: 1024 });
  }

  open(path: string, flags = 0): number {
    return this.files.open(this.process, CWD, path, flags, 0o644);
  }

  /** Everything from the descriptor's position on, or the error's name. */
  read(descriptor: number, bytes = 100_000): string {
    const buffer = new Uint8Array(bytes);
    const count = this.files.read(this.process, descriptor, buffer);
    return count < 0 ? errnoName(count)! : new TextDecoder().decode(buffer.subarray(0, count));
  }

  contents(path: string): string {
    const descriptor = this.open(path);
    if (descriptor < 0) return errnoName(descriptor)!;
    const text = this.read(descriptor);
    this.files.close(this.process, descriptor);
    return text;
  }

  write(descriptor: number, text: string, offset?: number): number {
    return this.files.write(this.process, descriptor, new TextEncoder().encode(text), offset);
  }

  remove(path: string): number {
    return this.files.names.remove(this.process, CWD, path, 0);
  }
}

const memoryBench = (options?: MemoryFilesOptions) => new Bench(new MemoryFiles(options));

describe('a file that lost its name', () => {
  let base: string;
  beforeAll(() => {
    base = fs.mkdtempSync(join(tmpdir(), 'pagewalk-files-'));
  });
  afterAll(() => fs.rmSync(base, { recursive: true, force: true }));

  it.each(['/tmp/x', '/x'])('%s can still be read and written', (path) => {
    const bench = memoryBench();
    const descriptor = bench.open(path, O_RDWR | O_CREAT);
    bench.write(descriptor, 'before');
    expect(bench.remove(path)).toBe(0);
    expect(bench.contents(path)).toBe('ENOENT');
    bench.write(descriptor, ' after');
    bench.files.seek(bench.process, descriptor, 0, 0);
    expect(bench.read(descriptor)).toBe('before after');
    const again = bench.open(path, O_RDWR | O_CREAT);
    bench.write(again, 'new');
    expect(bench.files.read(bench.process, descriptor, new Uint8Array(20), 0)).toBe(12);
    expect(bench.files.close(bench.process, descriptor)).toBe(0);
    expect(bench.root.files.memory.bytes).toBe(path === '/x' ? 0 : 4096);
  });

  it('keeps its bytes when another is renamed over it, on the host', () => {
    const bench = new Bench(new NodeFiles({ root: base, access: 'writable' }));
    const descriptor = bench.open('/old', O_RDWR | O_CREAT);
    bench.write(descriptor, 'old bytes');
    bench.write(bench.open('/new', O_RDWR | O_CREAT), 'new bytes');
    expect(bench.files.names.rename(bench.process, CWD, '/new', CWD, '/old', 0)).toBe(0);
    bench.files.seek(bench.process, descriptor, 0, 0);
    expect(bench.read(descriptor)).toBe('old bytes');
    expect(bench.contents('/old')).toBe('new bytes');
    expect(fs.readFileSync(join(base, 'old'), 'utf8')).toBe('new bytes');
  });

  it('follows its file when that, or a directory above, gets another name', () => {
    const bench = new Bench(new NodeFiles({ root: base, access: 'writable' }));
    bench.files.names.makeDirectory(bench.process, CWD, '/d', 0o755);
    const descriptor = bench.open('/d/f', O_RDWR | O_CREAT);
    bench.write(descriptor, 'one');
    expect(bench.files.names.rename(bench.process, CWD, '/d', CWD, '/e', 0)).toBe(0);
    bench.write(descriptor, ' two');
    expect(fs.readFileSync(join(base, 'e/f'), 'utf8')).toBe('one two');
    const link = bench.files.names.readLink(bench.process, CWD, `/proc/self/fd/${descriptor}`);
    expect(link).toBe('/e/f');
  });
});

describe('a read-only root', () => {
  it('refuses every change and leaves /tmp writable', () => {
    const bench = memoryBench({ entries: { '/dir/file': 'x' }, access: 'read-only' });
    const { names } = bench.files;
    const { process } = bench;
    const results = {
      write: bench.open('/dir/file', O_RDWR),
      truncate: bench.open('/dir/file', 0o1000),
      create: bench.open('/dir/new', O_RDWR | O_CREAT),
      mkdir: names.makeDirectory(process, CWD, '/dir/d', 0o755),
      unlink: bench.remove('/dir/file'),
      rename: names.rename(process, CWD, '/dir/file', CWD, '/dir/other', 0),
      link: names.link(process, CWD, '/dir/file', CWD, '/dir/other', 0),
      symlink: names.makeLink(process, 'x', CWD, '/dir/other'),
      chmod: names.setMode(process, CWD, '/dir/file', 0o600, 0),
      chown: names.setOwner(process, CWD, '/dir/file', -1, -1, 0),
      times: names.setTimes(process, CWD, '/dir/file', { accessed: 0n, modified: 0n }, 0),
      size: names.truncate(process, '/dir/file', 0),
      access: names.access(process, CWD, '/dir/file', 2, 0),
    };
    expect(Object.values(results).filter((result) => result !== Errno.EROFS)).toEqual([]);
    expect(names.makeDirectory(process, CWD, '/dir', 0o755)).toBe(Errno.EEXIST);
    expect(bench.open('/tmp/new', O_RDWR | O_CREAT)).toBe(0);
  });
});

describe('permissions', () => {
  it('of files in memory hold for their owner too', () => {
    const bench = memoryBench();
    const { names } = bench.files;
    const { process } = bench;
    bench.files.close(process, bench.files.open(process, CWD, '/tmp/f', O_RDWR | O_CREAT, 0o400));
    expect(bench.open('/tmp/f', O_RDWR)).toBe(Errno.EACCES);
    expect(bench.open('/tmp/f')).toBe(0);
    expect(names.access(process, CWD, '/tmp/f', 2, 0)).toBe(Errno.EACCES);
    names.makeDirectory(process, CWD, '/tmp/d', 0o600);
    expect(bench.open('/tmp/d/f')).toBe(Errno.EACCES);
    names.setMode(process, CWD, '/tmp/d', 0o500, 0);
    expect(names.makeDirectory(process, CWD, '/tmp/d/e', 0o755)).toBe(Errno.EACCES);
  });

  it('of new files are cut by the umask', () => {
    const bench = memoryBench();
    bench.process.directory.umask = 0o027;
    const descriptor = bench.files.open(bench.process, CWD, '/tmp/f', O_RDWR | O_CREAT, 0o666);
    const stat = bench.files.statDescriptor(bench.process, descriptor);
    expect(typeof stat === 'object' && stat.mode & 0o7777).toBe(0o640);
  });
});

describe('/dev', () => {
  it('null, zero and full', () => {
    const bench = memoryBench();
    expect(bench.contents('/dev/null')).toBe('');
    const zero = bench.open('/dev/zero', O_RDWR);
    expect(bench.read(zero, 3)).toBe('\0\0\0');
    expect(bench.write(zero, 'abc')).toBe(3);
    expect(bench.write(bench.open('/dev/full', O_RDWR), 'abc')).toBe(Errno.ENOSPC);
  });

  it('urandom gives the same bytes for the same seed', () => {
    const [one, other] = [memoryBench(), memoryBench()];
    const draw = (bench: Bench) => {
      const bytes = new Uint8Array(37);
      bench.files.read(bench.process, bench.open('/dev/urandom'), bytes);
      return [...bytes];
    };
    expect(draw(one)).toEqual(draw(other));
    expect(draw(one)).not.toEqual(draw(memoryBench()));
  });

  it('stdin, stdout and fd lead to the descriptors as they are now', () => {
    const bench = memoryBench({ entries: { '/file': 'of the root' } });
    bench.files.openStandardStreams(bench.process);
    bench.write(bench.open('/dev/stdout', 1), 'out');
    expect(bench.streams.text(1)).toBe('out');
    bench.files.duplicateTo(bench.process, bench.open('/file'), 0, 'keep');
    expect(bench.contents('/dev/stdin')).toBe('of the root');
    expect(bench.contents('/dev/fd/0')).toBe('of the root');
    expect(bench.contents('/dev/fd/77')).toBe('ENOENT');
  });
});

describe('/proc', () => {
  it('tells about the process', () => {
    const bench = memoryBench({ entries: { '/bin/prog': 'program' } });
    expect(bench.contents('/proc/self/cmdline')).toBe('prog\0x\0');
    expect(bench.contents('/proc/1/environ')).toBe('A=1\0');
    expect(bench.contents('/proc/self/comm')).toBe('prog\n');
    expect(bench.contents('/proc/self/exe')).toBe('program');
    expect(bench.files.names.readLink(bench.process, CWD, '/proc/self')).toBe('1');
    expect(bench.files.names.readLink(bench.process, CWD, '/proc/self/exe')).toBe('/bin/prog');
    expect(bench.contents('/proc/self/stat').split(' ')).toHaveLength(52);
    expect(bench.contents('/proc/self/status')).toContain('VmRSS:\t      12 kB\n');
    expect(bench.contents('/proc/self/limits')).toContain('Max open files            1024');
    expect(bench.contents('/proc/7/stat')).toBe('ENOENT');
    expect(bench.contents('/proc/self/fd')).toBe('EISDIR');
  });

  it('lists areas as Linux does', () => {
    const bench = memoryBench({ entries: { '/lib': 'x'.repeat(5000) } });
    const file = bench.files.mappable(bench.process, bench.open('/lib'), 1, false);
    if (typeof file === 'object') throw new Error('cannot be mapped');
    const area = { protection: 5, shared: false, growLimit: 0, name: '/lib' };
    bench.root.spaces[0]!.areas = [
      {
        ...area,
        start: 0x10000 as never,
        end: 0x12000 as never,
        backing: { object: file, offset: 4096, length: 8192 },
      },
      {
        ...area,
        start: 0x3f00000000 as never,
        end: 0x3f00001000 as never,
        protection: 3,
        backing: undefined,
        name: '[stack]',
      },
    ];
    const [first, second] = bench.contents('/proc/self/maps').split('\n');
    expect(first).toMatch(/^00010000-00012000 r-xp 00001000 08:01 \d+ +\/lib$/);
    expect(second).toBe(`${'3f00000000-3f00001000 rw-p 00000000 00:00 0 '.padEnd(73)}[stack]`);
    expect(first?.indexOf('/lib')).toBe(73);
  });

  it('tells about the machine', () => {
    const bench = memoryBench();
    expect(bench.contents('/proc/meminfo')).toContain('MemTotal:           4096 kB\n');
    expect(bench.contents('/proc/uptime')).toBe('1.50 0.00\n');
    expect(bench.contents('/proc/mounts')).toContain('host / ext4 rw,noatime 0 0');
    expect(bench.contents('/proc/sys/vm/overcommit_memory')).toBe('1\n');
    expect(bench.open('/proc/meminfo', O_RDWR)).toBe(Errno.EACCES);
    expect(bench.open('/proc/new', O_RDWR | O_CREAT)).toBeLessThan(0);
  });
});

describe('objects', () => {
  it('agree with read and write through the page cache', () => {
    const bench = memoryBench({ entries: { '/file': 'abcdef' } });
    const calls: string[] = [];
    bench.files.connect({
      readThroughCache: (_object, offset, into) => {
        calls.push(`read ${offset} ${into.length}`);
        into[0] = 0x5a;
      },
      writeThroughCache: (_object, offset, from) => calls.push(`write ${offset} ${from.length}`),
      synchronizeObject: () => 0,
      objectTruncated: (_object, from) => calls.push(`truncate ${from}`),
      listAreas: () => [],
      counters: undefined as never,
    });
    const descriptor = bench.open('/file', O_RDWR);
    expect(bench.read(descriptor, 2)).toBe('ab');
    const object = bench.files.mappable(bench.process, descriptor, 3, true);
    if (typeof object === 'object') throw new Error('cannot be mapped');
    bench.files.retain(object);
    expect(bench.read(descriptor, 2)).toBe('Zd');
    bench.write(descriptor, 'xyz');
    bench.files.descriptors.truncate(bench.process, descriptor, 3);
    expect(calls).toEqual(['read 2 2', 'write 4 3', 'truncate 3']);
    bench.files.release(object);
    calls.length = 0;
    bench.write(descriptor, 'x', 0);
    expect(calls).toEqual([]);
  });

  it('tell EIO once to each description when a page could not be written back', () => {
    const host = new MemoryFiles({ entries: { '/file': 'abcdef' } });
    const writeAt = host.writeAt.bind(host);
    let broken = true;
    host.writeAt = (...args) => (broken ? Errno.EIO : writeAt(...args));
    const bench = new Bench(host);
    const { files, process } = bench;
    const open = () => files.open(process, CWD, '/file', O_RDWR, 0);
    const [one, two] = [open(), open()];
    const object = files.mappable(process, one, 3, true) as number;
    files.retain(object);
    expect(files.writePage(object, 0, new Uint8Array(4096))).toBe(false);
    const late = open();
    broken = false;
    // fsync(2) tells it once; a description that never asked is told by close(2); one that came later never.
    expect(files.descriptors.synchronize(process, one)).toBe(Errno.EIO);
    expect(files.descriptors.synchronize(process, one)).toBe(0);
    expect(files.close(process, one)).toBe(0);
    expect(files.close(process, two)).toBe(Errno.EIO);
    expect(files.close(process, two)).toBe(Errno.EBADF);
    expect(files.close(process, late)).toBe(0);
    files.release(object);
    expect(bench.root.files.objects[object]).toBeUndefined();
  });

  it('give whole pages, zeros behind the end, and take none beyond it', () => {
    const bench = memoryBench();
    const descriptor = bench.open('/tmp/f', O_RDWR | O_CREAT);
    bench.write(descriptor, 'x'.repeat(5000));
    const object = bench.files.mappable(bench.process, descriptor, 3, true) as number;
    const page = new Uint8Array(4096).fill(7);
    expect(bench.files.readPage(object, 1, page)).toBe(true);
    expect([page[903], page[904], page[4095]]).toEqual([0x78, 0, 0]);
    page.fill(0x79);
    expect(bench.files.writePage(object, 1, page)).toBe(true);
    expect(bench.files.size(object)).toBe(5000);
    expect(bench.files.readPage(object, 1, page)).toBe(true);
    expect([page[903], page[904]]).toEqual([0x79, 0]);
  });

  it('live as long as they are mapped', () => {
    const bench = memoryBench();
    const object = bench.files.hostProgram('/somewhere/prog', new TextEncoder().encode('ELF'));
    bench.files.retain(object);
    bench.process.path = '/somewhere/prog';
    expect(bench.contents('/proc/self/exe')).toBe('ELF');
    bench.files.release(object);
    expect(bench.root.files.objects[object]).toBeUndefined();
    expect(bench.root.files.memory.bytes).toBe(0);
  });

  it('can be mapped only as they were opened', () => {
    const bench = memoryBench({ entries: { '/file': 'x' } });
    const { process, files } = bench;
    const reading = bench.open('/file');
    const writing = bench.open('/file', 1);
    expect(files.mappable(process, reading, 3, true)).toEqual({ errno: Errno.EACCES });
    expect(typeof files.mappable(process, reading, 3, false)).toBe('number');
    expect(files.mappable(process, writing, 2, true)).toEqual({ errno: Errno.EACCES });
    expect(files.mappable(process, bench.open('/'), 1, false)).toEqual({ errno: Errno.ENODEV });
    expect(files.mappable(process, bench.open('/dev/null'), 1, false)).toEqual({ errno: Errno.ENODEV });
  });
});

describe('files in memory', () => {
  it('take room only where they were written', () => {
    const bench = memoryBench();
    const descriptor = bench.open('/tmp/sparse', O_RDWR | O_CREAT);
    expect(bench.write(descriptor, 'end', 2 ** 40)).toBe(3);
    expect(bench.root.files.memory.bytes).toBe(4096);
    const into = new Uint8Array(4);
    expect(bench.files.read(bench.process, descriptor, into, 2 ** 40 - 1)).toBe(4);
    expect([...into]).toEqual([0, 0x65, 0x6e, 0x64]);
  });

  it('are full at their capacity, and have room again', () => {
    const bench = memoryBench();
    const descriptor = bench.open('/tmp/big', O_RDWR | O_CREAT);
    bench.root.files.memory.bytes = MEMORY_FILES_CAPACITY - 8192;
    const bytes = new Uint8Array(70_000);
    expect(bench.files.write(bench.process, descriptor, bytes, 65_536 - 8192)).toBe(Errno.ENOSPC);
    expect(bench.files.write(bench.process, descriptor, bytes.subarray(0, 8192), 0)).toBe(8192);
    expect(bench.files.write(bench.process, descriptor, bytes, 65_536)).toBe(Errno.ENOSPC);
    bench.files.descriptors.truncate(bench.process, descriptor, 0);
    expect(bench.write(descriptor, 'x', 0)).toBe(1);
  });
});

describe('a snapshot', () => {
  it('goes on from a clone, host files included', () => {
    const base = fs.mkdtempSync(join(tmpdir(), 'pagewalk-clone-'));
    fs.writeFileSync(join(base, 'file'), 'of the host');
    const host = new NodeFiles({ root: base, access: 'writable' });
    const bench = new Bench(host);
    const [inMemory, onHost] = [bench.open('/tmp/x', O_RDWR | O_CREAT), bench.open('/file')];
    bench.write(inMemory, 'memory');
    expect(bench.read(onHost, 3)).toBe('of ');
    const clone = structuredClone(bench.root);
    bench.write(inMemory, 'changed', 0);
    bench.read(onHost);
    host.close();
    const resumed = new Bench(new NodeFiles({ root: base, access: 'writable' }), clone);
    expect(resumed.read(onHost)).toBe('the host');
    resumed.files.seek(resumed.process, inMemory, 0, 0);
    expect(resumed.read(inMemory)).toBe('memory');
    const stat = resumed.files.statPath(resumed.process, onHost, '', AT_EMPTY_PATH);
    expect(typeof stat === 'object' && stat.size).toBe(11);
    fs.rmSync(base, { recursive: true });
  });
});
