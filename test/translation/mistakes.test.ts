/** Mistakes in configurations and addresses: each is told with its place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { translateDescriptionText } from '../../src/report/translate-text.ts';
import { describeScheme, parseAddress, translateAll } from '../../src/system/translate.ts';
import { build, example, names } from './examples.ts';

describe('mistakes', () => {
  const linear = { scheme: 'linear', addressBits: 16 };
  const radix = { scheme: 'multi-level', indexBits: [3, 3], offsetBits: 5 };
  const segment = { base: 0, size: 64 };
  const segmented = { scheme: 'segments', addressBits: 8, segmentBits: 1 };
  it.each<[unknown, string | RegExp]>([
    [{}, /^file: scheme: no scheme; known: base-bounds, segments, linear, .*multi-level$/],
    [{ scheme: 'sv57' }, /^file: scheme: unknown scheme 'sv57'; known: base-bounds, /],
    [[], /^file: scheme: expected an object with a scheme/],
    [{ scheme: 'linear', bounds: 3 }, /^file: bounds: unknown key; linear has: scheme, title, memory, /],
    [{ scheme: 'linear', mappings: [{ virtual: 0, frame: 1, way: 2 }] }, 'file: mappings.0.way: unknown key'],
    [{ scheme: 'base-bounds', base: 0 }, /^file: bounds: expected a number, or text such as "0x1000"/],
    [{ scheme: 'base-bounds', base: 'x', bounds: 1 }, "file: base: 'x' is not a size"],
    [{ scheme: 'base-bounds', base: '0xfffffffffffffff', bounds: 1 }, 'is too large'],
    [{ scheme: 'base-bounds', base: '8K', bounds: '8K', memory: '15K' }, 'exceeds memory of 15360 bytes'],
    [{ scheme: 'base-bounds', base: 0, bounds: 2000, addressBits: 10 }, 'more than 10 bits address'],
    [{ ...radix, addressBits: 12 }, 'file: addressBits: 3 + 3 + 5 bits are 11, not 12'],
    [{ ...radix, indexBits: [4, 3] }, 'file: indexBits.0: 2^4 entries of 4 bytes are more than a page of 32'],
    [
      { ...radix, indexBits: [16, 16], offsetBits: 24 },
      'file: indexBits: 16 + 16 + 24 bits are 56; at most 52',
    ],
    [{ ...linear, offsetBits: 16 }, 'file: offsetBits: 16 of 16 bits leave none for the page'],
    [{ ...linear, length: 17 }, 'file: length: the space has 16 pages, and 17 exceed it'],
    [{ ...linear, base: 3 }, 'file: base: 3 is no multiple of the 4 bytes of an entry'],
    [{ ...linear, entries: [{ table: 3 }] }, 'file: entries.0: entries of the last level lead to pages'],
    [{ ...linear, entries: ['0x100000000'] }, 'file: entries.0: 0x100000000 is more than the 4 bytes'],
    [{ ...linear, entries: [7] }, 'file: entries.0: expected null, {"table": …}'],
    [
      { ...linear, length: 1, entries: [null, null] },
      'file: entries.1: lies beyond the length of the table, 1',
    ],
    [
      { ...linear, memory: '8K', entries: [{ frame: 2 }] },
      'tables end at byte 12352, which exceeds 8192 bytes',
    ],
    [
      { ...linear, memory: '8K', base: 0, entries: [{ frame: 2 }] },
      'file: entries.0: frame 2 exceeds memory',
    ],
    [{ ...linear, mappings: [{ virtual: 5, frame: 1 }] }, 'virtual: 5 is no multiple of the page size, 4096'],
    [{ ...linear, mappings: [{ virtual: '0xf000', pages: 2, frame: 1 }] }, 'exceed the space: 0xffff'],
    [
      { ...linear, mappings: [{ virtual: 0, frame: 1, access: 'w' }] },
      "access: 'w': entries that allow stores",
    ],
    [{ ...linear, mappings: [{ virtual: 0, frame: 1, access: 'wr' }] }, "access: 'wr' are no permissions"],
    [{ ...linear, mappings: [{ virtual: 0, frame: 2 ** 22 }] }, 'frame: frames of entries are below 4194304'],
    [
      { ...linear, mappings: [{ virtual: 0, frame: 1, space: 2 }] },
      'space: the tables are those of one space',
    ],
    [
      {
        ...linear,
        mappings: [
          { virtual: 0, pages: 3, frame: 1 },
          { virtual: '8K', frame: 9 },
        ],
      },
      'file: mappings.1.virtual: page 2 of this mapping is mapped already',
    ],
    [{ ...linear, base: 4096, mappings: [{ virtual: 0, frame: 1 }] }, 'frame 1 holds a page table'],
    [
      { ...linear, length: 1, mappings: [{ virtual: '4K', frame: 1 }] },
      'page 1 lies beyond the length of the table',
    ],
    [{ scheme: 'linear', addressBits: 52, offsetBits: 4 }, 'can be held'],
    [{ scheme: 'sv39', mappings: [{ virtual: '0x4000000000', frame: 1 }] }, 'exceed the space: 0x3fffffffff'],
    [{ scheme: 'x86-64', mappings: [{ virtual: 0, frame: 1, access: 'x' }] }, 'always allow loads'],
    [{ scheme: 'sv39', firstTable: 1, mappings: [{ virtual: 0, frame: 3 }] }, 'frame 3 holds a page table'],
    [{ scheme: 'sv39', root: 1, mappings: [{ virtual: 0, frame: 3 }] }, 'file: root: belongs to tables'],
    [
      { scheme: 'sv39', tables: { 1: {} }, mappings: [{ virtual: 0, frame: 3 }] },
      'either tables or mappings',
    ],
    [{ scheme: 'sv39', tables: {} }, 'file: root: expected the frame of one of the tables'],
    [{ scheme: 'sv39', root: 2, tables: { 1: {} } }, 'file: root: expected the frame of one of the tables'],
    [{ scheme: 'sv39', tables: { one: {} } }, 'file: tables.one: expected the number of a frame'],
    [{ scheme: 'sv39', tables: { 1: { 512: null } } }, 'file: tables.1.512: expected an index below 512'],
    [{ scheme: 'sv39', root: 1, tables: { 1: {}, 2: {} } }, 'file: tables.2: no entry leads to this table'],
    [{ scheme: 'sv39', root: 1, tables: { 1: { 0: { table: 1 } } } }, 'is a table of level 2 and of level 1'],
    [{ scheme: 'sv39', root: 1, tables: { 1: { 0: '0x400001' } } }, 'leads to frame 4096, behind the last'],
    [{ ...segmented, segments: [{ ...segment, size: 129 }] }, 'file: segments.0: 129 bytes are more than'],
    [
      { ...segmented, segments: [segment, { ...segment, base: 63 }] },
      "segments.1: '1' overlaps '0' in memory",
    ],
    [
      { ...segmented, segments: [segment, { ...segment, base: 1000 }], memory: '1K' },
      'exceeds memory of 1024',
    ],
    [{ ...segmented, segments: [null, null, segment] }, 'file: segments.2: 1 bits select 2 segments'],
    [{ ...segmented, segments: [{ ...segment, grow: 'up' }] }, 'file: segments.0.grow: unknown key'],
    [{ ...segmented, addressBits: 2, segmentBits: 2, segments: [] }, 'leave none for the offset'],
    [{ scheme: 'hybrid', segmentBits: 4, addressBits: 16 }, 'leave none of 16 for the page'],
    [
      { scheme: 'hybrid', segmentBits: 1, segments: [{ length: 2 ** 20 }] },
      'segments.0.length: a segment has',
    ],
    [
      { scheme: 'hybrid', segmentBits: 1, segments: [null, null, null] },
      'segments.2: 1 bits select 2 segments',
    ],
    [
      {
        scheme: 'hybrid',
        segmentBits: 1,
        segments: [{ length: 1 }],
        mappings: [{ virtual: '4K', frame: 1 }],
      },
      'page 1 lies beyond the table of segment 0',
    ],
    [{ scheme: 'vax', addressBits: 20 }, 'file: addressBits: a quarter of 20 bits does not fill a page'],
    [{ scheme: 'vax', offsetBits: 1, addressBits: 8 }, 'file: offsetBits: a page holds an entry'],
    [{ scheme: 'vax', p1Length: 2 ** 18 + 1 }, 'file: p1Length: a region has 262144 pages'],
    [{ scheme: 'vax', base: 6 }, 'file: base: 6 is no multiple of the 4 bytes'],
    [{ scheme: 'vax', mappings: [{ virtual: '0x80000000', frame: 1 }] }, "page 524288 is the system's"],
    [
      { scheme: 'vax', p0Length: 1, mappings: [{ virtual: 4096, frame: 1 }] },
      "page 1 lies beyond the length of its region's table",
    ],
    [
      { scheme: 'vax', base: 4096, firstTable: 1, mappings: [{ virtual: 0, frame: 0 }] },
      'hold the system table',
    ],
    [{ scheme: 'vax', swapped: [0] }, 'file: swapped.0: S has 0 pages'],
    [
      { scheme: 'vax', p0Length: 2048, mappings: [{ virtual: 0, frame: 9 }], swapped: [1] },
      'page 1 of S has no table',
    ],
    [{ scheme: 'inverted', memory: 100 }, '100 bytes are less than a page'],
    [
      { scheme: 'inverted', memory: '64K', search: 'hash', anchors: 3 },
      'file: anchors: 3 is no power of two',
    ],
    [{ scheme: 'inverted', memory: '64K', anchors: 4 }, 'file: anchors: belong to search by hash'],
    [
      {
        scheme: 'inverted',
        memory: '64K',
        mappings: [
          { virtual: 0, frame: 1 },
          { virtual: '4K', frame: 1 },
        ],
      },
      'file: mappings.1: frame 1 holds a page already',
    ],
    [
      { scheme: 'inverted', memory: '64K', entryBytes: 4, mappings: [{ virtual: 0, frame: 1 }] },
      'file: entryBytes: entries of 4 bytes are for --describe',
    ],
    [{ scheme: 'hashed', buckets: 0 }, 'file: buckets: 0 is no power of two'],
  ])('%j', (value, message) => {
    expect(() => build(value)).toThrow(UserError);
    expect(() => build(value)).toThrow(message);
  });

  it.each([
    ['0x10000', 'lies outside of the address space of 16 bits'],
    ['65536', 'lies outside'],
    ['-1', 'is no address'],
    ['12ab', 'is no address'],
    ['', 'is no address'],
    ['99999999999999999999999999', 'lies outside'],
  ])('of the address %j', (text, message) => {
    expect(() => parseAddress(text, 16, 'here')).toThrow(UserError);
    expect(() => parseAddress(text, 16, 'here')).toThrow(message);
  });

  it('in examples that were changed anyhow are told, or are none', () => {
    const junk = fc.oneof(
      fc.constantFrom<unknown>(null, '', 'x', '0x', -1, 0, 1, 3, 2 ** 31, 2 ** 53, 1.5, {}, [], true, '1T'),
      fc.jsonValue(),
    );
    const files = names
      .filter((file) => file !== 'inverted-16g.json')
      .map((file) => file.replace('.json', ''));
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), junk, (file, pick, value) => {
        const config = example(file);
        const spots: [Record<string, unknown>, string][] = [];
        const collect = (node: unknown): void => {
          if (typeof node !== 'object' || node === null) return;
          for (const key of Object.keys(node)) {
            spots.push([node as Record<string, unknown>, key]);
            collect((node as Record<string, unknown>)[key]);
          }
        };
        collect(config);
        const [node, key] = spots[pick % spots.length]!;
        node[key] = value;
        try {
          const built = build(config);
          translateDescriptionText(describeScheme(built));
          translateAll(built, [{ address: 0, access: 'load' }]);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          expect(error.message).toMatch(/^file: /);
          expect(error.message).not.toContain('\n');
        }
      }),
      { numRuns: 400 },
    );
  });
});
