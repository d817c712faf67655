/** A guest without a processor: makes system calls by name on the real files and dispatcher, with fakes for the rest. */
import { MemoryFiles, type MemoryFilesOptions } from '../../../src/adapters/memory-files.ts';
import { MemoryStreams, type MemoryStreamsOptions } from '../../../src/adapters/memory-streams.ts';
import { nanoseconds, virtualAddress } from '../../../src/base/numbers.ts';
import { DEFAULT_COSTS, VirtualClock } from '../../../src/kernel/clock.ts';
import { Disk } from '../../../src/kernel/disk.ts';
import { Errno, errnoName } from '../../../src/kernel/errno.ts';
import type { KernelEvent } from '../../../src/kernel/events.ts';
import { KernelFiles } from '../../../src/kernel/files/files.ts';
import type { VirtualMemory } from '../../../src/kernel/memory/contract.ts';
import { expireAlarm } from '../../../src/kernel/process/alarm.ts';
import type { Signals } from '../../../src/kernel/process/contract.ts';
import { NO_PARENT } from '../../../src/kernel/process/create.ts';
import type { Images } from '../../../src/kernel/process/image.ts';
import { Processes } from '../../../src/kernel/process/processes.ts';
import type { Scheduler } from '../../../src/kernel/process/scheduler.ts';
import type { ProcessState, RootState } from '../../../src/kernel/state.ts';
import { EventStream } from '../../../src/kernel/stream.ts';
import { Dispatcher } from '../../../src/kernel/syscalls/dispatch.ts';
import { allCalls } from '../../../src/kernel/syscalls/registry.ts';
import type { MachinePort } from '../../../src/machine/contract.ts';
import { testRoot } from '../root.ts';
import { BASE, FlatMemory } from './flat-memory.ts';

export interface GuestOptions {
  readonly files?: MemoryFilesOptions;
  readonly streams?: MemoryStreamsOptions;
  readonly strace?: 'off' | 'on';
}

/** What memory and signals were asked for, in order. */
export interface Asked {
  readonly what: string;
  readonly with: readonly unknown[];
}

/** Strings of arguments are put here, one after the other. */
const STRINGS = BASE + 0x30000;

export class Guest {
  readonly root: RootState;
  readonly process: ProcessState;
  readonly memory = new FlatMemory();
  readonly streams: MemoryStreams;
  readonly files: KernelFiles;
  readonly asked: Asked[] = [];
  readonly events: KernelEvent[] = [];
  /** Whether signals that are sent become pending. */
  pendOnSend = false;
  readonly #machine: { x: BigInt64Array; pc: number; frames: number };
  readonly #dispatcher: Dispatcher;
  readonly #clock: VirtualClock;
  readonly #signals: Signals;
  readonly #space: ReturnType<typeof testRoot>['space'];
  #strings = STRINGS;

  constructor({ files, streams, strace = 'off' }: GuestOptions = {}) {
    const { root, process, space } = testRoot();
    this.root = root;
    this.process = process;
    this.#space = space;
    this.streams = new MemoryStreams(streams);
    this.files = new KernelFiles({ root, host: new MemoryFiles(files), streams: this.streams, frames: 64 });
    this.files.openStandardStreams(process);
    this.#machine = { x: new BigInt64Array(32), pc: 0x1000, frames: 64 };
    const stream = new EventStream(root);
    if (strace === 'on') stream.observe((event) => this.events.push(event));
    const memory = this.#fakeMemory();
    this.files.connect(memory);
    this.#clock = new VirtualClock(
      root.clock,
      DEFAULT_COSTS,
      new Disk({ root, model: { kind: 'flat' }, diskPage: DEFAULT_COSTS.diskPage }),
    );
    this.#signals = this.#fakeSignals();
    const parts = {
      root,
      machine: this.#machine as unknown as MachinePort,
      memory,
      files: this.files,
      signals: this.#signals,
      scheduler: this.#fakeScheduler(),
      clock: this.#clock,
      events: stream,
      stream,
      costs: DEFAULT_COSTS,
    };
    this.#dispatcher = new Dispatcher({
      ...parts,
      processes: new Processes(parts),
      images: { begin: () => Errno.ENOENT } as unknown as Images,
      forkMode: 'copy-on-write',
      calls: allCalls,
      strace,
    });
  }

  /** Makes a call until it needs no more waiting: its result, or how it ended otherwise. */
  call(
    name: string,
    ...args: readonly (number | bigint | string)[]
  ): number | 'exited' | 'replaced' | 'interrupted' | 'yielded' | 'sleeps' {
    const row = allCalls.find((candidate) => candidate.name === name);
    this.#machine.x[17] = BigInt(row?.number ?? 9999);
    this.#strings = STRINGS;
    const values = args.map((value) => (typeof value === 'string' ? this.string(value) : value));
    for (let i = 0; i < 6; i++) this.#machine.x[10 + i] = BigInt(values[i] ?? 0);
    for (let tries = 0; tries < 1000; tries++) {
      const outcome = this.#dispatcher.dispatch(this.process, this.#space);
      if (outcome === 'done') return Number(this.#machine.x[10]);
      if (typeof outcome === 'string') return outcome;
      if ('sleep' in outcome && !this.#passTime(outcome.sleep.until)) return 'sleeps';
    }
    throw new Error(`${name} never comes to an end`);
  }

  /** Lets time pass until a wait is over or the timer runs out; false when neither ever is. */
  #passTime(until: number): boolean {
    const next = Math.min(until, this.process.group.alarm?.due ?? Number.POSITIVE_INFINITY);
    if (next === Number.POSITIVE_INFINITY) return false;
    this.#clock.idleUntil(nanoseconds(next));
    expireAlarm(this.process, this.#clock.now, this.#signals);
    return true;
  }

  /** The same with the result as a word: a count, or the name of the error. */
  try(name: string, ...args: readonly (number | bigint | string)[]): string {
    const result = this.call(name, ...args);
    return typeof result === 'number' && result < 0 ? (errnoName(result) ?? String(result)) : String(result);
  }

  /** Puts a string with its zero into memory; its address. */
  string(text: string): number {
    const at = this.#strings;
    this.put(at, new TextEncoder().encode(`${text}\0`));
    this.#strings += text.length * 3 + 1;
    return at;
  }

  put(address: number, bytes: Uint8Array): void {
    this.memory.bytes.set(bytes, address - BASE);
  }

  get(address: number, bytes: number): Uint8Array {
    return this.memory.bytes.slice(address - BASE, address - BASE + bytes);
  }

  text(address: number, bytes: number): string {
    return new TextDecoder().decode(this.get(address, bytes));
  }

  view(address: number): DataView {
    return new DataView(this.memory.bytes.buffer, address - BASE);
  }

  /** What strace would have printed so far. */
  get lines(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'system-call' && event.shown !== undefined ? [event.shown] : [],
    );
  }

  #fakeMemory(): VirtualMemory {
    const asked =
      (what: string, result: unknown) =>
      (...args: unknown[]) => {
        this.asked.push({ what, with: args.slice(1) });
        return result;
      };
    return {
      user: () => this.memory,
      counters: {
        faults: { zero: 4, file: 2 },
        majorFaults: 2,
        residentPages: 3,
        tableFrames: 1,
        swapUsed: 0,
      },
      map: asked('map', 0x5000_0000),
      unmap: asked('unmap', 0),
      protect: asked('protect', 0),
      remap: asked('remap', Errno.ENOMEM),
      advise: asked('advise', 0),
      setBreak: asked('setBreak', virtualAddress(0x21000)),
      synchronize: asked('synchronize', 0),
      residency: asked('residency', Uint8Array.of(1, 0)),
      listAreas: () => [],
      readThroughCache: () => {},
      writeThroughCache: () => {},
      synchronizeObject: () => 0,
      objectTruncated: () => {},
    } as unknown as VirtualMemory;
  }

  #fakeScheduler(): Scheduler {
    return { changed: () => {}, gone: () => {}, running: undefined } as unknown as Scheduler;
  }

  #fakeSignals(): Signals {
    return {
      send: (process, signal, code, address) => {
        this.asked.push({ what: 'send', with: [signal, code] });
        if (this.pendOnSend) process.signals.pending.push({ signal, code, address, sender: NO_PARENT });
      },
      sendToThread: (_process, signal, code) => this.asked.push({ what: 'send', with: [signal, code] }),
      sendOfTimer: (_process, { signal }) => this.asked.push({ what: 'send', with: [signal] }) > 0,
      force: (_process, signal, code) => this.asked.push({ what: 'force', with: [signal, code] }),
      deliver: () => 'none',
      restore: () => false,
    };
  }
}
