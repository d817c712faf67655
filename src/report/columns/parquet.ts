/** Tables as Apache Parquet, which pandas, polars, DuckDB and R read with its types. */
import type { ColumnSource } from 'hyparquet-writer';
import { type Column, type Columns, rowCount } from './contract.ts';

/** 64-bit integers, doubles and UTF-8 strings, none of them optional. */
function sourceOf(column: Column): ColumnSource {
  const { name } = column;
  switch (column.type) {
    case 'integer':
      return { name, type: 'INT64', nullable: false, data: BigInt64Array.from(integers(column.values)) };
    case 'number':
      // The writer's dictionaries take -0 for 0.
      return {
        name,
        type: 'DOUBLE',
        nullable: false,
        encoding: 'PLAIN',
        data: Float64Array.from(column.values),
      };
    case 'text':
      return { name, type: 'STRING', nullable: false, data: [...column.values] };
  }
}

function* integers(values: ArrayLike<number>): Generator<bigint> {
  for (let i = 0; i < values.length; i++) yield BigInt(values[i]!);
}

/**
 * A whole Parquet file, compressed with Snappy. The table's name is its metadata `name`. The writer is loaded at
 * the first call.
 * @throws RangeError if the table is not what `Columns` promises
 */
export async function columnsParquet(columns: Columns): Promise<Uint8Array> {
  rowCount(columns);
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const file = parquetWriteBuffer({
    columnData: columns.columns.map(sourceOf),
    kvMetadata: [{ key: 'name', value: columns.name }],
    createdBy: 'pagewalk',
  });
  return new Uint8Array(file);
}
