/** How a process ends, and how its end is told: to wait(2), and to whoever started the command. */
import type { ProcessState } from '../state.ts';

export interface Exit {
  /** Exit code, 0 to 255. */
  readonly code: number;
  /** The signal that killed it, 0 when it exited. */
  readonly signal: number;
  /** Why the kernel killed it, when no signal of its own did. */
  readonly reason?: string;
  /** What ran out, when that was why. */
  readonly lacks?: 'frames' | 'swap';
}

/** Marks the process as ended; the trap loop gives back what it held. The first end counts. */
export function endProcess(process: ProcessState, exit: Exit): void {
  if (process.exit !== undefined) return;
  process.exit = { ...exit, code: exit.code & 0xff };
  process.status = 'zombie';
  process.waitsFor = undefined;
  process.call = undefined;
}

/** The int that wait4(2) stores. */
export const waitStatus = ({ code, signal }: Exit): number => (signal === 0 ? code << 8 : signal);

/** The exit status a shell shows: the code, or 128 + the signal. */
export const shellStatus = ({ code, signal }: Exit): number => (signal === 0 ? code : 128 + signal);
