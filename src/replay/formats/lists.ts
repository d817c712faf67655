/** Plain lists of numbers: of pages, or of addresses. */
import { UserError } from '../../base/errors.ts';
import { KIND } from '../dense.ts';
import { BYTE, byteOrderMark, Line, shown } from '../lines.ts';
import type { FormatContext, TraceFormat, TraceParser, TraceSink } from './contract.ts';
import { headLines } from './head.ts';

const NONE = 255;
/** Kinds by their letter's byte. */
const KINDS = new Uint8Array(256).fill(NONE);
for (const [letters, kind] of [
  ['rRlL', KIND.load],
  ['wWsS', KIND.store],
  ['iIfF', KIND.fetch],
] as const) {
  for (const letter of letters) KINDS[letter.charCodeAt(0)] = kind;
}

/** Bytes that end a number. */
const ENDS = new Uint8Array(256);
for (const byte of [BYTE.blank, BYTE.tab, BYTE.return, BYTE.lineFeed, BYTE.comma, BYTE.hash]) ENDS[byte] = 1;

/** Bytes of the longest word that could be a number: a letter and some leading zeros more than it needs. */
const LONGEST_WORD = 64;
const LOWER_F = 'f'.charCodeAt(0);
const CASE = 0x20;

const what = 'a decimal number or one with 0x, up to 64 bits, after an optional letter r, w or i';

type Unit = 'page' | 'address';

/** Cuts the list into words itself: all of it may be one line. */
class ListParser implements TraceParser {
  readonly #sink: TraceSink;
  readonly #unit: Unit;
  readonly #line: Line;
  readonly #held = new Uint8Array(LONGEST_WORD);
  #heldBytes = 0;
  #isFirst = true;
  #isComment = false;
  /** Of numbers without a letter of their own: that of a letter before them on their line. */
  #kind: number = KIND.load;

  constructor({ name }: FormatContext, sink: TraceSink, unit: Unit) {
    this.#sink = sink;
    this.#unit = unit;
    this.#line = new Line(name);
    this.#line.number = 1;
  }

  push(bytes: Uint8Array): void {
    const end = bytes.length;
    let at = this.#heldBytes > 0 ? this.#complete(bytes) : 0;
    while (at < end) {
      if (this.#isComment) {
        const feed = bytes.indexOf(BYTE.lineFeed, at);
        if (feed < 0) return;
        this.#isComment = false;
        at = feed;
      }
      if (ENDS[bytes[at]!] === 1) this.#separator(bytes[at++]!);
      else {
        const start = at;
        while (at < end && ENDS[bytes[at]!] === 0) at++;
        if (at < end) this.#word(bytes, start, at);
        else this.#hold(bytes, start, end);
      }
    }
  }

  end(): void {
    if (this.#heldBytes > 0) this.#heldWord();
  }

  #separator(byte: number): void {
    if (byte === BYTE.hash) this.#isComment = true;
    else if (byte === BYTE.lineFeed) {
      this.#line.number++;
      this.#kind = KIND.load;
    }
  }

  /** Ends the held word; returns where to go on. */
  #complete(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && ENDS[bytes[at]!] === 0) at++;
    this.#hold(bytes, 0, at);
    if (at < bytes.length) this.#heldWord();
    return at;
  }

  #hold(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#heldBytes + end - start;
    if (length <= LONGEST_WORD) this.#held.set(bytes.subarray(start, end), this.#heldBytes);
    else {
      // As much of it as is shown is the same wherever the bytes are cut.
      const room = LONGEST_WORD - this.#heldBytes;
      this.#held.set(bytes.subarray(start, start + room), this.#heldBytes);
      throw this.#tooLong(this.#held);
    }
    this.#heldBytes = length;
  }

  #heldWord(): void {
    const length = this.#heldBytes;
    this.#heldBytes = 0;
    this.#word(this.#held, 0, length);
  }

  #word(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > LONGEST_WORD) throw this.#tooLong(bytes.subarray(start, end));
    if (this.#isFirst) {
      this.#isFirst = false;
      start += byteOrderMark(bytes, start, end);
      if (start === end) return;
    }
    const line = this.#line;
    line.set(bytes, start, end);
    let kind = KINDS[bytes[start]!]!;
    if (kind === NONE) kind = this.#kind;
    else if (end - start === 1) {
      this.#kind = kind;
      return;
    } else this.#afterLetter(line);
    if (!line.anyNumber() || line.at !== end)
      throw new UserError(line.place, `${line.shown}, expected ${what}`);
    if (this.#unit === 'page') this.#sink.page(kind, line.low >>> 0, line.high >>> 0);
    else this.#sink.access(kind, line.low >>> 0, line.high >>> 0, 1);
  }

  /** @throws UserError for `f12`, which may be meant as a hexadecimal number */
  #afterLetter(line: Line): void {
    const isDigit = (line.bytes[line.start]! | CASE) === LOWER_F;
    line.at++;
    const isPrefixed = line.peek() === BYTE.zero && (line.bytes[line.at + 1]! | CASE) === 'x'.charCodeAt(0);
    if (isDigit && !isPrefixed) {
      throw new UserError(line.place, `${line.shown} may mean two things, expected 'f 12' or '0xf12'`);
    }
  }

  #tooLong(word: Uint8Array): UserError {
    return new UserError(this.#line.place, `${shown(word)}, expected ${what}`);
  }
}

const word = /^(?:[rwlsif]|[rwlsif]?(?:0x[0-9a-f]{1,16}|\d{1,20}))$/i;

/** 0 when it is no list; otherwise whether it has a number with `0x`. */
function listIn(head: Uint8Array): 0 | 'decimal' | 'hexadecimal' {
  const words = headLines(head)
    .map((line) => line.replace('\ufeff', '').replace(/#.*/, ''))
    .flatMap((line) => line.split(/[\s,]+/))
    .filter((one) => one !== '');
  // A list of one line may be cut within its last number.
  if (!words.some((one) => /\d/.test(one)) || !words.slice(0, -1).every((one) => word.test(one))) return 0;
  if (words.length === 1 && !word.test(words[0]!)) return 0;
  return words.some((one) => /0x/i.test(one)) ? 'hexadecimal' : 'decimal';
}

const letters = 'a letter before a number says its kind: r or l load, w or s store, i or f fetch';

export const pages: TraceFormat = {
  name: 'pages',
  summary: `page numbers, decimal or 0x, separated by blanks, commas or lines; ${letters}`,
  source: 'any program or editor; reference strings of textbooks',
  example: '7, 0, 1, 2, 0, 3 # comment\nw 0x1f',
  recognizes: (head) => {
    const list = listIn(head);
    if (list === 0) return 0;
    return list === 'decimal' ? 2 : 1;
  },
  parser: (context, sink) => new ListParser(context, sink, 'page'),
};

export const addresses: TraceFormat = {
  name: 'addresses',
  summary: `addresses, decimal or 0x, separated by blanks, commas or lines; ${letters}`,
  source: 'any program that prints addresses, e.g. with printf("%p\\n")',
  example: '0x7ffe0010\nw 0x7ffe0018',
  recognizes: (head) => {
    const list = listIn(head);
    if (list === 0) return 0;
    return list === 'hexadecimal' ? 2 : 1;
  },
  parser: (context, sink) => new ListParser(context, sink, 'address'),
};
