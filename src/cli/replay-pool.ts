/** Threads that replay: as many as there are processors, each one task at a time over the same shared trace. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { UserError } from '../base/errors.ts';
import type { Executor, ReplayTask, SimulationCounts, WorkerAnswer } from '../system/replaying.ts';

export class ReplayPool implements Executor {
  readonly #threads: Piscina<ReplayTask, WorkerAnswer>;

  /** @param threads at least 1; `undefined`: one a processor */
  constructor(threads: number | undefined) {
    const count = threads ?? availableParallelism();
    this.#threads = new Piscina<ReplayTask, WorkerAnswer>({
      filename: fileURLToPath(new URL('../system/replay-worker.js', import.meta.url)),
      minThreads: 0,
      maxThreads: count,
      // Waiting is done by the event loop, not by spinning.
      atomics: 'disabled',
    });
  }

  async run(task: ReplayTask): Promise<SimulationCounts> {
    const answer = await this.#threads.run(task);
    if ('counts' in answer) return answer.counts;
    const { place, message } = answer.mistake;
    throw new UserError('', message.startsWith(place) ? message : `${place}: ${message}`);
  }

  /** Ends the threads, also in the middle of their tasks. */
  async stop(): Promise<void> {
    await this.#threads.destroy();
  }
}
