/**
 * Where pages lie on the disk: swap slots first, in order of their numbers; behind them files, in order of their first
 * use, each in one piece with room for its size then. What a file has grown by since lies in a piece of its own.
 *
 *   place   0 ── slots ── capacity ── file A ── file B ── what A has grown by ──▶
 */
import type { Slot } from '../../base/numbers.ts';
import type { DiskState, Extent } from '../disk.ts';
import type { ObjectId } from '../state.ts';
import type { BackingObjects } from './contract.ts';
import { pagesFor } from './state.ts';

export interface PlaceParts {
  readonly disk: DiskState;
  readonly objects: Pick<BackingObjects, 'size'>;
}

export class DiskPlaces {
  readonly #parts: PlaceParts;

  constructor(parts: PlaceParts) {
    this.#parts = parts;
  }

  ofSlot(slot: Slot): number {
    return slot;
  }

  /** Of page `index` of a file, which gets a place if it has none yet. */
  ofFile(object: ObjectId, index: number): number {
    const { files } = this.#parts.disk;
    const extents = files.get(object) ?? [];
    if (extents.length === 0) files.set(object, extents);
    const { first, place } =
      extents.find((extent) => isIn(extent, index)) ?? this.#extend(object, extents, index);
    return place + index - first;
  }

  #extend(object: ObjectId, extents: Extent[], index: number): Extent {
    const { disk, objects } = this.#parts;
    const last = extents.at(-1);
    const first = last === undefined ? 0 : last.first + last.pages;
    const pages = Math.max(pagesFor(objects.size(object)), index + 1) - first;
    const extent = { first, pages, place: disk.end };
    disk.end += pages;
    extents.push(extent);
    return extent;
  }
}

const isIn = ({ first, pages }: Extent, index: number): boolean => index >= first && index < first + pages;
