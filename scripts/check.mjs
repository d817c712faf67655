/** `npm run check`: types, lint and format, layers and house rules. Runs all of them, fails if one fails. */
import { join } from 'node:path';
import { checkNode, installPackages, root, runNode } from './setup.mjs';

const checks = [
  ['types', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
  ['lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  ['layers', 'scripts/layers.mjs', 'src'],
  ['house rules', 'scripts/house.mjs', 'src', 'test', 'scripts', 'bench'],
];

checkNode();
installPackages();
process.chdir(root);
const failed = [];
for (const [name, script, ...args] of checks) {
  if ((await runNode([join(root, script), ...args])) !== 0) failed.push(name);
}
if (failed.length > 0) {
  process.stderr.write(`check: failed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write('check: types, lint, layers and house rules are clean\n');
}
