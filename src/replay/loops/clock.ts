/** Clock as a loop: a byte a page, and the frames in the order in which the hand passes them. */
import {
  block,
  branch,
  branchIf,
  i32,
  loop,
  type Statement,
  select,
  sequence,
  when,
} from '../../wasm/expressions.ts';
import { increase, item, localsOf } from '../../wasm/patterns.ts';
import type { Step } from '../compiled-pass.ts';
import type { LoopTrace, PolicyLoop } from './contract.ts';
import { type Counted, countingLoop, dirtyBit, isDirty, REFERENCED, RESIDENT, SEEN } from './counting.ts';

const constant = i32.const;

function step(
  { body, at, kept, entry, page }: Step<'known' | 'pageIn', Counted | 'hand', never>,
  { frames }: LoopTrace,
): Statement {
  const { bits, victim, ofVictim } = localsOf(body, 'i32', 'bits', 'victim', 'ofVictim');
  const { references, faults, compulsory, dirty, hand } = kept;
  const frame = item(hand, 2);
  const moveHand = sequence(
    increase(hand, constant(1)),
    hand.set(select(i32.eq(hand, constant(frames)), constant(0), hand)),
  );
  const findVictim = block((found) =>
    loop((again) =>
      sequence(
        victim.set(i32.load(frame, at.pageIn)),
        ofVictim.set(i32.load8u(victim, at.known)),
        branchIf(i32.eqz(i32.and(ofVictim, constant(REFERENCED))), found),
        i32.store8(victim, i32.and(ofVictim, constant(~REFERENCED)), at.known),
        moveHand,
        branch(again),
      ),
    ),
  );
  const bringIn = sequence(
    increase(faults, constant(1)),
    increase(compulsory, i32.eqz(bits)),
    findVictim,
    increase(dirty, isDirty(ofVictim)),
    i32.store8(victim, constant(SEEN), at.known),
    i32.store(frame, page, at.pageIn),
    moveHand,
  );
  return sequence(
    increase(references, constant(1)),
    bits.set(i32.load8u(page, at.known)),
    when(i32.eqz(i32.and(bits, constant(RESIDENT))), bringIn),
    i32.store8(page, i32.or(i32.or(bits, constant(RESIDENT | REFERENCED | SEEN)), dirtyBit(entry)), at.known),
  );
}

export function clockLoop(trace: LoopTrace): PolicyLoop | undefined {
  const { frames, pages } = trace;
  const made = countingLoop({
    frames,
    // One more for what a free frame holds: what is never referenced, so that the hand stops there.
    regions: { known: pages + 1, pageIn: frames * 4 },
    kept: ['hand'],
    host: {},
    step: (on) => step(on, trace),
  });
  made?.view('pageIn').fill(pages);
  return made?.loop;
}
