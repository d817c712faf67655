/** Where page faults come from, in a run's report for people: a table for each list that was asked for. */
import { counted, grouped, percent } from './format.ts';
import { plainText } from './plot/label.ts';
import type { RunReport } from './schema.ts';
import type { WhereReport } from './where-schema.ts';

type Origins = Pick<WhereReport, 'faults' | 'major' | 'refaults' | 'kernel'> & {
  readonly cases: Readonly<Record<string, number>>;
  readonly evictions?: number;
};

interface List<Row extends Origins> {
  readonly rows: readonly Row[];
  readonly others?: (Origins & { readonly rows: number }) | undefined;
}

const LABEL_WIDTH = 60;

export function whereLines({ where }: RunReport): string[] {
  if (where === undefined) return [];
  const { functions, lines, instructions, areas, pages, processes } = where;
  // Which program it is need not be said when there is only one.
  const programs = new Set(
    [functions, lines, instructions, areas, pages, processes].flatMap(
      (list) => list?.rows.map(({ program }) => program) ?? [],
    ),
  );
  const of = ({ program }: { program: string }): string =>
    programs.size > 1 ? ` (${program.slice(program.lastIndexOf('/') + 1)})` : '';
  const out = [
    ...table(where, 'function', functions, (row) => functionText(row) + of(row)),
    ...table(where, 'line', lines, (row) => lineText(row) + of(row)),
    ...table(where, 'instruction', instructions, (row) => instructionText(row) + of(row)),
    ...table(where, 'area', areas, (row) => `${areaText(row)}, ${counted(row.pages, 'page')}${of(row)}`),
    ...table(where, 'page', pages, (row) => pageText(row, processesOf(where)) + of(row)),
    ...table(where, 'process', processes, ({ pid, command }) => `${pid} ${command.join(' ')}`),
  ];
  return [...out, ...where.notes.map((note) => `  note  ${plainText(note)}`)];
}

const processesOf = ({ pages }: WhereReport): number => new Set(pages?.rows.map(({ pid }) => pid)).size;

/** @param labelOf names what a row is about */
function table<Row extends Origins>(
  where: WhereReport,
  title: string,
  list: List<Row> | undefined,
  labelOf: (row: Row) => string,
): string[] {
  if (list === undefined) return [];
  const { rows, others } = list;
  const withEvictions = rows.some(({ evictions }) => evictions !== undefined);
  const named = rows.map((row): [Origins, string] => [row, labelOf(row)]);
  if (others !== undefined) named.push([others, `${counted(others.rows, 'other')}`]);
  const head = ['faults', 'share', 'read', 'refaults', 'kernel', ...(withEvictions ? ['evicted'] : [])];
  const cells = named.map(([row]) => [
    grouped(row.faults),
    percent(row.faults, where.faults),
    grouped(row.major),
    grouped(row.refaults),
    grouped(row.kernel),
    ...(withEvictions ? [grouped(row.evictions ?? 0)] : []),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length)));
  const labels = named.map(([, text]) => shortened(plainText(text)));
  const labelWidth = Math.max(title.length, ...labels.map(({ length }) => length));
  const line = (numbers: readonly string[], label: string, causes: string): string =>
    `  ${numbers.map((cell, i) => cell.padStart(widths[i]!)).join('  ')}  ${label.padEnd(labelWidth)}  ${causes}`.trimEnd();
  return [
    line(head, title, 'by cause'),
    ...named.map(([row], i) => line(cells[i]!, labels[i]!, causesOf(row))),
  ];
}

/** The most frequent first. */
const causesOf = ({ cases }: Origins): string =>
  Object.entries(cases)
    .sort(([, a], [, b]) => b - a)
    .map(([name, n]) => `${name} ${grouped(n)}`)
    .join(' · ');

/** The end of a path says more than its start. */
const shortened = (text: string): string =>
  text.length > LABEL_WIDTH ? `…${text.slice(text.length - LABEL_WIDTH + 1)}` : text;

const functionText = ({ function: name }: { function?: string | undefined }): string => name ?? '(no symbol)';

const lineText = ({ file, line }: { file?: string | undefined; line?: number | undefined }): string =>
  file === undefined ? '(no line)' : `${file}:${line}`;

type Instruction = NonNullable<WhereReport['instructions']>['rows'][number];

function instructionText({ address, by, function: name, offset, file, line }: Instruction): string {
  const place =
    name === undefined ? '' : offset === undefined ? ` ${name}` : ` ${name}+0x${offset.toString(16)}`;
  const source = file === undefined ? '' : ` ${file}:${line}`;
  return `0x${address}${place}${source}${by === 'kernel' ? ', by the kernel' : ''}`;
}

type Area = NonNullable<WhereReport['areas']>['rows'][number];

const labelOf = ({ area, name }: Pick<Area, 'area' | 'name'>): string =>
  area === 'none' ? 'no area' : name === '' ? area : `${area} of ${name}`;

const areaText = (row: Area): string =>
  `${labelOf(row)} 0x${row.from}${row.from === row.to ? '' : `–0x${row.to}`}`;

type Page = NonNullable<WhereReport['pages']>['rows'][number];

const pageText = (row: Page, processes: number): string =>
  `0x${row.address} ${labelOf(row)}${processes > 1 ? ` of process ${row.pid}` : ''}`;
