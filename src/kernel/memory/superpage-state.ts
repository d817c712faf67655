/** Superpages as plain data; see superpage-tables.ts. */
import type { SpaceId, Vpn } from '../../base/numbers.ts';
import type { Area } from '../state.ts';

/** Which areas get them: none, those that madvise(2) names, or all anonymous ones that are large enough. */
export type SuperpageRule = 'off' | 'madvise' | 'anonymous';

export const SUPERPAGE_RULES: readonly SuperpageRule[] = ['off', 'madvise', 'anonymous'];

/** A leaf above the last level. */
export interface Superpage {
  readonly space: SpaceId;
  /** First page that it maps. */
  readonly first: Vpn;
  /** Physical address of the leaf entry. */
  readonly at: number;
}

export interface SuperpageState {
  /** By the frame of the table that each stands for. */
  mapped: Map<number, Superpage>;
}

export const initialSuperpages = (): SuperpageState => ({ mapped: new Map() });

/**
 * Why a superpage became pages again: a part was given up or got another protection, a fork withdrew the right to write,
 * a part was copied or taken over at a write, evicted, moved, or taken out of its resident set.
 */
export type SplitCause = 'unmap' | 'protect' | 'fork' | 'copyOnWrite' | 'evict' | 'move' | 'setAside';

export interface SuperpageCounters {
  /** Made at the first touch of a range. */
  mapped: number;
  /** Made again of pages that lie as those of a superpage do. */
  joined: number;
  /** First touches for which no frames were free that lie so. */
  fellBack: number;
  split: Record<SplitCause, number>;
  /** Given up whole. */
  freed: number;
  /** Most that there were at once. */
  peak: number;
  /** Pages of those that are gone that held nothing but zeros when they went. */
  zeroPages: number;
}

export const initialSuperpageCounters = (): SuperpageCounters => ({
  mapped: 0,
  joined: 0,
  fellBack: 0,
  split: { unmap: 0, protect: 0, fork: 0, copyOnWrite: 0, evict: 0, move: 0, setAside: 0 },
  freed: 0,
  peak: 0,
  zeroPages: 0,
});

/** Whether the pages of an area may be mapped by superpages where a rule says which. */
export function mayHaveSuperpages(rule: SuperpageRule, area: Area): boolean {
  if (rule === 'off' || area.backing !== undefined || area.shared || area.growLimit > 0) return false;
  return rule === 'anonymous' ? area.superpages !== 'unwanted' : area.superpages === 'wanted';
}
