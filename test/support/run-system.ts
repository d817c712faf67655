/** Runs a program in a system whose outside is memory, and keeps what came out. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import {
  createSystem,
  EventHash,
  type Observer,
  type RecordWriter,
  type RunReport,
  type System,
  type SystemConfig,
  type SystemOptions,
  type SystemPorts,
  systemConfig,
} from '../../src/system/index.ts';
import { interpreters } from './interpreters.ts';

export const shipped = (name: string): string =>
  join(import.meta.dirname, '..', '..', 'programs', 'bin', `${name}.elf`);

export interface Guest {
  readonly path: string;
  readonly args?: readonly string[];
  readonly input?: string;
}

export interface Watching {
  readonly record?: RecordWriter;
  readonly observe?: Observer;
}

export interface Ran {
  readonly system: System;
  readonly output: Uint8Array;
  readonly status: number;
  readonly report: RunReport;
  /** Fingerprint of the event log. */
  readonly digest: string;
}

export function portsOf(guest: Guest, streams: MemoryStreams, record?: RecordWriter): SystemPorts {
  const { path, args = [] } = guest;
  const name = basename(path);
  return {
    program: { name, path: `/${name}`, bytes: readFileSync(path), argv: [name, ...args], env: [] },
    files: new MemoryFiles(),
    streams,
    stores: { file: undefined, temporary: undefined },
    turn: () => Promise.resolve(),
    record,
    interpreters,
  };
}

/** Runs to the end, and checks the kernel's invariants there. */
export async function runGuest(guest: Guest, options: SystemOptions, watching: Watching = {}): Promise<Ran> {
  const config: SystemConfig = systemConfig({ swap: 'memory,256M', ...options });
  const streams = new MemoryStreams(guest.input === undefined ? {} : { input: guest.input });
  const system = createSystem(config, portsOf(guest, streams, watching.record));
  const hash = new EventHash();
  system.observe(hash.observe);
  if (watching.observe !== undefined) system.observe(watching.observe);
  const outcome = await system.run();
  system.checkInvariants();
  if (outcome.kind === 'paused') throw new Error('the run was not to pause');
  return {
    system,
    output: streams.bytes(1),
    status: outcome.status,
    report: system.report(),
    digest: hash.digest,
  };
}
