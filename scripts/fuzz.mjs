/**
 * `npm run fuzz -- [--instructions 10M | --float-table | --paging 1000 [--first N] [--limit SECONDS]] [--seed N]`: random
 * instructions, or the table of special floating-point values, on this machine and under qemu-riscv64; or programs under
 * ways to page drawn at random; see docs/testing.md. Compiles the fuzzer with the sources as they are, then runs it.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkNode, fail, installPackages, root, runNode } from './setup.mjs';

checkNode();
installPackages();
const folder = join(root, 'node_modules', '.cache', 'fuzz');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
if ((await runNode([compiler, '-p', join(root, 'test', 'fuzz', 'tsconfig.json')])) !== 0) {
  fail('the fuzzer does not compile; the compiler’s message is above');
}
// What was compiled is made of modules, wherever it lies.
const marker = join(folder, 'package.json');
if (!existsSync(marker)) writeFileSync(marker, '{ "type": "module" }\n');
process.exitCode = await runNode([join(folder, 'test', 'fuzz', 'main.js'), ...process.argv.slice(2)]);
