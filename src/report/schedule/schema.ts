/**
 * How jobs were scheduled, as data: the one definition, from which the types are inferred. Loaded only where a
 * document is checked or its JSON Schema printed.
 */
import { z } from 'zod';

const count = z.int().nonnegative();
const time = z.number().nonnegative().describe('ns of virtual time');

const slice = z.object({
  pid: count,
  name: z.string(),
  from: time,
  to: time,
  state: z.enum(['running', 'ready', 'blocked']),
});

const job = z.object({
  pid: count,
  name: z.string(),
  arrival: time,
  end: time.optional().describe('absent: it had not ended when the schedule was cut off'),
  tickets: z.number().positive().optional(),
});

const jobMetrics = job.extend({
  firstRun: time.optional().describe('absent: it never ran'),
  turnaround: time.optional().describe('end - arrival'),
  response: time.optional().describe('first run - arrival'),
  waiting: time.describe('time that it was ready and did not run'),
  running: time.describe('CPU time'),
  blocked: time,
});

const mean = z.number().nonnegative().optional().describe('ns; absent when no job has one');

export const scheduleResultSchema = z.object({
  policy: z.string(),
  span: z.object({ from: time, to: time }).describe('from the first arrival to the end of the last slice'),
  jobs: z.array(jobMetrics),
  mean: z.object({ turnaround: mean, response: mean, waiting: mean }).describe('over the jobs that have one'),
  ended: count.describe('jobs that came to their end'),
  throughput: z.number().nonnegative().describe('jobs ended a second of the span'),
  cpu: z.object({
    busy: time,
    switching: time.describe('nobody ran between two jobs although somebody was ready: what switches took'),
    use: z.number().min(0).max(1).describe('busy time / span'),
  }),
  switches: count.describe('how often another job than before came to run'),
  fairness: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      "Jain's index of the jobs' shares of the CPU while they wanted it, divided by their tickets where all have some",
    ),
  slices: z.array(slice).describe('in order of time'),
});

export const scheduleReportSchema = z.object({
  schema: z.literal('pagewalk.schedule/1'),
  seed: z.number(),
  results: z.array(scheduleResultSchema),
});

export type ScheduleReport = z.infer<typeof scheduleReportSchema>;
export type ScheduleResult = z.infer<typeof scheduleResultSchema>;
/** A span of time in which a job was in one state. */
export type Slice = z.infer<typeof slice>;
/** A job as it came in and went. */
export type ScheduledJob = z.infer<typeof job>;
export type JobMetrics = z.infer<typeof jobMetrics>;
