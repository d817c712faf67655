/** Tables as JSON. */
import { type Columns, rowCount } from './contract.ts';

/**
 * `{"name": …, "columns": [{"name": …, "type": …, "values": […]}]}`, a line a column. What JSON has no number for
 * (NaN, infinities) is null.
 * @throws RangeError if the table is not what `Columns` promises
 */
export function columnsJson(columns: Columns): string {
  rowCount(columns);
  const lines = columns.columns.map(({ name, type, values }) =>
    JSON.stringify({ name, type, values: Array.from<number | string>(values) }),
  );
  return `{"name":${JSON.stringify(columns.name)},"columns":[\n${lines.join(',\n')}\n]}\n`;
}
