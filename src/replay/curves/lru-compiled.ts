/**
 * LRU's stack distances of a trace without releases, in WebAssembly: as lru-stack.ts without holes, with the ranks of
 * ranked-slots.ts. A page's depth is how many last uses are not older than its own.
 */
import { type I32, i32, type Local, type Statement, sequence, when } from '../../wasm/expressions.ts';
import { increase, item, localsOf, repeatWhile } from '../../wasm/patterns.ts';
import { CompiledPass, type Step } from '../compiled-pass.ts';
import type { DenseTrace } from '../dense.ts';
import { StackDistances } from './distances.ts';
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

/** By page 1 + its slot, 0 before its first reference; by depth how often it was found; and the slots. */
type Regions = 'last' | 'counts' | 'behind' | 'words' | 'levels';
/** The slot that comes next; pages that were referenced; entries, shifted together so that a release has the sign bit. */
type Kept = 'next' | 'pages' | 'releases';
type CurveStep = Step<Regions, Kept, 'settle'>;

const countDepth = ({ at }: CurveStep, depth: I32): Statement => {
  const counter = item(depth, 2);
  return i32.store(counter, i32.add(i32.load(counter, at.counts), constant(1)), at.counts);
};

/** What a reference does to a page that is not on top of the stack; `known` is of its last use. */
function bringToTop(on: CurveStep, known: Local<'i32'>, levels: readonly Level[]): Statement {
  const { body, at, kept, page } = on;
  const { next, pages } = kept;
  const { slot, depth, lane, count } = localsOf(body, 'i32', 'slot', 'depth', 'lane', 'count');
  const slots = new RankedSlots(at, levels);
  const find = sequence(
    slot.set(i32.sub(known, constant(1))),
    depth.set(i32.sub(pages, slots.rank(slot))),
    slots.free(slot),
  );
  const first = sequence(depth.set(constant(0)), increase(pages, constant(1)));
  return sequence(
    increase(next, constant(1)),
    i32.store(item(page, 2), next, at.last),
    when(known, find, first),
    countDepth(on, depth),
    when(i32.eqz(i32.and(next, constant(63))), slots.begin(next, lane, count)),
  );
}

/** When all slots are taken: numbers the occupied ones from 0 again, in their order. */
function renumber({ body, at, kept, ask }: CurveStep, pages: number, levels: readonly Level[]): Statement {
  const { other, known, slot } = localsOf(body, 'i32', 'other', 'known', 'slot');
  const slots = new RankedSlots(at, levels);
  const move = sequence(
    slot.set(i32.sub(known, constant(1))),
    i32.store(other, i32.add(slots.rank(slot), constant(1)), at.last),
  );
  return sequence(
    other.set(constant(0)),
    repeatWhile(
      i32.ltU(other, constant(pages * 4)),
      sequence(known.set(i32.load(other, at.last)), when(known, move), increase(other, constant(4))),
    ),
    kept.next.set(ask('settle', kept.pages)),
  );
}

function step(on: CurveStep, capacity: number, size: number, levels: readonly Level[]): Statement {
  const { body, at, kept, entry, page } = on;
  const { next, releases } = kept;
  const known = body.local('i32');
  const isOnTop = i32.and(i32.eq(known, next), i32.ne(known, constant(0)));
  return sequence(
    releases.set(i32.or(releases, i32.and(entry, i32.shl(entry, constant(1))))),
    when(i32.eq(next, constant(capacity)), renumber(on, size, levels)),
    known.set(i32.load(item(page, 2), at.last)),
    when(isOnTop, countDepth(on, constant(1)), bringToTop(on, known, levels)),
  );
}

/**
 * The stack distances of the whole trace under LRU; `undefined` when pages are released in it, or there is no memory for
 * this way to find them.
 */
export function compiledLruDistances({
  chunks,
  pages,
}: Pick<DenseTrace, 'chunks' | 'pages'>): StackDistances | undefined {
  const capacity = Math.max(LEAST_SLOTS, 2 ** Math.ceil(Math.log2(pages * SPARE)));
  if (capacity > MOST_SLOTS) return undefined;
  const levels = levelsOf(capacity);
  const pass = CompiledPass.of<Regions, Kept, 'settle'>({
    regions: {
      last: pages * 4,
      counts: (pages + 1) * 4,
      behind: BEHIND_BYTES,
      words: capacity / 8,
      levels: bytesOfLevels(levels),
    },
    kept: ['next', 'pages', 'releases'],
    host: {
      /** Every page that was referenced occupies one slot, and they are the first ones now. */
      settle: (occupied) => {
        begin(occupied);
        return occupied;
      },
    },
    step: (on) => step(on, capacity, pages, levels),
    touch: (page, at) => i32.load(item(page, 2), at.last),
  });
  if (pass === undefined) return undefined;
  const [words, lanes] = [pass.view('words'), pass.view('levels')];
  const begin = (occupied: number): void => {
    words.fill(2 ** 32 - 1);
    fillLevels(lanes, levels, occupied);
  };
  fillBehind(pass.view('behind'));
  begin(0);
  for (const chunk of chunks) {
    pass.feed(chunk, 0, chunk.length);
    if (pass.kept('releases') >= 2 ** 31) return undefined;
  }
  return new StackDistances(new Uint32Array(pass.view('counts')));
}
