import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeFiles } from '../../src/adapters/node-files.ts';
import { Errno } from '../../src/kernel/errno.ts';

let base: string;
let files: NodeFiles;
const outside = () => join(base, 'outside');
const root = () => join(base, 'root');

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), 'pagewalk-node-'));
  fs.mkdirSync(root());
  fs.mkdirSync(outside());
  fs.writeFileSync(join(outside(), 'secret'), 'secret');
  fs.mkdirSync(join(root(), 'dir'));
  fs.writeFileSync(join(root(), 'dir/file'), 'contents');
  files = new NodeFiles({ root: root(), access: 'writable' });
});
afterEach(() => {
  files.close();
  fs.rmSync(base, { recursive: true, force: true });
});

const buffer = () => new Uint8Array(100);

describe('host files over node:fs', () => {
  it('reads, writes and tells about a file', () => {
    expect(files.readAt('/dir/file', 3, buffer())).toBe(5);
    expect(files.writeAt('/dir/file', 8, new TextEncoder().encode('!'))).toBe(1);
    expect(fs.readFileSync(join(root(), 'dir/file'), 'utf8')).toBe('contents!');
    const stat = files.stat('/dir/file');
    expect(stat).toMatchObject({ kind: 'file', size: 9, links: 1, uid: 1000, gid: 1000 });
    expect(files.list('/dir')).toMatchObject([{ name: 'file', kind: 'file' }]);
    expect(files.synchronize('/dir/file')).toBe(0);
  });

  it('creates with exactly the mode asked for', () => {
    expect(files.create('/dir/new', 0o666)).toBe(0);
    expect(files.makeDirectory('/dir/d', 0o777)).toBe(0);
    expect(fs.statSync(join(root(), 'dir/new')).mode & 0o7777).toBe(0o666);
    expect(fs.statSync(join(root(), 'dir/d')).mode & 0o7777).toBe(0o777);
    expect(files.create('/dir/new', 0o666)).toBe(Errno.EEXIST);
  });

  it('can go on writing to a file that it made read-only', () => {
    expect(files.create('/sealed', 0o444)).toBe(0);
    expect(files.writeAt('/sealed', 0, new TextEncoder().encode('x'))).toBe(1);
  });

  it('answers with numbers of Linux', () => {
    expect(files.stat('/none')).toBe(Errno.ENOENT);
    expect(files.stat('/dir/file/x')).toBe(Errno.ENOTDIR);
    expect(files.readLink('/dir')).toBe(Errno.EINVAL);
    expect(files.list('/dir/file')).toBe(Errno.ENOTDIR);
    expect(files.removeFile('/none')).toBe(Errno.ENOENT);
    expect(files.removeDirectory('/dir')).toBe(Errno.ENOTEMPTY);
    expect(files.makeDirectory('/dir', 0o755)).toBe(Errno.EEXIST);
    expect(files.readAt('/dir', 0, buffer())).toBe(Errno.EISDIR);
    expect(files.rename('/dir', '/dir/in')).toBe(Errno.EINVAL);
  });

  it('opens a file again after it was renamed, replaced or removed', () => {
    files.readAt('/dir/file', 0, buffer());
    expect(files.rename('/dir/file', '/moved')).toBe(0);
    expect(files.readAt('/dir/file', 0, buffer())).toBe(Errno.ENOENT);
    expect(files.readAt('/moved', 0, buffer())).toBe(8);
    files.removeFile('/moved');
    expect(files.readAt('/moved', 0, buffer())).toBe(Errno.ENOENT);
    files.create('/dir/a', 0o600);
    files.rename('/dir', '/other');
    expect(files.readAt('/dir/a', 0, buffer())).toBe(Errno.ENOENT);
    expect(files.readAt('/other/a', 0, buffer())).toBe(0);
  });

  it('keeps few files open', () => {
    for (let i = 0; i < 200; i++) files.create(`/f${i}`, 0o600);
    expect(fs.readdirSync('/proc/self/fd').length).toBeLessThan(150);
    expect(files.writeAt('/f0', 0, Uint8Array.of(1))).toBe(1);
    expect(files.readAt('/f0', 0, buffer())).toBe(1);
  });

  it('sets times to the microsecond', () => {
    expect(files.setTimes('/dir/file', 1_000_000_000_123_456_000n, 1_500_000_000_000_001_000n)).toBe(0);
    const stat = files.stat('/dir/file');
    if (typeof stat === 'number') throw new Error('no file');
    expect(Number(stat.accessed - 1_000_000_000_123_456_000n)).toBeLessThanOrEqual(1000);
    expect(Number(1_500_000_000_000_001_000n - stat.modified)).toBeLessThanOrEqual(1000);
  });

  it('changes nothing when it is read-only', () => {
    const readOnly = new NodeFiles({ root: root(), access: 'read-only' });
    const results = [
      readOnly.writeAt('/dir/file', 0, Uint8Array.of(1)),
      readOnly.create('/new', 0o600),
      readOnly.makeDirectory('/new', 0o700),
      readOnly.makeLink('/new', 'dir'),
      readOnly.linkTo('/new', '/dir/file'),
      readOnly.removeFile('/dir/file'),
      readOnly.removeDirectory('/dir'),
      readOnly.rename('/dir', '/new'),
      readOnly.truncate('/dir/file', 0),
      readOnly.setMode('/dir/file', 0o777),
      readOnly.setTimes('/dir/file', 0n, 0n),
    ];
    expect(results.every((result) => result === Errno.EROFS)).toBe(true);
    expect(fs.readFileSync(join(root(), 'dir/file'), 'utf8')).toBe('contents');
    readOnly.close();
  });
});

describe('the way out of the root', () => {
  it('is not through dots', () => {
    expect(files.stat('/../outside/secret')).toBe(Errno.ENOENT);
    expect(files.readAt('/dir/../../outside/secret', 0, buffer())).toBe(Errno.ENOENT);
    expect(files.stat('outside')).toBe(Errno.ENOENT);
  });

  it('is not through a final link', () => {
    fs.symlinkSync(join(outside(), 'secret'), join(root(), 'link'));
    expect(files.stat('/link')).toMatchObject({ kind: 'link' });
    expect(files.readAt('/link', 0, buffer())).toBe(Errno.ELOOP);
    expect(files.writeAt('/link', 0, Uint8Array.of(1))).toBe(Errno.ELOOP);
    expect(files.truncate('/link', 0)).toBe(Errno.ELOOP);
    expect(files.removeFile('/link')).toBe(0);
    expect(fs.readFileSync(join(outside(), 'secret'), 'utf8')).toBe('secret');
  });

  it('is not through a directory that was replaced by a link after the kernel looked', () => {
    fs.renameSync(join(root(), 'dir'), join(root(), 'was'));
    fs.symlinkSync(outside(), join(root(), 'dir'));
    expect(files.readAt('/dir/secret', 0, buffer())).toBe(Errno.ENOENT);
    expect(files.create('/dir/new', 0o600)).toBe(Errno.ENOENT);
    expect(files.removeFile('/dir/secret')).toBe(Errno.ENOENT);
    expect(files.rename('/was/file', '/dir/file')).toBe(Errno.ENOENT);
    expect(files.linkTo('/stolen', '/dir/secret')).toBe(Errno.ENOENT);
    expect(fs.readdirSync(outside())).toEqual(['secret']);
  });
});
