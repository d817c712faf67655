/** What a worker of the pool loads: one task in, its result out. A user's mistake comes back as data. */
import { UserError } from '../base/errors.ts';
import type { SimulationCounts } from '../replay/simulate.ts';
import { type CurveTask, curveTask, type ReplayTask, replayTask } from './replay-task.ts';

export type WorkerTask =
  | { readonly kind: 'replay'; readonly task: ReplayTask }
  | { readonly kind: 'curve'; readonly task: CurveTask };

export type WorkerAnswer =
  | { readonly kind: 'replay'; readonly counts: SimulationCounts }
  | { readonly kind: 'curve'; readonly faults: readonly number[] }
  | { readonly kind: 'mistake'; readonly place: string; readonly message: string };

/** Runs a task; only bugs are thrown. */
export default async function work(asked: WorkerTask): Promise<WorkerAnswer> {
  if (asked.kind === 'curve') return { kind: 'curve', faults: curveTask(asked.task) };
  try {
    return { kind: 'replay', counts: await replayTask(asked.task) };
  } catch (error) {
    if (error instanceof UserError) return { kind: 'mistake', place: error.place, message: error.message };
    throw error;
  }
}
