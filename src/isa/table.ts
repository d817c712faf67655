/**
 * The whole instruction set, RV64GC with Zba, Zbb and Zbs, as one table. Adding an instruction is one row here
 * or in a file of rows; nothing else names instructions.
 */

import type { Statement } from '../wasm/expressions.ts';
import { formats } from './formats.ts';
import type { Operands } from './operands.ts';
import type { Row } from './row.ts';
import { atomicRows } from './rows/atomic.ts';
import { bitRows } from './rows/bits.ts';
import { compressedRows } from './rows/compressed.ts';
import { doubleRows } from './rows/double.ts';
import { integerRows } from './rows/integer.ts';
import { multiplyRows } from './rows/multiply.ts';
import { singleRows } from './rows/single.ts';

/** A row that has a meaning of its own. */
export type BaseRow = Row & { readonly semantics: (operands: Operands) => Statement };

const isBase = (row: Row): row is BaseRow => row.semantics !== undefined;

/** Rows with semantics; the position in this list is the row's index everywhere. */
export const baseRows: readonly BaseRow[] = [
  ...integerRows,
  ...multiplyRows,
  ...atomicRows,
  ...singleRows,
  ...doubleRows,
  ...bitRows,
].filter(isBase);
export const allRows: readonly Row[] = [...baseRows, ...compressedRows];

const indexByName = new Map(baseRows.map((row, index) => [row.name, index]));

/** Index in `baseRows` of a row, or of the one that a compressed row expands to. */
export function baseIndex(row: Row): number {
  const index = indexByName.get(row.expandsTo ?? row.name);
  if (index === undefined) throw new Error(`${row.name} expands to no row`);
  return index;
}

/** Whether the encoding of `row` is 16 bits long. */
export const isCompressed = (row: Row): boolean => (row.match & 3) !== 3;

/** Whether the format gives the row a rounding mode. */
export const hasRoundingMode = (row: Row): boolean => formats[row.format].fields.rm !== undefined;
