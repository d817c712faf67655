/** Makes a dense trace from references as a trace format tells them. */
import { UserError } from '../base/errors.ts';
import {
  CHUNK_ENTRIES,
  type DenseTrace,
  KIND,
  KIND_SHIFT,
  PAGE_MASK,
  sharedEntries,
  type TraceKind,
} from './dense.ts';
import type { PageName, PageRows, TraceSink } from './formats/contract.ts';
import { ABSENT, PageNumbers } from './page-numbers.ts';
import { REMARK, RemarkList } from './remarks.ts';
import { MOST_ROWS } from './row-numbering.ts';
import { SharedPages } from './shared-pages.ts';

const WORD = 2 ** 32;
/** References numbered at a time. */
const BATCH = MOST_ROWS;

export interface BuilderOptions {
  /** As the user named the trace. */
  readonly name: string;
  /** Bytes of a page, a power of two from 1 to 2^31; addresses are divided by it. */
  readonly pageSize: number;
  /** Kinds of references that are kept. */
  readonly kinds: readonly Exclude<TraceKind, 'release'>[];
  /** Takes the entries instead of the trace keeping them, so that memory is bounded by the number of pages. */
  readonly consume?: Consume | undefined;
  /** Told now and then how many references there are. */
  readonly onProgress?: ((references: number) => void) | undefined;
}

interface Gathered extends Omit<PageRows, 'count'> {
  readonly words: Int32Array;
  /** From 0. */
  readonly rows: Int32Array;
}

/**
 * A column of 32 bits that grows by doubling. Numbers are 0 until they are set to something else: memory for columns
 * that are 0 throughout, as upper halves and owners mostly are, is never touched.
 */
class Column {
  #values = new Uint32Array(1 << 10);

  at(index: number): number {
    return this.#values[index] ?? 0;
  }

  /** Sets the numbers from `first` on to those at `start` and a stride further on for each row. */
  gather(first: number, { words, start, stride, rows }: Gathered): void {
    let any = 0;
    for (let i = 0; i < rows.length; i++) any |= words[start + rows[i]! * stride]!;
    if (any === 0) return;
    const values = this.#upTo(first + rows.length);
    for (let i = 0; i < rows.length; i++) values[first + i] = words[start + rows[i]! * stride]!;
  }

  /** Sets `count` numbers from `first` on. */
  fill(first: number, count: number, value: number): void {
    if (value !== 0) this.#upTo(first + count).fill(value, first, first + count);
  }

  /** The numbers, with room for `length` of them. */
  #upTo(length: number): Uint32Array {
    if (length > this.#values.length) {
      const grown = new Uint32Array(2 ** Math.ceil(Math.log2(length)));
      grown.set(this.#values);
      this.#values = grown;
    }
    return this.#values;
  }

  /** The first `length` numbers, which are 0 where none were set. */
  first(length: number): Uint32Array {
    if (this.#values.length >= length) return this.#values.slice(0, length);
    const all = new Uint32Array(length);
    all.set(this.#values);
    return all;
  }
}

/**
 * Takes a piece of the entries, which is used again after the call.
 * @param soFar what there was in the trace with this piece
 */
export type Consume = (entries: Uint32Array, soFar: Pick<DenseTrace, 'pages' | 'counts'>) => void;

export class TraceBuilder implements TraceSink {
  readonly #options: BuilderOptions;
  readonly #shift: number;
  readonly #keeps: readonly boolean[];
  readonly #chunks: Uint32Array[] = [];
  readonly #counts: [number, number, number, number] = [0, 0, 0, 0];
  readonly #low = new Column();
  readonly #high = new Column();
  readonly #owner = new Column();
  readonly #owners: number[] = [];
  readonly #tables: PageNumbers[] = [];
  readonly #shared = new SharedPages(this.#tables);
  readonly #notes = new Set<string>();
  readonly #remarks = new RemarkList();
  #addressed = false;
  #isSharing = false;
  #chunk: Uint32Array;
  #used = 0;
  #pages = 0;
  #space = 0;
  #table: PageNumbers;
  /** References that wait to be numbered: in one go, so that what the loop needs stays in registers. */
  readonly #waiting = { words: new Int32Array(2 * BATCH), kinds: new Uint8Array(BATCH) };
  readonly #fresh = new Int32Array(BATCH);
  #count = 0;

  /** @throws UserError when the page size is no power of two in its range, naming --page-size */
  constructor(options: BuilderOptions) {
    const { pageSize } = options;
    this.#shift = Math.log2(pageSize);
    if (!Number.isInteger(this.#shift) || this.#shift < 0 || this.#shift > 31)
      throw new UserError('--page-size', `${pageSize} is no power of two from 1 to 2G`);
    this.#options = options;
    this.#chunk =
      options.consume === undefined ? sharedEntries(CHUNK_ENTRIES) : new Uint32Array(CHUNK_ENTRIES);
    this.#keeps = (['fetch', 'load', 'store'] as const).map((kind) => options.kinds.includes(kind));
    this.#space = this.#spaceOf(0);
    this.#table = this.#tables[this.#space]!;
  }

  owner(identifier: number): void {
    const known = this.#owners.indexOf(identifier);
    this.#number();
    // The owner that every trace starts with gives way to the first one that is named.
    if (known < 0 && this.references === 0 && this.#owners.length === 1) {
      this.#owners[0] = identifier;
      return;
    }
    this.#space = this.#spaceOf(identifier);
    this.#table = this.#tables[this.#space]!;
  }

  access(kind: number, low: number, high: number, bytes: number): void {
    this.#addressed = true;
    const shift = this.#shift;
    // Byte of the page that the access starts at; one that goes on past the page's end touches the next as well.
    const offset = shift === 31 ? low & 0x7fff_ffff : low & ((1 << shift) - 1);
    // Shifting by 32 shifts by nothing.
    const pageLow = shift === 0 ? low >>> 0 : ((low >>> shift) | (high << (32 - shift))) >>> 0;
    const pageHigh = high >>> shift;
    this.page(kind, pageLow, pageHigh);
    const last = offset + Math.max(bytes, 1) - 1;
    const further = Math.floor(last / this.#options.pageSize);
    for (let i = 1; i <= further; i++) {
      const next = pageLow + i;
      this.page(kind, next >>> 0, next >= WORD ? pageHigh + 1 : pageHigh);
    }
  }

  kernelAccess(kind: number, low: number, high: number, bytes: number): void {
    const first = this.references;
    this.access(kind, low, high, bytes);
    for (let i = first; i < this.references; i++) this.#remarks.add(i, REMARK.kernel, 0);
  }

  refused({ low, high }: PageName): void {
    this.#remark(REMARK.refused, low, high);
  }

  changed({ low, high }: PageName, count: number): void {
    if (count === 0) this.#remarks.add(this.references, REMARK.flushSpace, this.#space);
    for (let i = 0; i < count; i++) {
      const next = low + i;
      this.#remark(REMARK.flush, next >>> 0, next >= WORD ? high + 1 : high);
    }
  }

  page(kind: number, low: number, high: number): void {
    if (!this.#keeps[kind]) return;
    const { words, kinds } = this.#waiting;
    const at = this.#count;
    words[2 * at] = low;
    words[2 * at + 1] = high;
    kinds[at] = kind;
    this.#count = at + 1;
    if (at + 1 === BATCH || this.#shared.hasTwins) this.#number();
  }

  pages(kind: number, words: Int32Array, { start, stride, count }: PageRows): void {
    if (!this.#keeps[kind]) return;
    this.#number();
    for (let row = 0; row < count; ) {
      const rows = { start: start + row * stride, stride, count: Math.min(BATCH, count - row) };
      row += this.#append(words, rows, kind);
    }
  }

  release(low: number, high: number, count: number): void {
    this.#number();
    // A range may be far larger than what was touched of it.
    const isWide = count > this.#table.used * 4;
    if (isWide) this.#releaseRange(low + high * WORD, count);
    else {
      for (let i = 0; i < count; i++) {
        const next = low + i;
        this.#gone(this.#table.release(next >>> 0, next >= WORD ? high + 1 : high));
      }
    }
    if (!this.#shared.isWaiting) return;
    for (const name of this.#shared.namesIn(this.#space, low + high * WORD, count)) this.#shared.forget(name);
  }

  share({ low, high }: PageName, owner: number, of: PageName): void {
    this.#number();
    const name = { space: this.#space, low, high };
    const other = { space: this.#spaceOf(owner), low: of.low, high: of.high };
    if (name.space === other.space && low === of.low && high === of.high) return;
    this.#isSharing = true;
    this.#gone(this.#table.release(low, high));
    this.#shared.forget(name);
    this.#shared.share(name, other);
  }

  part({ low, high }: PageName): void {
    this.#number();
    const page = this.#table.number(low, high);
    if (page === ABSENT) this.#shared.forget({ space: this.#space, low, high });
    else if (this.#shared.isShared(page)) this.#gone(this.#table.release(low, high));
  }

  exit(): void {
    this.#number();
    const gone: number[] = [];
    this.#table.releaseAll((page) => gone.push(page));
    for (const page of gone.sort((a, b) => a - b)) this.#gone(page);
    for (const name of this.#shared.namesIn(this.#space)) this.#shared.forget(name);
  }

  note(text: string): void {
    this.#notes.add(text);
  }

  get references(): number {
    return this.#counts[0] + this.#counts[1] + this.#counts[2] + this.#count;
  }

  /** @throws UserError when there was no reference */
  finish(): DenseTrace {
    this.#number();
    if (this.references === 0)
      throw new UserError(this.#options.name, 'holds no reference that was asked for');
    if (this.#options.consume !== undefined && this.#used > 0) this.#nextChunk();
    const chunks = [...this.#chunks];
    if (this.#used > 0) chunks.push(this.#chunk.subarray(0, this.#used));
    const owner = this.#owner.first(this.#pages);
    return {
      name: this.#options.name,
      pageSize: this.#addressed ? this.#options.pageSize : 0,
      chunks,
      entries: this.references + this.#counts[KIND.release],
      counts: [...this.#counts],
      pages: this.#pages,
      names: {
        low: this.#low.first(this.#pages),
        high: this.#high.first(this.#pages),
        owner,
      },
      owners: this.#isSharing ? withoutIdle(this.#owners, owner) : this.#owners,
      notes: [...this.#notes],
      remarks: this.#remarks.remarks,
      sharing: this.#isSharing ? 'some' : 'none',
    };
  }

  /** Index of an owner, who has a table from now on. */
  #spaceOf(identifier: number): number {
    const known = this.#owners.indexOf(identifier);
    if (known >= 0) return known;
    this.#owners.push(identifier);
    return this.#tables.push(new PageNumbers()) - 1;
  }

  /** Nothing is to be said of a page that was never referenced. */
  #remark(kind: number, low: number, high: number): void {
    this.#number();
    const page = this.#table.number(low, high);
    if (page !== ABSENT) this.#remarks.add(this.references, kind, page);
  }

  #releaseRange(start: number, count: number): void {
    const inRange: number[] = [];
    for (let page = 0; page < this.#pages; page++) {
      if (this.#owner.at(page) !== this.#space) continue;
      const number = this.#low.at(page) + this.#high.at(page) * WORD;
      if (number >= start && number < start + count) inRange.push(page);
    }
    for (const page of inRange) {
      this.#gone(this.#table.releaseIf(this.#low.at(page), this.#high.at(page), page));
    }
    // A page that others share may have got its number under another name.
    for (const { low, high } of this.#shared.namesIn(this.#space, start, count))
      this.#gone(this.#table.release(low, high));
  }

  #gone(page: number): void {
    if (page !== ABSENT && this.#shared.lost(page))
      this.#push((KIND.release << KIND_SHIFT) | page, KIND.release);
  }

  /** Gives the waiting references their pages' numbers, and appends them. */
  #number(): void {
    const { words, kinds } = this.#waiting;
    const counts = this.#counts;
    const count = this.#count;
    this.#count = 0;
    for (let row = 0; row < count; ) {
      const chunk = this.#chunk;
      const at = this.#used;
      const done = this.#fill(words, { start: 2 * row, stride: 2, count: count - row }, 0);
      for (let i = 0; i < done; i++) {
        const kind = kinds[row + i]!;
        counts[kind as 0]++;
        chunk[at + i] = chunk[at + i]! | (kind << KIND_SHIFT);
      }
      row += done;
      if (this.#used === CHUNK_ENTRIES) this.#nextChunk();
    }
  }

  /** Numbers rows of one kind and appends them; gives how many there was room for in the chunk. */
  #append(words: Int32Array, rows: PageRows, kind: number): number {
    const done = this.#fill(words, rows, kind << KIND_SHIFT);
    this.#counts[kind as 0] += done;
    if (this.#used === CHUNK_ENTRIES) this.#nextChunk();
    return done;
  }

  /** Writes the entries of as many rows as the chunk has room for; gives how many. */
  #fill(words: Int32Array, { start, stride, count }: PageRows, bits: number): number {
    const fits = Math.min(count, CHUNK_ENTRIES - this.#used);
    const fresh = this.#fresh;
    const entries = this.#chunk;
    const first = this.#pages;
    if (first + fits > PAGE_MASK)
      throw new UserError(this.#options.name, `more than ${PAGE_MASK} different pages`);
    const place = { next: first, entries, at: this.#used, bits, fresh };
    const found = this.#table.numberRows({ words, start, stride, count: fits, ...place });
    this.#name(first, words, { start, stride }, fresh.subarray(0, found));
    this.#pages = first + found;
    this.#used += fits;
    return fits;
  }

  /** Keeps where the pages from `first` on come from: of which rows. */
  #name(
    first: number,
    words: Int32Array,
    { start, stride }: Omit<PageRows, 'count'>,
    rows: Int32Array,
  ): void {
    this.#low.gather(first, { words, start, stride, rows });
    this.#high.gather(first, { words, start: start + 1, stride, rows });
    this.#owner.fill(first, rows.length, this.#space);
    if (!this.#shared.isWaiting) return;
    for (let i = 0; i < rows.length; i++) {
      const word = start + rows[i]! * stride;
      const name = { space: this.#space, low: words[word]! >>> 0, high: words[word + 1]! >>> 0 };
      this.#shared.met(name, first + i);
    }
  }

  #push(entry: number, kind: number): void {
    this.#counts[kind as 0]++;
    this.#chunk[this.#used++] = entry;
    if (this.#used === CHUNK_ENTRIES) this.#nextChunk();
  }

  #nextChunk(): void {
    const { consume } = this.#options;
    if (consume !== undefined)
      consume(this.#chunk.subarray(0, this.#used), { pages: this.#pages, counts: this.#counts });
    else {
      this.#chunks.push(this.#chunk);
      this.#chunk = sharedEntries(CHUNK_ENTRIES);
    }
    this.#used = 0;
    this.#options.onProgress?.(this.references);
  }
}

/** The owners that pages have, whose indices in `byPage` become those in the result. */
function withoutIdle(owners: readonly number[], byPage: Uint32Array): number[] {
  const indices = [...new Set(byPage)].sort((a, b) => a - b);
  const places = new Map(indices.map((index, place) => [index, place]));
  for (let page = 0; page < byPage.length; page++) byPage[page] = places.get(byPage[page]!)!;
  return indices.map((index) => owners[index]!);
}
