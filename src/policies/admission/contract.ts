/**
 * Load control: how many processes may compete for memory. When together they use more pages than there are frames,
 * each one's fault takes a page that another is about to use, and the disk is busy while the processor waits:
 * thrashing. Then some are better suspended until there is room.
 *
 *             suspend
 *   competing ───────▶ waiting
 *       ▲                 │
 *       └─────────────────┘ resume
 *
 * A policy looks at what happened since its last look and decides on one step at most; the mechanism keeps the last
 * process that competes from being suspended, and lets one go on when nobody else can.
 */
import type { Pid } from '../../base/numbers.ts';

/** A process that competes for memory, and what it did since the last look. */
export interface Competitor {
  readonly pid: Pid;
  /** When it was last let in, ns. */
  readonly admitted: number;
  /** Pages that it used; 0 for policies that don't need it. */
  readonly workingSet: number;
  /** Time on the processor, ns. */
  readonly cpu: number;
  /** Faults for which a page was read. */
  readonly faults: number;
}

export interface Suspended {
  readonly pid: Pid;
  readonly since: number;
  /** Pages that it used before it was suspended. */
  readonly workingSet: number;
}

export interface LoadView {
  readonly now: number;
  /** Time between two looks, ns. */
  readonly interval: number;
  /** Frames that pages may have. */
  readonly frames: number;
  /** What reading a page takes, ns. */
  readonly transfer: number;
  /** Pages that were evicted. */
  readonly evictions: number;
  /** Those let in last come last. */
  readonly competing: readonly Competitor[];
  /** The longest waiting first. */
  readonly waiting: readonly Suspended[];
}

export type Decision =
  | { readonly kind: 'suspend'; readonly pid: Pid }
  | { readonly kind: 'resume'; readonly pid: Pid }
  | { readonly kind: 'none' };

export const NO_CHANGE: Decision = { kind: 'none' };

export interface AdmissionPolicy {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  /** What has to be measured for it: working sets, for which referenced bits are sampled, or time and faults alone. */
  readonly needs: 'working sets' | 'faults';
  decide(view: LoadView): Decision;
}
