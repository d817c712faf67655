/** FIFO as a loop: a byte a page, and the frames in the order in which they were filled. */
import { i32, type Statement, select, sequence } from '../../wasm/expressions.ts';
import { increase, item, localsOf } from '../../wasm/patterns.ts';
import type { Step } from '../compiled-pass.ts';
import type { LoopTrace, PolicyLoop } from './contract.ts';
import { type Counted, countingLoop, dirtyBit, isDirty, RESIDENT, SEEN } from './counting.ts';

const constant = i32.const;

/**
 * Hits and faults take the same way, a hit with an eviction of what no page is: which it is can't be foretold, and a
 * wrong guess costs the processor more than all the rest.
 */
function step(
  { body, at, kept, entry, page }: Step<'known' | 'pageIn', Counted | 'oldest', never>,
  { frames, pages }: LoopTrace,
): Statement {
  const { bits, fault, inOldest, victim } = localsOf(body, 'i32', 'bits', 'fault', 'inOldest', 'victim');
  const { references, faults, compulsory, dirty, oldest } = kept;
  const frame = item(oldest, 2);
  const nobody = constant(pages);
  return sequence(
    increase(references, constant(1)),
    bits.set(i32.load8u(page, at.known)),
    fault.set(i32.eqz(i32.and(bits, constant(RESIDENT)))),
    inOldest.set(i32.load(frame, at.pageIn)),
    victim.set(select(fault, inOldest, nobody)),
    increase(dirty, isDirty(i32.load8u(victim, at.known))),
    i32.store8(victim, constant(SEEN), at.known),
    i32.store8(page, i32.or(i32.or(bits, constant(RESIDENT | SEEN)), dirtyBit(entry)), at.known),
    i32.store(frame, select(fault, page, inOldest), at.pageIn),
    increase(faults, fault),
    increase(compulsory, i32.eqz(bits)),
    increase(oldest, fault),
    oldest.set(select(i32.eq(oldest, constant(frames)), constant(0), oldest)),
  );
}

export function fifoLoop(trace: LoopTrace): PolicyLoop | undefined {
  const { frames, pages } = trace;
  const made = countingLoop({
    frames,
    // One more for what a free frame holds.
    regions: { known: pages + 1, pageIn: frames * 4 },
    kept: ['oldest'],
    host: {},
    step: (on) => step(on, trace),
  });
  made?.view('pageIn').fill(pages);
  return made?.loop;
}
