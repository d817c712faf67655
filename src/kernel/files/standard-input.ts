/** Standard input, which may have nothing to read yet: then reading it answers EAGAIN, and somebody may wait for it. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { HostStreams, InputWait } from './host.ts';
import type { InputState } from './state.ts';

export class StandardInput {
  readonly #state: InputState;
  readonly #streams: HostStreams;

  constructor(state: InputState, streams: HostStreams) {
    this.#state = state;
    this.#streams = streams;
  }

  read(into: Uint8Array): Result {
    const count = this.#streams.readInput(into);
    if (count === Errno.EAGAIN) this.#state.isTold = false;
    return count;
  }

  /** Whether a read would give something: bytes, the end, or an error. */
  isReady(): boolean {
    const isReady = this.#streams.slowInput?.isReady() ?? true;
    if (!isReady) this.#state.isTold = false;
    return isReady;
  }

  /** Resolves when it is ready, or after `ns` of the host's time, or by `stopWaiting`. */
  whenReady(ns: number): Promise<InputWait> {
    return this.#streams.slowInput?.whenReady(ns / 1e6) ?? Promise.resolve('ready');
  }

  stopWaiting(): void {
    this.#streams.slowInput?.stopWaiting();
  }
}
