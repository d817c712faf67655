import { expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { nextBelow, type RandomState, randomState } from '../../src/base/random.ts';
import { shipped, testSystem } from './fixture.ts';

/** Programs with damaged headers, code or data; MUTATIONS sets how many, SEED which. */
const rounds = Number(process.env.MUTATIONS ?? 100);
const seed = Number(process.env.SEED ?? 1);

function mutate(bytes: Uint8Array, random: RandomState): Uint8Array {
  const copy = bytes.slice();
  const headers = nextBelow(random, 2) === 0;
  for (let n = 1 + nextBelow(random, headers ? 3 : 60); n > 0; n--) {
    const at = nextBelow(random, headers ? 64 + 5 * 56 : copy.length);
    copy[at] = nextBelow(random, 5) === 0 ? 0xff : nextBelow(random, 256);
  }
  return nextBelow(random, 15) === 0 ? copy.subarray(0, nextBelow(random, copy.length)) : copy;
}

it('mutated programs are refused, end, or are stopped, and leave the kernel whole', async () => {
  const random = randomState(seed);
  const ends: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const bytes = mutate(shipped(nextBelow(random, 2) === 0 ? 'hello' : 'hello-pie'), random);
    const memory = nextBelow(random, 2) === 0 ? '64K' : '1M';
    const { system } = testSystem(bytes, { memory, maxInstructions: 30_000, maxTime: '100s' });
    let kind: string;
    try {
      kind = (await system.run()).kind;
      system.checkInvariants();
      system.report();
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`round ${round} of seed ${seed}`, { cause: error });
      expect(error.message).not.toContain('\n');
      kind = 'refused';
    }
    ends[kind] = (ends[kind] ?? 0) + 1;
  }
  // All kinds of ends were seen: otherwise the mutations are not what they should be.
  expect(Object.keys(ends).length).toBeGreaterThanOrEqual(3);
  if (process.env.MUTATIONS) process.stderr.write(`${JSON.stringify(ends)}\n`);
}, 600_000);
