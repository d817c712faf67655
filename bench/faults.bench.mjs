/** What a page fault costs in real time under pressure, by policy: a random scan over twice the memory it has. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pagewalk, shipped, timeOnce } from './measure.mjs';

const program = [shipped('scan'), 'random', '512', '128'];
const options = ['--swap', 'memory,16M'];
const folder = mkdtempSync(join(tmpdir(), 'pagewalk-bench-'));
const file = join(folder, 'report.json');
const roomy = timeOnce([process.execPath, pagewalk, 'run', '--quiet', ...options, ...program]);
console.log('random scan of 512 pages in 256 frames: faults, and microseconds each above the roomy run');
for (const policy of ['fifo', 'random', 'lru', 'clock', 'clock-clean']) {
  const args = [
    pagewalk,
    'run',
    '--json',
    '--report',
    file,
    '--frames',
    '256',
    '--replacement',
    policy,
    ...options,
    ...program,
  ];
  const start = process.hrtime.bigint();
  spawnSync(process.execPath, args, { encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const each = ((seconds - roomy) / report.faults.total) * 1e6;
  console.log(
    `  ${policy.padEnd(12)} ${String(report.faults.total).padStart(8)} faults  ${each.toFixed(1)} µs`,
  );
}
rmSync(folder, { recursive: true });
