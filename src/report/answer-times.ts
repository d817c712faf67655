/**
 * How long clients wait for answers: from the end of the call that sent a request to the end of the one that received
 * something. Clients have one connection at a time, so the call before tells what an answer is to.
 */
import type { KernelEvent } from '../kernel/events.ts';

export class AnswerTimes {
  readonly #isClient: (pid: number) => boolean;
  /** By client: when it sent what has not been answered yet, ns. */
  readonly #asked = new Map<number, number>();
  #answers = 0;
  #total = 0;
  #worst = 0;

  constructor(isClient: (pid: number) => boolean) {
    this.#isClient = isClient;
  }

  readonly observe = (event: KernelEvent): void => {
    if (event.type !== 'system-call' || event.result <= 0 || !this.#isClient(event.pid)) return;
    if (event.name === 'sendto') this.#asked.set(event.pid, event.time);
    if (event.name === 'recvfrom') this.#answered(event.pid, event.time);
  };

  get answers(): number {
    return this.#answers;
  }

  /** ns, 0 without answers */
  get mean(): number {
    return this.#answers === 0 ? 0 : this.#total / this.#answers;
  }

  /** ns, 0 without answers */
  get worst(): number {
    return this.#worst;
  }

  #answered(pid: number, now: number): void {
    const asked = this.#asked.get(pid);
    // The rest of an answer that came in pieces.
    if (asked === undefined) return;
    this.#asked.delete(pid);
    this.#answers++;
    this.#total += now - asked;
    this.#worst = Math.max(this.#worst, now - asked);
  }
}
