/** References as DynamoRIO's trace tool `view` prints them. */
import { UserError } from '../../base/errors.ts';
import { KIND } from '../dense.ts';
import { type Line, LineSplitter } from '../lines.ts';
import type { FormatContext, TraceFormat, TraceParser, TraceSink } from './contract.ts';
import { halvesOf } from './halves.ts';
import { headLines } from './head.ts';
import { Strangers } from './strangers.ts';

/**
 * Number of the record, and of the instruction in newer versions; the thread, `T12`, `12` or, with its workload,
 * `W1.T12`. Threads of a workload share their addresses.
 */
const prefix = /^ *\d+(?: +\d+)?: +(?:W(\d+)\.)?T?\d+ +/;
const record =
  /^ *\d+(?: +\d+)?: +(?:W(\d+)\.)?T?\d+ +(ifetch|read|write) +(\d+) byte\(s\) @ 0x([0-9a-f]{1,16})\b(.*)$/;
const isReference = /^(ifetch|read|write)\b/;
/** Prefetches and cache flushes do not wait for a page. */
const isHint = /^(pref|iflush|dflush)/;
/** The tool's own lines that are no records. */
const chatter = /^(-+$|Output format:|<.*>|View tool results:|=+$| *\d+ : total )/;

const KINDS: Readonly<Record<string, number>> = { ifetch: KIND.fetch, read: KIND.load, write: KIND.store };

class DrmemtraceParser implements TraceParser {
  readonly #sink: TraceSink;
  readonly #lines: LineSplitter;
  readonly #strangers = new Strangers('drmemtrace view');
  #workload = '';
  #hints = 0;

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
    if (this.#hints > 0) this.#sink.note(`${this.#hints} prefetches and cache flushes left out`);
  }

  #take(line: Line): void {
    const { text } = line;
    const [, workload = '', word, size, address, rest = ''] = record.exec(text) ?? [];
    if (word === undefined) {
      this.#other(line, text);
      return;
    }
    // An instruction of a repeated string operation that is not fetched again.
    if (rest.includes('non-fetched')) return;
    if (workload !== this.#workload) {
      this.#workload = workload;
      this.#sink.owner(Number(workload));
    }
    const { low, high } = halvesOf(address!);
    this.#sink.access(KINDS[word]!, low, high, Math.min(Number(size), 2 ** 32 - 1));
  }

  #other(line: Line, text: string): void {
    const [start] = prefix.exec(text) ?? [];
    if (start !== undefined) {
      const details = text.slice(start.length);
      if (isReference.test(details)) {
        throw new UserError(
          line.place,
          `${line.shown}, expected ifetch, read or write, N byte(s) @ 0xADDRESS`,
        );
      }
      if (isHint.test(details)) this.#hints++;
    } else if (text.trim() !== '' && !chatter.test(text)) this.#strangers.add(line);
  }
}

export const drmemtrace: TraceFormat = {
  name: 'drmemtrace',
  summary: "DynamoRIO drmemtrace: the text of its trace tool 'view'",
  source: 'drrun -t drcachesim -indir drmemtrace.*.dir -simulator_type view 2> FILE',
  example: '       10663        8013:     2444839 read         8 byte(s) @ 0x00007ffdf9d85088 by PC 0x40361a',
  recognizes(head) {
    const lines = headLines(head);
    if (lines.some((line) => record.test(line))) return 3;
    return lines.some((line) => prefix.test(line) && line.includes('<marker: ')) ? 3 : 0;
  },
  parser: (context, sink) => new DrmemtraceParser(context, sink),
};
