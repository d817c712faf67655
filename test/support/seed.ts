/**
 * The seed of every property. The same code gives the same result in each run of the suite, so a change that fails has
 * caused it; `PAGEWALK_SEED=draw` draws a seed and prints it, and `PAGEWALK_SEED=N` takes that one.
 */
import { randomInt } from 'node:crypto';
import fc from 'fast-check';

const asked = process.env.PAGEWALK_SEED ?? '1';
const seed = asked === 'draw' ? randomInt(2 ** 31) : Number(asked);
if (!Number.isSafeInteger(seed)) throw new Error(`PAGEWALK_SEED=${asked}: expected a number, or 'draw'`);
if (asked === 'draw') process.stdout.write(`PAGEWALK_SEED=${seed}\n`);
fc.configureGlobal({ seed });
