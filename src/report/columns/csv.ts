/** Tables as comma-separated values. */
import { type Column, type Columns, rowCount } from './contract.ts';

/** Text that would end a field early, or be taken for a missing one. */
const needsQuotes = /[",\r\n]|^$/;

const quoted = (text: string): string => (needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A number as JavaScript writes it, which is also how R, Python and SQL read it: `NaN`, `-Infinity`, `1e+21`. */
const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

const fieldOf = (column: Column): ((row: number) => string) =>
  column.type === 'text'
    ? (row) => quoted(column.values[row]!)
    : (row) => numberText((column.values as ArrayLike<number>)[row]!);

/**
 * A table with a line of names first. Fields are quoted where they have to be, lines end in a line feed, numbers
 * have all their digits. Source: RFC 4180, except for its line ends.
 * @throws RangeError if the table is not what `Columns` promises
 */
export function columnsCsv(columns: Columns): string {
  const rows = rowCount(columns);
  const fields = columns.columns.map(fieldOf);
  const lines = [columns.columns.map(({ name }) => quoted(name)).join(',')];
  for (let row = 0; row < rows; row++) lines.push(fields.map((field) => field(row)).join(','));
  return `${lines.join('\n')}\n`;
}
