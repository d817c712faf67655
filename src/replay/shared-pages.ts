/**
 * Pages with several names: of processes that share a page after a fork, or map the same file.
 *
 *   (space, page) ──┐
 *   (space, page) ──┼──▶ number          every name's table leads to the number; here is counted how many do
 *   (space, page) ──┘
 *
 * A page that has not been referenced has no number yet. Its names wait here; the first one that is referenced gives
 * its number to all.
 */
import { ABSENT, type PageNumbers } from './page-numbers.ts';

const WORD = 2 ** 32;

/** A page number of 64 bits in two unsigned halves, and the index of its table. */
export interface Name {
  readonly space: number;
  readonly low: number;
  readonly high: number;
}

const keyOf = ({ space, low, high }: Name): string => `${space}:${high}:${low}`;

export class SharedPages {
  readonly #tables: readonly PageNumbers[];
  /** By page: how many names it has, when it has more than one. */
  readonly #names = new Map<number, number>();
  /** By name: all names of the page, which has no number. */
  readonly #waiting = new Map<string, Map<string, Name>>();
  /** By space: names that have ever been shared. */
  readonly #known = new Map<number, Map<string, Name>>();
  #hasTwins = false;

  constructor(tables: readonly PageNumbers[]) {
    this.#tables = tables;
  }

  /** Whether pages without a number are shared, so that `met` has to be told of new numbers. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether two names in one space may wait for the same number, so that references have to be numbered one by one. */
  get hasTwins(): boolean {
    return this.#hasTwins;
  }

  /** `name`, which leads nowhere, leads to what `of` leads to from now on. */
  share(name: Name, of: Name): void {
    for (const one of [name, of]) this.#keep(one);
    const number = this.#tables[of.space]!.number(of.low, of.high);
    if (number === ABSENT) this.#await(name, of);
    else this.#lead(name, number, (this.#names.get(number) ?? 1) + 1);
  }

  /** The name was referenced for the first time, and its page has got a number. */
  met(name: Name, number: number): void {
    const group = this.#waiting.get(keyOf(name));
    if (group === undefined) return;
    for (const [key, other] of group) {
      this.#waiting.delete(key);
      if (key !== keyOf(name)) this.#lead(other, number, group.size);
    }
  }

  /** A name that led to the page does so no more. Whether it was the last one. */
  lost(number: number): boolean {
    const names = this.#names.get(number);
    if (names === undefined) return true;
    if (names === 2) this.#names.delete(number);
    else this.#names.set(number, names - 1);
    return false;
  }

  isShared(number: number): boolean {
    return this.#names.has(number);
  }

  /** A name without a number waits no more. */
  forget(name: Name): void {
    const key = keyOf(name);
    const group = this.#waiting.get(key);
    if (group === undefined) return;
    this.#waiting.delete(key);
    group.delete(key);
    // One that is alone is a page as any other.
    if (group.size === 1) for (const left of group.keys()) this.#waiting.delete(left);
  }

  /** Names of a space that have ever been shared, from page `start` on. */
  namesIn(space: number, start = 0, count = Number.POSITIVE_INFINITY): Name[] {
    return [...(this.#known.get(space)?.values() ?? [])].filter(({ low, high }) => {
      const page = low + high * WORD;
      return page >= start && page < start + count;
    });
  }

  #await(name: Name, of: Name): void {
    const group = this.#waiting.get(keyOf(of)) ?? new Map([[keyOf(of), of]]);
    this.#hasTwins ||= [...group.values()].some(({ space }) => space === name.space);
    group.set(keyOf(name), name);
    for (const key of group.keys()) this.#waiting.set(key, group);
  }

  #lead({ space, low, high }: Name, number: number, names: number): void {
    this.#tables[space]!.numberOr(low, high, number);
    this.#names.set(number, names);
  }

  #keep(name: Name): void {
    const known = this.#known.get(name.space) ?? new Map<string, Name>();
    known.set(keyOf(name), name);
    this.#known.set(name.space, known);
  }
}
