/**
 * Pagewalk as a library: a configuration and an outside in, a running system out.
 *
 *   const system = createSystem(systemConfig({ memory: '1M', replacement: 'lru' }), ports);
 *   const outcome = await system.run();
 *   console.log(reportText(system.report()));
 */
export { UserError } from '../base/errors.ts';
export type { KernelEvent, Observer } from '../kernel/events.ts';
export { EventHash, EventRing, eventLine, type HashState } from '../kernel/observers.ts';
export { signalName } from '../kernel/process/signal-table.ts';
export { replacementPolicies } from '../policies/replacement/registry.ts';
export { traceFormats } from '../replay/formats/registry.ts';
export type { WorkloadOptions } from '../replay/generate/contract.ts';
export { workloads } from '../replay/generate/definitions.ts';
export { findWorkload, type Workload } from '../replay/generate/workload.ts';
export {
  type RecordEntry,
  type RecordHeader,
  type RecordWriter,
  recordWriter,
} from '../replay/record-format.ts';
export { type ReadRecord, readRecord } from '../replay/record-reader.ts';
export type { SimulationCounts } from '../replay/simulate.ts';
export type { CurveReport } from '../report/curve-schema.ts';
export type { ReplayReport, ReplayResult, TraceSummary } from '../report/replay-schema.ts';
export type { Comparison, RunReport } from '../report/schema.ts';
export { reportText } from '../report/text.ts';
export { Timeline } from '../report/timeline.ts';
export {
  DEFAULT_OPTIONS,
  type PlaceOf,
  parseCosts,
  type SystemConfig,
  type SystemOptions,
  systemConfig,
} from './config.ts';
export { type CurvePlan, curveReport, streamedCurve } from './curve.ts';
export { type MadeInterpreter, usualInterpreters } from './interpreters.ts';
export type { ProgramRequest, SystemPorts } from './ports.ts';
export { recordProgram } from './record-program.ts';
export {
  type AccessCosts,
  DEFAULT_ACCESS_COSTS,
  type Executor,
  inProcess,
  type ReplayPlan,
  replayTrace,
  summaryOf,
} from './replay.ts';
export { type Considered, pageName, type ReplayStep, replaySteps } from './replay-steps.ts';
export { loadPolicy, PIECE, type PolicyChoice, type ReplayTask } from './replay-task.ts';
export type { WorkerAnswer } from './replay-worker.ts';
export {
  createSystem,
  type RunOutcome,
  resumeSystem,
  type Snapshot,
  type System,
} from './system.ts';
export { parseCount, parseDuration } from './time-syntax.ts';
export { formatTlb, parseTlb, TLB_SYNTAX } from './tlb-syntax.ts';
export {
  DEFAULT_TRACE_OPTIONS,
  denseTrace,
  parseKinds,
  type ReadTrace,
  type TraceBytes,
  type TraceOptions,
} from './trace.ts';
