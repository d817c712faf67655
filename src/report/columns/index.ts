/** Tables: as CSV, as JSON, as Parquet. */
export type { Column, Columns } from './contract.ts';
export { columnsCsv } from './csv.ts';
export { columnsJson } from './json.ts';
export { columnsParquet } from './parquet.ts';
