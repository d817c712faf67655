import { describe, expect, it } from 'vitest';
import { BASE } from './flat-memory.ts';
import { Guest } from './guest.ts';

const BUFFER = BASE + 0x2000;
const O_RDWR_CREAT = 0o102;

describe('reading and writing', () => {
  it('writes to standard output and error', () => {
    const guest = new Guest();
    guest.put(BUFFER, new TextEncoder().encode('hello\n'));
    expect(guest.call('write', 1, BUFFER, 6)).toBe(6);
    expect(guest.call('write', 2, BUFFER, 5)).toBe(5);
    expect(guest.streams.text(1)).toBe('hello\n');
    expect(guest.streams.text(2)).toBe('hello');
  });

  it('reads a file of the root across pages, each of which has to be waited for', () => {
    const contents = Uint8Array.from({ length: 10_000 }, (_, i) => i * 7);
    const guest = new Guest({ files: { entries: { '/a/b': contents } } });
    const descriptor = Number(guest.call('openat', -100, '/a/b', 0));
    expect(descriptor).toBe(3);
    for (const page of [0x12, 0x13, 0x14]) guest.memory.absent.add(page);
    expect(guest.call('read', descriptor, BUFFER + 100, 20_000)).toBe(10_000);
    expect(guest.memory.waits).toBe(3);
    expect(guest.get(BUFFER + 100, 10_000)).toEqual(contents);
    expect(guest.call('read', descriptor, BUFFER, 10)).toBe(0);
  });

  it('writes and reads back a file in memory', () => {
    const guest = new Guest();
    const descriptor = Number(guest.call('openat', -100, '/tmp/x', O_RDWR_CREAT, 0o644));
    guest.put(
      BUFFER,
      Uint8Array.from({ length: 9000 }, (_, i) => i * 3),
    );
    for (const page of [0x13, 0x14]) guest.memory.absent.add(page);
    expect(guest.call('write', descriptor, BUFFER, 9000)).toBe(9000);
    expect(guest.call('lseek', descriptor, 10, 0)).toBe(10);
    expect(guest.call('read', descriptor, BUFFER + 0x4000, 10_000)).toBe(8990);
    expect(guest.get(BUFFER + 0x4000, 8990)).toEqual(guest.get(BUFFER + 10, 8990));
    expect(guest.call('pread64', descriptor, BUFFER, 4, 3)).toBe(4);
    expect([...guest.get(BUFFER, 4)]).toEqual([9, 12, 15, 18]);
  });
});
