import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import { HEAD_BYTES } from '../../../src/replay/formats/head.ts';
import { readTrace } from '../../../src/replay/formats/read.ts';
import { chooseFormat, findFormat, traceFormats } from '../../../src/replay/formats/registry.ts';
import { bytesOf, Calls, context } from './harness.ts';
import * as from from './samples.ts';

const chosen = (text: string): string => chooseFormat(bytesOf(text), 't').name;

describe('the format of a trace is recognized', () => {
  it.each(Object.entries(from.samples))('%s', (name, bytes) => {
    expect(chooseFormat(bytes, 't').name).toBe(name);
  });

  it.each<[name: string, text: string]>([
    ['pages', '7 0 1 2 0 3 0 4'],
    ['pages', '0 1\n1 2\n2 0\n'],
    ['pages', '1\n2\n3'],
    ['pages', 'w 1\nr 2\n'],
    ['addresses', '0x10, 32'],
    ['din', '2 10\n0 7fff\n'],
    ['din', '2 0x10\n0 0x20\n'],
    ['csv', 'page\n1\n2\n'],
    ['csv', 'some;names\n1;2\n'],
    ['lackey', ' L 10,1\n M 20,1\n L 22,1\n'],
    ['drmemtrace', from.olderViewSample],
    ['perf', from.perfFieldsSample],
  ])('%s %j', (name, text) => expect(chosen(text)).toBe(name));

  it('also when the head ends within a word', () => {
    const long = bytesOf('0x7ffe0010\n'.repeat(HEAD_BYTES));
    expect(chooseFormat(long.subarray(0, HEAD_BYTES), 't').name).toBe('addresses');
    expect(chooseFormat(bytesOf('12345 '.repeat(HEAD_BYTES)).subarray(0, HEAD_BYTES), 't').name).toBe(
      'pages',
    );
    const record = from.recordSample('binary');
    expect(chooseFormat(record, 't').name).toBe('pagewalk');
  });

  it('or the ones there are are named', () => {
    const all = traceFormats.map(({ name }) => name).join(', ');
    for (const text of ['hello world\n', '\0\0\0\0', 'a,b\n1,2,3\n']) {
      expect(() => chosen(text)).toThrow(`t: of no known format; choose one with --format: ${all}`);
    }
    expect(() => chooseFormat(Uint8Array.of(0xff, 0xfe, 0x31, 0), 't')).toThrow(
      't: UTF-16 text; convert it to UTF-8',
    );
    expect(() => findFormat('elf', '--format')).toThrow(`--format: no format 'elf', expected one of ${all}`);
  });
});

it('every format says what it is', () => {
  for (const { name, summary, source, example } of traceFormats) {
    expect(name).toMatch(/^[a-z-]+$/);
    for (const text of [summary, source, example]) expect(text.length).toBeGreaterThan(5);
  }
});

describe('a trace is read', () => {
  async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  it.each([1, 7, 1 << 16])('from pieces of %d bytes', async (size) => {
    const sink = new Calls();
    const format = await readTrace(pieces(bytesOf(from.lackeySample), size), undefined, context, sink);
    expect(format.name).toBe('lackey');
    expect(sink.calls).toHaveLength(7);
  });

  it('past its head', async () => {
    const sink = new Calls();
    const lines = 30_000;
    await readTrace(pieces(bytesOf('0x1234\n'.repeat(lines)), 50_000), undefined, context, sink);
    expect(sink.calls).toHaveLength(lines);
  });

  it('in the format that is named', async () => {
    const sink = new Calls();
    await readTrace(pieces(bytesOf('1 2'), 1), findFormat('addresses', ''), context, sink);
    expect(sink.calls).toEqual(['l 1,1', 'l 2,1']);
    await expect(
      readTrace(pieces(bytesOf('1 2'), 1), findFormat('pagewalk', ''), context, sink),
    ).rejects.toThrow(UserError);
  });

  it('and an empty one holds nothing', async () => {
    for (const format of [undefined, findFormat('pagewalk', '')]) {
      const sink = new Calls();
      await readTrace(pieces(new Uint8Array(0), 1), format, context, sink);
      expect(sink.calls).toEqual([]);
    }
  });
});
