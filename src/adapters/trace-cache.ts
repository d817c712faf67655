/**
 * The dense form of a trace kept beside it, so that a second command need not parse it again.
 *
 *   "PWDENSE2" · length of the header (32 bits) · header, JSON · entries · low · high · owner · remarks · "PWDENSE2"
 *
 * Numbers are little-endian words of 32 bits. The header names the trace's size and time of change and the options
 * that it was read with; if one differs, the file is of no use and is written anew.
 */
import * as fs from 'node:fs';
import { endianness } from 'node:os';
import { CHUNK_ENTRIES, type DenseTrace, sharedEntries } from '../replay/dense.ts';

const MAGIC = 'PWDENSE2';
const PREAMBLE = MAGIC.length + 4;
const SUFFIX = '.dense';
const LONGEST_HEADER = 1 << 24;
/** Traces of fewer references are parsed in no time. */
const LEAST_REFERENCES = 1 << 20;

interface Header {
  readonly key: string;
  readonly format: string;
  readonly trace: Omit<DenseTrace, 'chunks' | 'names' | 'name' | 'remarks'>;
  /** How many there are. */
  readonly remarks: number;
}

export interface KeptTrace {
  readonly trace: DenseTrace;
  readonly format: string;
}

export class TraceCache {
  readonly #path: string;
  readonly #name: string;
  readonly #key: string;

  /**
   * @param path of the trace, a regular file
   * @param options what it is read with, in words
   */
  constructor(path: string, options: string) {
    const { size, mtimeNs } = fs.statSync(path, { bigint: true });
    this.#path = `${path}${SUFFIX}`;
    this.#name = path;
    this.#key = JSON.stringify({ size: String(size), changed: String(mtimeNs), options, host: endianness() });
  }

  /** The kept form; `undefined` when there is none that fits. */
  read(): KeptTrace | undefined {
    let file: number;
    try {
      file = fs.openSync(this.#path, 'r');
    } catch {
      return undefined;
    }
    try {
      return this.#readFrom(file);
    } catch {
      return undefined;
    } finally {
      fs.closeSync(file);
    }
  }

  /** Keeps a trace; a place that can't be written to is no failure. */
  write({ trace, format }: KeptTrace): void {
    if (trace.entries < LEAST_REFERENCES) return;
    const temporary = `${this.#path}.${process.pid}.partial`;
    try {
      const file = fs.openSync(temporary, 'wx');
      try {
        this.#writeTo(file, trace, format);
      } finally {
        fs.closeSync(file);
      }
      fs.renameSync(temporary, this.#path);
    } catch {
      fs.rmSync(temporary, { force: true });
    }
  }

  #readFrom(file: number): KeptTrace | undefined {
    const preamble = Buffer.alloc(PREAMBLE);
    readAll(file, preamble);
    const length = preamble.readUInt32LE(MAGIC.length);
    if (preamble.toString('latin1', 0, MAGIC.length) !== MAGIC || length > LONGEST_HEADER) return undefined;
    const text = Buffer.alloc(length);
    readAll(file, text);
    const { key, format, trace, remarks } = JSON.parse(text.toString()) as Header;
    if (key !== this.#key) return undefined;
    const chunks: Uint32Array[] = [];
    for (let left = trace.entries; left > 0; left -= CHUNK_ENTRIES) {
      chunks.push(sharedEntries(Math.min(left, CHUNK_ENTRIES)));
    }
    const names = {
      low: new Uint32Array(trace.pages),
      high: new Uint32Array(trace.pages),
      owner: new Uint32Array(trace.pages),
    };
    for (const part of [...chunks, names.low, names.high, names.owner]) readAll(file, bytesOf(part));
    const told = {
      references: new Float64Array(remarks),
      kinds: new Uint8Array(remarks),
      pages: new Uint32Array(remarks),
    };
    for (const part of Object.values(told)) readAll(file, bytesOf(part));
    const end = Buffer.alloc(MAGIC.length);
    readAll(file, end);
    if (end.toString('latin1') !== MAGIC) return undefined;
    const kept = remarks === 0 ? undefined : told;
    return { format, trace: { ...trace, name: this.#name, chunks, names, remarks: kept } };
  }

  #writeTo(file: number, trace: DenseTrace, format: string): void {
    const { chunks, names, name: _, remarks, ...rest } = trace;
    const header: Header = { key: this.#key, format, trace: rest, remarks: remarks?.kinds.length ?? 0 };
    const text = Buffer.from(JSON.stringify(header));
    const preamble = Buffer.alloc(PREAMBLE);
    preamble.write(MAGIC, 'latin1');
    preamble.writeUInt32LE(text.length, MAGIC.length);
    for (const part of [preamble, text]) writeAll(file, part);
    for (const part of [...chunks, names.low, names.high, names.owner]) writeAll(file, bytesOf(part));
    if (remarks !== undefined)
      for (const part of [remarks.references, remarks.kinds, remarks.pages]) writeAll(file, bytesOf(part));
    writeAll(file, Buffer.from(MAGIC, 'latin1'));
  }
}

const bytesOf = (words: Uint32Array | Float64Array | Uint8Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

function readAll(file: number, into: Uint8Array): void {
  for (let at = 0; at < into.length; ) {
    const count = fs.readSync(file, into, at, into.length - at, null);
    if (count === 0) throw new Error('the file ends early');
    at += count;
  }
}

function writeAll(file: number, from: Uint8Array): void {
  for (let at = 0; at < from.length; ) at += fs.writeSync(file, from, at, from.length - at);
}
