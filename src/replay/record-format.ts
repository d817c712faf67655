/**
 * Recorded references, written. The format is described in docs/formats.md; record-reader.ts reads it.
 *
 * A file starts with two lines of text, `pagewalk-references 1 binary` (or `text`) and a JSON object, then the
 * entries. A binary entry's first byte holds its kind (bits 0-1: fetch, load, store, other), whether a size
 * follows (bit 2), the low four bits of its number (bits 3-6) and whether more of it follows in LEB128 (bit 7).
 * The number of a reference is the zigzag of its distance from the last one of its kind, in units of
 * `unit(kind)`.
 */
export const RECORD_MAGIC = 'pagewalk-references';
export const RECORD_VERSION = 1;

export type RecordedKind = 'fetch' | 'load' | 'store';

export interface RecordHeader {
  /** `every` reference, or successive ones of a kind to one page as one. */
  readonly granularity: 'every' | 'page';
  readonly pageSize: number;
  /** Path and arguments of the program. */
  readonly program: readonly string[];
}

/** What a file holds after its header. */
export type RecordEntry =
  | {
      readonly type: 'reference';
      readonly kind: RecordedKind;
      readonly address: number;
      readonly bytes: number;
    }
  /** The references that follow are made in this address space. */
  | { readonly type: 'space'; readonly space: number }
  /** Pages from `page` on are gone from the current space for good. */
  | { readonly type: 'unmap'; readonly page: number; readonly count: number }
  /** `page` of the current space is from now on the page that is `of` in `space`: one page under two names. */
  | { readonly type: 'share'; readonly page: number; readonly space: number; readonly of: number }
  /** `page` of the current space, which was shared, is from now on a page of its own, a copy. */
  | { readonly type: 'part'; readonly page: number }
  /** The reference that follows is the kernel's, on the program's behalf: by the page table, and not by the TLB. */
  | { readonly type: 'kernel' }
  /** A store to `address` that its entry did not allow, until the kernel changed that; it is tried again. */
  | { readonly type: 'refused'; readonly address: number }
  /** Entries of pages from `page` on have changed, so that the TLB forgets them; of the whole space if `count` is 0. */
  | { readonly type: 'flush'; readonly page: number; readonly count: number }
  /** The current space is gone. */
  | { readonly type: 'exit' };

export const KINDS: readonly RecordedKind[] = ['fetch', 'load', 'store'];
export const OTHER = 3;
export const OPERATIONS = {
  exit: 0,
  unmap: 1,
  space: 2,
  share: 3,
  part: 4,
  kernel: 5,
  refused: 6,
  flush: 7,
} as const;
/** Spaces from this number on are no processes' but files': they name the pages of a file that nobody maps. */
export const FIRST_FILE_SPACE = 65_536;
export const LETTERS: Readonly<Record<RecordedKind, string>> = { fetch: 'f', load: 'l', store: 's' };
/** The size that is not written. */
export const usualBytes = (kind: RecordedKind): number => (kind === 'fetch' ? 2 : 8);

/** In what steps addresses are counted. */
export function unitOf(kind: RecordedKind, { granularity, pageSize }: RecordHeader): number {
  if (granularity === 'page') return pageSize;
  return kind === 'fetch' ? 2 : 1;
}

/** 0, -1, 1, -2, … become 0, 1, 2, 3, …; exact up to 2^52. */
export const zigzag = (n: number): number => (n >= 0 ? 2 * n : -2 * n - 1);
export const unzigzag = (n: number): number => (n % 2 === 0 ? n / 2 : -(n + 1) / 2);

/** Takes the finished pieces of a file, in order. The bytes are not used again by the giver. */
export type ByteSink = (bytes: Uint8Array) => void;

/** Writes a record. */
export interface RecordWriter {
  reference(kind: RecordedKind, address: number, bytes: number): void;
  space(space: number): void;
  unmap(page: number, count: number): void;
  share(page: number, space: number, of: number): void;
  part(page: number): void;
  kernel(): void;
  refused(address: number): void;
  flush(page: number, count: number): void;
  exit(): void;
  /** Hands over what is still held; nothing may follow. */
  finish(): void;
}

export function recordWriter(form: 'binary' | 'text', header: RecordHeader, sink: ByteSink): RecordWriter {
  const plain = form === 'text' ? new TextRecord(header, sink) : new BinaryRecord(header, sink);
  return header.granularity === 'page' ? new PageRecord(plain, header.pageSize) : plain;
}

const headerText = (form: string, header: RecordHeader): string =>
  `${RECORD_MAGIC} ${RECORD_VERSION} ${form}\n${JSON.stringify(header)}\n`;

const CHUNK = 1 << 16;
/** No entry is longer: three numbers of 53 bits and a first byte. */
const LONGEST_ENTRY = 32;

class BinaryRecord implements RecordWriter {
  readonly #header: RecordHeader;
  readonly #sink: ByteSink;
  readonly #last: Record<RecordedKind, number> = { fetch: 0, load: 0, store: 0 };
  #chunk = new Uint8Array(CHUNK);
  #used = 0;

  constructor(header: RecordHeader, sink: ByteSink) {
    this.#header = header;
    this.#sink = sink;
    sink(new TextEncoder().encode(headerText('binary', header)));
  }

  reference(kind: RecordedKind, address: number, bytes: number): void {
    // Data references share one distance: a load is often followed by a store to the same place.
    const series = kind === 'fetch' ? 'fetch' : 'load';
    const unit = unitOf(kind, this.#header);
    const place = Math.floor(address / unit);
    const number = zigzag(place - this.#last[series]);
    this.#last[series] = place;
    const usual = this.#header.granularity === 'page' || bytes === usualBytes(kind);
    this.#first(KINDS.indexOf(kind) | (usual ? 0 : 4), number);
    if (!usual) this.#number(bytes);
  }

  space(space: number): void {
    this.#first(OTHER, OPERATIONS.space);
    this.#number(space);
  }

  unmap(page: number, count: number): void {
    this.#first(OTHER, OPERATIONS.unmap);
    this.#number(page);
    this.#number(count);
  }

  share(page: number, space: number, of: number): void {
    this.#first(OTHER, OPERATIONS.share);
    this.#number(page);
    this.#number(space);
    this.#number(of);
  }

  part(page: number): void {
    this.#first(OTHER, OPERATIONS.part);
    this.#number(page);
  }

  kernel(): void {
    this.#first(OTHER, OPERATIONS.kernel);
  }

  refused(address: number): void {
    this.#first(OTHER, OPERATIONS.refused);
    this.#number(address);
  }

  flush(page: number, count: number): void {
    this.#first(OTHER, OPERATIONS.flush);
    this.#number(page);
    this.#number(count);
  }

  exit(): void {
    this.#first(OTHER, OPERATIONS.exit);
  }

  finish(): void {
    this.#flush();
  }

  #first(low: number, number: number): void {
    if (this.#used + LONGEST_ENTRY > CHUNK) this.#flush();
    const more = number >= 16;
    this.#chunk[this.#used++] = low | ((number % 16) << 3) | (more ? 0x80 : 0);
    if (more) this.#number(Math.floor(number / 16));
  }

  /** LEB128: seven bits a byte, lowest first. */
  #number(value: number): void {
    while (value >= 0x80) {
      this.#chunk[this.#used++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#chunk[this.#used++] = value;
  }

  #flush(): void {
    if (this.#used > 0) this.#sink(this.#chunk.subarray(0, this.#used));
    this.#chunk = new Uint8Array(CHUNK);
    this.#used = 0;
  }
}

class TextRecord implements RecordWriter {
  readonly #header: RecordHeader;
  readonly #sink: ByteSink;
  readonly #encoder = new TextEncoder();
  #text: string;

  constructor(header: RecordHeader, sink: ByteSink) {
    this.#header = header;
    this.#sink = sink;
    this.#text = headerText('text', header);
  }

  reference(kind: RecordedKind, address: number, bytes: number): void {
    const size = this.#header.granularity === 'page' ? '' : ` ${bytes}`;
    this.#line(`${LETTERS[kind]} ${address.toString(16)}${size}`);
  }

  space(space: number): void {
    this.#line(`space ${space}`);
  }

  unmap(page: number, count: number): void {
    this.#line(`unmap ${page.toString(16)} ${count}`);
  }

  share(page: number, space: number, of: number): void {
    this.#line(`share ${page.toString(16)} ${space} ${of.toString(16)}`);
  }

  part(page: number): void {
    this.#line(`part ${page.toString(16)}`);
  }

  kernel(): void {
    this.#line('kernel');
  }

  refused(address: number): void {
    this.#line(`refused ${address.toString(16)}`);
  }

  flush(page: number, count: number): void {
    this.#line(`flush ${page.toString(16)} ${count}`);
  }

  exit(): void {
    this.#line('exit');
  }

  finish(): void {
    this.#sink(this.#encoder.encode(this.#text));
    this.#text = '';
  }

  #line(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length >= CHUNK) this.finish();
  }
}

/** Makes successive references of one kind to one page one reference to that page. */
class PageRecord implements RecordWriter {
  readonly #inner: RecordWriter;
  readonly #pageSize: number;
  #lastKind: RecordedKind | undefined;
  #lastPage = -1;
  #isKernels = false;

  constructor(inner: RecordWriter, pageSize: number) {
    this.#inner = inner;
    this.#pageSize = pageSize;
  }

  reference(kind: RecordedKind, address: number): void {
    const page = Math.floor(address / this.#pageSize);
    if (kind === this.#lastKind && page === this.#lastPage) return;
    // The next one to the page may be the program's.
    this.#lastKind = this.#isKernels ? undefined : kind;
    this.#lastPage = page;
    this.#isKernels = false;
    this.#inner.reference(kind, page * this.#pageSize, this.#pageSize);
  }

  space(space: number): void {
    this.#lastKind = undefined;
    this.#inner.space(space);
  }

  unmap(page: number, count: number): void {
    this.#lastKind = undefined;
    this.#inner.unmap(page, count);
  }

  share(page: number, space: number, of: number): void {
    this.#lastKind = undefined;
    this.#inner.share(page, space, of);
  }

  part(page: number): void {
    this.#lastKind = undefined;
    this.#inner.part(page);
  }

  kernel(): void {
    this.#lastKind = undefined;
    this.#isKernels = true;
    this.#inner.kernel();
  }

  refused(address: number): void {
    this.#lastKind = undefined;
    this.#inner.refused(address);
  }

  flush(page: number, count: number): void {
    this.#lastKind = undefined;
    this.#inner.flush(page, count);
  }

  exit(): void {
    this.#inner.exit();
  }

  finish(): void {
    this.#inner.finish();
  }
}
