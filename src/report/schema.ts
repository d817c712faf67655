/**
 * The report of a run, as data. This schema is its one definition: the types are inferred from it, and
 * docs/report.md explains each field. Loaded only where a report is checked or its JSON Schema printed.
 */
import { z } from 'zod';

const count = z.int().nonnegative();
const nanoseconds = z.number().nonnegative().describe('ns of virtual time');

const lookUps = z
  .object({ shape: z.string(), lookUps: count, hits: count, misses: count })
  .describe('one TLB; a unified one is listed for data and for instructions with the look-ups of each');

const end = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exited'), status: z.int().min(0).max(255) }),
  z.object({ kind: z.literal('killed'), signal: z.string(), status: z.int(), reason: z.string().optional() }),
  z.object({ kind: z.literal('stopped'), limit: z.enum(['instructions', 'time']), status: z.int() }),
]);

const configuration = z.object({
  sizing: z.enum(['memory', 'frames']).describe('whether tables take of the same frames as pages'),
  frames: count,
  translation: z.string(),
  tlb: z.string(),
  replacement: z.string(),
  swap: z.string(),
  swapPages: count,
  loading: z.enum(['lazy', 'eager']),
  writeXorExecute: z.boolean(),
  seed: z.number(),
  costs: z.record(z.string(), z.number()),
});

const area = z.object({
  start: z.string().describe('hexadecimal'),
  end: z.string(),
  protection: z.string().describe('as in /proc/PID/maps: r, w, x, then p(rivate) or s(hared)'),
  offset: count,
  name: z.string(),
  pages: count,
  resident: count,
  swapped: count,
});

const call = z.object({ number: z.int(), name: z.string(), count });

export const runReportSchema = z.object({
  schema: z.literal('pagewalk.run/1'),
  program: z.object({ path: z.string(), arguments: z.array(z.string()) }),
  configuration,
  end,
  instructions: count,
  accesses: z.object({ fetches: count, loads: count, stores: count }),
  tlb: z.object({ instructions: lookUps, data: lookUps, flushed: count }).optional(),
  walks: z.object({ loads: count, dirty: count }),
  faults: z.object({ total: count, major: count, cases: z.record(z.string(), count) }),
  evictions: z.object({ clean: count, dirty: count, writesSaved: count }),
  swap: z.object({ reads: count, writes: count, used: count, peak: count, failures: count }),
  files: z.object({ pagesRead: count, pagesWritten: count }),
  tables: z.object({ frames: count, peak: count }),
  resident: z.object({ pages: count, peak: count }),
  leastMemory: z
    .object({ frames: count, bytes: count })
    .optional()
    .describe('least memory that this run can do with; not known of one that did not come to its own end'),
  accessTime: z.object({
    average: z.number().describe('P(hit) T(M) + P(miss) T(D), ns'),
    hitRatio: z.number().min(0).max(1),
    memory: nanoseconds,
    disk: nanoseconds,
  }),
  time: z.object({
    total: nanoseconds,
    instructions: nanoseconds,
    memory: nanoseconds,
    walks: nanoseconds,
    traps: nanoseconds,
    faults: nanoseconds,
    systemCalls: nanoseconds,
    idle: nanoseconds,
    disk: nanoseconds.describe('busy time of the disk, which overlaps the others'),
  }),
  systemCalls: z.object({ total: count, calls: z.array(call), unknown: z.array(call) }),
  areas: z.array(area),
  notes: z
    .array(z.string())
    .describe('what the reader should know, e.g. that a policy was served in a slower way'),
});

export type RunReport = z.infer<typeof runReportSchema>;

export const comparisonSchema = z.object({
  schema: z.literal('pagewalk.compare/1'),
  identicalOutput: z.boolean(),
  runs: z.array(
    z.object({ label: z.string(), outputBytes: count, outputHash: z.string(), report: runReportSchema }),
  ),
});

export type Comparison = z.infer<typeof comparisonSchema>;
