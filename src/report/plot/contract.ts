/** What a curve is before anyone has said whether it goes to a terminal, into a page or into a file. */

/** What the values of an axis are; decides how they are written, and whether ticks are powers of two. */
export type AxisUnit = 'frames' | 'bytes' | 'ratio' | 'count' | 'ns';

export interface Axis {
  readonly label: string;
  /** On a logarithmic axis only values above 0 have a place. */
  readonly scale: 'linear' | 'log';
  readonly unit?: AxisUnit | undefined;
}

export type Point = readonly [x: number, y: number];

export interface Series {
  readonly label: string;
  /**
   * In ascending order of x; others are sorted. Points without a place (not finite, beyond ±1e300, or not
   * above 1e-300 on a logarithmic axis) are left out, and a line goes straight over them.
   */
  readonly points: readonly Point[];
  /**
   * `line`, the default, joins neighbours by what is straight in the picture; a `step` keeps its y until the
   * next x; `points` joins nothing.
   */
  readonly style?: 'line' | 'step' | 'points' | undefined;
}

export interface Plot {
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Places on the x axis worth a vertical rule. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[] | undefined;
}
