/** References as Dinero and other cache simulators take them. */
import { UserError } from '../../base/errors.ts';
import { KIND } from '../dense.ts';
import { BYTE, type Line, LineSplitter, shown } from '../lines.ts';
import type { FormatContext, TraceFormat, TraceParser, TraceSink } from './contract.ts';
import { headLines, shareOf } from './head.ts';

const KINDS = [KIND.load, KIND.store, KIND.fetch] as const;
/** Labels 3 and 4 are escape records: an access of unknown type, and a flush of the cache. */
const LAST_LABEL = 4;

class DinParser implements TraceParser {
  readonly #sink: TraceSink;
  readonly #lines: LineSplitter;
  #escapes = 0;

  constructor({ name }: FormatContext, sink: TraceSink) {
    this.#sink = sink;
    this.#lines = new LineSplitter(name, (line) => this.#take(line));
  }

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  end(): void {
    this.#lines.end();
    if (this.#escapes > 0) this.#sink.note(`${this.#escapes} escape records (labels 3 and 4) left out`);
  }

  #take(line: Line): void {
    line.skipBlanks();
    if (line.isAtEnd) return;
    const label = labelOf(line);
    line.skipBlanks();
    // What follows the address is a comment.
    if (!line.hexadecimal() || !isBetweenWords(line)) {
      throw new UserError(line.place, `${line.shown}, expected a label and a hexadecimal address`);
    }
    const kind = KINDS[label];
    if (kind === undefined) this.#escapes++;
    else this.#sink.access(kind, line.low >>> 0, line.high >>> 0, 1);
  }
}

function labelOf(line: Line): number {
  const first = line.at;
  const label = line.peek() - BYTE.zero;
  if (label >= 0 && label <= LAST_LABEL) {
    line.at++;
    if (isBetweenWords(line)) return label;
  }
  while (!isBetweenWords(line)) line.at++;
  const word = shown(line.bytes.subarray(first, line.at));
  throw new UserError(line.place, `label ${word}, expected 0 read, 1 write or 2 fetch`);
}

function isBetweenWords(line: Line): boolean {
  const byte = line.peek();
  return byte === BYTE.blank || byte === BYTE.tab || line.isAtEnd;
}

export const din: TraceFormat = {
  name: 'din',
  summary: 'Dinero: a label (0 read, 1 write, 2 fetch) and a hexadecimal address a line',
  source: 'Dinero III and IV (-informat d), SPEC traces for them, and many teaching tools',
  example: '2 415130\n0 7fffcc60',
  recognizes(head) {
    const lines = headLines(head);
    if (shareOf(lines, /^\s*[0-4]\s+(0x)?[0-9a-f]{1,16}(\s|$)/i) < 1) return 0;
    // Without a letter it might as well be decimal numbers.
    return lines.some((line) => /^\s*\d\s+(0x|[0-9]*[a-f])/i.test(line)) ? 2 : 1;
  },
  parser: (context, sink) => new DinParser(context, sink),
};
