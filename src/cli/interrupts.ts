/**
 * Signals that people send to the command. While the guest runs, an interrupt becomes the guest's signal, so
 * that it can handle it and reports and files are finished; while it waits for the terminal, or at the second
 * one, it ends the command at once.
 */
import type { HostStreams } from '../kernel/files/host.ts';

const FORWARDED = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
type Forwarded = keyof typeof FORWARDED;

export class Interrupts {
  readonly #forward: (signal: number) => void;
  readonly #handlers = new Map<Forwarded, () => void>();

  /** @param forward gives the guest a signal, by its number */
  constructor(forward: (signal: number) => void) {
    this.#forward = forward;
    for (const [name, number] of Object.entries(FORWARDED) as [Forwarded, number][]) {
      this.#handlers.set(name, () => this.#received(name, number));
    }
    this.#listen();
  }

  /** The same streams, with the host's own handling of interrupts while input is waited for. */
  around(streams: HostStreams): HostStreams {
    return {
      readInput: (into) => this.#unheard(() => streams.readInput(into)),
      writeOutput: (stream, from) => streams.writeOutput(stream, from),
      isTerminal: (stream) => streams.isTerminal(stream),
      terminalSize: () => streams.terminalSize(),
      kind: (stream) => streams.kind(stream),
    };
  }

  stop(): void {
    for (const [name, handler] of this.#handlers) process.off(name, handler);
  }

  #listen(): void {
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /** A handler could not run during a wait that blocks, so the signal has to find none. */
  #unheard<T>(action: () => T): T {
    this.stop();
    try {
      return action();
    } finally {
      this.#listen();
    }
  }

  #received(name: Forwarded, number: number): void {
    const handler = this.#handlers.get(name);
    if (handler !== undefined) process.off(name, handler);
    this.#handlers.delete(name);
    this.#forward(number);
  }
}
