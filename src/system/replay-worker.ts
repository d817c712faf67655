/** What a worker of the pool loads: one task in, its result out. A user's mistake comes back as data. */
import { UserError } from '../base/errors.ts';
import type { SimulationCounts } from '../replay/simulate.ts';
import { type ReplayTask, replayTask } from './replay-task.ts';

export type WorkerAnswer =
  | { readonly counts: SimulationCounts }
  | { readonly mistake: { readonly place: string; readonly message: string } };

/** Runs a task; only bugs are thrown. */
export default async function work(task: ReplayTask): Promise<WorkerAnswer> {
  try {
    return { counts: await replayTask(task) };
  } catch (error) {
    if (error instanceof UserError) return { mistake: { place: error.place, message: error.message } };
    throw error;
  }
}
