import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { Errno } from '../../src/kernel/errno.ts';

describe('in-memory host files', () => {
  it('hold what they were made with', () => {
    const files = new MemoryFiles({
      entries: {
        '/a/b': 'text',
        '/a/bytes': Uint8Array.of(1, 2),
        '/empty': { directory: true },
        '/l': { link: 'a' },
      },
    });
    const into = new Uint8Array(10);
    expect(files.readAt('/a/b', 1, into)).toBe(3);
    expect(files.readAt('/a/bytes', 0, into)).toBe(2);
    expect(files.readLink('/l')).toBe('a');
    expect(files.stat('/empty')).toMatchObject({ kind: 'directory' });
    expect(files.list('/')).toMatchObject([{ name: 'a' }, { name: 'empty' }, { name: 'l', kind: 'link' }]);
    expect(files.stat('/none')).toBe(Errno.ENOENT);
  });

  it('change, or refuse to', () => {
    const files = new MemoryFiles();
    expect(files.create('/x', 0o600)).toBe(0);
    expect(files.create('/x', 0o600)).toBe(Errno.EEXIST);
    expect(files.writeAt('/x', 2, Uint8Array.of(7))).toBe(1);
    expect(files.linkTo('/y', '/x')).toBe(0);
    expect(files.rename('/y', '/z')).toBe(0);
    expect(files.stat('/z')).toMatchObject({ size: 3, links: 2 });
    expect(files.removeFile('/z')).toBe(0);
    expect(new MemoryFiles({ access: 'read-only' }).create('/x', 0o600)).toBe(Errno.EROFS);
  });
});

describe('in-memory streams', () => {
  it('keep output apart and end input', () => {
    const streams = new MemoryStreams({ input: 'abc' });
    const into = new Uint8Array(2);
    expect([streams.readInput(into), streams.readInput(into), streams.readInput(into)]).toEqual([2, 1, 0]);
    streams.writeOutput(1, Uint8Array.of(0x61));
    streams.writeOutput(2, Uint8Array.of(0x62));
    streams.writeOutput(1, Uint8Array.of(0x63));
    expect([streams.text(1), streams.text(2)]).toEqual(['ac', 'b']);
  });
});
