/**
 * Who waits for standard input. Nothing inside the machine wakes them: it looks whether input has come when it gives the
 * host a turn, and when nobody can run. See docs/ARCHITECTURE.md, "Input", for what that means for virtual time.
 */
import { inputChannel, wake } from '../process/wakeups.ts';
import type { RootState, Sleep } from '../state.ts';
import type { Epolls } from './epolls.ts';
import { POLLIN } from './flags.ts';
import type { InputWait } from './host.ts';
import { eventChannel } from './polling.ts';
import type { StandardInput } from './standard-input.ts';

export class InputWaits {
  readonly #root: RootState;
  readonly #input: StandardInput;
  readonly #epolls: Epolls;

  constructor(root: RootState, input: StandardInput, epolls: Epolls) {
    this.#root = root;
    this.#input = input;
    this.#epolls = epolls;
  }

  /** Whether somebody sleeps whom input would wake. */
  get isAwaited(): boolean {
    return this.#root.processes.some(({ sleep }) => sleep !== undefined && this.ends(sleep));
  }

  /** Whether input would end a sleep. */
  ends({ channels }: Sleep): boolean {
    // Who sleeps although it was told of what is there does not care for it.
    if (this.#root.files.input.isTold || channels.length === 0) return false;
    if (channels.includes(inputChannel)) return true;
    return this.#epolls.watchers(inputChannel).some((epoll) => channels.includes(eventChannel(epoll)));
  }

  /** Wakes those who wait if there is input now; whether there is. */
  look(): boolean {
    if (!this.#input.isReady()) return false;
    const { input } = this.#root.files;
    if (input.isTold) return true;
    input.isTold = true;
    wake(this.#root, inputChannel);
    this.#epolls.tell(inputChannel, POLLIN);
    return true;
  }

  /**
   * Whether the running process would begin to wait for input while nobody else can run and nothing is due: then
   * everything stands still until there is some, and it is as if it had been there.
   * @param due virtual time of the next event; Infinity: none
   */
  stopsAll(sleep: Sleep, due: number): boolean {
    if (sleep.until !== Infinity || due !== Infinity || !this.ends(sleep)) return false;
    const { woken, processes } = this.#root;
    return woken.length === 0 && processes.every(({ status }) => status !== 'ready');
  }

  /** Resolves when there is input, and those who wait are woken, or after `ns` of the host's time, or by `stop`. */
  async pause(ns: number): Promise<InputWait> {
    if (this.look()) return 'ready';
    const came = await this.#input.whenReady(ns);
    if (came !== 'late') this.look();
    return came;
  }

  /** Something else has happened: a signal came from outside. */
  stop(): void {
    this.#input.stopWaiting();
  }
}
