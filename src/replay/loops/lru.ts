/**
 * LRU as a loop without a list. The trace itself is the list: a mark goes through its positions behind the present
 * reference, and what was last used before the mark is not in memory. A position is gone when its page was used again
 * later, or evicted; to evict is to move the mark to the next position that is not.
 *
 *       trace   ─ ─ ─ ─ ─ ┬────────────────────────────────────┬ ─ ─ ─ ─
 *                evicted  │ mark    last uses of the residents │ present reference
 *
 * Two bits a position: whether its page was used again, and whether it was dirty then. They are in words of 32
 * positions, those of one kind beside the others: used, dirty, used, dirty, and so on. Positions are counted from 1.
 */
import { type I32, i32, type Local, type Statement, select, sequence, when } from '../../wasm/expressions.ts';
import { increase, item, localsOf, repeatWhile } from '../../wasm/patterns.ts';
import type { Step } from '../compiled-pass.ts';
import type { LoopTrace, PolicyLoop } from './contract.ts';
import { type Counted, countingLoop, isStore } from './counting.ts';

const constant = i32.const;
/** Of `lastUse`: whether the page was written to since it came. */
const DIRTY_BIT = 0x8000_0000 | 0;
/** From the word of bits for pages that were used again to that for dirty ones. */
const DIRTY_OFFSET = 4;

/** `mark` is the last position that was evicted, `dirtyNow` the word of dirty pages that the present one is in. */
type LruStep = Step<'lastUse' | 'history', Counted | 'mark' | 'dirtyNow', never>;

/** Where the words are that a position is in. */
const wordsOf = (position: Local<'i32'>): I32 => item(i32.shrU(position, constant(5)), 3);
const bitOf = (position: Local<'i32'>, bit: I32): I32 => i32.shl(bit, position);

/** Moves the mark to the next position that is not gone, and counts whether its page is dirty. */
function evict({ body, at, kept: { mark, dirty } }: LruStep): Statement {
  const { words, left } = localsOf(body, 'i32', 'words', 'left');
  const notUsed: I32 = i32.xor(i32.load(words, at.history), constant(-1));
  const wasDirty = i32.shrU(i32.load(words, at.history + DIRTY_OFFSET), mark);
  return sequence(
    increase(mark, constant(1)),
    words.set(wordsOf(mark)),
    left.set(i32.and(notUsed, i32.shl(constant(-1), mark))),
    repeatWhile(i32.eqz(left), sequence(increase(words, constant(8)), left.set(notUsed))),
    mark.set(i32.or(i32.shl(words, constant(2)), i32.ctz(left))),
    increase(dirty, i32.and(wasDirty, constant(1))),
  );
}

function step(on: LruStep, { frames }: LoopTrace): Statement {
  const { body, at, kept, entry, page } = on;
  const { known, last, isHit, isDirty } = localsOf(body, 'i32', 'known', 'last', 'isHit', 'isDirty');
  const { references, faults, compulsory, mark, dirtyNow } = kept;
  const position = references;
  const inWord = i32.and(position, constant(31));
  const used = i32.load(wordsOf(last), at.history);
  return sequence(
    increase(references, constant(1)),
    known.set(i32.load(item(page, 2), at.lastUse)),
    last.set(i32.and(known, constant(~DIRTY_BIT))),
    isHit.set(i32.gtU(last, mark)),
    isDirty.set(i32.or(isStore(entry), i32.and(isHit, i32.shrU(known, constant(31))))),
    i32.store(item(page, 2), i32.or(position, i32.shl(isDirty, constant(31))), at.lastUse),
    // Position 0 is nobody's.
    i32.store(wordsOf(last), i32.or(used, bitOf(last, constant(1))), at.history),
    dirtyNow.set(i32.or(select(inWord, dirtyNow, constant(0)), bitOf(position, isDirty))),
    i32.store(wordsOf(position), dirtyNow, at.history + DIRTY_OFFSET),
    when(
      i32.eqz(isHit),
      sequence(
        increase(faults, constant(1)),
        increase(compulsory, i32.eqz(last)),
        when(i32.gtU(faults, constant(frames)), evict(on)),
      ),
    ),
  );
}

export function lruLoop(trace: LoopTrace): PolicyLoop | undefined {
  const { frames, pages, entries } = trace;
  return countingLoop({
    frames,
    regions: { lastUse: pages * 4, history: Math.ceil((entries + 1) / 32) * 8 },
    kept: ['mark', 'dirtyNow'],
    host: {},
    step: (on) => step(on, trace),
    touch: (word, at) => i32.load(word, at.lastUse),
  })?.loop;
}
