/**
 * No path leads out of the root. Outside of it, next to it, lies a secret; the table tries every way to it that a
 * path can describe, over real files and in-memory ones.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../../src/adapters/memory-streams.ts';
import { NodeFiles } from '../../../src/adapters/node-files.ts';
import { errnoName } from '../../../src/kernel/errno.ts';
import { KernelFiles } from '../../../src/kernel/files/files.ts';
import type { HostFiles } from '../../../src/kernel/files/host.ts';
import { testRoot } from '../root.ts';

const AT_FDCWD = -100;
const O_NOFOLLOW = 0o400000;
const O_DIRECTORY = 0o200000;
const O_PATH = 0o10000000;

let outside: string;

const entries: Record<string, string | { link: string } | { directory: true }> = {
  '/inside': 'inside',
  '/dir/file': 'file',
  '/dir/up': { link: '..' },
  '/dir/out': { link: '../../secret' },
  '/out': { link: '../secret' },
  '/absolute': { link: '/inside' },
  '/absolute-out': { link: '/../secret' },
  '/chain1': { link: 'chain2' },
  '/chain2': { link: '/dir/../chain3' },
  '/chain3': { link: 'inside' },
  '/loop1': { link: 'loop2' },
  '/loop2': { link: 'loop1' },
  '/self': { link: 'self' },
  '/dangling': { link: 'nothing' },
  '/to-dir': { link: 'dir' },
  '/to-dir-slash': { link: 'dir/' },
  '/to-file-slash': { link: 'inside/' },
  '/to-tmp': { link: '/tmp/../inside' },
  '/empty': { directory: true },
};
for (let i = 0; i < 45; i++) entries[`/deep${i}`] = { link: i === 44 ? 'inside' : `deep${i + 1}` };

function realRoot(): HostFiles {
  const root = join(outside, 'root');
  mkdirSync(root);
  writeFileSync(join(outside, 'secret'), 'secret');
  for (const [path, entry] of Object.entries(entries)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (typeof entry === 'string') writeFileSync(join(root, path), entry);
    else if ('link' in entry) symlinkSync(entry.link, join(root, path));
    else mkdirSync(join(root, path));
  }
  // Links whose text names the secret on the host.
  symlinkSync(join(outside, 'secret'), join(root, 'host-path'));
  symlinkSync(outside, join(root, 'host-directory'));
  return new NodeFiles({ root, access: 'writable' });
}

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'pagewalk-root-'));
});
afterAll(() => rmSync(outside, { recursive: true, force: true }));

/** Contents of what is opened, or the name of the error. */
function contents(host: HostFiles, path: string, flags = 0, cwd = '/'): string {
  const { root, process } = testRoot();
  process.directory.path = cwd;
  const files = new KernelFiles({ root, host, streams: new MemoryStreams(), frames: 16 });
  const descriptor = files.open(process, AT_FDCWD, path, flags, 0);
  if (descriptor < 0) return errnoName(descriptor)!;
  const buffer = new Uint8Array(100);
  const count = files.read(process, descriptor, buffer);
  return count < 0 ? errnoName(count)! : new TextDecoder().decode(buffer.subarray(0, count));
}

const table: [path: string, expected: string, flags?: number, cwd?: string][] = [
  ['/inside', 'inside'],
  ['inside', 'inside'],
  ['//inside', 'inside'],
  ['/./dir/.././inside', 'inside'],
  ['/..', 'EISDIR'],
  ['/../inside', 'inside'],
  ['../../../inside', 'inside'],
  ['../secret', 'ENOENT'],
  ['/dir/../../secret', 'ENOENT'],
  ['dir/../../../../secret', 'ENOENT'],
  ['/out', 'ENOENT'],
  ['/dir/out', 'ENOENT'],
  ['/absolute', 'inside'],
  ['/absolute-out', 'ENOENT'],
  ['/dir/up/inside', 'inside'],
  ['/dir/up/dir/up/dir/file', 'file'],
  ['/chain1', 'inside'],
  ['/loop1', 'ELOOP'],
  ['/self', 'ELOOP'],
  ['/deep5', 'inside'],
  ['/deep4', 'ELOOP'],
  ['/dangling', 'ENOENT'],
  ['/to-dir/file', 'file'],
  ['/to-dir-slash/file', 'file'],
  ['/to-file-slash', 'ENOTDIR'],
  ['/to-tmp', 'inside'],
  ['/inside/', 'ENOTDIR'],
  ['/inside/x', 'ENOTDIR'],
  ['/inside/.', 'ENOTDIR'],
  ['/inside/..', 'ENOTDIR'],
  ['/nothing/..', 'ENOENT'],
  ['/empty/..//inside', 'inside'],
  ['', 'ENOENT'],
  ['/tmp', 'EISDIR'],
  ['/tmp/../inside', 'inside'],
  ['/proc/self/root/inside', 'inside'],
  ['/proc/self/cwd/../inside', 'inside', 0, '/dir'],
  ['/proc/self/../../inside', 'inside'],
  ['file', 'file', 0, '/dir'],
  ['../inside', 'inside', 0, '/dir'],
  ['file', 'ENOENT', 0, '/gone'],
  ['/absolute', 'ELOOP', O_NOFOLLOW],
  ['/to-dir/file', 'file', O_NOFOLLOW],
  ['/to-dir', 'ENOTDIR', O_NOFOLLOW | O_DIRECTORY],
  ['/inside', 'ENOTDIR', O_DIRECTORY],
  ['/inside', 'EBADF', O_PATH],
  [`/${'n'.repeat(255)}`, 'ENOENT'],
  [`/${'n'.repeat(256)}`, 'ENAMETOOLONG'],
  [`/${'é'.repeat(128)}`, 'ENAMETOOLONG'],
  [`/${'./'.repeat(2047)}`, 'EISDIR'],
  [`/${'./'.repeat(2048)}`, 'ENAMETOOLONG'],
];

describe('path resolution', () => {
  const hosts: [string, () => HostFiles][] = [
    ['real files', realRoot],
    ['in-memory files', () => new MemoryFiles({ entries })],
  ];
  describe.each(hosts)('%s', (_, makeHost) => {
    let host: HostFiles;
    beforeAll(() => {
      host = makeHost();
    });
    it.each(table)('%s → %s (flags %s, cwd %s)', (path, expected, flags, cwd) => {
      expect(contents(host, path, flags, cwd)).toBe(expected);
    });
  });

  it('does not follow links to paths of the host', () => {
    const host = new NodeFiles({ root: join(outside, 'root'), access: 'writable' });
    expect(contents(host, '/host-path')).toBe('ENOENT');
    expect(contents(host, '/host-directory/secret')).toBe('ENOENT');
  });
});
