/**
 * `SystemOptions` as a schema, for configuration files. It checks names and types; what the values mean is
 * checked where they are parsed, so that flags and files are told the same. Loaded only when there is a file.
 */
import { z } from 'zod';
import { DEFAULT_COSTS } from '../kernel/clock.ts';
import { DEFAULT_OPTIONS, type SystemOptions } from './config.ts';
import { DISK_SYNTAX } from './disk-syntax.ts';
import { ADMISSION_SYNTAX } from './load-options.ts';
import { DAEMON_SYNTAX } from './paging-options.ts';
import { SCOPE_SYNTAX } from './replacement-options.ts';
import { ASIDS_SYNTAX, CACHE_SYNTAX } from './tlb-options.ts';
import { REFILL_SYNTAX } from './translation-options.ts';

const count = z.union([z.int().positive(), z.string()], { error: 'expected a whole number from 1 on' });
export const costNames = Object.keys(DEFAULT_COSTS) as [keyof typeof DEFAULT_COSTS];

/** Page tables of the user's own. */
export const geometrySchema = z.strictObject({
  name: z.string().optional(),
  indexBits: z.array(z.int()).describe('width of each index, root first'),
  offsetBits: z.int().optional().describe('default 12, which is what runs have'),
  entryBytes: z
    .union([z.literal(4), z.literal(8)], { error: 'expected 4 or 8' })
    .optional()
    .describe('default 8'),
  addresses: z.enum(['signed', 'unsigned']).optional().describe('default unsigned'),
});

export const systemOptionsSchema = z.strictObject({
  memory: z
    .string()
    .optional()
    .describe(`size of all memory, tables included; default ${DEFAULT_OPTIONS.memory}`),
  frames: count.optional().describe('instead: frames for pages alone, tables beside them'),
  translation: z
    .union([z.string(), geometrySchema])
    .optional()
    .describe(`address translation: a scheme of 'pagewalk list'; default ${DEFAULT_OPTIONS.translation}`),
  translations: z.array(z.string()).optional().describe('schemes that programs name beside it'),
  placement: z
    .string()
    .optional()
    .describe(`where pieces of memory go: a policy of 'pagewalk list'; default ${DEFAULT_OPTIONS.placement}`),
  refill: z.string().optional().describe(`who fills the TLB: ${REFILL_SYNTAX}`),
  segments: count.optional().describe('segments of a space: 2, 4, 8 or 16'),
  addressBits: count.optional().describe('bits of an address under base-bounds and segmented'),
  room: z.string().optional().describe('what a piece with a heap has to grow into, e.g. 1M'),
  stack: z.string().optional().describe('most bytes of a stack, e.g. 128K'),
  loadAt: z.string().optional().describe('physical address of a relocated program, e.g. 1M'),
  moveEvery: z.string().optional().describe('how often a piece is moved for no other reason, e.g. 1ms'),
  tlb: z.string().optional().describe(`e.g. ${DEFAULT_OPTIONS.tlb}`),
  asids: z
    .union([z.int(), z.string()])
    .optional()
    .describe(`address-space identifiers of the TLB: ${ASIDS_SYNTAX}: flushed at each change of spaces`),
  cache: z.string().optional().describe(`a data cache that is modelled beside the TLB: ${CACHE_SYNTAX}`),
  tlbClasses: z.boolean().optional().describe('tell compulsory, capacity and conflict misses apart; slower'),
  replacement: z.string().optional().describe(`name of a policy; default ${DEFAULT_OPTIONS.replacement}`),
  bits: z.string().optional().describe('who keeps referenced and dirty bits: hardware, traps or stamps'),
  sampleEvery: z.string().optional().describe('processor time between samples of referenced bits, e.g. 1ms'),
  replacementScope: z.string().optional().describe(`whose pages may be evicted: ${SCOPE_SYNTAX}`),
  scheduler: z.string().optional().describe(`scheduling policy; default ${DEFAULT_OPTIONS.scheduler}`),
  timer: z.string().optional().describe('on, or off: nothing takes the processor away'),
  fork: z.string().optional().describe('copy-on-write or eager'),
  swap: z.string().optional().describe(`default ${DEFAULT_OPTIONS.swap}`),
  storeFaults: z.string().optional().describe('faults to inject into swap, e.g. read:slot=17,write:p=0.01'),
  swapChecksums: z.string().optional().describe('on, or off: pages from swap are not checked'),
  loading: z.string().optional().describe('lazy or eager'),
  writeXorExecute: z.boolean().optional().describe('refuse pages that are writable and executable'),
  execute: z.string().optional().describe('nx, or readable: every page that may be read may be executed'),
  admission: z
    .string()
    .optional()
    .describe(
      `which processes may compete for memory: ${ADMISSION_SYNTAX}; default ${DEFAULT_OPTIONS.admission}`,
    ),
  swapping: z.string().optional().describe('whole processes go to swap: when suspended, at a switch, or off'),
  outOfMemory: z.string().optional().describe('who is killed when memory lacks: largest or asker'),
  disk: z.string().optional().describe(`what a transfer takes: ${DISK_SYNTAX}`),
  readAhead: z
    .union([z.int().nonnegative(), z.string()])
    .optional()
    .describe('pages that are read beside the one that was asked for; default 0'),
  daemon: z.string().optional().describe(`page daemon: ${DAEMON_SYNTAX}`),
  cluster: count.optional().describe('pages that one write holds at most; default 1'),
  cleanEvery: z.string().optional().describe('how often dirty pages are written, e.g. 1s; default off'),
  pageTables: z.string().optional().describe('resident, or pageable: page tables may go to swap'),
  superpages: z
    .string()
    .optional()
    .describe('who gets superpages: off, madvise (those who ask) or anonymous (all large areas)'),
  seed: z.union([z.int(), z.string()]).optional().describe('seed of everything random'),
  maxTime: z.string().optional().describe('virtual time after which the run is stopped, e.g. 10s'),
  maxInstructions: count.optional().describe('instructions after which the run is stopped'),
  costs: z.partialRecord(z.enum(costNames), z.number()).optional().describe('ns of virtual time'),
});

/** The schema and the type say the same; the compiler checks it here. */
type Schema = z.infer<typeof systemOptionsSchema>;
type Same = Schema extends SystemOptions ? true : never;
export const schemaAgrees: Same = true;
