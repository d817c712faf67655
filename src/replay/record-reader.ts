/** Recorded references, read; record-format.ts describes the format. */
import { UserError } from '../base/errors.ts';
import { EntrySplitter } from './formats/entries.ts';
import { type Line, LineSplitter, printable } from './lines.ts';
import {
  KINDS,
  LETTERS,
  OPERATIONS,
  OTHER,
  RECORD_MAGIC,
  RECORD_VERSION,
  type RecordEntry,
  type RecordedKind,
  type RecordHeader,
  type RecordWriter,
  unitOf,
  unzigzag,
  usualBytes,
} from './record-format.ts';

export interface ReadRecord {
  readonly header: RecordHeader;
  /** Decoded while they are asked for; a malformed entry throws a UserError. */
  readonly entries: Iterable<RecordEntry>;
}

/** Takes what a record holds, in order. */
export type RecordSink = Omit<RecordWriter, 'finish'>;

const LINE_FEED = 10;
/** The header's lines are no longer. */
const LONGEST_LINE = 1 << 20;
/** A binary entry: its first byte and three numbers of up to 8 bytes, or fewer. */
const LONGEST_ENTRY = 32;
/** Scale of the last byte of a number: what it holds is below 2^56. */
const LAST_SCALE = 2 ** 49;
/** Bytes of a whole file that are decoded at once. */
const STEP = 1 << 12;

/**
 * @param bytes a whole file, not compressed
 * @param name of the file, for messages
 * @throws UserError when it is not a record, or one of another version
 */
export function readRecord(bytes: Uint8Array, name: string): ReadRecord {
  let header: RecordHeader | undefined;
  let entries: RecordEntry[] = [];
  const parser = new RecordParser(name, (found) => {
    header = found;
    return collector((entry) => entries.push(entry));
  });
  // Up to the end of the second line; what is malformed after it is told when it is asked for.
  let at = bytes.indexOf(LINE_FEED, bytes.indexOf(LINE_FEED) + 1) + 1;
  parser.push(at > 0 ? bytes.subarray(0, at) : bytes);
  if (header === undefined) parser.end();
  function* rest(): Generator<RecordEntry> {
    for (; at < bytes.length; at += STEP) {
      parser.push(bytes.subarray(at, at + STEP));
      yield* entries;
      entries = [];
    }
    parser.end();
    yield* entries;
  }
  return { header: header!, entries: rest() };
}

const collector = (take: (entry: RecordEntry) => void): RecordSink => ({
  reference: (kind, address, bytes) => take({ type: 'reference', kind, address, bytes }),
  space: (space) => take({ type: 'space', space }),
  unmap: (page, count) => take({ type: 'unmap', page, count }),
  share: (page, space, of) => take({ type: 'share', page, space, of }),
  part: (page) => take({ type: 'part', page }),
  kernel: () => take({ type: 'kernel' }),
  refused: (address) => take({ type: 'refused', address }),
  flush: (page, count) => take({ type: 'flush', page, count }),
  exit: () => take({ type: 'exit' }),
});

/** Reads what comes after the header. */
interface Body {
  push(bytes: Uint8Array): void;
  end(): void;
}

/** Reads a record from bytes that are cut anywhere. */
export class RecordParser {
  readonly #name: string;
  readonly #sinkOf: (header: RecordHeader) => RecordSink;
  /** What there is of the header. */
  #head: Uint8Array = new Uint8Array(0);
  #body: Body | undefined;

  /**
   * @param name of the file, for messages
   * @param sinkOf is asked for where to put the entries once the header is known
   */
  constructor(name: string, sinkOf: (header: RecordHeader) => RecordSink) {
    this.#name = name;
    this.#sinkOf = sinkOf;
  }

  /** @throws UserError when it is no record, one of another version, or malformed */
  push(bytes: Uint8Array): void {
    if (this.#body !== undefined) {
      this.#body.push(bytes);
      return;
    }
    const head = new Uint8Array(this.#head.length + bytes.length);
    head.set(this.#head);
    head.set(bytes, this.#head.length);
    this.#head = head;
    this.#readHead();
  }

  /** @throws UserError when the record is cut off */
  end(): void {
    if (this.#body === undefined) {
      const hasFirstLine = formOf(this.#head, this.#name) !== undefined;
      if (!hasFirstLine) throw notRecord(this.#name);
      throw new UserError(`${this.#name}:2`, 'not JSON: cut off');
    }
    this.#body.end();
  }

  #readHead(): void {
    const head = this.#head;
    const form = formOf(head, this.#name);
    if (form === undefined) return;
    const start = head.indexOf(LINE_FEED) + 1;
    const end = head.indexOf(LINE_FEED, start);
    if ((end < 0 ? head.length : end) - start > LONGEST_LINE) {
      throw new UserError(`${this.#name}:2`, `a line of more than ${LONGEST_LINE} bytes`);
    }
    if (end < 0) return;
    const header = parseHeader(new TextDecoder().decode(head.subarray(start, end)), this.#name);
    const sink = this.#sinkOf(header);
    this.#body =
      form === 'text'
        ? new TextBody(this.#name, header, sink)
        : new BinaryBody(this.#name, header, sink, end + 1);
    this.#body.push(head.subarray(end + 1));
    this.#head = new Uint8Array(0);
  }
}

const notRecord = (name: string): UserError =>
  new UserError(name, `not a reference record; expected '${RECORD_MAGIC} ${RECORD_VERSION} …' in line 1`);

/** From the first line of a record; `undefined` when its end has not come yet. */
function formOf(head: Uint8Array, name: string): 'binary' | 'text' | undefined {
  const beginning = new TextDecoder().decode(head.subarray(0, RECORD_MAGIC.length));
  if (!RECORD_MAGIC.startsWith(beginning)) throw notRecord(name);
  // No first line is as long as a kilobyte.
  const end = head.subarray(0, 1024).indexOf(LINE_FEED);
  if (end < 0 && head.length < 1024) return undefined;
  const line = new TextDecoder().decode(head.subarray(0, Math.max(end, 0)));
  const [magic, version, form] = printable(line).split(' ');
  if (magic !== RECORD_MAGIC) throw notRecord(name);
  if (version !== String(RECORD_VERSION)) {
    throw new UserError(`${name}:1`, `version ${version} of the format; expected ${RECORD_VERSION}`);
  }
  if (form !== 'binary' && form !== 'text')
    throw new UserError(`${name}:1`, `form '${form}', expected binary or text`);
  return form;
}

function parseHeader(text: string, name: string): RecordHeader {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${name}:2`, 'not JSON');
  }
  const { granularity, pageSize, program } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (granularity !== 'every' && granularity !== 'page')
    throw new UserError(`${name}:2`, 'no granularity every or page');
  if (typeof pageSize !== 'number' || !(pageSize >= 1)) throw new UserError(`${name}:2`, 'no pageSize');
  return { granularity, pageSize, program: Array.isArray(program) ? program.map(String) : [] };
}

class BinaryBody implements Body {
  readonly #name: string;
  readonly #sink: RecordSink;
  readonly #entries: EntrySplitter;
  /** By kind. */
  readonly #units: readonly number[];
  readonly #usual: readonly number[];
  /** Of the last fetch, and of the last load or store, in units. */
  #fetched = 0;
  #accessed = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(name: string, header: RecordHeader, sink: RecordSink, offset: number) {
    this.#name = name;
    this.#sink = sink;
    this.#units = KINDS.map((kind) => unitOf(kind, header));
    this.#usual = KINDS.map((kind) => (header.granularity === 'page' ? header.pageSize : usualBytes(kind)));
    const decode = (bytes: Uint8Array, start: number, end: number) =>
      this.#decode(bytes, start, end - LONGEST_ENTRY);
    this.#entries = new EntrySplitter(LONGEST_ENTRY, offset, decode);
  }

  push(bytes: Uint8Array): void {
    this.#entries.push(bytes);
  }

  end(): void {
    const { rest } = this.#entries;
    // Zeros after the end are the end of every number.
    const padded = new Uint8Array(rest.length + LONGEST_ENTRY);
    padded.set(rest);
    const stopped = this.#decode(padded, 0, rest.length - 1);
    if (stopped > rest.length) throw this.#malformed(rest.length, 'cut off');
  }

  /** Decodes the entries that start from `start` to `last`; returns where the last one ends. */
  #decode(bytes: Uint8Array, start: number, last: number): number {
    this.#bytes = bytes;
    this.#at = start;
    while (this.#at <= last) this.#entry(bytes[this.#at]!);
    return this.#at;
  }

  #entry(first: number): void {
    const start = this.#at++;
    const value = ((first >> 3) & 15) + (first >= 0x80 ? this.#number() * 16 : 0);
    const kind = first & 3;
    if (kind === OTHER) {
      this.#operation(value, start);
      return;
    }
    const distance = unzigzag(value);
    const place = (kind === 0 ? this.#fetched : this.#accessed) + distance;
    if (kind === 0) this.#fetched = place;
    else this.#accessed = place;
    const address = place * this.#units[kind]!;
    const bytes = first & 4 ? this.#number() : this.#usual[kind]!;
    if (!(address >= 0 && address <= Number.MAX_SAFE_INTEGER))
      throw this.#malformed(start, 'malformed address');
    this.#sink.reference(KINDS[kind]!, address, bytes);
  }

  #operation(code: number, start: number): void {
    switch (code) {
      case OPERATIONS.exit:
        this.#sink.exit();
        break;
      case OPERATIONS.unmap: {
        const page = this.#number();
        this.#sink.unmap(page, this.#number());
        break;
      }
      case OPERATIONS.space:
        this.#sink.space(this.#number());
        break;
      case OPERATIONS.share: {
        const page = this.#number();
        const space = this.#number();
        this.#sink.share(page, space, this.#number());
        break;
      }
      case OPERATIONS.part:
        this.#sink.part(this.#number());
        break;
      case OPERATIONS.kernel:
        this.#sink.kernel();
        break;
      case OPERATIONS.refused:
        this.#sink.refused(this.#number());
        break;
      case OPERATIONS.flush: {
        const page = this.#number();
        this.#sink.flush(page, this.#number());
        break;
      }
      default:
        throw this.#malformed(start, `unknown operation ${code} of kind ${OTHER}`);
    }
  }

  /** LEB128: seven bits a byte, lowest first. */
  #number(): number {
    let value = 0;
    for (let scale = 1; scale <= LAST_SCALE; scale *= 0x80) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw this.#malformed(this.#at, 'malformed number');
  }

  #malformed(at: number, what: string): UserError {
    return new UserError(this.#name + this.#entries.offsetOf(at), `${what}; expected an entry of a record`);
  }
}

class TextBody implements Body {
  readonly #header: RecordHeader;
  readonly #sink: RecordSink;
  readonly #lines: LineSplitter;

  constructor(name: string, header: RecordHeader, sink: RecordSink) {
    this.#header = header;
    this.#sink = sink;
    this.#lines = new LineSplitter(name, (line) => this.#take(line), 2);
  }

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  end(): void {
    const { name, number } = this.#lines.line;
    if (this.#lines.isWithinLine)
      throw new UserError(`${name}:${number + 1}`, 'cut off: the line has no end');
  }

  #take(line: Line): void {
    const { text } = line;
    const [word = '', first = '', second = ''] = text.split(' ');
    const hexadecimal = hexadecimalOf(first);
    const kind = kindsByLetter.get(word);
    const isPage = this.#header.granularity === 'page';
    const bytes = kind !== undefined && isPage ? this.#header.pageSize : countOf(second);
    if (kind !== undefined && isCount(hexadecimal) && isCount(bytes))
      this.#sink.reference(kind, hexadecimal, bytes);
    else if (!this.#takeOther(text)) throw new UserError(line.place, `${line.shown} is not an entry`);
  }

  /** Takes an entry that is no reference, if it is one. */
  #takeOther(text: string): boolean {
    const [word, first = '', second = '', third = ''] = text.split(' ');
    const page = hexadecimalOf(first);
    const [space, count, of] = [countOf(first), countOf(second), hexadecimalOf(third)];
    if (word === 'unmap' && isCount(page) && count >= 1) this.#sink.unmap(page, count);
    else if (word === 'space' && isCount(space)) this.#sink.space(space);
    else if (word === 'share' && isCount(page) && isCount(count) && isCount(of))
      this.#sink.share(page, count, of);
    else if (word === 'part' && isCount(page)) this.#sink.part(page);
    else if (text === 'kernel') this.#sink.kernel();
    else if (word === 'refused' && isCount(page)) this.#sink.refused(page);
    else if (word === 'flush' && isCount(page) && isCount(count)) this.#sink.flush(page, count);
    else if (text === 'exit') this.#sink.exit();
    else return false;
    return true;
  }
}

const kindsByLetter = new Map<string, RecordedKind>(KINDS.map((kind) => [LETTERS[kind], kind]));
const hexadecimalOf = (text: string): number =>
  /^[0-9a-f]+$/.test(text) ? Number.parseInt(text, 16) : Number.NaN;
const countOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.NaN);
const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
