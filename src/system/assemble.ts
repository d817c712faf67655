/** Puts the parts of a system together over a root state; the root and the policies come from the configuration. */
import { policyRandom, randomState } from '../base/random.ts';
import { initialClockState, VirtualClock } from '../kernel/clock.ts';
import { Disk, initialDiskState } from '../kernel/disk.ts';
import { KernelFiles } from '../kernel/files/files.ts';
import { GUEST_UID } from '../kernel/files/flags.ts';
import { filesState } from '../kernel/files/state.ts';
import { Kernel, type KernelParts } from '../kernel/kernel.ts';
import type { VirtualMemory } from '../kernel/memory/contract.ts';
import { Memory } from '../kernel/memory/memory.ts';
import { initialMemoryState, type Sizing } from '../kernel/memory/state.ts';
import type { SuperpageTables } from '../kernel/memory/superpage-tables.ts';
import { noProcesses } from '../kernel/process/create.ts';
import { Images } from '../kernel/process/image.ts';
import { LoadControl } from '../kernel/process/load-control.ts';
import { chooseVictim } from '../kernel/process/out-of-memory.ts';
import { Processes } from '../kernel/process/processes.ts';
import { Scheduler } from '../kernel/process/scheduler.ts';
import { Scripts } from '../kernel/process/script.ts';
import { ProcessSignals } from '../kernel/process/signals.ts';
import { SegmentedMemory, type SegmentParts } from '../kernel/segments/segmented-memory.ts';
import { initialSegmentsState } from '../kernel/segments/state.ts';
import type { Costs, RootState } from '../kernel/state.ts';
import { EventStream } from '../kernel/stream.ts';
import { Dispatcher } from '../kernel/syscalls/dispatch.ts';
import { allCalls } from '../kernel/syscalls/registry.ts';
import type { MachineConfig } from '../machine/contract.ts';
import { DataCache } from '../machine/data-cache.ts';
import { interpreterShape } from '../machine/interpreter.ts';
import { Machine } from '../machine/machine.ts';
import { MissClasses } from '../machine/miss-classes.ts';
import { isThrashing } from '../policies/admission/fault-rate.ts';
import { admissionPolicies } from '../policies/admission/registry.ts';
import { findPlacementPolicy } from '../policies/placement/registry.ts';
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import { perProcess } from '../policies/replacement/per-process.ts';
import { findReplacementPolicy } from '../policies/replacement/registry.ts';
import type { SchedulingDefinition, SchedulingPolicy } from '../policies/scheduling/contract.ts';
import { findSchedulingPolicy } from '../policies/scheduling/registry.ts';
import type { PageStore } from '../stores/contract.ts';
import { openStore, withFaults } from '../stores/registry.ts';
import { sv39 } from '../translation/sv39.ts';
import type { SystemConfig } from './config.ts';
import { drainOf, referenceSink } from './drain.ts';
import type { AssemblyPorts } from './ports.ts';
import { schemesOf, walkedFormat } from './translation-options.ts';

export type { AssemblyPorts } from './ports.ts';

import { Recorder } from './recorder.ts';

/** With `--frames` tables have frames of their own beside those of pages; untouched ones cost nothing. */
const LEAST_TABLE_FRAMES = 4_096;
/** The parts of a system that it has to do with once they are put together. */
export interface Assembly {
  readonly root: RootState;
  readonly machine: Machine;
  readonly memory: VirtualMemory;
  /** The same, where it comes in pieces. */
  readonly segments: SegmentedMemory | undefined;
  /** Where pages may have superpages. */
  readonly superpages: SuperpageTables | undefined;
  readonly store: PageStore;
  readonly files: KernelFiles;
  readonly stream: EventStream;
  readonly kernel: Kernel;
  readonly scheduling: SchedulingPolicy;
  /** Why the TLB missed, where that is told apart. */
  readonly classes: MissClasses | undefined;
  readonly cache: DataCache | undefined;
  /** What the replacement policy has to be told. */
  readonly policyNeeds: PolicyDefinition['needs'];
}

/**
 * @param saved the root to go on with; a fresh one when it is undefined
 * @throws UserError when the swap store can't be opened, or there is no room for the machine
 */
export function assemble(config: SystemConfig, ports: AssemblyPorts, saved: RootState | undefined): Assembly {
  const chosenPolicy = ports.policy ?? findReplacementPolicy(config.replacement, '--replacement');
  const policyDefinition = config.scope.kind === 'local' ? perProcess(chosenPolicy) : chosenPolicy;
  const shape = machineConfig(config, ports, policyDefinition);
  const machine = new Machine(shape, ports.interpreters?.(interpreterShape(shape)));
  const store = openSwap(config, ports);
  const scheduling = ports.scheduling ?? findSchedulingPolicy(config.scheduler, '--scheduler');
  const root = saved ?? initialRoot(config, store, machine.frames, { policyDefinition, scheduling });
  const stream = new EventStream(root);
  const disk = new Disk({ root, model: config.disk, diskPage: config.costs.diskPage });
  const clock = new VirtualClock(root.clock, chargedCosts(config), disk);
  const recorder = ports.record && new Recorder(ports.record, root);
  if (recorder) stream.observe(recorder.observe);
  const classes = missClassesOf(config);
  const files = new KernelFiles({ root, host: ports.files, streams: ports.streams, frames: machine.frames });
  const basics = { root, machine, store, clock, files, stream, events: stream, costs: config.costs };
  const references = referenceSink({ recorder, classes });
  const segments = segmentedMemory(config, { ...basics, objects: files, references });
  const paged = (): Memory =>
    new Memory({
      ...basics,
      policyDefinition,
      objects: files,
      schemes: schemesOf(config),
      placement: findPlacementPolicy(config.placement, '--placement'),
      refill: config.refill,
      references,
      options: {
        writeXorExecute: config.writeXorExecute === 'on',
        execute: config.execute,
        checksums: config.swapChecksums,
        paging: config.paging,
        bits: config.bits,
        sampleEvery: config.sampleEvery,
        shares: config.scope.shares,
        pageTables: config.pageTables,
        superpages: config.superpages,
        asids: config.asids,
      },
    });
  const memory = segments ?? paged();
  files.connect(memory);
  const signals = new ProcessSignals({ ...basics, memory, uid: GUEST_UID });
  const policy = scheduling.attach(root.scheduler.policy);
  const scheduler = new Scheduler({ ...basics, memory, policy, timer: config.timer });
  const lives = { ...basics, memory, signals, scheduler };
  const processes = new Processes(lives);
  const scripts = new Scripts({ ...basics, memory, scheduler, policy });
  const images = new Images({ ...lives, writeXorExecute: config.writeXorExecute });
  const calls = new Dispatcher({
    ...lives,
    processes,
    images,
    forkMode: config.fork,
    calls: allCalls,
    strace: ports.strace ?? 'off',
  });
  const cache = config.cache && new DataCache(config.cache);
  const drain = drainOf(root, machine, {
    recorder,
    classes,
    cache: cache && memory instanceof Memory ? { model: cache, memory } : undefined,
    policy: policyDefinition.needs === 'every reference' ? memory : undefined,
    watch: ports.watch && { ...ports.watch, stream },
  });
  const { frames } = config.sizing;
  const load = new LoadControl({
    ...lives,
    policy: admissionPolicies.find(({ name }) => name === config.admission.policy),
    isThrashing,
    interval: config.admission.interval,
    swapping: config.swapping,
    transfer: config.costs.diskPage,
    frames,
  });
  const victimFor: KernelParts['victimFor'] = (asker, outcome) =>
    config.outOfMemory === 'asker' ? asker : chooseVictim(lives, asker, outcome, frames + store.capacity);
  const input = files.inputWaits;
  const kernel = new Kernel({
    ...lives,
    processes,
    scripts,
    calls,
    drain,
    load,
    victimFor,
    input,
    host: ports,
  });
  return {
    root,
    machine,
    memory,
    segments,
    superpages: memory instanceof Memory ? memory.superpages : undefined,
    store,
    files,
    stream,
    kernel,
    scheduling: policy,
    classes,
    cache,
    policyNeeds: policyDefinition.needs,
  };
}

function segmentedMemory(
  { segments, writeXorExecute, swapChecksums }: SystemConfig,
  parts: Omit<SegmentParts, 'rules' | 'placement' | 'options'>,
): SegmentedMemory | undefined {
  if (segments === undefined) return undefined;
  return new SegmentedMemory({
    ...parts,
    rules: segments.rules,
    placement: findPlacementPolicy(segments.placement, '--placement'),
    options: { writeXorExecute: writeXorExecute === 'on', checksums: swapChecksums },
  });
}

/** Only a machine that keeps stamps of last uses takes the time to write them. */
const chargedCosts = ({ bits, costs }: SystemConfig): Costs =>
  bits === 'stamps' ? costs : { ...costs, stamp: 0 };

const missClassesOf = ({ tlb, tlbClasses }: SystemConfig): MissClasses | undefined =>
  tlbClasses === 'on' && tlb.kind !== 'none' ? new MissClasses(tlb) : undefined;

function machineConfig(
  config: SystemConfig,
  { record, watch }: AssemblyPorts,
  policy: PolicyDefinition,
): MachineConfig {
  const { sizing, tlb, seed, bits, refill, segments } = config;
  const wantsAll =
    record !== undefined ||
    watch !== undefined ||
    policy.needs === 'every reference' ||
    config.tlbClasses === 'on' ||
    config.cache !== undefined;
  const schemes = segments === undefined ? schemesOf(config) : [];
  const wanted = schemes.map(({ tableFrames = LEAST_TABLE_FRAMES }) => tableFrames);
  const tables = sizing.mode === 'frames' ? Math.max(...wanted, sizing.frames >> 3) : 0;
  return {
    frames: sizing.frames + tables,
    tlb,
    refill: segments === undefined && refill === 'hardware' ? 'hardware' : 'software',
    geometry: walkedFormat(schemes) ?? sv39,
    stamps: segments === undefined && policy.needs === 'last-use order' && bits !== 'traps' ? 'on' : 'off',
    references: wantsAll ? 'recorded' : 'off',
    seed,
  };
}

function openSwap({ swap, storeFaults, seed }: SystemConfig, { stores }: AssemblyPorts): PageStore {
  const store =
    swap.kind === 'temporary'
      ? (stores.temporary?.(swap.capacity, '--swap') ??
        openStore({ kind: 'memory', capacity: swap.capacity }, stores, '--swap'))
      : openStore(swap, stores, '--swap');
  return withFaults(store, storeFaults, seed);
}

function initialRoot(
  { sizing, seed, segments }: SystemConfig,
  store: PageStore,
  frames: number,
  { policyDefinition, scheduling }: { policyDefinition: PolicyDefinition; scheduling: SchedulingDefinition },
): RootState {
  const memorySizing: Sizing =
    sizing.mode === 'frames' ? { mode: 'frames', frames: sizing.frames } : { mode: 'memory' };
  return {
    ...noProcesses(scheduling.initial(policyRandom(seed))),
    clock: initialClockState(),
    random: randomState(seed),
    requests: [],
    nextRequest: 1,
    disk: initialDiskState(store.capacity),
    memory:
      segments === undefined
        ? initialMemoryState({
            frames,
            sizing: memorySizing,
            policyDefinition,
            swapCapacity: store.capacity,
            random: policyRandom(seed),
          })
        : initialSegmentsState({
            frames,
            rules: segments.rules,
            placement: findPlacementPolicy(segments.placement, '--placement'),
            swapCapacity: store.capacity,
          }),
    files: filesState(),
    calls: { made: {}, unknown: {} },
  };
}
