/** Samples of memory accesses as `perf script` prints them. */
import { UserError } from '../../base/errors.ts';
import { KIND } from '../dense.ts';
import { type Line, LineSplitter } from '../lines.ts';
import type { FormatContext, TraceFormat, TraceParser, TraceSink } from './contract.ts';
import { halvesOf } from './halves.ts';
import { headLines, shareOf } from './head.ts';
import { Strangers } from './strangers.ts';

/**
 * perf prints fields in an order of its own: command, process and thread, processor, time, period, event,
 * address, where it came from, weight, instruction pointer, symbol. Only process, event, address and
 * instruction pointer are looked for; without the pointer the address could be one.
 */
const fields = {
  process: /(?:^|\s)(\d+)(?:\/\d+)?\s+/,
  processor: /(?:\[\d+\]\s+)?/,
  time: /(?:\d+\.\d+:\s+)?/,
  period: /(?:\d+\s+)?/,
  event: /(\S*[A-Za-z]\S*):\s+/,
  address: /([0-9a-f]{1,16})/,
  pointer: /(?=\s(?:.*\s)?[0-9a-f]{4,16}(?:\s|$))/,
  rest: /(.*)/,
};
const sample = new RegExp(
  Object.values(fields)
    .map(({ source }) => source)
    .join(''),
);
/** A line of a sample whose fields are others. */
const event = /^.*\d\s+\S*[A-Za-z]\S*:\s/;

class PerfParser implements TraceParser {
  readonly #sink: TraceSink;
  readonly #lines: LineSplitter;
  readonly #strangers = new Strangers('perf script');
  #process = '';
  #samples = 0;
  #withoutAddress = 0;

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
    if (this.#samples > 0) this.#sink.note('a sample: perf records some of the references, not all');
    if (this.#withoutAddress > 0)
      this.#sink.note(`${this.#withoutAddress} samples without an address left out`);
  }

  #take(line: Line): void {
    const { text } = line;
    // Comments of --header, and empty lines between samples.
    if (text.startsWith('#') || text.trim() === '') return;
    const [, process, name, address, rest] = sample.exec(text) ?? [];
    if (process === undefined) {
      if (event.test(text)) throw malformed(line);
      this.#strangers.add(line);
      return;
    }
    const { low, high } = halvesOf(address!);
    if (low === 0 && high === 0) {
      this.#withoutAddress++;
      return;
    }
    if (process !== this.#process) {
      this.#process = process;
      this.#sink.owner(Number(process));
    }
    this.#samples++;
    this.#sink.access(kindOf(name!, rest!), low, high, 1);
  }
}

/** Where the sample came from (`|OP STORE|LVL …`) is sure; otherwise the event's name tells. */
function kindOf(event: string, rest: string): number {
  if (rest.includes('|OP LOAD')) return KIND.load;
  return rest.includes('|OP STORE') || /store/i.test(event) ? KIND.store : KIND.load;
}

const malformed = (line: Line): UserError =>
  new UserError(line.place, `${line.shown}, expected what 'perf script -F pid,event,ip,addr' prints`);

export const perf: TraceFormat = {
  name: 'perf',
  summary: 'perf: samples of loads and stores, one in many',
  source: 'perf mem record PROGRAM; perf script -F pid,event,ip,addr > FILE',
  example: ' 2037 cpu/mem-loads,ldlat=30/P:     7f95de942110     7f95de9297ad',
  recognizes(head) {
    const lines = headLines(head).filter((line) => !line.startsWith('#'));
    const share = shareOf(lines, sample);
    if (share > 0.5) return 2;
    return share > 0 ? 1 : 0;
  },
  parser: (context, sink) => new PerfParser(context, sink),
};
