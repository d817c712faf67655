/** The placement policies anew, from their definitions: a bitmap of units, from which everything is found by looking. */
import type { Hole } from '../../../src/policies/placement/contract.ts';

/** Which unit a piece is at, or -1, and how many holes or lists that took. */
type Choice = { readonly start: number; readonly searched: number };

export abstract class NaivePlacement {
  readonly used: boolean[];

  constructor(units: number) {
    this.used = Array<boolean>(units).fill(false);
  }

  abstract choose(size: number): Choice;

  /** Units that a piece really takes. */
  taken(size: number): number {
    return size;
  }

  /** Maximal runs of free units. */
  holes(): Hole[] {
    const holes: { start: number; size: number }[] = [];
    this.used.forEach((isUsed, unit) => {
      if (isUsed) return;
      const last = holes.at(-1);
      if (last !== undefined && last.start + last.size === unit) last.size++;
      else holes.push({ start: unit, size: 1 });
    });
    return holes;
  }

  lowest(size: number): number {
    return this.holes().find((hole) => hole.size >= size)?.start ?? -1;
  }

  highest(size: number): number {
    const hole = this.holes().findLast((one) => one.size >= this.taken(size));
    return hole === undefined ? -1 : hole.start + hole.size - this.taken(size);
  }

  place(size: number): Choice {
    const choice = this.choose(size);
    if (choice.start !== -1) this.fill(choice.start, size, true);
    return choice;
  }

  fill(start: number, size: number, value: boolean): void {
    this.used.fill(value, start, start + this.taken(size));
  }

  /** Whether a piece can be made so long where it is. */
  canResize(start: number, size: number, newStart: number, newSize: number): boolean {
    const rest = this.used.slice();
    rest.fill(false, start, start + size);
    return (
      newStart >= 0 &&
      newStart + newSize <= rest.length &&
      !rest.slice(newStart, newStart + newSize).includes(true)
    );
  }
}

class First extends NaivePlacement {
  choose(size: number): Choice {
    const holes = this.holes();
    const at = holes.findIndex((hole) => hole.size >= size);
    return { start: holes[at]?.start ?? -1, searched: at === -1 ? holes.length : at + 1 };
  }
}

abstract class Extreme extends NaivePlacement {
  abstract readonly sign: number;
  choose(size: number): Choice {
    const holes = this.holes();
    // The sort is stable, so that of equals the lowest comes first.
    const [chosen] = holes.filter((hole) => hole.size >= size).sort((a, b) => this.sign * (a.size - b.size));
    return { start: chosen?.start ?? -1, searched: holes.length };
  }
}

class Best extends Extreme {
  readonly sign = 1;
}

class Worst extends Extreme {
  readonly sign = -1;
}

class Next extends NaivePlacement {
  from = 0;
  choose(size: number): Choice {
    const isBehind = ({ start, size: length }: Hole) => start + length > this.from;
    const all = this.holes();
    const holes = [...all.filter(isBehind), ...all.filter((hole) => !isBehind(hole))];
    const at = holes.findIndex((hole) => hole.size >= size);
    const start = holes[at]?.start ?? -1;
    if (start !== -1) this.from = start + size;
    return { start, searched: at === -1 ? holes.length : at + 1 };
  }
}

class Segregated extends NaivePlacement {
  choose(size: number): Choice {
    const listOf = (units: number) => units.toString(2).length;
    let searched = 0;
    for (let list = listOf(size); list <= listOf(this.used.length); list++) {
      const holes = this.holes().filter((hole) => listOf(hole.size) === list);
      if (holes.length === 0) searched++;
      for (const hole of holes) {
        searched++;
        if (hole.size >= size) return { start: hole.start, searched };
      }
    }
    return { start: -1, searched };
  }
}

/** Free blocks are the largest aligned powers of two that are wholly free and lie in the memory. */
class Buddies extends NaivePlacement {
  override taken(size: number): number {
    let block = 1;
    while (block < size) block *= 2;
    return block;
  }

  override holes(): Hole[] {
    const blocks: Hole[] = [];
    let largest = 1;
    while (largest * 2 <= this.used.length) largest *= 2;
    const visit = (start: number, size: number): void => {
      const units = this.used.slice(start, start + size);
      if (start >= this.used.length) return;
      if (units.length === size && !units.includes(true)) blocks.push({ start, size });
      else if (size > 1) {
        visit(start, size / 2);
        visit(start + size / 2, size / 2);
      }
    };
    for (let start = 0; start < this.used.length; start += largest) visit(start, largest);
    return blocks;
  }

  override lowest(size: number): number {
    return this.holes().find((block) => block.size >= this.taken(size))?.start ?? -1;
  }

  choose(size: number): Choice {
    let searched = 0;
    for (let block = this.taken(size); block <= this.used.length; block *= 2) {
      searched++;
      const found = this.holes().find((hole) => hole.size === block);
      if (found !== undefined) return { start: found.start, searched };
    }
    return { start: -1, searched };
  }

  override canResize(start: number, size: number, newStart: number, newSize: number): boolean {
    return newStart === start && this.taken(newSize) <= this.taken(size);
  }
}

export const naivePlacements: Record<string, (units: number) => NaivePlacement> = {
  'first-fit': (units) => new First(units),
  'best-fit': (units) => new Best(units),
  'worst-fit': (units) => new Worst(units),
  'next-fit': (units) => new Next(units),
  segregated: (units) => new Segregated(units),
  buddy: (units) => new Buddies(units),
};
