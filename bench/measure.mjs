/** Timing of whole commands, alternating between those compared so that a busy machine weighs on all alike. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');
export const pagewalk = join(root, 'dist', 'cli', 'main.js');
export const shipped = (name) => join(root, 'programs', 'bin', `${name}.elf`);

/** Wall seconds of one run of a command. */
export function timeOnce([command, ...args], expected = 0) {
  const start = process.hrtime.bigint();
  const ended = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  if (ended.error) return undefined;
  if (ended.status !== expected)
    throw new Error(`${command} ${args.join(' ')}: status ${ended.status}\n${ended.stderr}`);
  return wall;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Medians of `rounds` alternating runs of each command; `undefined` for a command that is not there. */
export function compare(commands, rounds) {
  const times = commands.map(() => []);
  for (let round = 0; round < rounds; round++) {
    commands.forEach((command, i) => {
      const time = timeOnce(command);
      if (time !== undefined) times[i].push(time);
    });
  }
  return times.map((list) => (list.length === 0 ? undefined : median(list)));
}

export const run = (...args) => [process.execPath, pagewalk, 'run', '--quiet', ...args];
