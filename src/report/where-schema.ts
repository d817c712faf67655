/** Where page faults come from, as part of a run's report; docs/report.md explains the fields. */
import { z } from 'zod';

const count = z.int().nonnegative();
const hexadecimal = z.string().describe('hexadecimal');

const origins = z.object({
  faults: count,
  major: count.describe('page transfers that were waited for'),
  refaults: count.describe('pages that came back after they had been evicted'),
  kernel: count.describe('of the faults, those of accesses that the kernel made for the program'),
  cases: z.record(z.string(), count).describe('the faults by cause, as in `faults.cases`'),
});

const places = origins.extend({ evictions: count });

/** The first rows, most faults first, and the sum of the rest. */
const ranked = <Row extends z.ZodType, Rest extends z.ZodRawShape>(row: Row, rest: z.ZodObject<Rest>) =>
  z.object({ rows: z.array(row), others: rest.extend({ rows: count }).optional() }).optional();

const program = z.string().describe('path of the program');
const sourceLine = {
  file: z.string().optional().describe('as the compiler was given it; absent when no line is known'),
  line: count.optional(),
};
const functionName = z.string().optional().describe('absent when no symbol is known; in parentheses: none');
const area = {
  area: z.enum([
    'text',
    'read-only data',
    'data',
    'bss',
    'heap',
    'stack',
    'mapping',
    'shared memory',
    'anonymous',
    'vdso',
    'job',
    'none',
  ]),
  name: z.string().describe("the file's path, of a mapping"),
};

export const whereSchema = z.object({
  faults: count,
  major: count,
  refaults: count,
  kernel: count,
  evictions: count,
  functions: ranked(origins.extend({ program, function: functionName }), origins),
  lines: ranked(origins.extend({ program, ...sourceLine }), origins),
  instructions: ranked(
    origins.extend({
      program,
      address: hexadecimal.describe('hexadecimal, as linked'),
      by: z.enum(['program', 'kernel']).describe('kernel: of the system call made there'),
      function: functionName,
      offset: count.optional().describe('from the start of the function'),
      ...sourceLine,
    }),
    origins,
  ),
  areas: ranked(
    places.extend({ program, ...area, from: hexadecimal, to: hexadecimal, pages: count }),
    places,
  ),
  pages: ranked(places.extend({ pid: count, program, address: hexadecimal, ...area }), places),
  processes: ranked(places.extend({ pid: count, program, command: z.array(z.string()) }), places),
  notes: z.array(z.string()).describe('why names or lines are missing'),
});

export type WhereReport = z.infer<typeof whereSchema>;
