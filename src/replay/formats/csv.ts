/** References in a table: comma-separated values and their kin. */
import { UserError } from '../../base/errors.ts';
import { KIND } from '../dense.ts';
import { Line, LineSplitter, shown } from '../lines.ts';
import type { FormatContext, TraceFormat, TraceParser, TraceSink } from './contract.ts';
import { columnsOf, type Layout, usualRoleOf } from './csv-columns.ts';
import { headLines } from './head.ts';

const QUOTE = '"'.charCodeAt(0);
const [BLANK, TAB] = [32, 9] as const;
const DELIMITERS = [',', ';', '\t'] as const;
/** More columns than any table of references has. */
const MOST_COLUMNS = 1024;

const kindsByWord = new Map<string, number>(
  (
    [
      ['r read rd l load ld data_read', KIND.load],
      ['w write wr s store st data_write', KIND.store],
      ['i f x fetch ifetch instr instruction inst exec execute code', KIND.fetch],
    ] as const
  ).flatMap(([words, kind]) => words.split(' ').map((word): [string, number] => [word, kind])),
);

/** By the byte of a letter of either case. */
const kindsByLetter: readonly (number | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  kindsByWord.get(String.fromCharCode(byte).toLowerCase()),
);

const isBlank = (byte: number, delimiter: number): boolean =>
  byte !== delimiter && (byte === BLANK || byte === TAB);

/** Where the cells of a row lie, without quotes and blanks around them. */
class Cells {
  readonly starts = new Int32Array(MOST_COLUMNS);
  readonly ends = new Int32Array(MOST_COLUMNS);
  count = 0;

  /** @throws UserError when a quoted cell does not end on the line */
  read(line: Line, delimiter: number): void {
    this.count = 0;
    let at = line.start;
    for (;;) {
      if (this.count === MOST_COLUMNS) throw new UserError(line.place, `more than ${MOST_COLUMNS} columns`);
      at = this.#cell(line, at, delimiter);
      if (at >= line.end) break;
      at++;
    }
  }

  text(line: Line, cell: number): string {
    const bytes = line.bytes.subarray(this.starts[cell], this.ends[cell]);
    return new TextDecoder().decode(bytes).replaceAll('""', '"');
  }

  /** Reads a cell; returns where its delimiter is, or the line's end. */
  #cell(line: Line, at: number, delimiter: number): number {
    const { bytes, end } = line;
    while (at < end && isBlank(bytes[at]!, delimiter)) at++;
    if (at < end && bytes[at] === QUOTE) return this.#quoted(line, at + 1, delimiter);
    let stop = at;
    while (stop < end && bytes[stop] !== delimiter) stop++;
    let last = stop;
    while (last > at && isBlank(bytes[last - 1]!, delimiter)) last--;
    this.#add(at, last);
    return stop;
  }

  #quoted(line: Line, start: number, delimiter: number): number {
    const { bytes, end } = line;
    let at = start;
    // Two quotes are one within the cell.
    while (at < end && (bytes[at] !== QUOTE || (at + 1 < end && bytes[at + 1] === QUOTE))) {
      at += bytes[at] === QUOTE ? 2 : 1;
    }
    if (at >= end) throw new UserError(line.place, 'a quoted cell without its end on the line');
    this.#add(start, at);
    while (at < end && bytes[at] !== delimiter) at++;
    return at;
  }

  #add(start: number, end: number): void {
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  }
}

class CsvParser implements TraceParser {
  readonly #context: FormatContext;
  readonly #sink: TraceSink;
  readonly #lines: LineSplitter;
  readonly #cells = new Cells();
  /** The number in a cell. */
  readonly #value: Line;
  #delimiter = 0;
  #layout: Layout | undefined;
  #process = -1;

  constructor(context: FormatContext, sink: TraceSink) {
    this.#context = context;
    this.#sink = sink;
    this.#value = new Line(context.name);
    this.#lines = new LineSplitter(context.name, (line) => this.#take(line));
  }

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  end(): void {
    this.#lines.end();
  }

  #take(line: Line): void {
    line.skipBlanks();
    if (line.isAtEnd) return;
    if (this.#layout === undefined) {
      this.#delimiter = delimiterOf(line.text).charCodeAt(0);
      this.#cells.read(line, this.#delimiter);
      const names = Array.from({ length: this.#cells.count }, (_, cell) => this.#cells.text(line, cell));
      this.#layout = columnsOf(names, this.#context.columns, line.place);
      if (!this.#layout.hasHeader) this.#row(line, this.#layout);
    } else {
      this.#cells.read(line, this.#delimiter);
      this.#row(line, this.#layout);
    }
  }

  #row(line: Line, layout: Layout): void {
    const cells = this.#cells;
    const { where, kind, size, process, last } = layout;
    if (cells.count <= last) {
      throw new UserError(line.place, `${cells.count} columns, expected ${last + 1} or more`);
    }
    const access = kind < 0 ? KIND.load : this.#kind(line, kind);
    if (process >= 0) this.#owner(this.#count(line, process, 'number of a process'));
    const bytes = size < 0 || layout.unit === 'page' ? 1 : this.#count(line, size, 'size in bytes');
    this.#number(line, where, `${layout.unit}, decimal or with 0x, up to 64 bits`);
    const { low, high } = this.#value;
    if (layout.unit === 'page') this.#sink.page(access, low >>> 0, high >>> 0);
    else this.#sink.access(access, low >>> 0, high >>> 0, bytes);
  }

  #owner(process: number): void {
    if (process === this.#process) return;
    this.#process = process;
    this.#sink.owner(process);
  }

  #kind(line: Line, cell: number): number {
    const first = this.#cells.starts[cell]!;
    // Most tables use letters, and making a string takes longer than reading the row.
    const letter = this.#cells.ends[cell] === first + 1 ? kindsByLetter[line.bytes[first]!] : undefined;
    if (letter !== undefined) return letter;
    const text = this.#cells.text(line, cell).toLowerCase();
    const kind = text === '' ? KIND.load : kindsByWord.get(text);
    if (kind === undefined) throw this.#malformed(line, cell, 'kind: read, write or fetch');
    return kind;
  }

  #count(line: Line, cell: number, what: string): number {
    this.#number(line, cell, what);
    if (this.#value.value > Number.MAX_SAFE_INTEGER) throw this.#malformed(line, cell, what);
    return this.#value.value;
  }

  #number(line: Line, cell: number, what: string): void {
    const { starts, ends } = this.#cells;
    this.#value.set(line.bytes, starts[cell]!, ends[cell]!);
    if (!this.#value.anyNumber() || !this.#value.isAtEnd) throw this.#malformed(line, cell, what);
  }

  #malformed(line: Line, cell: number, what: string): UserError {
    const found = shown(line.bytes.subarray(this.#cells.starts[cell], this.#cells.ends[cell]));
    return new UserError(line.place, `${found} in column ${cell + 1}, expected a ${what}`);
  }
}

/** The one that the line has most of, outside of quotes. */
function delimiterOf(text: string): string {
  const unquoted = text.replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => unquoted.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

export const csv: TraceFormat = {
  name: 'csv',
  summary: 'a table with a header row: a column of addresses or of pages, and of kinds, sizes and processes',
  source: 'spreadsheets, databases, scripts; columns are separated by commas, semicolons or tabs',
  example: 'address,kind,size,process\n0x7ffe0010,w,8,412',
  recognizes(head) {
    const [header = '', row] = headLines(head);
    const delimiter = delimiterOf(header);
    const names = header.split(delimiter).map((cell) => cell.trim().replaceAll('"', ''));
    if (names.some((cell) => cell === '' || /^(0x)?[0-9a-f]*\d$/i.test(cell))) return 0;
    const isEven = row === undefined || row.split(delimiter).length === names.length;
    const roles = names.map(usualRoleOf);
    if (isEven && (roles.includes('address') || roles.includes('page'))) return 2;
    return isEven && names.length > 1 ? 1 : 0;
  },
  parser: (context, sink) => new CsvParser(context, sink),
};
