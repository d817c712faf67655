/**
 * Signals that people send to the command. While the guest runs, an interrupt becomes the guest's signal, so
 * that it can handle it and reports and files are finished; the second one of a kind ends the command. Where input can
 * only be waited for with everything at a standstill, the first does while that lasts.
 */
import type { HostStreams } from '../kernel/files/host.ts';

const FORWARDED = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGQUIT: 3, SIGUSR1: 10, SIGUSR2: 12 } as const;
const ENDING: ReadonlySet<Forwarded> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);
/** Status of a process that a signal ended is this and the signal's number. */
const KILLED = 128;
type Forwarded = keyof typeof FORWARDED;

export class Interrupts {
  readonly #forward: (signal: number) => void;
  readonly #handlers = new Map<Forwarded, () => void>();
  readonly #received = new Set<Forwarded>();

  /** @param forward gives the guest a signal, by its number */
  constructor(forward: (signal: number) => void) {
    this.#forward = forward;
    for (const [name, number] of Object.entries(FORWARDED) as [Forwarded, number][]) {
      this.#handlers.set(name, () => this.#receive(name, number));
    }
    this.#listen();
  }

  /** The same streams, with the host's own handling of interrupts while reading them waits. */
  around(streams: HostStreams): HostStreams {
    if (streams.slowInput !== undefined) return streams;
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

  #receive(name: Forwarded, number: number): void {
    // Ending by itself, the process still puts away what is half done.
    if (this.#received.has(name) && ENDING.has(name)) process.exit(KILLED + number);
    this.#received.add(name);
    this.#forward(number);
  }
}
