/** References as Valgrind's tool lackey prints them. */
import { UserError } from '../../base/errors.ts';
import { KIND } from '../dense.ts';
import { BYTE, type Line, LineSplitter } from '../lines.ts';
import type { FormatContext, TraceFormat, TraceParser, TraceSink } from './contract.ts';
import { headLines, shareOf } from './head.ts';
import { Strangers } from './strangers.ts';

const [FETCH, LOAD, STORE, MODIFY] = [...'ILSM'].map((letter) => letter.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];

const reference = /^(I | [LSM]) +[0-9a-f]+,\d+$/i;
const banner = /^==\d+== Lackey/;
/** What Valgrind itself prints: `==pid==` messages, `--pid--` and `**pid**` ones, and superblocks if asked to. */
const chatter = /^(==|--|\*\*)\d+(==|--|\*\*)|^SB +[0-9a-f]+$/i;

class LackeyParser implements TraceParser {
  readonly #sink: TraceSink;
  readonly #lines: LineSplitter;
  readonly #strangers = new Strangers('lackey');

  constructor({ name }: FormatContext, sink: TraceSink) {
    this.#sink = sink;
    this.#lines = new LineSplitter(name, (line) => this.#take(line));
  }

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  end(): void {
    this.#lines.end();
    this.#strangers.finish(this.#lines.line.number, this.#sink);
  }

  #take(line: Line): void {
    const letter = letterOf(line);
    // Text that only begins like a reference is no malformed one.
    if (letter < 0 || !line.hexadecimal()) {
      this.#other(line);
      return;
    }
    const { low, high } = line;
    if (line.peek() !== BYTE.comma) throw malformed(line);
    line.at++;
    if (!line.decimal() || !line.isAtEnd || line.high !== 0) throw malformed(line);
    this.#give(letter, low >>> 0, high >>> 0, line.low >>> 0);
  }

  #give(letter: number, low: number, high: number, bytes: number): void {
    const sink = this.#sink;
    if (letter === FETCH) sink.access(KIND.fetch, low, high, bytes);
    else {
      if (letter !== STORE) sink.access(KIND.load, low, high, bytes);
      if (letter !== LOAD) sink.access(KIND.store, low, high, bytes);
    }
  }

  #other(line: Line): void {
    if (line.end > line.start && !chatter.test(line.text)) this.#strangers.add(line);
  }
}

/** The letter of a reference, read with the blanks around it; -1 when there is none. */
function letterOf(line: Line): number {
  if (line.peek() === BYTE.blank) line.at++;
  const letter = line.peek();
  if (letter !== FETCH && letter !== LOAD && letter !== STORE && letter !== MODIFY) return -1;
  line.at++;
  if (line.peek() !== BYTE.blank) return -1;
  line.skipBlanks();
  return letter;
}

const malformed = (line: Line): UserError =>
  new UserError(line.place, `${line.shown}, expected I, L, S or M and ADDRESS,SIZE, e.g. ' L 1ffe,8'`);

export const lackey: TraceFormat = {
  name: 'lackey',
  summary: 'Valgrind lackey: every fetch, load, store and modify of a program',
  source: 'valgrind --tool=lackey --trace-mem=yes --log-file=FILE PROGRAM',
  example: 'I  0401ab73,5\n S 1fff000778,8',
  recognizes(head) {
    const lines = headLines(head);
    if (lines.some((line) => banner.test(line))) return 3;
    const own = lines.filter((line) => !chatter.test(line));
    const share = shareOf(own, reference);
    if (share > 0.5) return 2;
    return share > 0 ? 1 : 0;
  },
  parser: (context, sink) => new LackeyParser(context, sink),
};
