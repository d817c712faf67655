/**
 * Who read and wrote one variable, in which order, and which updates were lost by that: a thread loads, another one
 * stores, and the first stores what it made of the old value. Source of the example: the lectures' counter, which two
 * threads increment.
 */
import type { KernelEvent } from '../kernel/events.ts';
import type { RunReport } from './schema.ts';

type Watch = NonNullable<RunReport['watch']>;
/** Accesses of one process with none of another in between. */
type Turn = Watch['lost'][number]['turns'][number];

/** Lost updates that are shown, and turns of one that are. */
const MOST_SHOWN = 10;
const MOST_TURNS = 8;

export class Interleaving {
  readonly #name: string;
  readonly #address: number;
  #loads = 0;
  #stores = 0;
  /** Updates that the present value is made of. */
  #value = 0;
  readonly #examples: Watch['lost'][number][] = [];
  /** The last turns. */
  readonly #turns: Turn[] = [];
  /** By process: the updates that the value was made of which it loaded last, until it stores. */
  readonly #loaded = new Map<number, number>();

  /** @param name as the user gave it */
  constructor(name: string, address: number) {
    this.#name = name;
    this.#address = address;
  }

  readonly observe = (event: KernelEvent): void => {
    if (event.type !== 'access') return;
    const { pid, time, kind } = event;
    if (kind === 'load') {
      this.#turn(pid, time).loads++;
      this.#loads++;
      this.#loaded.set(pid, this.#value);
      return;
    }
    // A store of what was not loaded (an atomic one, a first value) builds on what is there.
    const base = this.#loaded.get(pid) ?? this.#value;
    this.#loaded.delete(pid);
    this.#turn(pid, time).stores++;
    this.#stores++;
    if (base < this.#value) this.#isLost(pid, this.#value - base, time);
    this.#value = base + 1;
  };

  finish(): Watch {
    return {
      name: this.#name,
      address: this.#address.toString(16),
      loads: this.#loads,
      stores: this.#stores,
      lostUpdates: this.#stores - this.#value,
      lost: this.#examples,
    };
  }

  #turn(pid: number, time: number): Turn {
    const last = this.#turns.at(-1);
    if (last?.pid === pid) return last;
    const turn = { pid, from: time, loads: 0, stores: 0 };
    this.#turns.push(turn);
    if (this.#turns.length > MOST_TURNS) this.#turns.shift();
    return turn;
  }

  #isLost(pid: number, updates: number, time: number): void {
    if (this.#examples.length === MOST_SHOWN) return;
    // From its own last turn on, in which it loaded the value that this store was made of.
    const start = this.#turns.findLastIndex((turn, i) => i < this.#turns.length - 1 && turn.pid === pid);
    this.#examples.push({
      time,
      pid,
      updates,
      turns: structuredClone(this.#turns.slice(Math.max(start, 0))),
    });
  }
}
