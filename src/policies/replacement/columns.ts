/** Columns of numbers by page: pages are small integers, of which there may come more at any time. */

type Column = Int32Array | Uint8Array | Float64Array;

/** `column`, or a larger copy of it filled up with zeros, so that it has an element `index`. */
export function withRoom<T extends Column>(column: T, index: number): T {
  if (index < column.length) return column;
  const Kind = column.constructor as new (length: number) => T;
  const grown = new Kind(Math.max(2 * column.length, index + 1));
  grown.set(column);
  return grown;
}
