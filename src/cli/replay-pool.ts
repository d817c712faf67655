/** Threads that replay: as many as there are processors, each one task at a time over the same shared trace. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import { UserError } from '../base/errors.ts';
import type {
  CurveTask,
  Executor,
  ReplayTask,
  SimulationCounts,
  WorkerAnswer,
  WorkerTask,
} from '../system/replaying.ts';

export class ReplayPool implements Executor {
  readonly #count: number;
  /** Loaded when there is something to do for them. */
  #threads: Promise<Piscina<WorkerTask, WorkerAnswer>> | undefined;

  /** @param threads at least 1; `undefined`: one a processor */
  constructor(threads: number | undefined) {
    this.#count = threads ?? availableParallelism();
  }

  async run(task: ReplayTask): Promise<SimulationCounts> {
    const answer = await this.#ask({ kind: 'replay', task });
    if (answer.kind === 'replay') return answer.counts;
    throw new Error(`a worker answered a replay with a ${answer.kind}`);
  }

  async curve(task: CurveTask): Promise<readonly number[]> {
    const answer = await this.#ask({ kind: 'curve', task });
    if (answer.kind === 'curve') return answer.faults;
    throw new Error(`a worker answered a curve with a ${answer.kind}`);
  }

  async #ask(task: WorkerTask): Promise<Exclude<WorkerAnswer, { kind: 'mistake' }>> {
    this.#threads ??= start(this.#count);
    const threads = await this.#threads;
    const answer = await threads.run(task);
    if (answer.kind !== 'mistake') return answer;
    const { place, message } = answer;
    throw new UserError('', message.startsWith(place) ? message : `${place}: ${message}`);
  }

  /** Ends the threads, also in the middle of their tasks. */
  async stop(): Promise<void> {
    await (await this.#threads)?.destroy();
  }
}

async function start(count: number): Promise<Piscina<WorkerTask, WorkerAnswer>> {
  const { Piscina } = await import('piscina');
  return new Piscina<WorkerTask, WorkerAnswer>({
    filename: fileURLToPath(new URL('../system/replay-worker.js', import.meta.url)),
    minThreads: 0,
    maxThreads: count,
    // Waiting is done by the event loop, not by spinning.
    atomics: 'disabled',
  });
}
