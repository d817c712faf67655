/**
 * The composition root: from a configuration and the outside to a running system. Everything that is stateful
 * hangs off the root state, the machine and the store, which together make a snapshot.
 */
import { UserError } from '../base/errors.ts';
import type { Observer } from '../kernel/events.ts';
import type { VirtualMemory } from '../kernel/memory/contract.ts';
import { shellStatus } from '../kernel/process/exit.ts';
import { signalName } from '../kernel/process/signal-table.ts';
import type { RootState } from '../kernel/state.ts';
import type { RunLimits } from '../kernel/stretch.ts';
import type { MachineState } from '../machine/contract.ts';
import type { Machine } from '../machine/machine.ts';
import { Interleaving } from '../report/interleaving.ts';
import type { RunReport } from '../report/schema.ts';
import type { PageStore, StoreContents } from '../stores/contract.ts';
import { type Assembly, assemble } from './assemble.ts';
import { boot } from './boot.ts';
import type { SystemConfig } from './config.ts';
import { addJobs } from './jobs.ts';
import type { ProgramRequest, SystemPorts } from './ports.ts';
import { collectReport, leastMemory } from './run-report.ts';
import { noRoomForTables, tooSmall } from './too-small.ts';
import type { Attribution } from './where.ts';

/** How a run ended, or that it has not. */
export type RunOutcome = RunReport['end'] | { readonly kind: 'paused' };

/** Everything that a run is at one moment; plain data that survives `structuredClone`. */
export interface Snapshot {
  readonly root: RootState;
  readonly machine: MachineState;
  readonly store: StoreContents;
}

/** Exit status of a run that a limit stopped, as timeout(1) has it. */
const STATUS_STOPPED = 124;
/** Of one whose processes wait for each other for ever. */
const STATUS_DEADLOCK = 2;

export class System {
  /** All state of the kernel. */
  readonly root: RootState;
  readonly machine: Machine;
  readonly memory: VirtualMemory;
  readonly store: PageStore;
  readonly #config: SystemConfig;
  readonly #ports: SystemPorts;
  readonly #parts: Assembly;
  /** Signals that came before the program did. */
  readonly #early: number[] = [];
  #end: RunReport['end'] | undefined;
  /** Of what is watched. */
  #interleaving: Interleaving | undefined;
  /** Of where faults come from. */
  readonly #attribution: Attribution | undefined;

  /** Use `createSystem` or `resumeSystem`. */
  constructor(config: SystemConfig, ports: SystemPorts, snapshot: Snapshot | undefined) {
    if (config.segments !== undefined) refusePorts(ports, config.translation);
    this.#config = config;
    this.#ports = ports;
    this.#parts = assemble(config, ports, snapshot && structuredClone(snapshot.root));
    this.root = this.#parts.root;
    this.machine = this.#parts.machine;
    this.memory = this.#parts.memory;
    this.store = this.#parts.store;
    if (snapshot !== undefined) this.#takeUp(snapshot);
    this.#attribution = ports.where?.(this.root, this.#parts.files);
    if (this.#attribution !== undefined) this.#parts.stream.observe(this.#attribution.observe);
    const { watch } = ports;
    if (watch === undefined) return;
    this.#interleaving = new Interleaving(watch.name, watch.address);
    this.#parts.stream.observe(this.#interleaving.observe);
  }

  /** Calls `observer` for every event from now on; returns what ends that. */
  observe(observer: Observer): () => void {
    return this.#parts.stream.observe(observer);
  }

  /**
   * Runs the program, from its start or from where it was paused, until it ends, a limit of the configuration
   * stops it, or `pause` is reached.
   * @throws UserError when the program can't be loaded or the memory is too small for it
   */
  async run(pause: RunLimits = {}): Promise<RunOutcome> {
    if (this.#end !== undefined) return this.#end;
    const { limits } = this.#config;
    if (this.root.processes.length === 0) {
      for (const program of this.#programs) await boot({ ...this.#parts, config: this.#config, program });
      if (this.#ports.jobs !== undefined) addJobs(this.#parts, this.#ports.jobs);
      for (const signal of this.#early.splice(0)) this.interrupt(signal);
    }
    const end = await this.#parts.kernel.run({
      instructions: least(limits.instructions, pause.instructions),
      time: least(limits.time, pause.time),
    });
    this.#checkRoom();
    if (end === 'ended') this.#end = this.#howItEnded();
    else if (this.#isAt(limits, end)) this.#end = { kind: 'stopped', limit: end, status: STATUS_STOPPED };
    return this.#end ?? { kind: 'paused' };
  }

  /** Sends the running program a signal from outside, e.g. 2 for an interrupt. */
  interrupt(signal: number): void {
    if (this.root.processes.length === 0) this.#early.push(signal);
    else this.#parts.kernel.interrupt(signal);
  }

  /** What the run did so far; complete when it has ended. */
  report(): RunReport {
    return collectReport({
      config: this.#config,
      root: this.root,
      machine: this.machine.counters(),
      memory: this.memory.counters,
      areas: this.#parts.kernel.areas(),
      store: this.store,
      program: this.#ports.program,
      policyNeeds: this.#parts.policyNeeds,
      classes: this.#parts.classes,
      cache: this.#parts.cache,
      lacks: this.#parts.kernel.exit?.lacks !== undefined,
      watch: this.#interleaving?.finish(),
      where: this.#attribution?.report(),
      segments: this.#parts.segments,
      superpages: this.#parts.superpages,
      end: this.#end ?? { kind: 'stopped', limit: 'instructions', status: STATUS_STOPPED },
    });
  }

  /** The state between two instructions; only while `run` is not under way. */
  async snapshot(): Promise<Snapshot> {
    const store = await this.store.save();
    if (store === undefined)
      throw new UserError('snapshot', `the contents of ${this.store.name} can't be copied`);
    return { root: structuredClone(this.root), machine: this.machine.save(), store };
  }

  /** Throws, naming what is broken, when kernel and machine disagree. */
  checkInvariants(): void {
    this.memory.checkInvariants();
  }

  /** Gives up the store. */
  close(): void {
    this.store.close();
  }

  #takeUp(snapshot: Snapshot): void {
    this.machine.load(snapshot.machine);
    // The bytes of a program outside of the guest's files are no state: they come from the ports again.
    for (const { path, bytes } of this.#programs) this.#parts.files.hostProgram(path, bytes);
  }

  get #programs(): readonly ProgramRequest[] {
    return [this.#ports.program, ...(this.#ports.others ?? [])];
  }

  /** A program that its memory can't hold is a mistake of whoever gave it so little. */
  #checkRoom(): void {
    const { lacks, reason = '' } = this.#parts.kernel.exit ?? {};
    if (lacks === 'tables') throw noRoomForTables(this.#config, reason);
    if (lacks !== 'frames') return;
    throw tooSmall(this.#config, leastMemory(this.memory.counters).frames, this.memory.counters.pinnedPeak);
  }

  #isAt(limits: SystemConfig['limits'], end: 'instructions' | 'time'): boolean {
    if (end === 'time') return limits.time !== undefined && this.root.clock.now >= limits.time;
    return limits.instructions !== undefined && this.machine.counters().instructions >= limits.instructions;
  }

  #howItEnded(): RunReport['end'] {
    const { exit } = this.#parts.kernel;
    if (exit === undefined) throw new Error('the run has ended but its process has not');
    const { deadlock } = this.root;
    if (deadlock !== undefined) return { kind: 'deadlock', status: STATUS_DEADLOCK, waiting: deadlock };
    const status = shellStatus(exit);
    if (exit.signal === 0) return { kind: 'exited', status };
    const reason = exit.reason === undefined ? {} : { reason: exit.reason };
    return { kind: 'killed', signal: signalName(exit.signal), status, ...reason };
  }
}

/**
 * A system that is ready to run the program of `ports`.
 * @throws UserError when the swap store can't be opened, or there is no room for the machine
 */
export function createSystem(config: SystemConfig, ports: SystemPorts): System {
  return new System(config, ports, undefined);
}

/**
 * Continues from a snapshot, which is not changed: with the configuration it was made under, and ports that
 * offer the same program and files.
 */
export async function resumeSystem(
  snapshot: Snapshot,
  config: SystemConfig,
  ports: SystemPorts,
): Promise<System> {
  const system = new System(config, ports, snapshot);
  const failure = await system.store.load(snapshot.store);
  if (failure !== undefined) throw new UserError('snapshot', `${system.store.name}: ${failure.detail}`);
  return system;
}

/** @throws UserError for what is told by pages */
function refusePorts({ where, jobs }: SystemPorts, translation: string): void {
  const given = where ? '--where' : jobs ? 'jobs' : undefined;
  if (given !== undefined) throw new UserError(given, `is about pages, and ${translation} has none`);
}

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
