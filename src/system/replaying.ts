/** What replaying traces takes. */
export type { Consume } from '../replay/builder.ts';
export { traceFormats } from '../replay/formats/registry.ts';
export type { WorkloadOptions } from '../replay/generate/contract.ts';
export { workloads } from '../replay/generate/definitions.ts';
export { findWorkload, type Workload } from '../replay/generate/workload.ts';
export type { SimulationCounts } from '../replay/simulate.ts';
export type { CurveReport } from '../report/curve-schema.ts';
export type { ReplayReport, ReplayResult, TraceSummary } from '../report/replay-schema.ts';
export { type CurvePlan, curveReport } from './curve.ts';
export { describeTrace } from './describe.ts';
export { loadPolicy, type PolicyChoice } from './load-policy.ts';
export { lruCurve, streamedCurve } from './lru-curve.ts';
export {
  type AccessCosts,
  DEFAULT_ACCESS_COSTS,
  type Executor,
  inProcess,
  type ReplayPlan,
  replayTrace,
} from './replay.ts';
export { type Considered, pageName, type ReplayStep, replaySteps } from './replay-steps.ts';
export { type CurveTask, PIECE, type ReplayTask } from './replay-task.ts';
export type { WorkerAnswer, WorkerTask } from './replay-worker.ts';
export { parseCount, parseDuration } from './time-syntax.ts';
export {
  DEFAULT_TRACE_OPTIONS,
  denseTrace,
  parseKinds,
  type ReadTrace,
  summaryOf,
  type TraceBytes,
  type TraceOptions,
} from './trace.ts';
