/** What scheduling scripted jobs takes. */
export { schedulingPolicies, splitPolicyNames } from '../policies/scheduling/registry.ts';
export type { ScheduleReport } from '../report/schedule/schema.ts';
export { loadSchedulingPolicy } from './load-policy.ts';
export { scheduleJobs } from './schedule.ts';
