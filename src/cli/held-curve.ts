/** Curves of any policies, of a trace that is held. */
import {
  type CurvePlan,
  type CurveReport,
  curveReport,
  inProcess,
  type ReadTrace,
} from '../system/replaying.ts';
import { startProgress } from './progress.ts';
import { ReplayPool } from './replay-pool.ts';

/** References that are replayed on this thread, altogether. */
const SHORT = 30_000_000;

/**
 * @param threads at most, if one is not enough; `undefined`: one a processor
 * @throws UserError as `curveReport`
 */
export async function heldCurve(
  read: ReadTrace,
  plan: CurvePlan,
  threads: number | undefined,
): Promise<CurveReport> {
  const pool = new ReplayPool(threads);
  const progress = await startProgress('curves', plan.policies.length);
  const executor = isShort(read, plan) ? inProcess : pool;
  try {
    return await curveReport(read, plan, executor, (done) =>
      progress.at(done, plan.policies[done]?.text ?? ''),
    );
  } finally {
    progress.stop();
    await pool.stop();
  }
}

/** Whether to start threads would take longer than they save. */
function isShort({ trace }: ReadTrace, { policies, sizes }: CurvePlan): boolean {
  const isOnePass = policies.every(({ text }) => text === 'lru' || text === 'optimal');
  return trace.entries * policies.length * (isOnePass ? 1 : sizes) <= SHORT;
}
