import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { parseCosts, type SystemOptions, systemConfig } from '../../src/system/config.ts';
import { systemOptionsSchema } from '../../src/system/options-schema.ts';
import { parseCount, parseDuration } from '../../src/system/time-syntax.ts';
import { checkRefillable, formatTlb, parseTlb } from '../../src/system/tlb-syntax.ts';

describe('--tlb', () => {
  const shape = { entries: 64, ways: 4, replacement: 'lru' };
  it.each([
    ['none', { kind: 'none' }],
    ['64x4:lru', { kind: 'split', data: shape, instructions: shape }],
    ['64x4', { kind: 'split', data: shape, instructions: shape }],
    ['unified:64x4:lru', { kind: 'unified', shape }],
    ['unified:8:fifo', { kind: 'unified', shape: { entries: 8, ways: 8, replacement: 'fifo' } }],
    [
      'data=64x4:lru;instructions=1x1:random',
      { kind: 'split', data: shape, instructions: { entries: 1, ways: 1, replacement: 'random' } },
    ],
    [
      '64x4:lru+super=32',
      {
        kind: 'split',
        data: shape,
        instructions: shape,
        superpages: { entries: 32, ways: 32, replacement: 'lru' },
      },
    ],
    [
      'data=64x4;instructions=64x4+super=8x2:fifo',
      {
        kind: 'split',
        data: shape,
        instructions: shape,
        superpages: { entries: 8, ways: 2, replacement: 'fifo' },
      },
    ],
    ['unified:64x4+super=64x4', { kind: 'unified', shape, superpages: shape }],
  ])('%s', (text, config) => {
    expect(parseTlb(text, '--tlb')).toEqual(config);
    expect(parseTlb(formatTlb(parseTlb(text, '--tlb')), '--tlb')).toEqual(config);
  });

  it.each([
    ['', /is not a TLB/],
    ['64x', /is not a TLB/],
    ['64x4:mru', /unknown TLB replacement 'mru'; known: lru, fifo, random/],
    ['0x4', /0 entries/],
    ['64x0', /0 ways/],
    ['65x4', /make 16.25 sets/],
    ['12x4', /make 3 sets; that has to be a power of two/],
    ['data=64x4', /has to give both/],
    ['data=64x4;data=64x4', /is not data=SHAPE/],
    ['999999', /give 1 to 65536/],
    ['64x4+32', /'\+32' is not \+super=SHAPE/],
    ['64x4+super=4+super=4', /is not \+super=SHAPE/],
    ['64x4+super=', /'' is not a TLB/],
    ['none+super=4', /without a TLB there is none for superpages/],
  ])('%j is refused', (text, message) => {
    expect(() => parseTlb(text, '--tlb')).toThrow(message);
    expect(() => parseTlb(text, '--tlb')).toThrow(/^--tlb: /);
  });
});

describe('a TLB that software is to refill', () => {
  it.each(['64x4', '2x2', '2x1', 'unified:4x4', 'unified:64x2:random'])('may be %s', (text) => {
    expect(() => checkRefillable(parseTlb(text, '--tlb'), '--tlb')).not.toThrow();
  });

  it.each([
    ['none', /^--tlb: none can't be refilled by software: there is no TLB to refill/],
    ['1x1', /may need 2 pages of instructions at once, and the TLB for them has 1 entry/],
    ['data=1;instructions=64x4', /may need 2 pages of data at once/],
    ['unified:3', /may need 4 entries of a set at once, and sets have 3/],
    ['unified:64x1', /may need 2 entries of a set at once, and sets have 1/],
    ['64x4+super=4', /software refills pages of 4 KiB only/],
  ])('may not be %s', (text, message) => {
    expect(() => checkRefillable(parseTlb(text, '--tlb'), '--tlb')).toThrow(message);
    expect(() => checkRefillable(parseTlb(text, '--tlb'), '--tlb')).toThrow(UserError);
  });
});

describe('durations and counts', () => {
  it.each([
    ['10s', 1e10],
    ['250ms', 2.5e8],
    ['3us', 3000],
    ['100ns', 100],
    ['1.5', 1.5e9],
  ])('%s', (text, ns) => {
    expect(parseDuration(text, 'p')).toBe(ns);
  });
  it.each(['', 's', '-1s', '1h', '1e3s', '99999999999999s'])('%j is no duration', (text) => {
    expect(() => parseDuration(text, 'p')).toThrow(UserError);
  });
  it('counts take thousands, millions and billions', () => {
    expect([
      parseCount('12', 0, 'p'),
      parseCount('3k', 0, 'p'),
      parseCount('5m', 0, 'p'),
      parseCount('1G', 0, 'p'),
    ]).toEqual([12, 3000, 5e6, 1e9]);
    expect(() => parseCount('0', 1, 'p')).toThrow(/from 1 on/);
    expect(() => parseCount('1.5', 1, 'p')).toThrow(UserError);
  });
});

describe('a configuration', () => {
  it('has the documented defaults', () => {
    const shape = { entries: 64, ways: 4, replacement: 'lru' };
    expect(systemConfig({})).toMatchObject({
      sizing: { mode: 'memory', frames: 16_384 },
      translation: 'sv39',
      tlb: { kind: 'split', data: shape, instructions: shape },
      replacement: 'clock',
      swap: { kind: 'temporary', capacity: 65_536 },
      loading: 'lazy',
      writeXorExecute: 'off',
      execute: 'nx',
      storeFaults: [],
      swapChecksums: 'on',
      seed: 1,
      costs: { memory: 100, diskPage: 10_000_000 },
    });
  });

  const bad: [SystemOptions, RegExp][] = [
    [{ memory: '5000' }, /^--memory: '5000' is not a whole number of 4K pages/],
    [{ memory: 'lots' }, /^--memory: 'lots' is not a size/],
    [{ memory: '4G' }, /^--memory: 4G is more than the machine can have \(3G\)$/],
    [{ frames: 0 }, /^--frames: '0' is not a whole number from 1 on$/],
    [{ frames: 4, memory: '64K' }, /^--frames: give either/],
    [{ replacement: 'best' }, /^--replacement: unknown policy 'best'; known: fifo, random, lru, .*clock/],
    [{ translation: 'sv57' }, /^--translation: unknown 'sv57'; known: sv39, sv48, .*hashed/],
    [{ asids: 1 }, /^--asids: '1' is no number of address-space identifiers: give 2 to 65536, or none$/],
    [{ asids: '65537' }, /^--asids: '65537'/],
    [{ asids: 'some' }, /^--asids: 'some'/],
    [{ tlbClasses: true, tlb: 'none' }, /^--tlb-classes: there is no TLB/],
    [{ tlbClasses: true, tlb: '64x4+super=8' }, /^--tlb-classes: .* by pages of 4K/],
    [{ cache: '32K' }, /^--cache: '32K' is not a cache; give SIZE:WAYS:LINE/],
    [{ cache: '32K:8:64:both' }, /^--cache: unknown 'both'; known: physical, virtual, vipt$/],
    [{ cache: '32K:0:64' }, /^--cache: 0 ways; give 1 or more$/],
    [{ cache: '32K:3:64' }, /^--cache: 32K in 3 ways of lines of 64 bytes make .* power of two$/],
    [{ cache: '32K:8:60' }, /^--cache: lines of 60 bytes; give a power of two from 8 to 4096$/],
    [{ cache: '1G:8:64' }, /^--cache: 1G is too large; give 64M or less$/],
    [{ cache: '32K:8:64', translation: 'base-bounds' }, /^--cache: not under base-bounds: /],
    [{ tlbClasses: true, translation: 'segmented' }, /^--tlb-classes: not under segmented: /],
    [
      { translation: 'base-bounds', translations: ['sv39'] },
      /^--programs: 'sv39' can't be for one program while /,
    ],
    [
      { translations: ['segmented'] },
      /^--programs: 'segmented' can't be for one program while the others have sv39/,
    ],
    [{ swap: 'disk' }, /^--swap: unknown store 'disk'/],
    [{ swap: 'file,5' }, /^--swap: '5' is not a whole number of 4K pages/],
    [{ loading: 'fast' }, /^--loading: unknown 'fast'; known: lazy, eager$/],
    [{ seed: 'x' }, /^--seed: 'x' is not a whole number of 32 bits$/],
    [{ seed: 2 ** 33 }, /^--seed/],
    [{ maxTime: 'soon' }, /^--max-time: 'soon'/],
    [{ maxInstructions: -1 }, /^--max-instructions: '-1'/],
    [{ costs: { memory: -1 } }, /^--costs: memory=-1/],
    [{ costs: { memory: 0.5 } }, /^--costs: memory=0.5 is not a whole number/],
  ];
  it.each(bad)('%j is refused', (options, message) => {
    expect(() => systemConfig(options)).toThrow(UserError);
    expect(() => systemConfig(options)).toThrow(message);
  });

  it('names the place it is told', () => {
    expect(() => systemConfig({ tlb: '?' }, (option) => `c.json: ${option}`)).toThrow(/^c.json: tlb: /);
  });

  it('takes costs by name', () => {
    expect(systemConfig({ costs: parseCosts('memory=50,trap=0', '--costs') }).costs).toMatchObject({
      memory: 50,
      trap: 0,
      walkLoad: 100,
    });
    expect(() => parseCosts('memory', '--costs')).toThrow(/'memory' is not NAME=NS/);
    expect(() => parseCosts('disk=1', '--costs')).toThrow(/unknown cost 'disk'; known: instruction, memory/);
  });

  it('agrees with its schema', () => {
    expect(
      systemOptionsSchema.parse({ memory: '1M', costs: { memory: 1 }, maxInstructions: '5m' }),
    ).toBeDefined();
    expect(systemOptionsSchema.safeParse({ memroy: '1M' }).success).toBe(false);
  });
});
