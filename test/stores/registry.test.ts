import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { openStore, parseStore } from '../../src/stores/registry.ts';

const parse = (text: string) => parseStore(text, '--swap');

describe('--swap', () => {
  it.each([
    ['none', { kind: 'none' }],
    // 256M / 4K = 65536 and 64M / 4K = 16384 slots.
    ['memory', { kind: 'memory', capacity: 65_536 }],
    ['memory,64M', { kind: 'memory', capacity: 16_384 }],
    ['file:/tmp/swap', { kind: 'file', path: '/tmp/swap', capacity: 65_536 }],
    ['file:swap file,4K', { kind: 'file', path: 'swap file', capacity: 1 }],
    ['file:a,b,8192', { kind: 'file', path: 'a,b', capacity: 2 }],
  ])('%s', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each([
    ['disk', "--swap: unknown store 'disk'; give none, memory, memory,SIZE, file:PATH or file:PATH,SIZE"],
    ['', "--swap: unknown store ''; give none, memory, memory,SIZE, file:PATH or file:PATH,SIZE"],
    [
      'none,4K',
      "--swap: unknown store 'none,4K'; give none, memory, memory,SIZE, file:PATH or file:PATH,SIZE",
    ],
    ['memory,lots', "--swap: 'lots' is not a size; give bytes, or a number with K, M or G, e.g. 64M"],
    ['memory,100', "--swap: '100' is not a whole number of 4K pages, at least one"],
    ['memory,0', "--swap: '0' is not a whole number of 4K pages, at least one"],
    ['memory,16384G', "--swap: '16384G' is too large; the most is 2^32 - 1 pages"],
    ['file:', "--swap: 'file:' names no file; give file:PATH,SIZE"],
    ['file:,4K', "--swap: 'file:,4K' names no file; give file:PATH,SIZE"],
    ['file:a,b', "--swap: 'b' is not a size; give bytes, or a number with K, M or G, e.g. 64M"],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(UserError);
    expect(() => parse(text)).toThrow(message);
  });
});

describe('opening', () => {
  const openers = { file: (path: string, capacity: number) => new MemoryStore(capacity, `opened ${path}`) };

  it('gives the store chosen', () => {
    const open = (text: string) => {
      const { name, capacity } = openStore(parse(text), openers, '--swap');
      return { name, capacity };
    };
    expect(open('none')).toEqual({ name: 'none', capacity: 0 });
    expect(open('memory,8K')).toEqual({ name: 'memory', capacity: 2 });
    expect(open('file:x,12K')).toEqual({ name: 'opened x', capacity: 3 });
  });

  it('says so where there are no files', () => {
    expect(() => openStore(parse('file:x'), { file: undefined }, '--swap')).toThrow(
      new UserError('--swap', 'there are no files here; give memory or none'),
    );
  });
});
