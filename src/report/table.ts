/** Tables for people: nothing but two blanks between the columns. */
import Table from 'cli-table3';

/** The characters that cli-table3 draws with. */
const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/**
 * Lines without a line feed at the end.
 * @param labels columns that are words, from the left on; the others are numbers, and end below each other
 */
export function tableText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  labels: number,
): string {
  const table = new Table({
    head: [...head],
    chars: BORDERLESS,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, i) => (i < labels ? 'left' : 'right')),
  });
  for (const row of rows) table.push([...row]);
  return table.toString().replace(/ +$/gm, '');
}
