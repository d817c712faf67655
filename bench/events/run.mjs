/**
 * Runs programs once in this process, observed by nobody or by an observer that counts, and prints what it took and what
 * came out as JSON: `node run.js nobody|counted CASE`. Bundled by events.bench.mjs, with events and without.
 */
import { readFileSync } from 'node:fs';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { createSystem, systemConfig } from '../../src/system/index.ts';

const [observer, given] = process.argv.slice(2);
const { commands, options, folder } = JSON.parse(given);
const requests = commands.map((command) => {
  const [name, ...args] = command.split(' ');
  const bytes = new Uint8Array(readFileSync(`${folder}/${name}.elf`));
  return { name, path: `/${name}`, bytes, argv: [`/${name}`, ...args], env: [] };
});
const streams = new MemoryStreams();
const before = process.cpuUsage();
const system = createSystem(systemConfig(options), {
  program: requests[0],
  others: requests.slice(1),
  files: new MemoryFiles({ entries: Object.fromEntries(requests.map(({ path, bytes }) => [path, bytes])) }),
  streams,
  stores: { file: undefined, temporary: undefined },
  turn: () => Promise.resolve(),
});
let events = 0;
if (observer === 'counted') system.observe(() => void events++);
await system.run();
const { user, system: kernel } = process.cpuUsage(before);
const { time, scheduling, faults, forks } = system.report();
const came = { out: streams.text(1), time, scheduling, faults, forks };
process.stdout.write(JSON.stringify({ seconds: (user + kernel) / 1e6, events, came }));
