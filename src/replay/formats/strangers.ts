/** Lines in a tool's output that it did not write, such as the output of the program that it ran. */
import { UserError } from '../../base/errors.ts';
import type { Line } from '../lines.ts';
import type { TraceSink } from './contract.ts';

/** Counts strange lines. Some are tolerated; when most are strange, the trace is of another format. */
export class Strangers {
  readonly #format: string;
  #count = 0;
  #first: { readonly place: string; readonly shown: string } | undefined;

  constructor(format: string) {
    this.#format = format;
  }

  add(line: Line): void {
    this.#count++;
    this.#first ??= { place: line.place, shown: line.shown };
  }

  /** @throws UserError naming the first strange line when more than half of all `lines` are */
  finish(lines: number, sink: TraceSink): void {
    if (this.#first === undefined) return;
    const { place, shown } = this.#first;
    if (this.#count * 2 > lines) {
      const counted = `${shown} is no ${this.#format} line, like ${this.#count} of ${lines} lines`;
      throw new UserError(place, `${counted}; expected ${this.#format} output`);
    }
    const are = this.#count === 1 ? '1 line that is' : `${this.#count} lines that are`;
    sink.note(`${are} not ${this.#format} output left out, the first at ${place}`);
  }
}
