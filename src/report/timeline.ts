/**
 * A run as trace events for Perfetto (https://ui.perfetto.dev) and chrome://tracing: faults, evictions and
 * transfers as instants, system calls and waits as slices, resident pages and swap slots as counters. Times
 * are virtual. Source: "Trace Event Format", JSON array form.
 */
import type { KernelEvent } from '../kernel/events.ts';

/** Takes text, in order. */
export type TextSink = (text: string) => void;

/** Rows of the picture, as thread numbers. */
const TRACK = { program: 1, faults: 2, disk: 3, processor: 4 } as const;

type Arguments = Readonly<Record<string, number | string>>;

export class Timeline {
  readonly #sink: TextSink;
  #separator = '[\n';
  /** Mappings of each frame that has some, and pages that were evicted and are not back. */
  readonly #mappings = new Map<number, number>();
  readonly #evicted = new Set<number>();
  /** By process: when its system call began, and since when it has had the processor. */
  readonly #calls = new Map<number, number>();
  readonly #running = new Map<number, number>();
  readonly #named = new Set<number>();

  constructor(sink: TextSink) {
    this.#sink = sink;
    this.#name(1);
  }

  readonly observe = (event: KernelEvent): void => {
    switch (event.type) {
      case 'exec':
        this.#put({ name: 'process_name', ph: 'M', pid: event.pid, args: { name: event.argv.join(' ') } });
        break;
      case 'trap':
        if (event.cause === 'system-call') this.#calls.set(event.pid, event.time);
        break;
      case 'system-call':
        this.#call(event);
        break;
      case 'fault':
        this.#instant(event, TRACK.faults, `fault: ${event.case}`, {
          address: event.address.toString(16),
          access: event.access,
          by: event.by,
          pc: event.pc.toString(16),
        });
        break;
      case 'map':
        this.#mappings.set(event.frame, (this.#mappings.get(event.frame) ?? 0) + 1);
        this.#evicted.delete(event.page);
        this.#pages(event);
        break;
      case 'unmap':
        this.#unmapped(event);
        break;
      default:
        this.#rest(event);
    }
  };

  /** Ends the array; nothing may follow. */
  finish(): void {
    this.#sink(`${this.#separator === '[\n' ? '[' : ''}\n]\n`);
  }

  #rest(event: KernelEvent): void {
    switch (event.type) {
      case 'state':
        this.#state(event);
        break;
      case 'clone':
        this.#instant(event, TRACK.program, `new ${event.kind}`, { child: event.child });
        break;
      case 'evict':
        this.#mappings.delete(event.frame);
        this.#evicted.add(event.page);
        this.#instant(event, TRACK.faults, `evict: ${event.written}`, {
          frame: event.frame,
          page: event.page,
          policy: event.policy,
          considered: event.why.length,
        });
        this.#pages(event);
        break;
      case 'swap-out':
        this.#instant(event, TRACK.disk, 'swap out', { slot: event.slot, page: event.page });
        break;
      case 'swap-in':
        this.#instant(event, TRACK.disk, 'swap in', { slot: event.slot, page: event.page });
        break;
      case 'file-in':
      case 'file-out':
        this.#instant(event, TRACK.disk, event.type, { path: event.path, index: event.index });
        break;
      case 'signal':
        this.#instant(event, TRACK.program, `signal ${event.signal}`, { action: event.action });
        break;
      case 'out-of-memory':
        this.#instant(event, TRACK.program, 'out of memory', { detail: event.detail });
        break;
      case 'exit':
        this.#instant(event, TRACK.program, 'exit', { status: event.status, signal: event.signal });
        break;
    }
  }

  /** A frame that others map as well stays resident. */
  #unmapped(event: KernelEvent & { type: 'unmap' }): void {
    const left = (this.#mappings.get(event.frame) ?? 1) - 1;
    if (left > 0) this.#mappings.set(event.frame, left);
    else this.#mappings.delete(event.frame);
    this.#pages(event);
  }

  #state({ process: pid, state, time }: KernelEvent & { type: 'state' }): void {
    this.#name(pid);
    const since = this.#running.get(pid);
    this.#running.delete(pid);
    if (since !== undefined)
      this.#put({
        name: 'running',
        ph: 'X',
        ts: since / 1000,
        dur: (time - since) / 1000,
        pid,
        tid: TRACK.processor,
      });
    if (state === 'running') this.#running.set(pid, time);
  }

  /** Names the rows of a process, once. */
  #name(pid: number): void {
    if (this.#named.has(pid)) return;
    this.#named.add(pid);
    for (const [name, tid] of Object.entries(TRACK)) {
      this.#put({ name: 'thread_name', ph: 'M', pid, tid, args: { name } });
    }
  }

  #call(event: KernelEvent & { type: 'system-call' }): void {
    const start = this.#calls.get(event.pid) ?? event.time;
    this.#calls.delete(event.pid);
    const args = { result: event.result, ...(event.shown === undefined ? {} : { call: event.shown }) };
    this.#put({
      name: event.name,
      ph: 'X',
      ts: start / 1000,
      dur: (event.time - start) / 1000,
      pid: event.pid,
      tid: TRACK.program,
      args,
    });
  }

  #instant(event: KernelEvent, tid: number, name: string, args: Arguments): void {
    this.#put({ name, ph: 'i', s: 't', ts: event.time / 1000, pid: event.pid, tid, args });
  }

  #pages(event: KernelEvent): void {
    const args = { resident: this.#mappings.size, evicted: this.#evicted.size };
    this.#put({ name: 'pages', ph: 'C', ts: event.time / 1000, pid: event.pid, args });
  }

  #put(record: object): void {
    this.#sink(this.#separator + JSON.stringify(record));
    this.#separator = ',\n';
  }
}
