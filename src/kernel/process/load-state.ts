/** What load control and the killing of processes for memory keep in the root state. */
import type { Pid, SpaceId } from '../../base/numbers.ts';

/** A process at the last look. */
export interface LoadSeen {
  /** Its processor time so far, ns, and the faults for which a page was read. */
  cpu: number;
  faults: number;
  /** When it was last let in. */
  admitted: number;
  /** Pages that it used in a window of its own time, and that time when it was over. */
  workingSet: number;
  sampled: number;
}

/** What load control knows; see process/load-control.ts. */
export interface LoadState {
  /** When it looks next, ns. */
  next: number;
  /** Suspended processes, the longest waiting first. */
  suspended: { pid: Pid; since: number; workingSet: number }[];
  /** By process: its processor time and faults at the last look, and when it was last let in. */
  seen: Record<number, LoadSeen>;
  /** Pages evicted until the last look. */
  evicted: number;
  /** The process that had the processor last, and its space. */
  last: { pid: Pid; space: SpaceId } | undefined;
  counts: { looks: number; thrashing: number; suspended: number; resumed: number; swappedOut: number };
}

/** Memory was lacking, and a process was killed. */
export interface OutOfMemoryRecord {
  time: number;
  asker: Pid;
  victim: Pid;
  lacks: 'frames' | 'tables' | 'swap';
  detail: string;
  /** Of all who could have been. Pages; `adjust` in thousandths of all frames and slots. */
  scores: {
    pid: Pid;
    name: string;
    resident: number;
    swapped: number;
    tables: number;
    adjust: number;
    score: number;
  }[];
}
