import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import type { FormatContext } from '../../../src/replay/formats/contract.ts';
import { findFormat, traceFormats } from '../../../src/replay/formats/registry.ts';
import { bytesOf, callsOf, expectCutsAlike, expectOnlyUserErrors, notesOf, parsed } from './harness.ts';
import * as from from './samples.ts';

const format = (name: string) => findFormat(name, 'test');

describe.each(traceFormats.map((one) => one.name))('%s', (name) => {
  const sample = from.samples[name]!;

  it('reads the same however its bytes are cut', () => expectCutsAlike(format(name), sample));

  it('gives nothing but UserErrors for mutated bytes', () => expectOnlyUserErrors(format(name), sample));

  it('reads lines that end in CR LF', () => {
    if (name === 'oracle-general' || name === 'pagewalk') return;
    const text = new TextDecoder().decode(sample);
    const ends = text.replaceAll('\n', '\r\n');
    expect(callsOf(format(name), ends)).toEqual(callsOf(format(name), text));
    expect(callsOf(format(name), `\ufeff${text}`)).toEqual(callsOf(format(name), text));
  });
});

describe('what the samples hold', () => {
  it.each<[name: string, text: string, calls: string[]]>([
    [
      'lackey',
      from.lackeySample,
      [
        'f 401ab70,3',
        'f 401ab73,5',
        's 1fff000778,8',
        'f 401b770,1',
        'l 4032e40,8',
        'l 4033e06,1',
        's 4033e06,1',
      ],
    ],
    [
      'pages',
      '7, 0,1 2 # w 9\nw 3 4 r5\n6',
      [7, 0, 1, 2].map((n) => `page l ${n}`).concat(['page s 3', 'page s 4', 'page l 5', 'page l 6']),
    ],
    ['pages', 'R 0xFFFFFFFFFFFFFFFF', ['page l ffffffffffffffff']],
    [
      'pages',
      '18446744073709551615 4294967296 9007199254740993',
      ['page l ffffffffffffffff', 'page l 100000000', 'page l 20000000000001'],
    ],
    ['pages', 'f 12,f0x12\nI0x3', ['page f c', 'page f 12', 'page f 3']],
    ['addresses', '0x7ffe0010\nS 0x7ffe0018', ['l 7ffe0010,1', 's 7ffe0018,1']],
    ['din', from.dinSample, ['f 0,1', 'l 1000,1', 'l 70f60888,1', 'f 2cb5,1', 's 70f60890,1']],
    ['din', '0 0x10 comment\n\n 1\tff', ['l 10,1', 's ff,1']],
    ['drmemtrace', from.viewSample, ['f 401d68,4', 's 7f8881e37a70,8', 'l 7ffdf9d85088,8']],
    ['drmemtrace', from.olderViewSample, ['f 402680,3', 'l 7f8881e37c70,8', 's 7f8881e37a70,8']],
    ['drmemtrace', from.workloadViewSample, ['owner 0', 'f 401d68,4', 'owner 1', 'l 7f8881e37a70,8']],
    [
      'pinatrace',
      from.pinatraceSample,
      ['s 7ffd6a3c5f98,1', 's 7ffd6a3c5f90,1', 'l 7f3f0f7c5e68,1', 'l 0,1'],
    ],
    ['pinatrace', '0x1: R 0x20 8 0x5\n', ['l 20,8']],
    [
      'perf',
      from.perfSample,
      ['owner 2037', 'l 558795ede5c0,1', 'l 7f95de942110,1', 'l 7f95de928b70,1', 's 7f95de91e4b0,1'],
    ],
    ['perf', from.perfFieldsSample, ['owner 912', 'l 7ffe005c4ed9,1', 's 7ffe005c4ee1,1']],
    ['csv', from.csvSample.replace(',,', ',4,'), ['owner 412', 's 7ffe0010,8', 'l 1000,4']],
    ['csv', '"Page";"R/W; or"\n"0x10";"x"\n\n"7"; y\n', ['page l 10', 'page l 7']],
    ['csv', 'time\tVPN\tOp\n1.5\t12\tStore\n2\t13\tfetch', ['page s c', 'page f d']],
    ['csv', 'page\n1\n2\n', ['page l 1', 'page l 2']],
  ])('%s', (name, text, calls) => {
    expect(callsOf(format(name), text)).toEqual(calls);
  });

  it('oracle-general', () => {
    expect(parsed(format('oracle-general'), [from.oracleSample]).calls).toEqual(
      ['28f1a09', 'fedcba9876543210', '7', '28f1a09', 'ffffffff'].map((object) => `page l ${object}`),
    );
  });

  it.each(['binary', 'text'] as const)('pagewalk, %s', (form) => {
    const all = [
      'owner 0',
      'f 10350,2',
      'l 3ffffffdc0,8',
      's 12010,4',
      'release 3ff7efd 256',
      'owner 1',
      's 12ffc,8',
      'exit',
    ];
    const bytes = from.recordSample(form);
    expect(parsed(format('pagewalk'), [bytes]).calls).toEqual(all);
    expectCutsAlike(format('pagewalk'), bytes);
    expectOnlyUserErrors(format('pagewalk'), bytes);
    // Pages of 64 KiB: those that are unmapped as a whole, from 0x3ff7efd0000 on.
    const large = parsed(format('pagewalk'), [bytes], { pageSize: 1 << 16 }).calls;
    expect(large).toContain('release 3ff7f0 15');
    expect(parsed(format('pagewalk'), [bytes], { pageSize: 2048 }).calls).toContain('release 7fefdfa 512');
  });

  it.each(['binary', 'text'] as const)('pagewalk at page granularity, %s', (form) => {
    const bytes = from.recordSample(form, 'page');
    expect(parsed(format('pagewalk'), [bytes]).calls.slice(0, 4)).toEqual([
      'owner 0',
      'f 10000,1',
      'l 3ffffff000,1',
      's 12000,1',
    ]);
    const small = () => parsed(format('pagewalk'), [bytes], { pageSize: 1024 });
    expect(small).toThrow('t: names pages of 4096 bytes only; --page-size 1024 is less');
  });
});

describe('columns', () => {
  const read = (text: string, columns: FormatContext['columns']): string[] =>
    callsOf(format('csv'), text, { columns });

  it('are taken by name, by a similar one, or by number', () => {
    const text = 'when,Where To,page\n1,0x20,3\n';
    expect(read(text, { address: 'Where To' })).toEqual(['l 20,1']);
    expect(read(text, { address: 'where_to' })).toEqual(['l 20,1']);
    expect(read(text, { address: '2' })).toEqual(['l 20,1']);
    expect(read(text, { page: 'when' })).toEqual(['page l 1']);
    expect(read(text, {})).toEqual(['page l 3']);
  });

  it('of a table without names are taken by number', () => {
    expect(read('0x10,w\n0x20,r\n', { address: '1', kind: '2' })).toEqual(['s 10,1', 'l 20,1']);
  });

  it.each<[columns: FormatContext['columns'], message: string]>([
    [{ address: 'x' }, "t:1: no column 'x' for address; the columns are a, b"],
    [{ kind: 'a' }, 't:1: no column named address or page; the columns are a, b; choose some with --columns'],
    [{ page: '3' }, "t:1: no column '3' for page; the columns are a, b"],
  ])('%j that are not there are a mistake', (columns, message) => {
    expect(() => read('a,b\n1,2\n', columns)).toThrow(new UserError('', message).message);
  });
});

describe('mistakes', () => {
  it.each<[name: string, text: string, message: string]>([
    [
      'lackey',
      'I  1,2\n L 1ffe\n',
      "t:2: ' L 1ffe', expected I, L, S or M and ADDRESS,SIZE, e.g. ' L 1ffe,8'",
    ],
    [
      'lackey',
      'x\u001b[2J\ny\nI  1,2\n',
      "t:1: 'x?[2J' is no lackey line, like 2 of 3 lines; expected lackey output",
    ],
    [
      'pages',
      '1\n2 xyz\n',
      "t:2: 'xyz', expected a decimal number or one with 0x, up to 64 bits, after an optional letter r, w or i",
    ],
    ['pages', '18446744073709551616', "t:1: '18446744073709551616', expected"],
    ['pages', '0x10000000000000000', "t:1: '0x10000000000000000', expected"],
    ['pages', '1\nf12', "t:2: 'f12' may mean two things, expected 'f 12' or '0xf12'"],
    ['pages', '0x', "t:1: '0x', expected"],
    ['pages', `1\n${'9'.repeat(100)}`, `t:2: '${'9'.repeat(48)}…', expected`],
    ['addresses', '1\n-1\n', "t:2: '-1', expected"],
    ['din', '2 10\n9 20\n', "t:2: label '9', expected 0 read, 1 write or 2 fetch"],
    ['din', '12 10\n', "t:1: label '12', expected 0 read, 1 write or 2 fetch"],
    ['din', '0 xyz\n', "t:1: '0 xyz', expected a label and a hexadecimal address"],
    ['din', '0', "t:1: '0', expected a label and a hexadecimal address"],
    ['drmemtrace', ' 1  2:  77 read  8 bytes at 0x1\n', 't:1: '],
    [
      'pinatrace',
      '0x1: R 0x2\n0x1: X 0x2\n',
      "t:2: '0x1: X 0x2', expected '0xINSTRUCTION: R 0xADDRESS' or W",
    ],
    ['pinatrace', '0x1: R (nul)\n', "t:1: '0x1: R (nul)', expected"],
    ['perf', ' 2028 cycles:     7f23cf76bb73 _start (/usr/bin/ls)\n', 't:1: '],
    ['csv', 'address,size\n1,2\n1\n', 't:3: 1 columns, expected 2 or more'],
    ['csv', 'address,kind\n1,z\n', "t:2: 'z' in column 2, expected a kind: read, write or fetch"],
    ['csv', 'address,size\n1,-2\n', "t:2: '-2' in column 2, expected a size in bytes"],
    [
      'csv',
      'address\n7ffe\n',
      "t:2: '7ffe' in column 1, expected a address, decimal or with 0x, up to 64 bits",
    ],
    ['csv', 'address,x\n1,"2\n', 't:2: a quoted cell without its end on the line'],
    ['lackey', `I  1,2\n${'x'.repeat(70_000)}\n`, 't:2: a line of more than 65536 bytes'],
    [
      'pagewalk',
      'pagewalk-references 1 text\n{"granularity":"every","pageSize":4096}\nf zz 2\n',
      "t:3: 'f zz 2' is not an entry",
    ],
    [
      'pagewalk',
      'pagewalk-references 1 text\n{"granularity":"every","pageSize":4096}\nf 10 2',
      't:3: cut off: the line has no end',
    ],
    ['pagewalk', 'pagewalk-references 1 binary\n{"granularity":"every","pageSize":4096}\n\u007f', 't+0x45: '],
  ])('%s %j', (name, text, message) => {
    const read = (): unknown => callsOf(format(name), text);
    expect(read).toThrow(UserError);
    expect(read).toThrow(message);
  });

  it('of binary traces tell the offset', () => {
    const cut = from.oracleSample.subarray(0, 60);
    expect(() => parsed(format('oracle-general'), [cut])).toThrow(
      't+0x30: cut off: 12 bytes, expected an entry of 24',
    );
    const bad = from.oracleBytes([
      { time: 1, object: 1n, size: 1, next: -1n },
      { time: 1, object: 1n, size: 1, next: -(2n ** 40n) },
    ]);
    expect(() => parsed(format('oracle-general'), [bad])).toThrow(
      't+0x28: next request -1099511627776, expected its number',
    );
    const record = from.recordSample('binary');
    const cutRecord = record.subarray(0, record.length - 3);
    expect(() => parsed(format('pagewalk'), [cutRecord])).toThrow(
      `t+0x${cutRecord.length.toString(16)}: cut off`,
    );
  });
});

describe('notes', () => {
  it.each<[name: string, text: string, notes: string[]]>([
    ['lackey', from.lackeySample, []],
    [
      'lackey',
      'I  1,2\nhello\nI  2,2\n S 1,1',
      ['1 line that is not lackey output left out, the first at t:2'],
    ],
    ['din', from.dinSample, ['1 escape records (labels 3 and 4) left out']],
    ['drmemtrace', from.workloadViewSample, ['1 prefetches and cache flushes left out']],
    ['pinatrace', '0x1: R 0x2\n', ['the trace has no #eof line: the program was ended before its end']],
    [
      'perf',
      from.perfSample,
      ['a sample: perf records some of the references, not all', '1 samples without an address left out'],
    ],
  ])('%s %j', (name, text, notes) => expect(notesOf(format(name), text)).toEqual(notes));
});

it('an empty trace of text holds nothing', () => {
  for (const one of traceFormats) if (one.name !== 'pagewalk') expect(parsed(one, []).calls).toEqual([]);
  expect(() => parsed(format('pagewalk'), [bytesOf('')])).toThrow('t: not a reference record');
});
