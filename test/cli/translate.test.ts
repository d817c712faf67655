/** The command `translate`: what it prints, as text and as JSON, its list of addresses, its exercises, its one-line complaints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { chooseScheme, type SchemeFlags } from '../../src/cli/translate-options.ts';
import { inTemporaryDirectory, pagewalk } from './cli.ts';

const examples = (name: string) => `examples/translate/${name}.json`;
const translate = (args: readonly string[], input?: string) =>
  pagewalk(['translate', ...args], input === undefined ? {} : { input });

describe('translate', () => {
  it('shows the fields, the loads and the answer', () => {
    const { status, out } = translate(['--config', examples('two-level'), '0x00400123', '0x00800000']);
    expect(status).toBe(0);
    expect(out).toBe(`Two levels, 10/10/12: a program, its heap and its stack

0x00400123 (4194595)  load

     index 1 │    index 0 │       offset
  0000000001 │ 0000000000 │ 000100100011
           1 │          0 │          291

  load         index     address       value  meaning
  table entry      1  0x00001004  0x00000801  table in frame 2
  page entry       0  0x00002000  0x0000401b  frame 16, r-x

  physical address 0x00010123 (65827)

0x00800000 (8388608)  load

     index 1 │    index 0 │       offset
  0000000010 │ 0000000000 │ 000000000000
           2 │          0 │            0

  load         index     address       value  meaning
  table entry      2  0x00001008  0x00000000  not valid

  fault: valid: the entry is not valid
`);
  });

  it('takes simple schemes from flags', () => {
    const flags = ['--scheme', 'base-bounds', '--base', '16K', '--bounds', '4K', '--json'];
    const { status, out } = translate([...flags, '0xfff', '4096']);
    expect(status).toBe(0);
    const { schema, translations } = JSON.parse(out);
    expect(schema).toBe('pagewalk.translate/1');
    expect(
      translations.map((one: { physical: number; fault: unknown }) => [one.physical, one.fault]),
    ).toEqual([
      [16_384 + 4095, null],
      [null, { rule: 'bounds', why: 'the address is not below the bounds register' }],
    ]);
    const map = ['--scheme', 'multi-level', '--index-bits', '3,3', '--page', '32', '--first-table', '1'];
    const two = translate([
      ...map,
      '--map',
      '0x40+2=9:rx',
      '--map',
      '1024=20',
      '--brief',
      '0x45',
      '0x61',
      '0x41f',
    ]);
    // 0x45 = 0 / 2 / 5: frame 9. 0x61: frame 10. 0x41f = 4 / 0 / 31: frame 20.
    expect(two.out).toBe(`address  access  index 1  index 0  offset  loads  physical address
0x045    load          0        2       5      2        0x00000125
0x061    load          0        3       1      2        0x00000141
0x41f    load          4        0      31      2        0x0000029f
`);
  });

  it('reads a list of addresses, also from standard input, and flags before the file', () => {
    const list = '# heap\n0x1000 store\n 100 fetch # code\n\n0x2000\n';
    const flags = ['--config', examples('segments'), '--addresses', '-', '--brief', '--access', 'store'];
    const { status, out } = translate(flags, list);
    expect(status).toBe(0);
    expect(
      out
        .split('\n')
        .slice(1, -1)
        .map((line) => line.replace(/ +/g, ' ')),
    ).toEqual([
      '0x1000 store 1 0 0 0x8800',
      '0x0064 fetch 0 100 0 0x8064',
      '0x2000 store 2 0 0 fault: segment',
    ]);
    const other = translate(['--config', examples('hashed'), '--space', '2', '--json', '0x400000']);
    expect(JSON.parse(other.out).translations[0].physical).toBe(65 * 4096);
  });

  it('describes', () => {
    const { out } = translate(['--config', examples('two-level-root'), '--describe']);
    expect(out).toContain(
      '\n  an entry of level 1 maps         4M  2^10 entries of 4 bytes: 4096 bytes a table\n',
    );
    expect(out).toContain('\n  0x00400000 to 0x007fffff  entry 1\n');
    const json = translate(['--scheme', 'linear', '--page', '64K', '--describe', '--json']);
    const { schema, figures } = JSON.parse(json.out);
    expect(schema).toBe('pagewalk.translate-describe/1');
    expect(figures).toContainEqual({
      name: 'page table',
      value: 262_144,
      unit: 'bytes',
      note: 'of each process',
    });
  });

  it('sets exercises, shows their answers, and marks those of others', () => {
    const quiz = ['--scheme', 'linear', '--quiz', '6', '--seed', '7'];
    const sheet = translate(quiz);
    expect(sheet.status).toBe(0);
    expect(translate(quiz).out).toBe(sheet.out);
    expect(sheet.out).not.toContain('physical address 0x');
    const shown: string[] = [
      ...translate([...quiz, '--answers']).out.matchAll(/^ *\d+\. .*?: {2}(.*)$/gm),
    ].map((match) =>
      match[1]!.replace(/^physical address (\S+).*/, '$1').replace(/^fault: ([^:]*):.*/, 'fault $1'),
    );
    expect(shown.length).toBe(6);
    inTemporaryDirectory((directory) => {
      const file = join(directory, 'answers.txt');
      writeFileSync(file, shown.join('\n'));
      const all = translate([...quiz, '--check', file]);
      expect(all.status).toBe(0);
      expect(all.out).toMatch(/\n6 right, 0 wrong, 0 missing\n$/);
      writeFileSync(file, ['1', ...shown.slice(1, 5)].join('\n'));
      const some = translate([...quiz, '--check', file, '--json']);
      expect(some.status).toBe(1);
      expect(JSON.parse(some.out)).toMatchObject({ right: 4, wrong: 1, missing: 1 });
    });
    const own = translate(['--config', examples('sv39'), '--quiz', '3']);
    expect(own.out).toContain('Sv39 with a large page of 2 MiB beside small ones: 3 questions, seed 1');
  });

  it.each<[string[], RegExp]>([
    [[], /^translate: give --config FILE or --scheme, one of base-bounds, segments, /],
    [['--config', 'nosuch.json', '0'], /^nosuch\.json: no such file$/],
    [
      ['--config', examples('linear'), '0x40'],
      /^<addresses>: 0x40 lies outside of the address space of 6 bits$/,
    ],
    [['--config', examples('linear')], /^<addresses>: no address is given; /],
    [['--config', examples('linear'), '--addresses', '-'], /^standard input:2: '0xg' is no address; /],
    [['--scheme', 'linear', '--check', 'x', '0'], /^--check: belongs to --quiz, which is not given$/],
    [['--scheme', 'linear', '--quiz', '2', '--check', '-'], /^standard input:2: '0xg' is no answer; /],
    [['--scheme', 'linear', '--quiz', '2', '0'], /^--quiz: draws its addresses itself; none can be given$/],
  ])('%j is told in one line', (args, line) => {
    const { status, out, error } = translate(args, '1\n0xg\n');
    expect(error).toMatch(/^pagewalk: .*\n$/);
    expect(error.slice('pagewalk: '.length, -1)).toMatch(line);
    expect([status, out]).toEqual([2, '']);
  });

  it.each<[Partial<SchemeFlags>, RegExp]>([
    [{ scheme: 'sv57' }, /^--scheme: unknown scheme 'sv57'; known: base-bounds, /],
    [{ config: 'README.md' }, /^README\.md: not JSON: /],
    [{ config: 'package.json' }, /^package\.json: scheme: no scheme; known: /],
    [{ config: examples('linear'), entryBytes: '5' }, /^--entry-bytes: /],
    [{ config: examples('linear'), firstTable: '5' }, /^--first-table: unknown key; linear has: /],
    [{ scheme: 'linear', bounds: '3' }, /^--bounds: unknown key; linear has: /],
    [{ scheme: 'linear', addressBits: 'x' }, /^--address-bits: 'x' is not a whole number$/],
    [{ scheme: 'linear', page: '3K' }, /^--page: '3K' is no power of two from 2 on$/],
    [{ scheme: 'multi-level', indexBits: '9,', page: '4K' }, /^--index-bits: '' is not a whole number$/],
    [{ scheme: 'multi-level', indexBits: '9' }, /^--page: is missing, expected number$/],
    [{ scheme: 'sv39', map: ['0x1000'] }, /^--map: '0x1000' is not VIRTUAL\[\+PAGES\]=FRAME/],
    [{ scheme: 'sv39', map: ['0x1000=3:q'] }, /^--map: '0x1000=3:q' is not VIRTUAL/],
    [{ scheme: 'sv39', map: ['0x1000+0=3'] }, /^--map: /],
  ])('%j names the flag, or the file and its key', (flags, line) => {
    expect(() => chooseScheme({ map: [], ...flags })).toThrow(UserError);
    expect(() => chooseScheme({ map: [], ...flags })).toThrow(line);
  });
});
