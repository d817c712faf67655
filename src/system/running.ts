/** What running programs takes; a command that only runs loads no more than this. */
export { UserError } from '../base/errors.ts';
export type { KernelEvent, Observer } from '../kernel/events.ts';
export { findSymbol } from '../kernel/loader/symbols.ts';
export { pagingSchemes } from '../kernel/memory/schemes.ts';
export { EventHash, EventRing, eventLine, type HashState } from '../kernel/observers.ts';
export { signalName } from '../kernel/process/signal-table.ts';
export { schemes as pieceSchemes } from '../kernel/segments/rules.ts';
export { admissionPolicies } from '../policies/admission/registry.ts';
export { placementPolicies } from '../policies/placement/registry.ts';
export { replacementPolicies } from '../policies/replacement/registry.ts';
export {
  type RecordEntry,
  type RecordHeader,
  type RecordWriter,
  recordWriter,
} from '../replay/record-format.ts';
export { type ReadRecord, readRecord } from '../replay/record-reader.ts';
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
export { DISK_SYNTAX } from './disk-syntax.ts';
export { type MadeInterpreter, usualInterpreters } from './interpreters.ts';
export { type JobFile, parseJobs } from './job-file.ts';
export { ADMISSION_SYNTAX } from './load-options.ts';
export { DAEMON_SYNTAX } from './paging-options.ts';
export type { AssemblyPorts, ProgramRequest, SystemPorts } from './ports.ts';
export { SCOPE_SYNTAX } from './replacement-options.ts';
export {
  createSystem,
  type RunOutcome,
  resumeSystem,
  type Snapshot,
  type System,
} from './system.ts';
export { parseCount, parseDuration } from './time-syntax.ts';
export { ASIDS_SYNTAX, CACHE_SYNTAX } from './tlb-options.ts';
export { formatTlb, parseTlb, TLB_SYNTAX } from './tlb-syntax.ts';
export { REFILL_SYNTAX } from './translation-options.ts';
