/** How processes and threads end, and how an end is told: to wait(2), and to whoever started the command. */
import type { ExitState, ProcessState } from '../state.ts';

/** Marks the whole process as ended, with all its threads; the trap loop gives back what they held. The first end counts. */
export function endProcess(process: ProcessState, exit: ExitState): void {
  process.group.exit ??= { ...exit, code: exit.code & 0xff };
  process.exit ??= process.group.exit;
}

/** Marks one thread as ended; the last one's end is the process's. */
export function endThread(process: ProcessState, code: number): void {
  if (process.group.threads === 1) endProcess(process, { code, signal: 0 });
  else process.exit ??= { code: code & 0xff, signal: 0 };
}

/** The int that wait4(2) stores. */
export const waitStatus = ({ code, signal }: ExitState): number => (signal === 0 ? code << 8 : signal);

/** wait4(2)'s int for a process that a signal stopped, and for one that goes on. */
export const stoppedStatus = (signal: number): number => (signal << 8) | 0x7f;
export const CONTINUED_STATUS = 0xffff;

/** The exit status a shell shows: the code, or 128 + the signal. */
export const shellStatus = ({ code, signal }: ExitState): number => (signal === 0 ? code : 128 + signal);
