/**
 * `npm start`: sets up, then runs pagewalk with the arguments given, or the demonstration when there are none.
 */

import { join } from 'node:path';
import { root, runNode, setUp } from './setup.mjs';

/** A shipped program whose working set does not fit, under several policies side by side. */
const demonstration = [
  'compare',
  '--memory',
  '512K',
  '--replacement',
  'fifo,clock,lru,random',
  join(root, 'programs', 'bin', 'matmul.elf'),
];

setUp();
const given = process.argv.slice(2);
const main = join(root, 'dist', 'cli', 'main.js');
// Paths are meant from where the command was given, which npm leaves for the package's folder.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
process.exitCode = await runNode([main, ...(given.length > 0 ? given : demonstration)]);
