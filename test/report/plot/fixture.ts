/** Plots for the tests of all forms. */
import fc from 'fast-check';
import type { Axis, AxisUnit, Plot, Point, Series } from '../../../src/report/plot/index.ts';

export const linear = (label: string, unit?: AxisUnit): Axis => ({ label, scale: 'linear', unit });
export const log = (label: string, unit?: AxisUnit): Axis => ({ label, scale: 'log', unit });

/** A plot with one falling curve, unless told otherwise. */
export const plotOf = (changes: Partial<Plot> = {}): Plot => ({
  title: 'Faults',
  x: log('memory', 'frames'),
  y: linear('faults', 'count'),
  series: [{ label: 'lru', points: [1, 2, 4, 8, 16].map((x): Point => [x, 160 / x]) }],
  ...changes,
});

const axes: fc.Arbitrary<Axis> = fc.record({
  label: fc.string({ unit: 'binary' }),
  scale: fc.constantFrom('linear', 'log'),
  unit: fc.constantFrom('frames', 'bytes', 'ratio', 'count', 'ns', undefined),
});

/** Any number at all, often one that happens. */
const values = fc.oneof(fc.double(), fc.nat(100_000), fc.constantFrom(0, 1, -1, 1e300, 5e-324, Number.NaN));

const series: fc.Arbitrary<Series> = fc.record({
  label: fc.string({ unit: 'binary' }),
  points: fc.array(fc.tuple(values, values)),
  style: fc.constantFrom('line', 'step', 'points', undefined),
});

/** Plots with any values and any text in them. */
export const plots: fc.Arbitrary<Plot> = fc.record({
  title: fc.string({ unit: 'binary' }),
  subtitle: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  x: axes,
  y: axes,
  series: fc.array(series, { maxLength: 12 }),
  marks: fc.array(fc.record({ x: values, label: fc.string({ unit: 'binary' }) }), { maxLength: 6 }),
});
