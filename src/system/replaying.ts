/** What replaying traces takes. */

export type { TlbConfig } from '../machine/contract.ts';
export type { Consume } from '../replay/builder.ts';
export { traceFormats } from '../replay/formats/registry.ts';
export type { WorkloadOptions } from '../replay/generate/contract.ts';
export { workloads } from '../replay/generate/definitions.ts';
export { findWorkload, type Workload } from '../replay/generate/workload.ts';
export type { SimulationCounts } from '../replay/simulate.ts';
export {
  firstOutside,
  type ReplayedGeometry,
  type ReplayedScheme,
  replayedScheme,
} from '../replay/translation/schemes.ts';
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
export { checkTlb, outsideText, replayTranslation } from './replay-translation.ts';
export type { WorkerAnswer, WorkerTask } from './replay-worker.ts';
export { replayedGeometry } from './replayed-geometry.ts';
export { parseCount, parseDuration } from './time-syntax.ts';
export { parseAsids } from './tlb-options.ts';
export { formatTlb, parseTlb } from './tlb-syntax.ts';
export {
  DEFAULT_TRACE_OPTIONS,
  denseTrace,
  firstReference,
  parseKinds,
  type ReadTrace,
  summaryOf,
  type TraceBytes,
  type TraceOptions,
} from './trace.ts';
