import fc from 'fast-check';
import { parquetMetadataAsync, parquetRead, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { type Columns, columnsCsv, columnsJson, columnsParquet } from '../../../src/report/columns/index.ts';

/** Tables of 0 to 40 rows, one column of each type at least, with unlike names and any values. */
const tables: fc.Arbitrary<Columns> = fc
  .tuple(
    fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 3, maxLength: 6 }),
    fc.nat(40),
  )
  .chain(([names, rows]) => {
    const list = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: rows, maxLength: rows });
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[",\r\n a]{0,5}$/));
    const values = [list(fc.maxSafeInteger()), list(fc.double()), list(text)] as const;
    const column = (name: string, i: number) => {
      const type = (['integer', 'number', 'text'] as const)[i % 3]!;
      return values[i % 3]!.map((list) => ({ name, type, values: list }) as Columns['columns'][number]);
    };
    return fc.tuple(...names.map(column)).map((columns) => ({ name: 'table', columns }));
  });

/** RFC 4180, strictly: the fields of each record. */
function readCsv(text: string): string[][] {
  const records: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\n)/gy;
  let record: string[] = [];
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const found = field.exec(text);
    if (found === null) throw new Error(`no field at ${at}`);
    record.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    if (found[3] === '\n') {
      records.push(record);
      record = [];
    }
  }
  return records;
}

const rowsOf = ({ columns }: Columns) =>
  Array.from({ length: columns[0]!.values.length }, (_, row) => columns.map(({ values }) => values[row]!));

const small: Columns = {
  name: 'small',
  columns: [
    { name: 'policy', type: 'text', values: ['lru', '"a", b', ''] },
    { name: 'frames', type: 'integer', values: Uint32Array.of(1, 2, 4_000_000_000) },
    { name: 'ratio', type: 'number', values: [0.1, Number.NaN, Infinity] },
  ],
};

describe('a table as CSV', () => {
  it('has a line of names and a line a row', () => {
    expect(columnsCsv(small)).toBe(
      'policy,frames,ratio\nlru,1,0.1\n"""a"", b",2,NaN\n"",4000000000,Infinity\n',
    );
  });
  it('is read back as it was', () => {
    fc.assert(
      fc.property(tables, (table) => {
        const [names, ...records] = readCsv(columnsCsv(table));
        expect(names).toEqual(table.columns.map(({ name }) => name));
        const read = records.map((record) =>
          record.map((text, i) => (table.columns[i]!.type === 'text' ? text : Number(text))),
        );
        expect(read).toEqual(rowsOf(table));
      }),
    );
  });
});

describe('a table as JSON', () => {
  it('is read back, with null for what JSON has no number for', () => {
    expect(JSON.parse(columnsJson(small))).toEqual({
      name: 'small',
      columns: [
        { name: 'policy', type: 'text', values: ['lru', '"a", b', ''] },
        { name: 'frames', type: 'integer', values: [1, 2, 4_000_000_000] },
        { name: 'ratio', type: 'number', values: [0.1, null, null] },
      ],
    });
  });
});

/** A file as hyparquet wants it. */
const bufferOf = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

const rowsIn = (file: ArrayBuffer): Promise<unknown[][]> =>
  new Promise((resolve, reject) => {
    parquetRead({ file, onComplete: (rows) => resolve(rows as unknown[][]) }).catch(reject);
  });

describe('a table as Parquet', () => {
  it('is read back as it was, values and types', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        const file = bufferOf(await columnsParquet(table));
        // By position: an object has no place of its own for a column called __proto__.
        const read = (await rowsIn(file)).map((row) =>
          table.columns.map(({ type }, i) => (type === 'integer' ? Number(row[i]) : row[i])),
        );
        expect(read).toEqual(rowsOf(table));
      }),
      { examples: [[{ name: 'table', columns: [{ name: '__proto__', type: 'text', values: ['a'] }] }]] },
    );
  });
  it('keeps zeros, their signs and NaN apart, however often they come', async () => {
    const values = Array.from({ length: 5000 }, (_, i) => [0, -0, Number.NaN, 1, -Infinity][i % 5]!);
    const file = await columnsParquet({ name: 'few', columns: [{ name: 'x', type: 'number', values }] });
    expect((await parquetReadObjects({ file: bufferOf(file) })).map((row) => row.x)).toEqual(values);
  });
  it('says what it is', async () => {
    const metadata = await parquetMetadataAsync(bufferOf(await columnsParquet(small)));
    expect(metadata.schema.slice(1).map(({ type, converted_type }) => [type, converted_type])).toEqual([
      ['BYTE_ARRAY', 'UTF8'],
      ['INT64', undefined],
      ['DOUBLE', undefined],
    ]);
    expect(metadata.schema.slice(1).map((column) => column.repetition_type)).toEqual(
      Array(3).fill('REQUIRED'),
    );
    expect(metadata.key_value_metadata).toEqual([{ key: 'name', value: 'small' }]);
    expect(Number(metadata.num_rows)).toBe(3);
  });
  it('holds more rows than a row group', async () => {
    const values = Float64Array.from({ length: 250_000 }, (_, i) => (i * 7919) % 1013);
    const file = await columnsParquet({ name: 'long', columns: [{ name: 'x', type: 'integer', values }] });
    const rows = await parquetReadObjects({ file: bufferOf(file) });
    expect(rows.length).toBe(values.length);
    expect(rows.every((row, i) => Number(row.x) === values[i])).toBe(true);
  });
});

describe('a table that is none', () => {
  const one = { name: 'a', type: 'number', values: [1] } as const;
  const wrong: [string, Columns][] = [
    ['has no columns', { name: 't', columns: [] }],
    ['two columns of one name', { name: 't', columns: [one, one] }],
    ['2 values instead of 1', { name: 't', columns: [one, { name: 'b', type: 'text', values: ['', ''] }] }],
    ['holds 0.5, no integer', { name: 't', columns: [{ name: 'a', type: 'integer', values: [0.5] }] }],
    ['holds NaN, no integer', { name: 't', columns: [{ name: 'a', type: 'integer', values: [Number.NaN] }] }],
  ];
  it.each(wrong)('%s: every form refuses it', async (message, table) => {
    expect(() => columnsCsv(table)).toThrow(message);
    expect(() => columnsJson(table)).toThrow(message);
    await expect(columnsParquet(table)).rejects.toThrow(message);
  });
});
