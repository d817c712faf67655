import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { formatSize, parsePages, parseSize } from '../../src/base/sizes.ts';

describe('sizes', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['256K', 262_144],
    ['64M', 67_108_864],
    ['64m', 67_108_864],
    ['1G', 1_073_741_824],
    ['007K', 7168],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%s', (text, bytes) => {
    expect(parseSize(text, '--memory')).toBe(bytes);
  });

  it.each(['', ' 1', '1 K', '1.5M', '-1', '1T', '1KB', 'K', '1e3', '0x10', '１'])('refuses %j', (text) => {
    expect(() => parseSize(text, '--memory')).toThrow(
      new UserError('--memory', `'${text}' is not a size; give bytes, or a number with K, M or G, e.g. 64M`),
    );
  });

  it('refuses what is no longer exact', () => {
    // 2^53 is the first integer whose successor a double does not hold.
    expect(() => parseSize('9007199254740992', '--memory')).toThrow("'9007199254740992' is too large");
    expect(() => parseSize('8388608G', '--memory')).toThrow("'8388608G' is too large");
    expect(parseSize('8388607G', '--memory')).toBe(8388607 * 2 ** 30);
  });

  it('counts whole pages', () => {
    expect(parsePages('64K', '--memory')).toBe(16);
    for (const text of ['0', '4095', '4097']) {
      expect(() => parsePages(text, '--memory')).toThrow(
        `--memory: '${text}' is not a whole number of 4K pages`,
      );
    }
  });

  it.each([
    [0, '0'],
    [1023, '1023'],
    [1024, '1K'],
    [1536 * 1024, '1536K'],
    [2 ** 26, '64M'],
    [2 ** 40, '1024G'],
  ])('formats %d', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  it('reads back what it writes', () => {
    const sizes = fc.tuple(fc.nat(2 ** 20), fc.nat(33)).map(([n, shift]) => n * 2 ** shift);
    fc.assert(fc.property(sizes, (bytes) => parseSize(formatSize(bytes), '') === bytes));
  });
});
