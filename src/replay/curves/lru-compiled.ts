/**
 * LRU's stack distances of a trace without releases, in WebAssembly: as lru-stack.ts without holes, with the ranks of
 * ranked-slots.ts. A page's depth is how many last uses are not older than its own.
 */
import { i32, type Local, type Statement, sequence, when } from '../../wasm/expressions.ts';
import { increase, item, localsOf, repeatWhile } from '../../wasm/patterns.ts';
import { CompiledPass, type Step } from '../compiled-pass.ts';
import { StackDistances } from './distances.ts';
import { ranksOf } from './occupied-slots.ts';
import {
  BEHIND_BYTES,
  bytesOfLevels,
  fillBehind,
  fillLevels,
  type Level,
  levelsOf,
  RankedSlots,
} from './ranked-slots.ts';

const LEAST_SLOTS = 1 << 12;
const MOST_SLOTS = 2 ** 31;
/** Slots to one that is occupied, at least: fewer take more frequent renumbering, more take more of the cache. */
const SPARE = 2.25;

const constant = i32.const;
const zero = constant(0);
const one = constant(1);

/**
 * By page 1 + its slot, 0 before its first reference; by depth how often it was found; and the slots. Of most depths a
 * few are found: counts are bytes, which take a quarter of the cache that words would, and how often they ran over.
 */
type Regions = 'last' | 'counts' | 'overruns' | 'behind' | 'words' | 'levels';
const COUNT_BITS = 8;
/** The slot that comes next; pages that were referenced. */
type Kept = 'next' | 'pages';
type LruStep = Step<Regions, Kept, 'settle'>;

/** Takes the next slot for the page. */
const takeSlot = ({ at, kept: { next }, word }: LruStep): Statement =>
  sequence(increase(next, one), i32.store(word, next, at.last));

/** To be called after a slot was taken. */
function beginWord({ body, at, kept: { next } }: LruStep, levels: readonly Level[]): Statement {
  const { lane, count } = localsOf(body, 'i32', 'lane', 'count');
  const slots = new RankedSlots(at, levels);
  return when(i32.eqz(i32.and(next, constant(63))), slots.begin(next, lane, count));
}

/** A reference to a page that is not on top of the stack; `known` is of its last use. */
function bringToTop(on: LruStep, known: Local<'i32'>, levels: readonly Level[]): Statement {
  const { body, at, kept } = on;
  const { slot, before } = localsOf(body, 'i32', 'slot', 'before');
  const scratch = localsOf(body, 'i64', 'bit', 'word');
  return sequence(
    takeSlot(on),
    slot.set(i32.sub(known, one)),
    new RankedSlots(at, levels).free(slot, before, scratch),
    on.leave(i32.sub(kept.pages, before)),
    beginWord(on, levels),
  );
}

/** The first reference to a page: of depth 0. */
const putOnTop = (on: LruStep, levels: readonly Level[]): Statement =>
  sequence(takeSlot(on), increase(on.kept.pages, one), on.leave(zero), beginWord(on, levels));

/** When all slots are taken: numbers the occupied ones from 0 again, in their order. */
function renumber({ body, at, kept, ask }: LruStep, room: number, levels: readonly Level[]): Statement {
  const { other, known, slot } = localsOf(body, 'i32', 'other', 'known', 'slot');
  const slots = new RankedSlots(at, levels);
  const move = sequence(
    slot.set(i32.sub(known, one)),
    i32.store(other, i32.add(slots.rank(slot), one), at.last),
  );
  return sequence(
    other.set(zero),
    repeatWhile(
      i32.ltU(other, constant(room * 4)),
      sequence(known.set(i32.load(other, at.last)), when(known, move), increase(other, constant(4))),
    ),
    kept.next.set(ask('settle', kept.pages)),
  );
}

function step(on: LruStep, capacity: number, room: number, levels: readonly Level[]): Statement {
  const { body, at, kept, word } = on;
  const known = body.local('i32');
  return sequence(
    when(i32.eq(kept.next, constant(capacity)), renumber(on, room, levels)),
    known.set(i32.load(word, at.last)),
    when(
      known,
      when(i32.eq(known, kept.next), on.leave(one), bringToTop(on, known, levels)),
      putOnTop(on, levels),
    ),
  );
}

/** One more reference that was found at `depth`. */
function countDepth(depth: Local<'i32'>, at: LruStep['at'], count: Local<'i32'>): Statement {
  const overruns = i32.load(item(depth, 2), at.overruns);
  return sequence(
    count.set(i32.add(i32.load8u(depth, at.counts), one)),
    i32.store8(depth, count, at.counts),
    when(
      i32.shrU(count, constant(COUNT_BITS)),
      i32.store(item(depth, 2), i32.add(overruns, one), at.overruns),
    ),
  );
}

/** Where a pass over a trace has come to: another one may go on from there. */
export interface LruState {
  /** By page 1 + how many others were last used before it; 0 for a page that was not referenced. */
  readonly order: Uint32Array;
  /** By distance how often it occurred. */
  readonly counts: Uint32Array;
}

export class CompiledLru {
  /** Pages are 0 to `room` - 1. */
  readonly room: number;
  readonly #pass: CompiledPass<Regions, Kept>;

  private constructor(room: number, pass: CompiledPass<Regions, Kept>) {
    this.room = room;
    this.#pass = pass;
  }

  /**
   * `undefined` when there is no memory for so many pages.
   * @param from where to go on
   */
  static of(room: number, from?: LruState): CompiledLru | undefined {
    const capacity = Math.max(LEAST_SLOTS, 2 ** Math.ceil(Math.log2(room * SPARE)));
    if (capacity > MOST_SLOTS) return undefined;
    const levels = levelsOf(capacity);
    const pass = CompiledPass.of<Regions, Kept, 'settle'>({
      regions: {
        last: room * 4,
        counts: room + 1,
        overruns: (room + 1) * 4,
        behind: BEHIND_BYTES,
        words: capacity / 8,
        levels: bytesOfLevels(levels),
      },
      kept: ['next', 'pages'],
      host: { settle: (occupied) => settle(occupied) },
      step: (on) => step(on, capacity, room, levels),
      touch: (word, at) => i32.load(word, at.last),
      collect: (depth, at, body) => countDepth(depth, at, body.local('i32')),
    });
    if (pass === undefined) return undefined;
    const [words, lanes] = [pass.view('words'), pass.view('levels')];
    // Every page that was referenced occupies one slot, and they are the first ones.
    const settle = (occupied: number): number => {
      words.fill(2 ** 32 - 1);
      fillLevels(lanes, levels, occupied);
      return occupied;
    };
    fillBehind(pass.view('behind'));
    const pages = from === undefined ? 0 : takeUp(pass, from);
    pass.keep('pages', pages);
    pass.keep('next', settle(pages));
    return new CompiledLru(room, pass);
  }

  /** Takes the entries that come next, among which is no release. */
  feed(entries: Uint32Array): void {
    this.#pass.feed(entries, 0, entries.length);
  }

  get distances(): StackDistances {
    return new StackDistances(this.#counts());
  }

  get state(): LruState {
    const words = this.#pass.view('words');
    const rank = ranksOf(new Int32Array(words.buffer, words.byteOffset, words.length));
    const order = this.#pass.view('last').slice();
    for (let page = 0; page < order.length; page++)
      if (order[page]! > 0) order[page] = rank(order[page]! - 1) + 1;
    return { order, counts: this.#counts() };
  }

  #counts(): Uint32Array {
    const counts = this.#pass.view('overruns').slice();
    const bytes = bytesOf(this.#pass);
    for (let depth = 0; depth < counts.length; depth++)
      counts[depth] = (counts[depth]! << COUNT_BITS) | bytes[depth]!;
    return counts;
  }
}

/** Brings a new pass to where another one was; gives how many pages that one knew. */
function takeUp(pass: CompiledPass<Regions, Kept>, { order, counts }: LruState): number {
  pass.view('last').set(order);
  const [bytes, overruns] = [bytesOf(pass), pass.view('overruns')];
  for (let depth = 0; depth < counts.length; depth++) {
    bytes[depth] = counts[depth]!;
    overruns[depth] = counts[depth]! >>> COUNT_BITS;
  }
  return counts[0]!;
}

function bytesOf(pass: CompiledPass<Regions, Kept>): Uint8Array {
  const { buffer, byteOffset, byteLength } = pass.view('counts');
  return new Uint8Array(buffer, byteOffset, byteLength);
}
