/** Runs parsers over bytes and keeps what they tell. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import type {
  FormatContext,
  PageName,
  PageRows,
  TraceFormat,
  TraceSink,
} from '../../../src/replay/formats/contract.ts';

export const context: FormatContext = { name: 't', pageSize: 4096, columns: {} };

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const LETTERS = 'fls';
const hex = (low: number, high: number): string => ((BigInt(high) << 32n) | BigInt(low)).toString(16);

/** Calls as short texts: `l 1ffe,8`, `page s 12`, `owner 3`; notes apart from them. */
export class Calls implements TraceSink {
  readonly calls: string[] = [];
  readonly notes: string[] = [];

  owner(identifier: number): void {
    this.calls.push(`owner ${identifier}`);
  }

  access(kind: number, low: number, high: number, bytes: number): void {
    expect([low >>> 0, high >>> 0]).toEqual([low, high]);
    this.calls.push(`${LETTERS[kind]} ${hex(low, high)},${bytes}`);
  }

  kernelAccess(kind: number, low: number, high: number, bytes: number): void {
    this.calls.push(`kernel ${LETTERS[kind]} ${hex(low, high)},${bytes}`);
  }

  refused({ low, high }: PageName): void {
    this.calls.push(`refused ${hex(low, high)}`);
  }

  changed({ low, high }: PageName, count: number): void {
    this.calls.push(`changed ${hex(low, high)} ${count}`);
  }

  page(kind: number, low: number, high: number): void {
    expect([low >>> 0, high >>> 0]).toEqual([low, high]);
    this.calls.push(`page ${LETTERS[kind]} ${hex(low, high)}`);
  }

  pages(kind: number, words: Int32Array, { start, stride, count }: PageRows): void {
    for (let i = 0; i < count; i++) {
      const at = start + i * stride;
      this.page(kind, words[at]! >>> 0, words[at + 1]! >>> 0);
    }
  }

  release(low: number, high: number, count: number): void {
    this.calls.push(`release ${hex(low, high)} ${count}`);
  }

  share(page: PageName, owner: number, of: PageName): void {
    this.calls.push(`share ${hex(page.low, page.high)} ${owner} ${hex(of.low, of.high)}`);
  }

  part({ low, high }: PageName): void {
    this.calls.push(`part ${hex(low, high)}`);
  }

  exit(): void {
    this.calls.push('exit');
  }

  note(text: string): void {
    this.notes.push(text);
  }
}

export function parsed(
  format: TraceFormat,
  pieces: readonly Uint8Array[],
  options: Partial<FormatContext> = {},
): Calls {
  const sink = new Calls();
  const parser = format.parser({ ...context, ...options }, sink);
  for (const piece of pieces) {
    // A copy that is overwritten: parsers must not keep what they are given.
    const given = Uint8Array.from(piece);
    parser.push(given);
    given.fill(0x30);
  }
  parser.end();
  return sink;
}

export const callsOf = (format: TraceFormat, text: string, options?: Partial<FormatContext>): string[] =>
  parsed(format, [bytesOf(text)], options).calls;

export const notesOf = (format: TraceFormat, text: string): string[] => parsed(format, [bytesOf(text)]).notes;

function outcome(format: TraceFormat, pieces: readonly Uint8Array[]): unknown {
  try {
    const { calls, notes } = parsed(format, pieces);
    return { calls, notes };
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function cutAt(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const ends = [...positions.map((one) => one % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

/** At every single position, byte by byte, and at any several. */
export function expectCutsAlike(format: TraceFormat, bytes: Uint8Array): void {
  const whole = outcome(format, [bytes]);
  for (let at = 0; at <= bytes.length; at++) expect(outcome(format, cutAt(bytes, [at]))).toEqual(whole);
  expect(outcome(format, cutAt(bytes, [...bytes.keys()]))).toEqual(whole);
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 8 }), (positions) => {
      expect(outcome(format, cutAt(bytes, positions))).toEqual(whole);
    }),
    { numRuns: 50 },
  );
}

const edit = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) });

/** Whatever happens to a trace, it is read, or one UserError of one line names the file; cuts change nothing. */
export function expectOnlyUserErrors(format: TraceFormat, bytes: Uint8Array): void {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), fc.nat(), (edits, cut) => {
      let mutated = [...bytes];
      for (const { at, remove, insert } of edits) {
        const start = at % (mutated.length + 1);
        mutated = [...mutated.slice(0, start), ...insert, ...mutated.slice(start + remove)];
      }
      const input = Uint8Array.from(mutated);
      const whole = outcome(format, [input]);
      if (typeof whole === 'string') expect(whole).toMatch(/^t(:\d+|\+0x[0-9a-f]+)?: \P{C}+$/u);
      expect(outcome(format, cutAt(input, [cut]))).toEqual(whole);
    }),
    { numRuns: 300 },
  );
}
