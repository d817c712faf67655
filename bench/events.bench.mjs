/**
 * What the event stream costs: CPU seconds of the same programs in a system whose sources have no place where events are
 * made (bundled with `events.watched` as `false`), as it is with nobody observing, and with an observer that counts. Each
 * run has a process of its own; the three take turns, so that a busy machine weighs on all alike, and a ratio is the
 * median of those within a turn. `npm run bench -- events [-- ROUNDS]`
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { median, root } from './measure.mjs';

const rounds = Number(process.argv[2] ?? 11);
const folder = join(root, 'node_modules', '.cache', 'bench-events');
const swap = 'memory,16M';
const cases = {
  'computes: bench-mix 1000': { commands: ['bench-mix 1000'], options: { swap } },
  'pages hard: sort 40000 merge in 256K': {
    commands: ['sort 40000 merge'],
    options: { swap, memory: '256K' },
  },
  'forks and switches: server fork, 2 clients': {
    commands: ['server fork 7000 40 512K 4', 'client 7000 1 20 8 512K 0', 'client 7000 2 20 8 512K 0'],
    options: { swap, scheduler: 'rr:100us' },
  },
};

/** `events.watched` and its like wherever something is emitted; not where the stream itself keeps it. */
const ASKED = /(?:\b\w+\.|this\.#\w+\.)*(?:#?events|stream)\.watched\b/g;
const EMITS = /\.emit\(\{/g;
const leaveOut = { name: 'no-events', transform: (code) => code.replaceAll(ASKED, 'false') };

async function bundled(name, plugins) {
  const bundle = await rolldown({
    input: join(root, 'bench', 'events', 'run.mjs'),
    platform: 'node',
    external: ['piscina', '@resvg/resvg-js'],
    plugins,
  });
  const dir = join(folder, name);
  await bundle.write({ dir, format: 'esm', minify: 'dce-only' });
  await bundle.close();
  const file = join(dir, 'run.js');
  return { file, sites: readFileSync(file, 'utf8').match(EMITS)?.length ?? 0 };
}

function once(file, observer, one) {
  const given = JSON.stringify({ ...one, folder: join(root, 'programs', 'bin') });
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, observer, given], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const plain = await bundled('with', []);
const without = await bundled('without', [leaveOut]);
// Those that are left are out of reach: of strace's method, which nobody calls, and of a variable that is watched.
console.log(`${plain.sites} places where events are made; ${without.sites} left in the copy without`);
const variants = [
  { name: 'without events', file: without.file, observer: 'nobody' },
  { name: 'nobody observes', file: plain.file, observer: 'nobody' },
  { name: 'an observer counts', file: plain.file, observer: 'counted' },
];

for (const [name, one] of Object.entries(cases)) {
  const seconds = variants.map(() => []);
  let events = 0;
  let came;
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < variants.length; turn++) {
      // Each is the first as often as the others.
      const at = (round + turn) % variants.length;
      const ran = once(variants[at].file, variants[at].observer, one);
      came ??= JSON.stringify(ran.came);
      if (JSON.stringify(ran.came) !== came) throw new Error(`${name}: ${variants[at].name} is another run`);
      seconds[at].push(ran.seconds);
      events = Math.max(events, ran.events);
    }
  }
  console.log(`${name}, ${events} events`);
  variants.forEach((variant, at) => {
    const ratio = median(seconds[at].map((taken, round) => taken / seconds[0][round]));
    const least = Math.min(...seconds[at]);
    console.log(
      `  ${variant.name.padEnd(20)} ${median(seconds[at]).toFixed(3)} CPU-s, least ${least.toFixed(3)}   ${ratio.toFixed(3)}`,
    );
  });
}
