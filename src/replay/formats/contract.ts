/**
 * A trace format: how references are read from a stream of bytes. A format is one file and one line in the
 * registry. Compression is undone before; densifying, page sizes and the selection of kinds come after.
 */

/**
 * Takes what a format finds. Addresses and page numbers have 64 bits, given as two unsigned halves of 32 bits.
 * `kind` is 0 fetch, 1 load, 2 store (`KIND` in dense.ts).
 */
export interface TraceSink {
  /** The references that follow are made by this process or address space: any integer below 2^53. */
  owner(identifier: number): void;
  /** `bytes` from an address on are touched; 0 counts as 1. */
  access(kind: number, low: number, high: number, bytes: number): void;
  /** The same by the kernel, which goes by the page table and asks no TLB. */
  kernelAccess(kind: number, low: number, high: number, bytes: number): void;
  /** A store to a page of the current owner was refused by its entry, which has changed since, and is tried again. */
  refused(page: PageName): void;
  /** Entries of `count` pages of the current owner have changed, from this one on, or of all pages if it is 0. */
  changed(page: PageName, count: number): void;
  /** A page, or an object of a storage trace, is touched. */
  page(kind: number, low: number, high: number): void;
  /**
   * Many pages of one kind at once: the halves of page i are `words[start + i * stride]` (low) and the word after it.
   * The words are not kept.
   */
  pages(kind: number, words: Int32Array, rows: PageRows): void;
  /** `count` pages of the current owner are gone for good, from this one on. */
  release(low: number, high: number, count: number): void;
  /** A page of the current owner is from now on the page that is `of` in `owner`: one page under several names. */
  share(page: PageName, owner: number, of: PageName): void;
  /** A page of the current owner is one of its own from now on, if others share it. */
  part(page: PageName): void;
  /** The current owner is gone, and all its pages but those that others share. */
  exit(): void;
  /** Something that the reader of the results should know, e.g. that the trace is a sample; shown once. */
  note(text: string): void;
}

/** A page number of 64 bits, in two unsigned halves. */
export interface PageName {
  readonly low: number;
  readonly high: number;
}

/** Where page numbers lie in an array of words. */
export interface PageRows {
  readonly start: number;
  readonly stride: number;
  readonly count: number;
}

export interface FormatContext {
  /** Of the file, for messages: `standard input` for a pipe. */
  readonly name: string;
  /** Bytes of a page as the user chose; formats of addresses need not look at it. */
  readonly pageSize: number;
  /** Column names by role, as the user chose; for formats with columns. */
  readonly columns: Readonly<Partial<Record<'address' | 'page' | 'kind' | 'size' | 'process', string>>>;
}

/** Reads one trace. */
export interface TraceParser {
  /**
   * The next bytes, cut anywhere. They are not kept after the call.
   * @throws UserError naming file and line (`name:12`) or byte offset (`name+0x1f`) and what was expected
   */
  push(bytes: Uint8Array): void;
  /** No bytes follow. @throws UserError when the trace stops in the middle of something */
  end(): void;
}

export interface TraceFormat {
  /** Lower-case name used by `--format`. */
  readonly name: string;
  readonly summary: string;
  /** Where the format is defined, and what writes it. */
  readonly source: string;
  /** A line or two of it, for help; for binary formats a description of an entry. */
  readonly example: string;
  /**
   * How sure the format is that a stream beginning with `head` (up to 64 KiB, uncompressed) is its own: 0 it is not,
   * 1 it could be, 2 it looks like it, 3 it says so (a magic number or an unmistakable line).
   */
  recognizes(head: Uint8Array): 0 | 1 | 2 | 3;
  parser(context: FormatContext, sink: TraceSink): TraceParser;
}
