/** The outside of a system: what a host (Node, a browser worker, a test) gives it. */
import type { HostFiles, HostStreams } from '../kernel/files/host.ts';
import type { SchedulingInputs } from '../kernel/state.ts';
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import type { SchedulingDefinition } from '../policies/scheduling/contract.ts';
import type { RecordWriter } from '../replay/record-format.ts';
import type { PageStore } from '../stores/contract.ts';
import type { StoreOpeners } from '../stores/registry.ts';
import type { JobFile } from './job-file.ts';
import type { Attribute } from './where.ts';

/** A program and how it is called. */
export interface ProgramRequest {
  /** As the user named it, for messages. */
  readonly name: string;
  /** As the guest sees it: absolute. */
  readonly path: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** With argv[0]. */
  readonly argv: readonly string[];
  /** `NAME=VALUE` each. */
  readonly env: readonly string[];
  /** Virtual time at which it comes in, ns; 0 without it. */
  readonly arrival?: number;
  /** What scheduling policies go by, as far as it is not the usual. */
  readonly scheduling?: Partial<SchedulingInputs>;
  /** Name of the scheme that its addresses are translated by, if not the usual one. */
  readonly translation?: string | undefined;
  /** Most bytes of its address space (RLIMIT_AS). */
  readonly memoryLimit?: number | undefined;
  /** Thousandths of all memory added to its score when a process has to be killed: -1000 (never it) to 1000. */
  readonly memoryAdjust?: number | undefined;
}

/** What the parts of a system are put together with. */
export interface AssemblyPorts {
  readonly files: HostFiles;
  readonly streams: HostStreams;
  readonly stores: StoreOpeners & {
    /** Opens a store in a file that nobody else sees; `undefined` where there are no files: memory is taken instead. */
    readonly temporary: ((capacity: number, place: string) => PageStore) | undefined;
  };
  /** Lets the host handle what waits for it. */
  turn(): Promise<void>;
  /**
   * A module that `usualInterpreters` of this same build made for a shape; `undefined` when it has none, and one
   * is generated.
   */
  readonly interpreters?: ((shape: string) => Uint8Array<ArrayBuffer> | undefined) | undefined;
  /** A policy of the user's own, under the name that the configuration has; the registry's without it. */
  readonly policy?: PolicyDefinition | undefined;
  /** The same for scheduling. */
  readonly scheduling?: SchedulingDefinition | undefined;
  /** Where every reference goes; slows the run. */
  readonly record?: RecordWriter | undefined;
  /** A variable whose accesses are events; slows the run. */
  readonly watch?: { readonly name: string; readonly address: number; readonly bytes: number } | undefined;
  /** Whether system-call events carry the text that strace(1) would print. */
  readonly strace?: 'off' | 'on' | undefined;
}

/** The same with the program that the system is to run. */
export interface SystemPorts extends AssemblyPorts {
  readonly program: ProgramRequest;
  /** Programs that run beside it. */
  readonly others?: readonly ProgramRequest[];
  /** Scripted jobs beside them. */
  readonly jobs?: JobFile | undefined;
  /** What attributes faults to where they come from; slows the run a little. */
  readonly where?: Attribute | undefined;
}
