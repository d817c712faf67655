/**
 * Text cut into lines, and numbers read from their bytes without making strings of them: traces of text have
 * hundreds of millions of lines.
 */
import { UserError } from '../base/errors.ts';

/** Longest line that is taken, bytes without its end. */
export const LONGEST_LINE = 1 << 16;

export const BYTE = { tab: 9, lineFeed: 10, return: 13, blank: 32, hash: 35, comma: 44, zero: 48 } as const;

/** Values of hexadecimal digits by their byte; `NONE` for every other byte. */
const NONE = 255;
const DIGITS = new Uint8Array(256).fill(NONE);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  DIGITS[text.charCodeAt(0)] = digit;
  DIGITS[text.toUpperCase().charCodeAt(0)] = digit;
}

const LOWER_X = 'x'.charCodeAt(0);
/** Bit that tells lower-case letters from upper-case ones. */
const CASE = 0x20;
/** Decimal digits that a double holds exactly. */
const EXACT_DIGITS = 15;
const WORD = 2 ** 32;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;
/** Bytes of a line that a message shows. */
const SHOWN = 48;

/**
 * One line, read from left to right: what reads something moves `at` past it and returns true, or leaves `at`
 * where it is and returns false. Nothing must move it past the line's end. The object and its bytes are used
 * again for the next line.
 *
 * Looking for a line's end takes as long as reading it. So it is looked for only when somebody asks: whoever
 * reads a line up to its end has found it.
 */
export class Line {
  readonly name: string;
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  /** Of the next byte to read, an index into `bytes`. */
  at = 0;
  /** From 1; of a line's text it is the one that the file has. */
  number = 0;
  /** Low and high 32 bits of the number read last, as signed integers. */
  low = 0;
  high = 0;
  /** Past the bytes that may be looked at: the line's end lies before it, or there. */
  #limit = 0;
  /** -1 as long as nobody asked. */
  #end = 0;

  /** @param name of the file, for messages */
  constructor(name: string) {
    this.name = name;
  }

  /** For messages: `name:12`. */
  get place(): string {
    return `${this.name}:${this.number}`;
  }

  /** All of the line. */
  get text(): string {
    return new TextDecoder().decode(this.bytes.subarray(this.start, this.end));
  }

  /** The beginning of the line in quotes, fit to be shown on a terminal. */
  get shown(): string {
    return shown(this.bytes.subarray(this.start, this.end));
  }

  /** Past the last byte; what ends the line is not part of it. */
  get end(): number {
    if (this.#end < 0) {
      const feed = this.bytes.indexOf(BYTE.lineFeed, this.start);
      const end = feed < 0 || feed > this.#limit ? this.#limit : feed;
      this.#end = end > this.start && this.bytes[end - 1] === BYTE.return ? end - 1 : end;
    }
    return this.#end;
  }

  /** Whether all of the line is read. */
  get isAtEnd(): boolean {
    const byte = this.peek();
    return byte < 0 || byte === BYTE.lineFeed || (byte === BYTE.return && this.at === this.end);
  }

  /** Takes the bytes from `start` to `end`. */
  set(bytes: Uint8Array, start: number, end: number): void {
    this.open(bytes, start, end);
    this.#end = end;
  }

  /** Takes the bytes from `start` to a line feed, or to `limit` when there is none before. */
  open(bytes: Uint8Array, start: number, limit: number): void {
    this.bytes = bytes;
    this.start = start;
    this.at = start;
    this.#limit = limit;
    this.#end = -1;
  }

  /** The next byte; at the end one of its line's end, or -1. */
  peek(): number {
    return this.at < this.#limit ? this.bytes[this.at]! : -1;
  }

  /** Moves past blanks and tabs, if there are any. */
  skipBlanks(): void {
    const { bytes } = this;
    const end = this.#limit;
    let at = this.at;
    while (at < end && (bytes[at] === BYTE.blank || bytes[at] === BYTE.tab)) at++;
    this.at = at;
  }

  /** Hexadecimal digits with or without `0x`, up to 64 bits; there must be one. */
  hexadecimal(): boolean {
    const { bytes } = this;
    const end = this.#limit;
    let at = this.at;
    if (this.#isPrefixed()) at += 2;
    const first = at;
    let low = 0;
    let high = 0;
    for (; at < end; at++) {
      const digit = DIGITS[bytes[at]!]!;
      if (digit === NONE) break;
      if (high >>> 28 !== 0) return false;
      high = (high << 4) | (low >>> 28);
      low = (low << 4) | digit;
    }
    if (at === first) return false;
    this.low = low;
    this.high = high;
    this.at = at;
    return true;
  }

  /** Decimal digits, up to 64 bits; there must be one. */
  decimal(): boolean {
    const { bytes } = this;
    const end = this.#limit;
    let at = this.at;
    const exact = Math.min(end, at + EXACT_DIGITS);
    let value = 0;
    for (; at < exact; at++) {
      const digit = DIGITS[bytes[at]!]!;
      if (digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === this.at) return false;
    this.low = value | 0;
    this.high = Math.floor(value / WORD) | 0;
    return at < exact || at === end ? this.#moveTo(at) : this.#furtherDigits(at);
  }

  /** A number of up to 64 bits: hexadecimal after `0x`, otherwise decimal. */
  anyNumber(): boolean {
    return this.#isPrefixed() ? this.hexadecimal() : this.decimal();
  }

  /** The number read last as one: exact below 2^53, `Infinity` from there on. */
  get value(): number {
    const value = (this.high >>> 0) * WORD + (this.low >>> 0);
    return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
  }

  #isPrefixed(): boolean {
    const { bytes, at } = this;
    return at + 1 < this.#limit && bytes[at] === BYTE.zero && (bytes[at + 1]! | CASE) === LOWER_X;
  }

  /** More digits than a double is exact for: on with two halves. */
  #furtherDigits(at: number): boolean {
    let low = this.low >>> 0;
    let high = this.high >>> 0;
    for (; at < this.#limit; at++) {
      const digit = DIGITS[this.bytes[at]!]!;
      if (digit > 9) break;
      const product = low * 10 + digit;
      low = product % WORD;
      high = high * 10 + Math.floor(product / WORD);
      if (high >= WORD) return false;
    }
    this.low = low | 0;
    this.high = high | 0;
    return this.#moveTo(at);
  }

  #moveTo(at: number): true {
    this.at = at;
    return true;
  }
}

/** Bytes in quotes for a message: the first few of them, as `printable`. */
export function shown(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, SHOWN));
  return `'${printable(text)}${bytes.length > SHOWN ? '…' : ''}'`;
}

/** The text without what a terminal would act on, and of one line. */
export const printable = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');

/** Bytes that a byte order mark takes at `start`: 3 or 0. */
export function byteOrderMark(bytes: Uint8Array, start: number, end: number): number {
  const isMarked = start + 3 <= end && BYTE_ORDER_MARK.every((byte, i) => bytes[start + i] === byte);
  return isMarked ? 3 : 0;
}

/**
 * Cuts text into lines that end in a line feed, with or without a carriage return before it; the last one may
 * lack its end. A byte order mark at the beginning of the text is left out.
 */
export class LineSplitter {
  readonly #line: Line;
  readonly #take: (line: Line) => void;
  /** Beginning of a line whose end has not come yet. */
  #held = new Uint8Array(256);
  #heldBytes = 0;

  /**
   * @param name of the file, for messages
   * @param take is called for every line, also for empty ones
   * @param before lines of the file that were read otherwise
   */
  constructor(name: string, take: (line: Line) => void, before = 0) {
    this.#line = new Line(name);
    this.#line.number = before;
    this.#take = take;
  }

  /** The line read last. */
  get line(): Line {
    return this.#line;
  }

  /** Whether the text so far ends within a line. */
  get isWithinLine(): boolean {
    return this.#heldBytes > 0;
  }

  /** @throws UserError when a line is longer than `LONGEST_LINE` */
  push(bytes: Uint8Array): void {
    const limit = bytes.lastIndexOf(BYTE.lineFeed) + 1;
    let start = this.#heldBytes > 0 ? this.#complete(bytes) : 0;
    while (start < limit) start = this.#give(bytes, start, limit);
    if (start < bytes.length) this.#hold(bytes, start, bytes.length);
  }

  /** Gives the last line, if it lacks its end. */
  end(): void {
    if (this.#heldBytes > 0) this.#giveHeld();
  }

  /** Ends the held line with what belongs to it; returns where the next one starts. */
  #complete(bytes: Uint8Array): number {
    const feed = bytes.indexOf(BYTE.lineFeed);
    this.#hold(bytes, 0, feed < 0 ? bytes.length : feed);
    if (feed < 0) return bytes.length;
    this.#giveHeld();
    return feed + 1;
  }

  #hold(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#heldBytes + end - start;
    // A byte order mark and the carriage return of a line's end may be among them.
    if (length > LONGEST_LINE + 4) {
      this.#line.number++;
      throw this.#tooLong();
    }
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(length, this.#held.length * 2));
      grown.set(this.#held);
      this.#held = grown;
    }
    this.#held.set(bytes.subarray(start, end), this.#heldBytes);
    this.#heldBytes = length;
  }

  #giveHeld(): void {
    const length = this.#heldBytes;
    this.#heldBytes = 0;
    this.#give(this.#held, 0, length);
  }

  /** Gives the line that starts there; returns where the next one does. */
  #give(bytes: Uint8Array, start: number, limit: number): number {
    const line = this.#line;
    if (++line.number === 1) start += byteOrderMark(bytes, start, limit);
    line.open(bytes, start, limit);
    this.#take(line);
    const end = line.isAtEnd ? line.at : line.end;
    if (end - start > LONGEST_LINE) throw this.#tooLong();
    const isReturn = end < limit && bytes[end] === BYTE.return;
    return isReturn ? end + 2 : end + 1;
  }

  #tooLong(): UserError {
    return new UserError(this.#line.place, `a line of more than ${LONGEST_LINE} bytes`);
  }
}
