/**
 * Scripted jobs as text, one a line; `#` begins a comment. docs/formats.md describes it for users.
 *
 *     NAME [KEY=VALUE…] : BURST, BURST…
 *
 *     editor arrive=10ms nice=5 : 20 x (cpu 1ms, io 9ms)
 *     matrix tickets=50 length=none : touch 0-99, cpu 200ms, write 0-99
 *     currency alice 1000
 *
 *   arrive  when it comes in (0)                    cpu TIME              computes
 *   tickets 1 or more (100)                         io TIME               waits for a device of its own
 *   currency what its tickets are of                touch PAGE[-PAGE]     reads its pages; `write` writes them
 *   nice    -20 to 19 (0)                           yield                 gives the processor up
 *   length  what policies are told a burst takes:   lend NAME, take back  its tickets, while it waits for NAME
 *           a time, or none; the truth without it   inflate N             has N tickets from now on
 *                                                   N x (BURST, …)        N times; may be nested
 */
import { UserError } from '../base/errors.ts';
import type { Burst, SchedulingInputs } from '../kernel/state.ts';
import { parseDuration } from './time-syntax.ts';

export interface Job {
  readonly name: string;
  /** Virtual time, ns. */
  readonly arrival: number;
  readonly bursts: readonly Burst[];
  /** As far as they were given. */
  readonly scheduling: Partial<SchedulingInputs>;
  /** Whether policies are told the true length of each burst. */
  readonly declares: boolean;
}

export interface JobFile {
  readonly jobs: readonly Job[];
  /** Base tickets that back each currency. */
  readonly currencies: readonly { readonly name: string; readonly tickets: number }[];
}

/** Bursts of all jobs together, and pages of one. */
const MOST_BURSTS = 1_000_000;
const MOST_PAGES = 1_000_000;
const MOST_TICKETS = 1_000_000;
/** Nested repetitions. */
const MOST_DEPTH = 16;

/**
 * @param name of the file, for messages
 * @throws UserError naming the file and the line, for the first mistake; or when there is no job
 */
export function parseJobs(text: string, name: string): JobFile {
  const jobs: Job[] = [];
  const currencies: { name: string; tickets: number }[] = [];
  let bursts = 0;
  text.split('\n').forEach((line, i) => {
    const place = `${name}:${i + 1}`;
    const content = line.replace(/#.*/, '').trim();
    if (content === '') return;
    const currency = /^currency\s+(\S+)\s+(\S+)$/.exec(content);
    if (currency !== null) {
      currencies.push({ name: currency[1]!, tickets: wholeNumber(currency[2]!, 1, MOST_TICKETS, place) });
      return;
    }
    const job = parseJob(content, place);
    if (jobs.some((other) => other.name === job.name))
      throw new UserError(place, `a second job '${job.name}'`);
    bursts += job.bursts.length;
    if (bursts > MOST_BURSTS) throw new UserError(place, `more than ${MOST_BURSTS} bursts in all`);
    jobs.push(job);
  });
  if (jobs.length === 0) throw new UserError(name, "holds no job, expected lines such as 'A : cpu 10ms'");
  checkNames(jobs, name);
  return { jobs, currencies };
}

function parseJob(content: string, place: string): Job {
  const colon = content.indexOf(':');
  if (colon < 0) throw new UserError(place, "expected 'NAME : BURST, …', e.g. 'A : cpu 10ms'");
  const [name, ...settings] = content.slice(0, colon).trim().split(/\s+/);
  if (!name || !/^[^\s=,()]+$/.test(name)) throw new UserError(place, 'expected a name before the colon');
  const given = settingsOf(settings, place);
  const bursts = new BurstReader(content.slice(colon + 1), place).read();
  return { name, bursts, ...given };
}

function settingsOf(
  settings: readonly string[],
  place: string,
): Pick<Job, 'arrival' | 'scheduling' | 'declares'> {
  let arrival = 0;
  let declares = true;
  const scheduling: Partial<SchedulingInputs> = {};
  for (const setting of settings) {
    const [, key, value = ''] = /^([a-z]+)=(.+)$/.exec(setting) ?? [];
    switch (key) {
      case 'arrive':
        arrival = parseDuration(value, place);
        break;
      case 'tickets':
        scheduling.tickets = wholeNumber(value, 1, MOST_TICKETS, place);
        break;
      case 'currency':
        scheduling.currency = value;
        break;
      case 'nice':
        scheduling.nice = wholeNumber(value, -20, 19, place);
        break;
      case 'length':
        declares = false;
        scheduling.length = value === 'none' ? undefined : parseDuration(value, place);
        break;
      default:
        throw new UserError(place, `'${setting}' is none of arrive=, tickets=, currency=, nice=, length=`);
    }
  }
  return { arrival, declares, scheduling };
}

function wholeNumber(text: string, least: number, most: number, place: string): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UserError(place, `'${text}' is not a whole number from ${least} to ${most}`);
}

/** Reads a list of bursts, by recursive descent. */
class BurstReader {
  readonly #words: readonly string[];
  readonly #place: string;
  #at = 0;

  constructor(text: string, place: string) {
    this.#words = text.match(/[(),]|[^\s(),]+/g) ?? [];
    this.#place = place;
  }

  read(): Burst[] {
    const bursts = this.#list(0);
    if (this.#at < this.#words.length) throw this.#expected('a comma between bursts');
    return bursts;
  }

  #list(depth: number): Burst[] {
    const bursts: Burst[] = [];
    do {
      for (const burst of this.#item(depth)) bursts.push(burst);
      if (bursts.length > MOST_BURSTS) throw new UserError(this.#place, `more than ${MOST_BURSTS} bursts`);
    } while (this.#skip(','));
    return bursts;
  }

  #item(depth: number): Burst[] {
    const word = this.#next('a burst, e.g. cpu 10ms');
    switch (word) {
      case 'cpu':
      case 'io':
        return [{ kind: word, ns: parseDuration(this.#next('a time'), this.#place) }];
      case 'touch':
      case 'write':
        return [this.#pages(word === 'touch' ? 'load' : 'store')];
      case 'yield':
        return [{ kind: 'yield' }];
      case 'lend':
        return [{ kind: 'lend', to: this.#next("a job's name") }];
      case 'take':
        if (!this.#skip('back')) throw this.#expected("'take back'");
        return [{ kind: 'take back' }];
      case 'inflate':
        return [
          { kind: 'inflate', tickets: wholeNumber(this.#next('a number'), 1, MOST_TICKETS, this.#place) },
        ];
      default:
        return this.#repeated(word, depth);
    }
  }

  #pages(access: 'load' | 'store'): Burst {
    const text = this.#next('pages, e.g. 0-99');
    const [, from = '', to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (from !== '' && first <= last && last < MOST_PAGES) return { kind: 'touch', first, last, access };
    throw new UserError(this.#place, `'${text}' are no pages, expected e.g. 0-99, below ${MOST_PAGES}`);
  }

  #repeated(word: string, depth: number): Burst[] {
    if (!/^\d+$/.test(word)) {
      const known = 'cpu, io, touch, write, yield, lend, take back, inflate or N x (…)';
      throw new UserError(this.#place, `unknown burst '${word}', expected ${known}`);
    }
    const times = wholeNumber(word, 1, MOST_BURSTS, this.#place);
    if (depth === MOST_DEPTH)
      throw new UserError(this.#place, `more than ${MOST_DEPTH} repetitions in one another`);
    if (!this.#skip('x') || !this.#skip('(')) throw this.#expected(`'${word} x ('`);
    const inner = this.#list(depth + 1);
    if (!this.#skip(')')) throw this.#expected("')'");
    if (inner.length * times > MOST_BURSTS)
      throw new UserError(this.#place, `more than ${MOST_BURSTS} bursts`);
    return Array.from({ length: times }, () => inner).flat();
  }

  #next(what: string): string {
    const word = this.#words[this.#at];
    if (word === undefined || word === ',' || word === '(' || word === ')') throw this.#expected(what);
    this.#at++;
    return word;
  }

  #skip(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  #expected(what: string): UserError {
    const found = this.#words[this.#at];
    return new UserError(
      this.#place,
      `expected ${what}, found ${found === undefined ? 'the end' : `'${found}'`}`,
    );
  }
}

/** Tickets are lent to jobs that are there. */
function checkNames(jobs: readonly Job[], name: string): void {
  const names = new Set(jobs.map((job) => job.name));
  for (const job of jobs) {
    const lost = job.bursts.find((burst) => burst.kind === 'lend' && !names.has(burst.to));
    if (lost?.kind === 'lend')
      throw new UserError(name, `${job.name} lends to '${lost.to}', which is no job`);
  }
}
