/**
 * The report of a run, as data. This schema is its one definition: the types are inferred from it, and
 * docs/report.md explains each field. Loaded only where a report is checked or its JSON Schema printed.
 */
import { z } from 'zod';
import {
  diskSchema,
  pagingConfiguration,
  pagingSchema,
  superpagesSchema,
  tablesSchema,
} from './paging-schema.ts';
import { segmentConfiguration, segmentsSchema } from './segment-schema.ts';
import { whereSchema } from './where-schema.ts';

const count = z.int().nonnegative();
const nanoseconds = z.number().nonnegative().describe('ns of virtual time');

const lookUps = z
  .object({
    shape: z.string(),
    lookUps: count,
    hits: count,
    misses: count,
    classes: z
      .object({
        compulsory: count.describe('of pages that the space had not used before'),
        capacity: count.describe('that LRU among as many entries would have missed too, without any flush'),
        conflict: count.describe('that LRU among as many entries would not have missed'),
        flushed: count.describe(
          'of pages that the kernel had the TLB drop, else they would have been hits there',
        ),
      })
      .optional()
      .describe('misses by what they come of; with --tlb-classes'),
  })
  .describe('one TLB; a unified one is listed for data and for instructions with the look-ups of each');

const end = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exited'), status: z.int().min(0).max(255) }),
  z.object({ kind: z.literal('killed'), signal: z.string(), status: z.int(), reason: z.string().optional() }),
  z.object({
    kind: z.literal('deadlock'),
    status: z.int(),
    waiting: z.array(z.object({ pid: count, name: z.string(), waitsFor: z.string() })),
  }),
  z.object({ kind: z.literal('stopped'), limit: z.enum(['instructions', 'time']), status: z.int() }),
]);

const configuration = z.object({
  sizing: z.enum(['memory', 'frames']).describe('whether tables take of the same frames as pages'),
  frames: count,
  translation: z.string(),
  refill: z.string().describe('who fills the TLB: hardware, software, software:handler'),
  tlb: z.string(),
  asids: z
    .union([count, z.literal('none')])
    .describe('address-space identifiers; none: the TLB is flushed at each change of spaces'),
  cache: z.string().describe('as --cache takes it, in full'),
  replacement: z.string(),
  bits: z.enum(['hardware', 'traps', 'stamps']).describe('who keeps referenced and dirty bits'),
  sampleEvery: nanoseconds.optional().describe('between samples of referenced bits, where it was set'),
  replacementScope: z.string().describe('whose pages may be evicted: global, local or local:proportional'),
  scheduler: z.string(),
  timer: z.enum(['on', 'off']),
  fork: z.enum(['copy-on-write', 'eager']),
  swap: z.string(),
  swapPages: count,
  storeFaults: z.string().describe('faults that were injected into swap; empty: none'),
  swapChecksums: z.enum(['on', 'off']).describe('whether pages from swap were checked'),
  loading: z.enum(['lazy', 'eager']),
  writeXorExecute: z.boolean(),
  execute: z
    .enum(['nx', 'readable'])
    .describe('pages that may be executed: marked ones, or all that may be read'),
  admission: z.string(),
  swapping: z.enum(['off', 'suspended', 'switch']),
  outOfMemory: z.enum(['largest', 'asker']),
  ...pagingConfiguration,
  segments: segmentConfiguration,
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

const process = z.object({
  pid: count,
  parent: count.describe('0: started from outside, or its parent ended before it'),
  command: z.array(z.string()),
  state: z.enum(['new', 'ready', 'running', 'blocked', 'stopped', 'ended']),
  status: z
    .int()
    .optional()
    .describe('as a shell shows it: the exit status, or 128 + the signal; absent while it runs'),
  waitsFor: z.string().optional().describe('of a blocked one'),
  arrived: nanoseconds,
  ended: nanoseconds.optional(),
  response: nanoseconds.optional().describe('from its arrival until it first ran'),
  cpu: z
    .object({ user: nanoseconds, system: nanoseconds })
    .describe('in the program, and in the kernel for it'),
  ready: nanoseconds.describe('able to run while another did'),
  switches: z
    .object({ voluntary: count, involuntary: count })
    .describe('times it gave the processor up, and times it was taken away'),
  instructions: count,
  faults: z.object({ minor: count, major: count }),
  tlbMisses: count,
  residentPeak: count,
});

const forks = z.object({
  copyOnWrite: count,
  eager: count,
  shared: count.describe('pages that children were given to share'),
  copied: count.describe('pages copied by eager forks'),
  copiedLater: count.describe('shared pages that were copied when somebody wrote to them'),
  takenOver: count.describe('once shared pages that a write found to be its own by then'),
  tables: count.describe('table frames made for children'),
});

const failures = z.object({
  injected: z.record(z.string(), count).optional().describe('by kind; absent without --store-faults'),
  swap: z.object({ read: count, corrupt: count, write: count, short: count, full: count }),
  files: z.object({ read: count, write: count }),
  retries: count.describe('writes made again in another slot'),
  badSlots: count.describe('slots not used any more'),
  lostPages: count.describe('pages that could not be read back'),
  processes: z
    .array(
      z.object({
        pid: count,
        signals: count.describe('SIGBUS for touching such a page'),
        calls: count.describe("the kernel's accesses for it that failed: EFAULT"),
      }),
    )
    .describe('that touched pages which could not be had'),
});

const watch = z.object({
  name: z.string(),
  address: z.string().describe('hexadecimal'),
  loads: count,
  stores: count,
  lostUpdates: count.describe('stores that the last value is not made of'),
  lost: z
    .array(
      z.object({
        time: nanoseconds,
        pid: count.describe('who stored what it had made of an old value'),
        updates: count.describe('stores since that value was loaded'),
        turns: z
          .array(z.object({ pid: count, from: nanoseconds, loads: count, stores: count }))
          .describe('who accessed it in between, in order; the first with the load, the last with the store'),
      }),
    )
    .describe('the first ones'),
});

const load = z.object({
  admission: z.string(),
  looks: count,
  thrashing: count.describe(
    'looks that found processes computing for less than a transfer between two faults',
  ),
  suspended: count,
  resumed: count,
  swappedOut: count.describe('pages that went to swap with their whole process'),
  killed: z
    .array(
      z.object({
        time: nanoseconds,
        asker: count,
        victim: count,
        lacks: z.enum(['frames', 'tables', 'swap']),
        detail: z.string(),
        scores: z.array(
          z.object({
            pid: count,
            name: z.string(),
            resident: count,
            swapped: count,
            tables: count,
            adjust: z.int().describe('thousandths of all frames and slots'),
            score: count.describe('pages; the highest goes'),
          }),
        ),
      }),
    )
    .describe('the first ones'),
});

export const runReportSchema = z.object({
  schema: z.literal('pagewalk.run/1'),
  program: z.object({ path: z.string(), arguments: z.array(z.string()) }),
  configuration,
  end,
  instructions: count,
  accesses: z.object({ fetches: count, loads: count, stores: count }),
  tlb: z.object({ instructions: lookUps, data: lookUps, flushed: count }).optional(),
  asids: z
    .object({
      switches: count.describe('times that another space than before was put on the processor'),
      flushes: count.describe('flushes of the whole TLB at that'),
      rollOvers: count.describe('of them, those because all identifiers were taken'),
      dropped: count.describe('entries that these flushes dropped, which tlb.flushed counts too'),
    })
    .optional()
    .describe('what changes of spaces cost the TLB; absent where memory is in pieces'),
  cache: z
    .object({
      kind: z
        .enum(['physical', 'vipt', 'virtual'])
        .describe('addresses that index and tag are of: physical, virtual and physical, virtual'),
      accesses: count.describe('one for each line that a load or store touches'),
      hits: count,
      misses: count,
      writeBacks: count.describe('modified lines that left'),
      flushed: count.describe('lines dropped because the TLB was told to forget their pages'),
      synonyms: count.describe('lines brought in while another copy of them was there'),
      staleStores: count.describe('stores that left another copy as it was'),
      staleLoads: count.describe('loads that would have got something older than what was stored last'),
      time: z
        .object({
          taken: nanoseconds.describe('by a cache of this kind: one of the three below'),
          physical: nanoseconds.describe('translation first'),
          vipt: nanoseconds.describe('translation beside the index'),
          virtual: nanoseconds.describe('translation when the cache misses'),
        })
        .describe('what these accesses, with these hits, take; part of no other time'),
    })
    .optional()
    .describe('a data cache that was modelled beside the TLB; with --cache'),
  walks: z.object({
    loads: count.describe('words read to look pages up, by hardware or software'),
    dirty: count.describe('walks only to set a dirty bit'),
  }),
  refills: z
    .object({
      misses: count.describe('traps for pages that the TLB lacked'),
      modifies: count.describe('traps for first stores to pages that it held as clean'),
      byHandler: count.describe('entries that handlers of page faults put in'),
    })
    .optional()
    .describe('absent where hardware fills the TLB'),
  faults: z.object({ total: count, major: count, cases: z.record(z.string(), count) }),
  evictions: z.object({ clean: count, dirty: count, writesSaved: count }),
  secondChances: z
    .object({
      setAside: count.describe('pages that left their resident sets and stayed in their frames'),
      rescues: count.describe('of them, those that were used again there, without a transfer'),
      cleaned: count.describe('pages written so as to be clean while they stayed in memory'),
      batches: count.describe('times that some were written together'),
    })
    .optional()
    .describe('absent where the policy gives none'),
  swap: z.object({ reads: count, writes: count, used: count, peak: count, failures: count }),
  failures: failures.optional().describe('absent when nothing failed and nothing was to fail'),
  files: z.object({ pagesRead: count, pagesWritten: count }),
  disk: diskSchema,
  paging: pagingSchema,
  tables: tablesSchema,
  superpages: superpagesSchema.optional().describe('absent without --superpages'),
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
    stamps: nanoseconds.describe('writing the time of its last use into an entry, at each reference'),
    traps: nanoseconds,
    refills: nanoseconds.describe('handlers of TLB misses'),
    faults: nanoseconds,
    systemCalls: nanoseconds,
    switches: nanoseconds.describe('putting another process on the processor'),
    forks: nanoseconds.describe('copying address spaces, at once and when they are written to'),
    moves: nanoseconds.describe('copying pieces of memory from one place to another'),
    jobs: nanoseconds.describe('bursts of scripted jobs'),
    idle: nanoseconds,
    disk: nanoseconds.describe('busy time of the disk, which overlaps the others'),
  }),
  scheduling: z.object({
    switches: count,
    expired: count.describe('quanta that a timer interrupt ended'),
    created: count.describe('processes and threads, in all'),
  }),
  processes: z.array(process).describe('by number; threads count for their process'),
  forks,
  load: load
    .optional()
    .describe('absent unless processes were looked after, swapped out or killed for memory'),
  watch: watch.optional().describe('absent unless something was watched'),
  segments: segmentsSchema.optional(),
  where: whereSchema.optional().describe('absent unless it was asked for'),
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
