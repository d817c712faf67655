/** A sample of the table of special values; `npm run fuzz -- --float-table` runs all of it. */
import { expect, it } from 'vitest';
import { needsTool } from '../support/tools.ts';
import { runTable } from './float-table.ts';
import { ENABLE_QEMU, QEMU } from './qemu.ts';

const SAMPLE = { pairs: 24, triples: 8, random: 4, seed: 20261121 };
/** A few seconds of work, on a machine that may be busy. */
const PATIENCE = 240_000;

needsTool(QEMU, ENABLE_QEMU)('floating point against qemu', () => {
  it.each(['split 64x4', 'no TLB'])(
    'special values in all rounding modes with %s',
    (config) => {
      for (const { row, differences } of runTable(SAMPLE, config)) {
        expect([row, differences]).toEqual([row, []]);
      }
    },
    PATIENCE,
  );
});
