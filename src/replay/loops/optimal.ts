/**
 * The optimal policy as a loop: one bit a position for the next uses of what is in memory. A reference is a hit when
 * its own position is among them. The trace tells whose use a position is, which only an eviction has to know.
 *
 * Pages that are never used again go first, the one in the lowest frame before the others; the frame of a page counts
 * for nothing else.
 */
import { assert } from '../../base/errors.ts';
import { NEVER } from '../../base/numbers.ts';
import { i32, type Local, type Statement, sequence, when } from '../../wasm/expressions.ts';
import { increase, item, localsOf } from '../../wasm/patterns.ts';
import { type Step, WINDOW_ENTRIES } from '../compiled-pass.ts';
import type { LoopTrace, PolicyLoop } from './contract.ts';
import { type Counted, countingLoop, DIRTY, dirtyBit, isDirty, SEEN } from './counting.ts';
import { WideBits, wideBitsBytes } from './wide-bits.ts';

const constant = i32.const;

/**
 * Next uses of the window's entries. By page whether it was written to since it came, and the frame of one that is in
 * memory. Frames whose pages are never used again, and those pages. Positions of next uses; those that were gone past
 * are left in: while anything that counts is left, it is larger.
 */
type Regions = 'nextUses' | 'known' | 'frameOf' | 'done' | 'doneWith' | 'coming';
type OptimalStep = Step<Regions, Counted, 'pageAt'>;

interface Sets {
  readonly done: WideBits;
  readonly coming: WideBits;
}

/** Chooses a victim and counts it; its frame goes to `frame`. */
function evict({ body, at, kept, ask }: OptimalStep, { done, coming }: Sets, frame: Local<'i32'>): Statement {
  const { victim, position } = localsOf(body, 'i32', 'victim', 'position');
  const fromDone = sequence(
    done.findSmallest(frame),
    done.exclude(frame),
    victim.set(i32.load(item(frame, 2), at.doneWith)),
  );
  const furthest = sequence(
    coming.findLargest(position),
    coming.exclude(position),
    victim.set(ask('pageAt', position)),
    frame.set(i32.load(item(victim, 2), at.frameOf)),
  );
  return sequence(
    when(done.isEmpty(), furthest, fromDone),
    increase(kept.dirty, isDirty(i32.load8u(victim, at.known))),
    i32.store8(victim, constant(SEEN), at.known),
  );
}

function step(on: OptimalStep, sets: Sets, frames: number): Statement {
  const { body, at, kept, entry, page, offset } = on;
  const { references, faults, compulsory } = kept;
  const { frame, use } = localsOf(body, 'i32', 'frame', 'use');
  const known = i32.load8u(page, at.known);
  const bringIn = sequence(
    frame.set(faults),
    increase(faults, constant(1)),
    increase(compulsory, i32.eqz(known)),
    when(i32.gtU(faults, constant(frames)), evict(on, sets, frame)),
    i32.store(item(page, 2), frame, at.frameOf),
    i32.store8(page, i32.or(constant(SEEN), dirtyBit(entry)), at.known),
  );
  const neverAgain = sequence(
    frame.set(i32.load(item(page, 2), at.frameOf)),
    i32.store(item(frame, 2), page, at.doneWith),
    sets.done.include(frame),
  );
  const write = i32.store8(page, i32.or(known, constant(DIRTY)), at.known);
  return sequence(
    // The position, until it is counted.
    when(sets.coming.has(references), when(i32.ltS(entry, constant(0)), write), bringIn),
    increase(references, constant(1)),
    use.set(i32.load(offset, at.nextUses)),
    when(i32.eq(use, constant(NEVER | 0)), neverAgain, sets.coming.include(use)),
  );
}

export function optimalLoop(trace: LoopTrace): PolicyLoop | undefined {
  const { frames, pages, entries, nextUses } = trace;
  assert(nextUses !== undefined, 'a loop that needs the future is given it');
  let position = 0;
  const made = countingLoop<Regions, never, 'pageAt'>({
    frames,
    regions: {
      nextUses: WINDOW_ENTRIES * 4,
      known: pages,
      frameOf: pages * 4,
      done: wideBitsBytes(frames),
      doneWith: frames * 4,
      coming: wideBitsBytes(entries),
    },
    kept: [],
    host: { pageAt: (at) => nextUses.pageAt(at) },
    step: (on) => {
      const { done, coming } = on.at;
      return step(on, { done: new WideBits(done, frames), coming: new WideBits(coming, entries) }, frames);
    },
    before: (from, to) => {
      uses?.set(nextUses.chunkAt(position).subarray(from, to));
      position += to - from;
    },
  });
  const uses = made?.view('nextUses');
  return made?.loop;
}
