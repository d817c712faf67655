/** What all loops have in common: the bits of a page, and the counts. */
import { type I32, i32, type Local } from '../../wasm/expressions.ts';
import { CompiledPass, type PassPlan } from '../compiled-pass.ts';
import type { PolicyLoop } from './contract.ts';

/** What is known of a page, in one byte; a page that was never in memory has none of it. */
export const RESIDENT = 1;
export const REFERENCED = 2;
export const DIRTY_SHIFT = 2;
export const DIRTY = 1 << DIRTY_SHIFT;
export const SEEN = 8;

/** Whether an entry is a store, 1 or 0: of the kinds that loops replay, they alone have the sign bit. */
export const isStore = (entry: Local<'i32'>): I32 => i32.shrU(entry, i32.const(31));

/** `DIRTY` for a store, 0 for all else. */
export const dirtyBit = (entry: Local<'i32'>): I32 => i32.shl(isStore(entry), i32.const(DIRTY_SHIFT));

/** 1 for a byte that has `DIRTY`, 0 for one that has not. */
export const isDirty = (bits: I32): I32 => i32.and(i32.shrU(bits, i32.const(DIRTY_SHIFT)), i32.const(1));

/** What every loop counts; `dirty` are evictions of pages that were written to since they came. */
const COUNTED = ['references', 'faults', 'compulsory', 'dirty'] as const;
export type Counted = (typeof COUNTED)[number];

export interface LoopPlan<R extends string, K extends string, H extends string>
  extends Omit<PassPlan<R, K | Counted, H>, 'kept'> {
  /** Page frames. */
  readonly frames: number;
  /** Variables beside the counts. */
  readonly kept: readonly K[];
  /** Told of each window, as a part of what is fed, before it is replayed. */
  before?(from: number, to: number): void;
}

/**
 * The loop, and how to get at its regions, for those that are not 0 at first; `undefined` when there is no memory.
 * Evictions are the faults that found no free frame.
 */
export function countingLoop<R extends string, K extends string, H extends string>(
  plan: LoopPlan<R, K, H>,
): { loop: PolicyLoop; view(region: R): Uint32Array } | undefined {
  const { frames, before } = plan;
  const pass = CompiledPass.of<R, K | Counted, H>({ ...plan, kept: [...COUNTED, ...plan.kept] });
  if (pass === undefined) return undefined;
  const loop: PolicyLoop = {
    get counts() {
      const faults = pass.kept('faults');
      const dirtyEvictions = pass.kept('dirty');
      return {
        references: pass.kept('references'),
        faults,
        compulsory: pass.kept('compulsory'),
        cleanEvictions: Math.max(0, faults - frames) - dirtyEvictions,
        dirtyEvictions,
        releases: 0,
      };
    },
    feed: (entries, from, to) => pass.feed(entries, from, to, before),
  };
  return { loop, view: (region) => pass.view(region) };
}
