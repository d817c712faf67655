/** Trials (trials.ts), each of which has a time in which it has to end, whatever it does. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SystemOptions } from '../../src/system/index.ts';
import type { Combination } from './paging.ts';
import type { Answer } from './trial-worker.ts';

/** `late`: it did not end in time. */
export type Result = Answer | 'late';

export class GuardedTrials {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pagewalk-drawn-'));
  readonly #limit: number;
  #worker: Worker | undefined;

  /** @param limit ms */
  constructor(limit: number) {
    this.#limit = limit;
  }

  async attempt(tried: Combination): Promise<Result> {
    this.#worker ??= new Worker(new URL('./trial-worker.js', import.meta.url), { workerData: this.#folder });
    this.#worker.postMessage(tried);
    const out = new AbortController();
    const timer = setTimeout(() => out.abort(), this.#limit);
    try {
      const [answer] = (await once(this.#worker, 'message', { signal: out.signal })) as [Answer];
      return answer;
    } catch (error) {
      if (!out.signal.aborted) throw error;
      await this.#end();
      return 'late';
    } finally {
      clearTimeout(timer);
    }
  }

  /** The same failure with as few programs and options as it takes. */
  async minimise(tried: Combination): Promise<Combination> {
    let smallest = tried;
    const keep = async (candidate: Combination) => {
      if (typeof (await this.attempt(candidate)) === 'object') smallest = candidate;
    };
    for (const party of tried.parties) {
      const parties = smallest.parties.filter((other) => other !== party);
      if (parties.length > 0) await keep({ ...smallest, parties });
    }
    for (const name of Object.keys(tried.options) as (keyof SystemOptions)[]) {
      if (name === 'swap' || name === 'maxInstructions') continue;
      await keep({ ...smallest, options: { ...smallest.options, [name]: undefined } });
    }
    await keep({ ...smallest, beside: undefined });
    await keep({ ...smallest, watched: true });
    return smallest;
  }

  async close(): Promise<void> {
    await this.#end();
    rmSync(this.#folder, { recursive: true });
  }

  async #end(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }
}
