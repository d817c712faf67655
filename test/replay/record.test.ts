import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { nextBelow, randomState } from '../../src/base/random.ts';
import { type RecordEntry, type RecordHeader, recordWriter } from '../../src/replay/record-format.ts';
import { readRecord } from '../../src/replay/record-reader.ts';

const header: RecordHeader = { granularity: 'every', pageSize: 4096, program: ['prog', 'ä b'] };

function written(form: 'binary' | 'text', head: RecordHeader, entries: readonly RecordEntry[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  const writer = recordWriter(form, head, (bytes) => pieces.push(bytes));
  for (const entry of entries) {
    if (entry.type === 'reference') writer.reference(entry.kind, entry.address, entry.bytes);
    else if (entry.type === 'space') writer.space(entry.space);
    else if (entry.type === 'unmap') writer.unmap(entry.page, entry.count);
    else if (entry.type === 'share') writer.share(entry.page, entry.space, entry.of);
    else if (entry.type === 'part') writer.part(entry.page);
    else writer.exit();
  }
  writer.finish();
  return Uint8Array.from(Buffer.concat(pieces));
}

function randomEntries(count: number): RecordEntry[] {
  const random = randomState(3);
  const kinds = ['fetch', 'load', 'store'] as const;
  const entries: RecordEntry[] = [{ type: 'space', space: 0 }];
  for (let i = 0; i < count; i++) {
    const kind = kinds[nextBelow(random, 3)]!;
    // Near and far distances: zigzags of every length up to 38 bits.
    const address =
      nextBelow(random, 2 ** (1 + nextBelow(random, 32))) * (nextBelow(random, 2) === 0 ? 1 : 64);
    if (kind === 'fetch')
      entries.push({ type: 'reference', kind, address: address - (address % 2), bytes: 2 });
    else entries.push({ type: 'reference', kind, address, bytes: 1 << nextBelow(random, 4) });
    if (nextBelow(random, 50) === 0)
      entries.push({ type: 'unmap', page: nextBelow(random, 2 ** 26), count: 1 + nextBelow(random, 9) });
    if (nextBelow(random, 60) === 0) {
      const [page, space, of] = [2 ** 26, 70_000, 2 ** 32].map((most) => nextBelow(random, most));
      entries.push({ type: 'share', page: page!, space: space!, of: of! }, { type: 'part', page: of! });
    }
  }
  return [...entries, { type: 'exit' }];
}

describe.each(['binary', 'text'] as const)('a %s record', (form) => {
  it('reads back as it was written', () => {
    // More than one chunk of 64 KiB.
    const entries = randomEntries(60_000);
    const read = readRecord(written(form, header, entries), 'r');
    expect(read.header).toEqual(header);
    expect([...read.entries]).toEqual(entries);
  });

  it('at page granularity holds successive references of a kind to a page once', () => {
    const head = { ...header, granularity: 'page' as const };
    const reference = (kind: 'fetch' | 'load' | 'store', address: number): RecordEntry => ({
      type: 'reference',
      kind,
      address,
      bytes: 4,
    });
    const bytes = written(form, head, [
      reference('fetch', 0x10000),
      reference('fetch', 0x10004),
      reference('load', 0x20010),
      reference('fetch', 0x10008),
      reference('store', 0x20018),
      reference('store', 0x20020),
      { type: 'unmap', page: 0x20, count: 1 },
      reference('store', 0x20020),
    ]);
    const pages = [...readRecord(bytes, 'r').entries].map((entry) =>
      entry.type === 'reference' ? `${entry.kind} ${entry.address / 4096}` : entry.type,
    );
    expect(pages).toEqual(['fetch 16', 'load 32', 'fetch 16', 'store 32', 'unmap', 'store 32']);
  });

  it('that is cut off says so', () => {
    const bytes = written(form, header, randomEntries(100));
    const entries = readRecord(bytes.subarray(0, bytes.length - 2), 'r').entries;
    if (form === 'text') expect(() => [...entries]).toThrow(/^r:\d+: /);
  });
});

it.each([
  'share 1f 0',
  'share 1f 0 xyz',
  'share 1f zero 2',
  'share',
  'part',
  'part 1g',
  'parts 1',
])("'%s' is no entry", (line) => {
  const bytes = new TextEncoder().encode(
    `pagewalk-references 1 text\n${JSON.stringify(header)}\nf 10000 2\n${line}\n`,
  );
  expect(() => [...readRecord(bytes, 'r').entries]).toThrow(`r:4: '${line}' is not an entry`);
});

it('straight code takes a byte an instruction', () => {
  const entries: RecordEntry[] = [];
  for (let i = 0; i < 1000; i++)
    entries.push({ type: 'reference', kind: 'fetch', address: 0x10000 + 4 * i, bytes: 2 });
  const empty = written('binary', header, []).length;
  // The first one holds the distance from 0: 0x8000 units, zigzag 0x10000, 4 + 7 + 7 bits in 3 bytes.
  expect(written('binary', header, entries).length - empty).toBe(999 + 3);
});

it.each([
  ['nothing', '', /^r: not a reference record/],
  ['another file', 'hello\n{}\n', /^r: not a reference record/],
  ['another version', 'pagewalk-references 9 text\n{}\n', /^r:1: version 9/],
  ['no form', 'pagewalk-references 1\n{}\n', /^r:1: form/],
  ['no header', 'pagewalk-references 1 text\n', /^r:2: not JSON/],
  ['no granularity', 'pagewalk-references 1 text\n{}\n', /^r:2: no granularity/],
])('%s is refused', (_name, text, message) => {
  const bytes = new TextEncoder().encode(text);
  expect(() => readRecord(bytes, 'r')).toThrow(UserError);
  expect(() => readRecord(bytes, 'r')).toThrow(message);
});
