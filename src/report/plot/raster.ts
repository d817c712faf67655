/** Curves on a grid of character cells. */
import type { Point, Series } from './contract.ts';
import type { Scale } from './scale.ts';
import { thinned } from './thin.ts';

/** A grid of cells, counted from the top left. */
export class Raster {
  readonly columns: number;
  readonly rows: number;
  /** The series that touch each cell, row after row, in ascending order. */
  readonly #touched = new Map<number, number[]>();

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** The column of a place on the x axis, 0 to 1. */
  column(place: number): number {
    return Math.round(place * (this.columns - 1));
  }

  /** The row of a place on the y axis, 0 to 1: upwards, while rows go down. */
  row(place: number): number {
    return Math.round((1 - place) * (this.rows - 1));
  }

  /**
   * Draws one series.
   * @param index names the series in `at`; must not be less than that of series drawn before
   * @param points in ascending order of x, within both scales
   */
  draw(index: number, points: readonly Point[], style: Series['style'], x: Scale, y: Scale): void {
    const cells = thinned(points, x.place, this.columns).map(
      (point) => [this.column(x.place(point[0])), this.row(y.place(point[1]))] as const,
    );
    for (const [i, [column, row]] of cells.entries()) {
      const [fromColumn, fromRow] = (style === 'points' ? undefined : cells[i - 1]) ?? [column, row];
      if (style === 'step') {
        this.#line(index, fromColumn, fromRow, column, fromRow);
        this.#line(index, column, fromRow, column, row);
      } else this.#line(index, fromColumn, fromRow, column, row);
    }
  }

  /**
   * The series to show in a cell, if any touches it. Where several do they take turns from cell to cell, so that
   * curves that coincide are all seen.
   */
  at(column: number, row: number): number | undefined {
    const touching = this.#touched.get(row * this.columns + column);
    return touching?.[(column + row) % touching.length];
  }

  #line(index: number, fromColumn: number, fromRow: number, toColumn: number, toRow: number): void {
    const steps = Math.max(Math.abs(toColumn - fromColumn), Math.abs(toRow - fromRow), 1);
    for (let i = 0; i <= steps; i++) {
      const column = Math.round(fromColumn + ((toColumn - fromColumn) * i) / steps);
      const row = Math.round(fromRow + ((toRow - fromRow) * i) / steps);
      this.#touch(index, row * this.columns + column);
    }
  }

  #touch(index: number, cell: number): void {
    const touching = this.#touched.get(cell);
    if (touching === undefined) this.#touched.set(cell, [index]);
    else if (touching.at(-1) !== index) touching.push(index);
  }
}
