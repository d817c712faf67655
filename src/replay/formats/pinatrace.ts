/** References as the example tool pinatrace of Intel's Pin writes them. */
import { UserError } from '../../base/errors.ts';
import { KIND } from '../dense.ts';
import { BYTE, type Line, LineSplitter } from '../lines.ts';
import type { FormatContext, TraceFormat, TraceParser, TraceSink } from './contract.ts';
import { headLines, shareOf } from './head.ts';

const [COLON, READ, WRITE, OPEN] = [...':RW('].map((letter) => letter.charCodeAt(0));
/** How printf's %p writes address 0. */
const NIL = '(nil)';

class PinatraceParser implements TraceParser {
  readonly #sink: TraceSink;
  readonly #lines: LineSplitter;
  #isEnded = false;

  constructor({ name }: FormatContext, sink: TraceSink) {
    this.#sink = sink;
    this.#lines = new LineSplitter(name, (line) => this.#take(line));
  }

  push(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  end(): void {
    this.#lines.end();
    if (!this.#isEnded) this.#sink.note('the trace has no #eof line: the program was ended before its end');
  }

  #take(line: Line): void {
    if (line.isAtEnd) return;
    if (line.peek() === BYTE.hash) {
      if (line.text.startsWith('#eof')) this.#isEnded = true;
      return;
    }
    if (!line.hexadecimal() || line.peek() !== COLON) throw malformed(line);
    line.at++;
    line.skipBlanks();
    const letter = line.peek();
    if (letter !== READ && letter !== WRITE) throw malformed(line);
    line.at++;
    if (line.peek() !== BYTE.blank) throw malformed(line);
    line.skipBlanks();
    if (!readAddress(line)) throw malformed(line);
    const { low, high } = line;
    const bytes = sizeOf(line);
    this.#sink.access(letter === READ ? KIND.load : KIND.store, low >>> 0, high >>> 0, bytes);
  }
}

function readAddress(line: Line): boolean {
  if (line.peek() !== OPEN) return line.hexadecimal();
  const end = line.at + NIL.length;
  if (new TextDecoder().decode(line.bytes.subarray(line.at, Math.min(end, line.end))) !== NIL) return false;
  line.at = end;
  line.low = 0;
  line.high = 0;
  return true;
}

/** Some versions of the tool write the size, and the value, after the address. */
function sizeOf(line: Line): number {
  if (line.isAtEnd) return 1;
  if (line.peek() !== BYTE.blank && line.peek() !== BYTE.tab) throw malformed(line);
  line.skipBlanks();
  return line.decimal() && line.high === 0 ? line.low >>> 0 : 1;
}

const malformed = (line: Line): UserError =>
  new UserError(line.place, `${line.shown}, expected '0xINSTRUCTION: R 0xADDRESS' or W`);

export const pinatrace: TraceFormat = {
  name: 'pinatrace',
  summary: "Intel Pin's pinatrace: loads and stores, with the instructions that make them",
  source: 'pin -t source/tools/ManualExamples/obj-intel64/pinatrace.so -- PROGRAM writes pinatrace.out',
  example: '0x7f3f0f5a1100: W 0x7ffd6a3c5f98\n#eof',
  recognizes(head) {
    const lines = headLines(head).filter((line) => !line.startsWith('#'));
    const share = shareOf(lines, /^(0x)?[0-9a-f]+:\s+[RW]\s+((0x)?[0-9a-f]+|\(nil\))(\s|$)/);
    if (share > 0.9) return 3;
    return share > 0.5 ? 1 : 0;
  },
  parser: (context, sink) => new PinatraceParser(context, sink),
};
