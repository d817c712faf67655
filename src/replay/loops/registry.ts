/** Which policies have a loop of their own. */
import { clockLoop } from './clock.ts';
import type { LoopTrace, MakePolicyLoop, PolicyLoop } from './contract.ts';
import { fifoLoop } from './fifo.ts';
import { lruLoop } from './lru.ts';
import { optimalLoop } from './optimal.ts';

const loops: ReadonlyMap<string, MakePolicyLoop> = new Map<string, MakePolicyLoop>([
  ['fifo', fifoLoop],
  ['lru', lruLoop],
  ['clock', clockLoop],
  ['optimal', optimalLoop],
]);

/** Policies that have one, by name. */
export const loopNames: readonly string[] = [...loops.keys()];

/** Positions are numbers of 31 bits. */
const MOST_ENTRIES = 2 ** 31 - 1;

/** The loop of the policy with this name; `undefined` when it has none that can replay the trace. */
export function policyLoop(name: string, trace: LoopTrace): PolicyLoop | undefined {
  if (trace.entries > MOST_ENTRIES) return undefined;
  // What is more than all pages take would only be memory.
  const frames = Math.min(trace.frames, Math.max(1, trace.pages));
  return loops.get(name)?.({ ...trace, frames });
}
