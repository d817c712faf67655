/** See docs/testing.md; `npm run fuzz` runs more of the same. */
import { describe, expect, it } from 'vitest';
import { BareMachine, equivalentConfigs } from '../support/bare-machine.ts';
import { needsTool } from '../support/tools.ts';
import { makeBlock } from './block.ts';
import { imageShape, makeImage, RECORD_BYTES } from './image.ts';
import { ENABLE_QEMU, QEMU } from './qemu.ts';
import { streams } from './stream.ts';

const SEED = 20261121;
const INSTRUCTIONS = 80_000;
/** Some 10 s of work, on a machine that may be busy. */
const PATIENCE = 240_000;

needsTool(QEMU, ENABLE_QEMU)('against qemu', () => {
  it(
    `${INSTRUCTIONS} random instructions leave the same registers, flags and memory`,
    () => {
      const runner = streams(SEED);
      while (runner.distinct < INSTRUCTIONS) expect(runner.next()).toBeUndefined();
    },
    PATIENCE,
  );
});

describe('random instructions', () => {
  const shape = imageShape(SEED, 40, 2);
  const blocks = Array.from({ length: 60 }, (_, i) => makeBlock(SEED + i, shape));
  const image = makeImage(blocks, shape);

  it('are the same for the same seed', () => {
    expect(
      makeImage(
        Array.from({ length: 60 }, (_, i) => makeBlock(SEED + i, shape)),
        shape,
      ).program,
    ).toEqual(image.program);
  });

  it('leave the same and count the same with every TLB, recorded or not', () => {
    const outcomes = Object.entries(equivalentConfigs).map(([name, config]) => {
      const bare = new BareMachine({ ...config, frames: 512 });
      bare.load(image.program);
      const { end, output } = bare.run();
      const { instructions, fetches, loads, stores } = bare.machine.counters();
      expect([name, end, output.length]).toEqual([name, 0, image.runs.length * RECORD_BYTES]);
      return { output: output.toString('hex'), instructions, fetches, loads, stores };
    });
    for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
  });
});
