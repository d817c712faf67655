/** What a run's report says of the disk, and of what is read, freed and written beside what faults ask for. */
import { z } from 'zod';

const count = z.int().nonnegative();
const transfers = z.object({ requests: count, pages: count });

/** Part of the configuration. */
export const pagingConfiguration = {
  disk: z.string().describe('as --disk takes it, in full'),
  readAhead: count,
  daemon: z.string().describe('off, or the watermarks in frames'),
  cluster: count,
  cleanEvery: z.number().positive().optional().describe('ns of virtual time; absent: never'),
  pageTables: z.enum(['resident', 'pageable']).describe('whether page tables may go to swap'),
  superpages: z.enum(['off', 'madvise', 'anonymous']).describe('which areas got superpages'),
};

export const diskSchema = z.object({
  reads: transfers,
  writes: transfers,
  seeks: count.describe('requests for which the arm went to another track'),
  distance: count.describe('tracks that it passed'),
  sequential: count.describe('requests that began where the one before had ended'),
  cancelled: transfers.describe('background writes taken back before they began; counted nowhere else'),
});

export const tablesSchema = z.object({
  frames: count,
  peak: count,
  bytes: count.describe('of tables at the peak; frames that are kept for more of them aside'),
  region: z
    .object({
      policy: z.string(),
      frames: count,
      free: count,
      largest: count.describe('of the holes, in frames'),
      external: z.number().min(0).max(1).describe('part of what is free that is not in the largest hole'),
      moves: count,
      movedBytes: count,
      compactions: count,
      refusals: count.describe('times that there was no room for a table'),
    })
    .optional()
    .describe('where tables of all sizes lie; absent where all have one frame'),
  systemTable: z
    .object({
      policy: z.string().describe('which finds ranges of entries for the tables of spaces'),
      entries: count.describe('each for a page of S, in which tables lie'),
      bytes: count.describe('of the entries, which stay in memory'),
      peak: count.describe('most pages of S that tables had at once, in memory or not'),
      free: count,
      largest: count.describe('of the holes, in entries'),
      moves: count.describe('of the tables of a space, of which only entries are copied'),
      movedBytes: count,
      compactions: count,
    })
    .optional()
    .describe("under vax: the system's table, which leads to the pages of all others"),
  evicted: count.describe('tables written to swap, which swap.writes counts too'),
  returned: count.describe('tables read back, which swap.reads counts too'),
  swapped: count.describe('tables in swap at the end, each in a slot that swap.used counts too'),
  swappedPeak: count,
  dropped: count.describe('empty tables that were given up for their frames'),
  parted: count.describe('entries for pages in memory that were taken out so that their table could go'),
});

export const superpagesSchema = z.object({
  bytes: count.describe('that one maps'),
  mapped: count.describe('at the first touch of a range'),
  joined: count.describe('again, when mprotect(2) had made all parts alike'),
  fellBack: count.describe('first touches of a range that found no adjacent aligned frames free'),
  split: z
    .object({
      total: count,
      unmap: count.describe('because a part was given up'),
      protect: count.describe('got another protection, or all of it'),
      fork: count.describe('was shared with a child, and must not be written'),
      copyOnWrite: count.describe('was shared, and is written'),
      evict: count.describe('was evicted'),
      move: count.describe('was moved by mremap(2)'),
      setAside: count.describe('left the resident set of its process'),
    })
    .describe('superpages that became pages, in the same frames'),
  freed: count.describe('given up whole'),
  peak: count,
  left: count.describe('at the end'),
  zeroBytes: count.describe(
    'of pages that held nothing but zeros when their superpage was split or freed, or the run ended: what was filled and not used, and pages that zeros were written to',
  ),
  reach: z
    .object({ instructions: count, data: count })
    .describe('bytes that the TLB can hold the translation of: entries times what each maps'),
});

export const pagingSchema = z.object({
  readAhead: z.object({
    read: count.describe('pages that came with another'),
    useful: count.describe('used before they went'),
    useless: count.describe('evicted or freed unused'),
    late: count.describe('of those used: wanted while they were still on their way'),
  }),
  daemon: z.object({
    wakeUps: count,
    dropped: count.describe('pages that it evicted without a write'),
    written: count.describe('pages that it evicted with one'),
    found: count.describe('pages that wanted a frame and found one free'),
    missed: count.describe('pages for which one had to be freed then'),
  }),
  clusters: z.object({ writes: count, pages: count }).describe('writes of several pages, and their pages'),
  cleaning: z.object({
    runs: count,
    pages: count.describe('pages written though nobody wanted their frames'),
    dirtyPeak: count.describe('most pages that were found dirty at once'),
  }),
  neverWritten: z
    .object({ swap: count, file: count })
    .describe('dirty pages that were given up, so that they never had to be written to swap or a file'),
});
