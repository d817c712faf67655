/**
 * `npm run bench [-- NAME…]`: sets up, then runs each `bench/*.bench.mjs` in turn, each in its own process so
 * that one benchmark's compiled code and garbage do not weigh on the next. NAME runs only the files whose
 * paths contain it; what follows a second `--` goes to the benchmarks.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, filesBelow, root, runNode, setUp } from './setup.mjs';

const given = process.argv.slice(2);
const split = given.includes('--') ? given.indexOf('--') : given.length;
const names = given.slice(0, split);
const passedOn = given.slice(split + 1);

setUp();
const all = existsSync(join(root, 'bench')) ? filesBelow('bench', '.bench.mjs') : [];
const chosen = all.filter((file) => names.length === 0 || names.some((name) => file.includes(name)));
if (chosen.length === 0)
  fail(`no benchmark matches '${names.join(' ')}'; there are: ${all.join(', ') || 'none'}`);
for (const file of chosen) {
  process.stdout.write(`\n${file}\n`);
  const status = await runNode(['--expose-gc', join(root, file), ...passedOn]);
  if (status !== 0) process.exitCode = status;
}
