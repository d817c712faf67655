/** The thread that runs combinations, so that one that does not end can be ended (guarded-trials.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import type { Combination } from './paging.ts';
import { Trials, type Verdict } from './trials.ts';

export type Answer = Verdict | { readonly threw: string };

const trials = new Trials(workerData as string);
const answerTo = (tried: Combination): Promise<Answer> =>
  trials.attempt(tried).catch((error: Error) => ({ threw: error.stack ?? error.message }));

parentPort!.on('message', async (tried: Combination) => parentPort!.postMessage(await answerTo(tried)));
