/**
 * Signals as the system calls and the trap code use them. A call that ends the process uses `endProcess` of
 * exit.ts; one that waits under another mask puts the old one into `process.signals.saved`.
 */
import type { ProcessState, SpaceState } from '../state.ts';

export interface Signals {
  /** Makes a signal pending for the process. `address` is si_addr of a fault. */
  send(process: ProcessState, signal: number, code: number, address: bigint): void;
  /** A fault that the process can't ignore or block: forced as Linux does. */
  force(process: ProcessState, signal: number, code: number, address: bigint): void;
  /**
   * On the way back to user mode: takes the first pending unblocked signal and does its action: ends the
   * process, or builds the frame on its stack and enters the handler. Throws `PageWait` as user memory does.
   */
  deliver(process: ProcessState, space: SpaceState): 'none' | 'handler' | 'killed';
  /** rt_sigreturn(2): restores the registers from the frame on the stack. False when the frame is bad. */
  restore(process: ProcessState, space: SpaceState): boolean;
}
