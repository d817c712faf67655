/** Collects a run's report from the state, the machine's counts and the configuration. */
import { PAGE_SIZE } from '../base/numbers.ts';
import type { AreaList } from '../kernel/kernel.ts';
import type { MemoryCounters } from '../kernel/memory/contract.ts';
import type { MemoryState } from '../kernel/memory/state.ts';
import type { SuperpageTables } from '../kernel/memory/superpage-tables.ts';
import type { SegmentedMemory } from '../kernel/segments/segmented-memory.ts';
import { type Area, PROT_EXEC, PROT_READ, PROT_WRITE, type RootState } from '../kernel/state.ts';
import { allCalls } from '../kernel/syscalls/registry.ts';
import type { MachineCounters, TlbShape } from '../machine/contract.ts';
import { cacheTimes, type DataCache } from '../machine/data-cache.ts';
import type { MissClasses, MissCounts } from '../machine/miss-classes.ts';
import type { Needs } from '../policies/replacement/contract.ts';
import type { RunReport } from '../report/schema.ts';
import type { PageStore } from '../stores/contract.ts';
import { formatFaults } from '../stores/registry.ts';
import type { SystemConfig } from './config.ts';
import {
  pagingConfiguration,
  pagingReport,
  superpagesReport,
  tablesReport,
  transferTime,
} from './paging-report.ts';
import type { ProgramRequest } from './ports.ts';
import { forksReport, loadReport, processesReport } from './process-report.ts';
import { scopeText } from './replacement-options.ts';
import { segmentConfiguration, segmentReport } from './segment-report.ts';
import { formatCache } from './tlb-options.ts';
import { formatShape, formatTlb } from './tlb-syntax.ts';
import { refillText } from './translation-options.ts';

export interface ReportSources {
  readonly config: SystemConfig;
  readonly root: RootState;
  readonly machine: MachineCounters;
  readonly memory: MemoryCounters;
  readonly areas: AreaList;
  readonly store: PageStore;
  readonly program: ProgramRequest;
  readonly end: RunReport['end'];
  readonly policyNeeds: Needs;
  readonly classes: MissClasses | undefined;
  readonly cache: DataCache | undefined;
  /** Whether it was ended because memory or swap did not suffice. */
  readonly lacks: boolean;
  readonly watch: RunReport['watch'];
  readonly where: RunReport['where'];
  readonly segments: SegmentedMemory | undefined;
  /** `undefined`: there are no superpages. */
  readonly superpages: SuperpageTables | undefined;
}

export function collectReport(sources: ReportSources): RunReport {
  const { config, root, machine, memory, program, end } = sources;
  const tlb = tlbReport(config, machine, sources.classes);
  return {
    schema: 'pagewalk.run/1',
    program: { path: program.path, arguments: [...program.argv] },
    configuration: configurationReport(sources),
    end,
    instructions: machine.instructions,
    accesses: { fetches: machine.fetches, loads: machine.loads, stores: machine.stores },
    ...(tlb === undefined ? {} : { tlb }),
    ...asidsReport(sources),
    ...cacheReport(sources),
    walks: { loads: machine.walkLoads + memory.refills.reads, dirty: machine.dirtyWalks },
    ...refillReport(sources),
    faults: {
      total: sum(Object.values(memory.faults)),
      major: memory.majorFaults,
      cases: { ...memory.faults },
    },
    evictions: {
      clean: memory.evictionsClean,
      dirty: memory.evictionsDirty,
      writesSaved: memory.writesSaved,
    },
    ...chancesReport(sources),
    swap: {
      reads: memory.swapReads,
      writes: memory.swapWrites,
      used: memory.swapUsed,
      peak: memory.swapPeak,
      failures: memory.storeFailures,
    },
    ...failuresReport(sources),
    files: { pagesRead: memory.fileReads, pagesWritten: memory.fileWrites },
    ...pagingReport(root, memory),
    tables: tablesReport(config, root, memory),
    ...superpagesReport(config, sources.superpages, memory),
    resident: { pages: memory.residentPages, peak: memory.residentPeak },
    leastMemory: sources.end.kind === 'stopped' || sources.lacks ? undefined : leastMemory(memory),
    accessTime: accessTime(sources),
    time: timeReport(root),
    scheduling: {
      switches: root.scheduler.switches,
      expired: root.scheduler.expired,
      created: root.scheduler.created,
    },
    processes: processesReport(root),
    forks: forksReport(memory),
    ...loadReport(config, root),
    ...(sources.watch === undefined ? {} : { watch: sources.watch }),
    ...segmentReport(config.segments, sources.segments),
    ...(sources.where === undefined ? {} : { where: sources.where }),
    systemCalls: callsReport(root),
    areas: sources.areas.map(areaReport),
    notes: notesOf(sources),
  };
}

function cacheReport({ config, cache }: ReportSources): Pick<RunReport, 'cache'> {
  if (cache === undefined) return {};
  const { accesses, misses, ...rest } = cache.counts;
  const time = cacheTimes(cache.counts, config.costs);
  const { kind } = cache.shape;
  const taken = { taken: time[kind], ...time };
  return { cache: { kind, accesses, hits: accesses - misses, misses, ...rest, time: taken } };
}

/** Where memory is in pieces registers change with the space. */
function asidsReport({ config, root }: ReportSources): Pick<RunReport, 'asids'> {
  if (config.segments !== undefined) return {};
  return { asids: { ...(root.memory as MemoryState).asids.counts } };
}

function refillReport({ config, memory }: ReportSources): Pick<RunReport, 'refills'> {
  if (config.refill === 'hardware' || config.segments !== undefined) return {};
  const { misses, modifies, byHandler } = memory.refills;
  return { refills: { misses, modifies, byHandler } };
}

function chancesReport({ memory, policyNeeds }: ReportSources): Pick<RunReport, 'secondChances'> {
  if (policyNeeds !== 'rescues') return {};
  const { setAside, rescues, cleaned, cleanings } = memory;
  return { secondChances: { setAside, rescues, cleaned, batches: cleanings } };
}

function notesOf({ config: { replacement }, policyNeeds, classes, cache }: ReportSources): string[] {
  const slow = 'which takes the program some ten times as long';
  return [
    ...(policyNeeds === 'every reference' ? [`${replacement} is told of every reference, ${slow}`] : []),
    ...(classes === undefined ? [] : [`misses are told apart by every look-up, ${slow}`]),
    ...(cache === undefined ? [] : [`the cache is told of every load and store, ${slow}`]),
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

function configurationReport({ config, store }: ReportSources): RunReport['configuration'] {
  return {
    sizing: config.sizing.mode,
    frames: config.sizing.frames,
    translation: config.translation,
    refill: refillText(config.refill),
    tlb: formatTlb(config.tlb),
    asids: config.asids,
    cache: formatCache(config.cache),
    replacement: config.replacement,
    bits: config.bits,
    ...(config.sampleEvery === undefined ? {} : { sampleEvery: config.sampleEvery }),
    replacementScope: scopeText(config.scope),
    scheduler: config.scheduler,
    timer: config.timer,
    fork: config.fork,
    // A temporary file's name differs from run to run, and reports of equal runs should be equal.
    swap: config.swap.kind === 'temporary' ? 'a temporary file' : store.name,
    swapPages: store.capacity,
    storeFaults: formatFaults(config.storeFaults),
    swapChecksums: config.swapChecksums,
    loading: config.loading,
    writeXorExecute: config.writeXorExecute === 'on',
    execute: config.execute,
    admission: config.admission.policy,
    swapping: config.swapping,
    outOfMemory: config.outOfMemory,
    ...pagingConfiguration(config),
    ...segmentConfiguration(config.segments),
    seed: config.seed,
    costs: { ...config.costs },
  };
}

function failuresReport({ memory, store }: ReportSources): Pick<RunReport, 'failures'> {
  const { storeFailures, swapErrors, fileErrors, writesRetried, badSlots, lostPages, refused } = memory;
  const { injected } = store;
  if (storeFailures === 0 && injected === undefined) return {};
  const processes = Object.entries(refused).map(([pid, times]) => ({ pid: Number(pid), ...times }));
  return {
    failures: {
      ...(injected === undefined ? {} : { injected: { ...injected } }),
      swap: { ...swapErrors },
      files: { ...fileErrors },
      retries: writesRetried,
      badSlots,
      lostPages,
      processes,
    },
  };
}

function tlbReport(
  { tlb }: SystemConfig,
  machine: MachineCounters,
  classes: MissClasses | undefined,
): RunReport['tlb'] {
  if (tlb.kind === 'none') return undefined;
  const [instructions, data]: [TlbShape, TlbShape] =
    tlb.kind === 'split' ? [tlb.instructions, tlb.data] : [tlb.shape, tlb.shape];
  const one = (shape: TlbShape, lookUps: number, misses: number, told: MissCounts | undefined) => ({
    shape: formatShape(shape, tlb.superpages),
    lookUps,
    hits: lookUps - misses,
    misses,
    ...(told === undefined ? {} : { classes: { ...told } }),
  });
  return {
    instructions: one(instructions, machine.fetches, machine.instructionTlbMisses, classes?.instructions),
    data: one(data, machine.loads + machine.stores, machine.dataTlbMisses, classes?.data),
    flushed: machine.flushed,
  };
}

/**
 * The frames that were needed at once: the tables, as far as they can't go to swap, and the pages that one instruction, or one step of a system
 * call, touched. With fewer it could not have completed.
 */
export function leastMemory(memory: MemoryCounters): NonNullable<RunReport['leastMemory']> {
  const frames = memory.neededPeak;
  return { frames, bytes: frames * PAGE_SIZE };
}

/** As the notes define it: P(hit) T(M) + P(miss) T(D), where a miss is a reference that had to wait for a transfer. */
function accessTime({ config, root, machine, memory }: ReportSources): RunReport['accessTime'] {
  const references = machine.fetches + machine.loads + machine.stores;
  const waits = memory.majorFaults + memory.tablePaging.returned;
  const miss = references === 0 ? 0 : Math.min(1, waits / references);
  const { memory: hitTime } = config.costs;
  const missTime = transferTime(config, root);
  return {
    average: (1 - miss) * hitTime + miss * missTime,
    hitRatio: 1 - miss,
    memory: hitTime,
    disk: missTime,
  };
}

function timeReport({ clock }: RootState): RunReport['time'] {
  const { now, counted: _counted, ...parts } = clock;
  return { total: now, ...parts };
}

function callsReport({ calls }: RootState): RunReport['systemCalls'] {
  return {
    total: sum(Object.values(calls.made)),
    calls: listCalls(calls.made),
    unknown: listCalls(calls.unknown),
  };
}

/** The most frequent first; equal ones by number. */
function listCalls(counts: Readonly<Record<number, number>>): RunReport['systemCalls']['calls'] {
  return Object.entries(counts)
    .map(([key, count]) => ({ number: Number(key), name: callName(Number(key)), count }))
    .sort((a, b) => b.count - a.count || a.number - b.number);
}

const callName = (number: number): string =>
  allCalls.find((call) => call.number === number)?.name ?? `call ${number}`;

function areaReport({ area, resident, swapped }: AreaList[number]): RunReport['areas'][number] {
  return {
    start: area.start.toString(16),
    end: area.end.toString(16),
    protection: protectionText(area),
    offset: area.backing?.offset ?? 0,
    name: area.name,
    pages: (area.end - area.start) / PAGE_SIZE,
    resident,
    swapped,
  };
}

function protectionText({ protection, shared }: Area): string {
  const bit = (flag: number, letter: string) => (protection & flag ? letter : '-');
  return bit(PROT_READ, 'r') + bit(PROT_WRITE, 'w') + bit(PROT_EXEC, 'x') + (shared ? 's' : 'p');
}
