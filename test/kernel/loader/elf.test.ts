import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import { nextBelow, randomState } from '../../../src/base/random.ts';
import { placementOf, programAreas } from '../../../src/kernel/loader/areas.ts';
import { parseElf } from '../../../src/kernel/loader/elf.ts';
import { SV39_LAYOUT } from '../../../src/kernel/loader/layout.ts';
import { elfFile, patched } from './elf-file.ts';

const code = { flags: 5, offset: 0, address: 0x10000, fileBytes: 0x1000, memoryBytes: 0x1000 };

describe('a valid program', () => {
  it('is read: entry, segments in order, place of the headers', () => {
    const image = parseElf(elfFile(), 'prog');
    expect(image.kind).toBe('fixed');
    expect(image.entry).toBe(0x10100);
    // The headers lie at offset 64 of the first segment, which starts at 0x10000.
    expect(image.headersAddress).toBe(0x10040);
    expect(image.segments.map(({ address, protection }) => [address, protection])).toEqual([
      [0x10000, 5],
      [0x12010, 3],
    ]);
  });

  it('becomes areas: file pages, then bss from the next page on', () => {
    const image = parseElf(elfFile(), 'prog');
    const areas = programAreas(image, SV39_LAYOUT, { object: 7, path: '/prog' });
    // Data: 8 bytes at 0x12010 are backed up to byte 0x18 of page 0x12000; bss to 0x16010 takes pages 0x13000 to 0x16fff.
    expect(areas.map(({ start, end, backing }) => [start, end, backing?.offset, backing?.length])).toEqual([
      [0x10000, 0x11000, 0, 0x1000],
      [0x12000, 0x13000, 0x1000, 0x18],
      [0x13000, 0x17000, undefined, undefined],
    ]);
    expect(placementOf(image, SV39_LAYOUT).end).toBe(0x17000);
  });

  it('is moved as a whole when it is position-independent', () => {
    const segments = [{ ...code, address: 0 }];
    const image = parseElf(elfFile({ type: 3, entry: 0x100, segments }), 'prog');
    expect(placementOf(image, SV39_LAYOUT)).toMatchObject({
      bias: SV39_LAYOUT.pieBase,
      entry: SV39_LAYOUT.pieBase + 0x100,
      headersAddress: SV39_LAYOUT.pieBase + 64,
    });
    expect(programAreas(image, SV39_LAYOUT, { object: 7, path: '/prog' })[0]!.start).toBe(
      SV39_LAYOUT.pieBase,
    );
  });

  it('may have two segments in one page of the file; the later one’s protection holds', () => {
    const low = { flags: 4, offset: 0, address: 0x10000, fileBytes: 0x1100, memoryBytes: 0x1100 };
    const high = { flags: 5, offset: 0x1100, address: 0x11100, fileBytes: 0x100, memoryBytes: 0x100 };
    const image = parseElf(elfFile({ segments: [low, high], entry: 0x11100 }), 'prog');
    expect(
      programAreas(image, SV39_LAYOUT, { object: 7, path: '/prog' }).map(({ start, end, protection }) => [
        start,
        end,
        protection,
      ]),
    ).toEqual([
      [0x10000, 0x11000, 1],
      [0x11000, 0x12000, 5],
    ]);
  });
});

describe('a bad program is refused with the byte and what was expected', () => {
  const cases: [name: string, bytes: Uint8Array, message: RegExp][] = [
    ['empty', new Uint8Array(0), /^p: not an ELF file: it is empty$/],
    ['a script', new TextEncoder().encode('#!/bin/sh\n'), /^p: not an ELF file: it is a script/],
    [
      'text',
      new TextEncoder().encode('hello'),
      /^p: not an ELF file: it starts with 68 65 6c 6c, expected 7f 45 4c 46$/,
    ],
    ['only the magic', elfFile().subarray(0, 16), /^p\+0x10: truncated: the header takes 64 bytes$/],
    ['32 bits', patched(elfFile(), 4, 1), /^p\+0x4: a 32-bit program/],
    ['no class', patched(elfFile(), 4, 9), /^p\+0x4: class 9, expected 2/],
    ['big-endian', patched(elfFile(), 5, 2), /^p\+0x5: byte order 2, expected 1/],
    ['ELF version', patched(elfFile(), 6, 2), /^p\+0x6: ELF version 2/],
    ['FreeBSD', patched(elfFile(), 7, 9), /^p\+0x7: for operating system 9/],
    ['x86-64', elfFile({ machine: 62 }), /^p\+0x12: machine 62 \(x86-64\), expected 243 \(RISC-V\)$/],
    [
      'an object file',
      elfFile({ type: 1 }),
      /^p\+0x10: type 1 \(relocatable \(.o\)\), expected 2 or 3: link it, with -static$/,
    ],
    ['quad floats', elfFile({ flags: 6 }), /^p\+0x30: quad-precision float ABI/],
    ['RV64E', elfFile({ flags: 8 }), /^p\+0x30: RV64E/],
    [
      'a dynamic program',
      elfFile({ type: 3, segments: [{ type: 3 }, code] }),
      /^p\+0x40: dynamically linked .*-static$/,
    ],
    ['no program headers', elfFile({ segments: [] }), /^p\+0x38: no program headers/],
    ['nothing to load', elfFile({ segments: [{ type: 4 }] }), /^p\+0x40: no PT_LOAD segment/],
    [
      'too many program headers',
      patched(elfFile(), 56, 0xff, 0xff),
      /^p\+0x38: 65535 program headers, at most 1170$/,
    ],
    ['header size', patched(elfFile(), 54, 32), /^p\+0x36: program headers of 32 bytes, expected 56$/],
    [
      'headers beyond the end',
      patched(elfFile(), 32, 0xff, 0xff),
      /^p\+0x20: truncated: program headers end at byte 65647/,
    ],
    [
      'headers far beyond',
      patched(elfFile(), 32, 255, 255, 255, 255, 255, 255, 255, 255),
      /^p\+0x20: truncated/,
    ],
    [
      'a truncated segment',
      elfFile({ bytes: 0x800 }),
      /^p\+0x60: truncated: segment ends at byte 4096, the file at 2048$/,
    ],
    [
      'memory smaller than file',
      elfFile({ segments: [{ ...code, memoryBytes: 0x800 }] }),
      /^p\+0x68: segment of 2048 bytes in memory but 4096 in the file$/,
    ],
    [
      'beyond user space',
      elfFile({ segments: [code, { address: 2 ** 38 - 4096, memoryBytes: 8192 }] }),
      /ends beyond 0x[0-9a-f]+, the end of user space$/,
    ],
    ['an absurd size', elfFile({ segments: [{ ...code, memoryBytes: 2 ** 52 }] }), /the end of user space$/],
    ['page zero', elfFile({ segments: [{ ...code, address: 0 }] }), /page zero/],
    [
      'misaligned',
      elfFile({ segments: [{ ...code, address: 0x10001 }] }),
      /^p\+0x48: misaligned: offset 0x0 and address 0x10001 differ modulo 4096$/,
    ],
    ['alignment', elfFile({ segments: [{ ...code, alignment: 3 }] }), /alignment 3, expected a power of two/],
    [
      'overlap',
      elfFile({ segments: [code, { ...code, address: 0x10000 }] }),
      /^p\+0x88: segment at 0x10000 overlaps the one that ends at 0x11000$/,
    ],
    [
      'two pages in one',
      elfFile({
        segments: [
          { ...code, fileBytes: 0x800, memoryBytes: 0x800 },
          { flags: 6, offset: 0x1900, address: 0x10900, fileBytes: 4 },
        ],
      }),
      /^p\+0x88: segment at 0x10900 shares a page/,
    ],
    ['entry nowhere', elfFile({ entry: 0x90000 }), /^p\+0x18: entry 0x90000 lies in no segment$/],
    [
      'entry in data',
      elfFile({ entry: 0x12010 }),
      /^p\+0x18: entry 0x12010 lies in a segment that is not executable$/,
    ],
    ['entry odd', elfFile({ entry: 0x10101 }), /^p\+0x18: entry 0x10101 is odd/],
  ];
  it.each(cases)('%s', (_name, bytes, message) => {
    expect(() => parseElf(bytes, 'p')).toThrow(UserError);
    expect(() => parseElf(bytes, 'p')).toThrow(message);
  });
});

describe('mutated programs', () => {
  it('are read or refused, and what is read can be laid out', () => {
    const random = randomState(7);
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const bytes = elfFile({ type: 2 + nextBelow(random, 2) });
      // Most mutations fall into the headers, where they matter; several at once reach the later checks.
      for (let n = 1 + nextBelow(random, 3); n > 0; n--) {
        const at = nextBelow(random, 64 + 2 * 56);
        bytes[at] = nextBelow(random, 4) === 0 ? 0xff : nextBelow(random, 256);
      }
      const cut = nextBelow(random, 20) === 0 ? bytes.subarray(0, nextBelow(random, bytes.length)) : bytes;
      try {
        const image = parseElf(cut, 'p');
        const areas = programAreas(image, SV39_LAYOUT, { object: 1, path: '/p' });
        for (let i = 0; i < areas.length; i++) {
          const { start, end } = areas[i]!;
          expect(start % 4096 === 0 && end % 4096 === 0 && start < end && end <= 2 ** 38).toBe(true);
          if (i > 0) expect(areas[i - 1]!.end).toBeLessThanOrEqual(start);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as UserError).message).not.toContain('\n');
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(5_000);
  });
});
