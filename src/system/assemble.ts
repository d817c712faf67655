/** Puts the parts of a system together over a root state; the root and the policies come from the configuration. */
import { virtualAddress } from '../base/numbers.ts';
import { policyRandom, randomState } from '../base/random.ts';
import { initialClockState, VirtualClock } from '../kernel/clock.ts';
import { KernelFiles } from '../kernel/files/files.ts';
import { GUEST_UID } from '../kernel/files/flags.ts';
import { filesState } from '../kernel/files/state.ts';
import { Kernel } from '../kernel/kernel.ts';
import { TRAMPOLINE } from '../kernel/loader/layout.ts';
import { Memory } from '../kernel/memory/memory.ts';
import { initialMemoryState, type Sizing } from '../kernel/memory/state.ts';
import { FIRST_PID } from '../kernel/process/create.ts';
import { ProcessSignals } from '../kernel/process/signals.ts';
import type { RootState } from '../kernel/state.ts';
import { EventStream } from '../kernel/stream.ts';
import { Dispatcher } from '../kernel/syscalls/dispatch.ts';
import { allCalls } from '../kernel/syscalls/registry.ts';
import type { MachineConfig } from '../machine/contract.ts';
import { interpreterShape } from '../machine/interpreter.ts';
import { Machine } from '../machine/machine.ts';
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import { findReplacementPolicy } from '../policies/replacement/registry.ts';
import type { PageStore } from '../stores/contract.ts';
import { openStore } from '../stores/registry.ts';
import { sv39 } from '../translation/sv39.ts';
import type { SystemConfig } from './config.ts';
import type { SystemPorts } from './ports.ts';
import { Recorder } from './recorder.ts';

/** With `--frames` tables have frames of their own beside those of pages; untouched ones cost nothing. */
const LEAST_TABLE_FRAMES = 4_096;
/** The parts of a system that it has to do with once they are put together. */
export interface Assembly {
  readonly root: RootState;
  readonly machine: Machine;
  readonly memory: Memory;
  readonly store: PageStore;
  readonly files: KernelFiles;
  readonly stream: EventStream;
  readonly kernel: Kernel;
  /** What the replacement policy has to be told. */
  readonly policyNeeds: PolicyDefinition['needs'];
}

/**
 * @param saved the root to go on with; a fresh one when it is undefined
 * @throws UserError when the swap store can't be opened, or there is no room for the machine
 */
export function assemble(config: SystemConfig, ports: SystemPorts, saved: RootState | undefined): Assembly {
  const policyDefinition = ports.policy ?? findReplacementPolicy(config.replacement, '--replacement');
  const shape = machineConfig(config, ports, policyDefinition);
  const machine = new Machine(shape, ports.interpreters?.(interpreterShape(shape)));
  const store = openSwap(config, ports);
  const root = saved ?? initialRoot(config, store, machine.frames, policyDefinition);
  const stream = new EventStream(root);
  const clock = new VirtualClock(root.clock, config.costs);
  const recorder = ports.record && new Recorder(ports.record);
  if (recorder) stream.observe(recorder.observe);
  const files = new KernelFiles({ root, host: ports.files, streams: ports.streams, frames: machine.frames });
  const basics = { root, machine, store, clock, files, stream, events: stream, costs: config.costs };
  const memory = new Memory({
    ...basics,
    policyDefinition,
    objects: files,
    geometry: sv39,
    references: recorder,
    options: { writeXorExecute: config.writeXorExecute === 'on' },
  });
  files.connect(memory);
  const signals = new ProcessSignals({ ...basics, memory, trampoline: TRAMPOLINE, uid: GUEST_UID });
  const strace = ports.strace ?? 'off';
  const calls = new Dispatcher({ ...basics, memory, signals, calls: allCalls, strace });
  const drain = drainOf(
    machine,
    root,
    recorder,
    policyDefinition.needs === 'every reference' ? memory : undefined,
  );
  const kernel = new Kernel({ ...basics, memory, signals, calls, drain, host: ports });
  return { root, machine, memory, store, files, stream, kernel, policyNeeds: policyDefinition.needs };
}

/** Hands the guest's references to those who want every one of them. */
function drainOf(
  machine: Machine,
  root: RootState,
  recorder: Recorder | undefined,
  policy: Memory | undefined,
): (() => void) | undefined {
  if (recorder === undefined && policy === undefined) return undefined;
  return () => {
    const running = root.processes.find(({ pid }) => pid === root.running);
    const space = running && root.spaces[running.space];
    if (space === undefined) return;
    machine.drainReferences((kind, address, bytes) => {
      recorder?.reference(space.id, kind, virtualAddress(address), bytes);
      policy?.referenced(space, virtualAddress(address));
    });
  };
}

function machineConfig(
  { sizing, tlb, seed }: SystemConfig,
  { record }: SystemPorts,
  policy: PolicyDefinition,
): MachineConfig {
  const tables = sizing.mode === 'frames' ? Math.max(LEAST_TABLE_FRAMES, sizing.frames >> 3) : 0;
  return {
    frames: sizing.frames + tables,
    tlb,
    stamps: policy.needs === 'last-use order' ? 'on' : 'off',
    references: record === undefined && policy.needs !== 'every reference' ? 'off' : 'recorded',
    seed,
  };
}

function openSwap({ swap }: SystemConfig, { stores }: SystemPorts): PageStore {
  if (swap.kind !== 'temporary') return openStore(swap, stores, '--swap');
  const { capacity } = swap;
  return stores.temporary?.(capacity, '--swap') ?? openStore({ kind: 'memory', capacity }, stores, '--swap');
}

function initialRoot(
  { sizing, seed }: SystemConfig,
  store: PageStore,
  frames: number,
  policyDefinition: PolicyDefinition,
): RootState {
  const memorySizing: Sizing =
    sizing.mode === 'frames' ? { mode: 'frames', frames: sizing.frames } : { mode: 'memory' };
  return {
    clock: initialClockState(),
    random: randomState(seed),
    spaces: [],
    processes: [],
    running: FIRST_PID,
    requests: [],
    nextRequest: 1,
    memory: initialMemoryState({
      frames,
      sizing: memorySizing,
      policyDefinition,
      swapCapacity: store.capacity,
      random: policyRandom(seed),
    }),
    files: filesState(),
    calls: { made: {}, unknown: {} },
  };
}
