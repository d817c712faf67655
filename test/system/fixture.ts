/** Systems in memory for tests: no host files, output kept, swap in memory. */
import { readFileSync } from 'node:fs';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import {
  createSystem,
  type System,
  type SystemOptions,
  type SystemPorts,
  systemConfig,
} from '../../src/system/index.ts';
import { interpreters } from '../support/interpreters.ts';

/** A shipped program, e.g. `sort`. */
export const shipped = (name: string): Uint8Array =>
  readFileSync(new URL(`../../programs/bin/${name}.elf`, import.meta.url));

export interface TestPorts extends SystemPorts {
  readonly streams: MemoryStreams;
}

export function testPorts(bytes: Uint8Array, args: readonly string[] = [], input = ''): TestPorts {
  return {
    program: { name: './prog', path: '/prog', bytes, argv: ['./prog', ...args], env: ['A=1'] },
    files: new MemoryFiles(),
    streams: new MemoryStreams({ input }),
    stores: { file: undefined, temporary: undefined },
    turn: () => Promise.resolve(),
    interpreters,
  };
}

export interface TestSystem {
  readonly system: System;
  readonly ports: TestPorts;
  /** What the program has written to standard output. */
  output(): string;
}

export function testSystem(
  bytes: Uint8Array,
  options: SystemOptions = {},
  args: readonly string[] = [],
  input = '',
): TestSystem {
  const ports = testPorts(bytes, args, input);
  const system = createSystem(systemConfig({ memory: '1M', swap: 'memory,4M', ...options }), ports);
  return { system, ports, output: () => ports.streams.text(1) };
}
