/** What `pagewalk run --record` writes, in both of its forms. */
import { UserError } from '../../base/errors.ts';
import { KIND } from '../dense.ts';
import { RECORD_MAGIC, type RecordedKind, type RecordHeader } from '../record-format.ts';
import { RecordParser, type RecordSink } from '../record-reader.ts';
import type { FormatContext, PageName, TraceFormat, TraceParser, TraceSink } from './contract.ts';

const WORD = 2 ** 32;

const nameOf = (page: number): PageName => ({ low: page >>> 0, high: Math.floor(page / WORD) });

/** Tells what a record holds to the sink of a trace. */
export class RecordedTrace implements RecordSink {
  readonly #header: RecordHeader;
  readonly #pageSize: number;
  readonly #sink: TraceSink;
  #isKernels = false;

  /** @throws UserError when the record does not tell pages of the chosen size apart */
  constructor(header: RecordHeader, { name, pageSize }: FormatContext, sink: TraceSink) {
    if (header.granularity === 'page' && pageSize < header.pageSize) {
      const names = `names pages of ${header.pageSize} bytes only`;
      throw new UserError(name, `${names}; --page-size ${pageSize} is less`);
    }
    this.#header = header;
    this.#pageSize = pageSize;
    this.#sink = sink;
  }

  reference(kind: RecordedKind, address: number, bytes: number): void {
    const isPage = this.#header.granularity === 'page';
    const length = isPage ? 1 : bytes;
    if (this.#isKernels)
      this.#sink.kernelAccess(KIND[kind], address >>> 0, Math.floor(address / WORD), length);
    else this.#sink.access(KIND[kind], address >>> 0, Math.floor(address / WORD), length);
    this.#isKernels = false;
  }

  kernel(): void {
    this.#isKernels = true;
  }

  refused(address: number): void {
    this.#sink.refused(nameOf(Math.floor(address / this.#pageSize)));
  }

  /** Of larger pages all are meant that the range touches. */
  flush(page: number, count: number): void {
    const { pageSize } = this.#header;
    const start = Math.floor((page * pageSize) / this.#pageSize);
    const end = Math.ceil(((page + count) * pageSize) / this.#pageSize);
    this.#sink.changed(nameOf(start), count === 0 ? 0 : end - start);
  }

  space(space: number): void {
    this.#sink.owner(space);
  }

  /** Of larger pages those are gone that lie in the range as a whole. */
  unmap(page: number, count: number): void {
    const start = Math.ceil((page * this.#header.pageSize) / this.#pageSize);
    const end = Math.floor(((page + count) * this.#header.pageSize) / this.#pageSize);
    if (end > start) this.#sink.release(start >>> 0, Math.floor(start / WORD), end - start);
  }

  share(page: number, space: number, of: number): void {
    for (let part = 0; part < this.#parts; part++)
      this.#sink.share(nameOf(page * this.#parts + part), space, nameOf(of * this.#parts + part));
  }

  part(page: number): void {
    for (let part = 0; part < this.#parts; part++) this.#sink.part(nameOf(page * this.#parts + part));
  }

  /** Pages of the chosen size in one of the record's; 0 when that is not a page, because it is only a part of one. */
  get #parts(): number {
    const parts = this.#header.pageSize / this.#pageSize;
    if (parts >= 1) return parts;
    this.#sink.note(
      `processes share pages of ${this.#header.pageSize} bytes; pages of ${this.#pageSize} are taken for each one's own`,
    );
    return 0;
  }

  exit(): void {
    this.#sink.exit();
  }
}

export const pagewalk: TraceFormat = {
  name: 'pagewalk',
  summary: 'a record of pagewalk run: every reference, with spaces, unmappings and exits',
  source: 'pagewalk run --record FILE PROGRAM; docs/formats.md',
  example: `${RECORD_MAGIC} 1 text\n{"granularity":"every","pageSize":4096,"program":["./prog"]}\nf 10350 2`,
  recognizes: (head) =>
    new TextDecoder().decode(head.subarray(0, 32)).startsWith(`${RECORD_MAGIC} `) ? 3 : 0,
  parser: (context, sink): TraceParser =>
    new RecordParser(context.name, (header) => new RecordedTrace(header, context, sink)),
};
