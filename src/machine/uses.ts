/**
 * Which frames were used since a moment, in the order of their last use, from the stamps. Policies that need that
 * order ask before every victim, so the scan over all frames is generated code and takes four at a time.
 */
import {
  block,
  branch,
  branchIf,
  give,
  type I32,
  i32,
  i64,
  loop,
  type Statement,
  sequence,
  when,
} from '../wasm/expressions.ts';
import type { Frame as Body, FunctionReference, ModuleBuilder } from '../wasm/module.ts';
import type { Layout } from './layout.ts';

const AT_A_TIME = 4;
const STAMP_BYTES = 8;

/**
 * (since, end of the stamps) → number of frames whose stamp is later, listed from `layout.used` on in the order of
 * their numbers. May look at up to three stamps behind the end, which are 0.
 */
export function defineUses(module: ModuleBuilder, layout: Layout): FunctionReference<'i32'> {
  return module.add(['i64', 'i32'], 'i32', (body) => usesBody(body, layout));
}

function usesBody(body: Body, layout: Layout): Statement {
  const since = body.parameter('i64', 0);
  const end = body.parameter('i32', 1);
  const at = body.local('i32');
  const out = body.local('i32');
  const isUsed = (index: number): I32 => i64.gtU(i64.load(at, index * STAMP_BYTES), since);
  const frameAt = (index: number): I32 =>
    i32.add(i32.shrU(i32.sub(at, i32.const(layout.stamps)), i32.const(3)), i32.const(index));
  // Lists the frame in any case, and keeps it there only if it was used: no branch to guess.
  const list = (index: number): Statement =>
    sequence(i32.store(out, frameAt(index)), out.set(i32.add(out, i32.shl(isUsed(index), i32.const(2)))));
  const four = [0, 1, 2, 3];
  const anyOfFour = four.map(isUsed).reduce((left, right) => i32.or(left, right));
  return sequence(
    at.set(i32.const(layout.stamps)),
    out.set(i32.const(layout.used)),
    block((done) =>
      loop((next) =>
        sequence(
          branchIf(i32.geU(at, end), done),
          when(anyOfFour, sequence(...four.map(list))),
          at.set(i32.add(at, i32.const(AT_A_TIME * STAMP_BYTES))),
          branch(next),
        ),
      ),
    ),
    give(i32.shrU(i32.sub(out, i32.const(layout.used)), i32.const(2))),
  );
}

/**
 * Sorts frames by their stamps, which are all later than `since`. As numbers, differences are exact up to 2^53;
 * beyond that (8.6 billion instructions between two victims) the stamps are compared as they are.
 */
export function sortByStamp(frames: Uint32Array, stamps: BigInt64Array, since: bigint): void {
  const ages = new Map<number, number>();
  let isExact = true;
  for (const frame of frames) {
    const age = Number(stamps[frame]! - since);
    isExact &&= age <= Number.MAX_SAFE_INTEGER;
    ages.set(frame, age);
  }
  if (isExact) frames.sort((a, b) => ages.get(a)! - ages.get(b)!);
  else frames.sort((a, b) => (stamps[a]! < stamps[b]! ? -1 : 1));
}
