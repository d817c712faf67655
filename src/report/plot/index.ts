/** Curves: as text, as SVG, as PNG. */
export type { Axis, AxisUnit, Plot, Point, Series } from './contract.ts';
export { plotPng } from './png.ts';
export { plotSvg } from './svg.ts';
export { plotText, type TextOptions } from './text.ts';
