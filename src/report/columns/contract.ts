/** A table as columns, before anyone has said which file it goes to. */

export type Column =
  | {
      readonly name: string;
      /** Safe integers, or any numbers: also NaN for what is not known, and infinities. */
      readonly type: 'integer' | 'number';
      readonly values: ArrayLike<number>;
    }
  | { readonly name: string; readonly type: 'text'; readonly values: readonly string[] };

export interface Columns {
  /** What the table is, for formats that can say it. */
  readonly name: string;
  /** At least one, all equally long, no two of one name. */
  readonly columns: readonly Column[];
}

/**
 * How many rows a table has.
 * @throws RangeError if it is not what `Columns` promises
 */
export function rowCount({ name, columns }: Columns): number {
  const rows = columns[0]?.values.length;
  if (rows === undefined) throw new RangeError(`the table ${name} has no columns`);
  if (new Set(columns.map((column) => column.name)).size < columns.length) {
    throw new RangeError(`the table ${name} has two columns of one name`);
  }
  for (const column of columns) {
    if (column.values.length !== rows) {
      throw new RangeError(`column ${column.name} has ${column.values.length} values instead of ${rows}`);
    }
    if (column.type === 'integer') checkIntegers(column.name, column.values);
  }
  return rows;
}

function checkIntegers(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isSafeInteger(values[i]))
      throw new RangeError(`column ${name} holds ${values[i]}, no integer`);
  }
}
