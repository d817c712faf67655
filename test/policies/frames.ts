/** Page frames as a test's mechanism knows them, and demand paging on a fixed number of them. */
import type { Frame } from '../../src/base/numbers.ts';
import { frame, NEVER } from '../../src/base/numbers.ts';
import { randomState } from '../../src/base/random.ts';
import type {
  FrameBits,
  Future,
  PolicyDefinition,
  ReplacementPolicy,
  SecondChances,
  Why,
} from '../../src/policies/replacement/contract.ts';

/** The bits of each frame, as a test sets them. */
export class TestBits implements FrameBits, SecondChances {
  readonly aside: boolean[];
  readonly referenced: boolean[];
  readonly dirty: boolean[];
  readonly pinned: boolean[];

  constructor(frames: number) {
    this.referenced = new Array<boolean>(frames).fill(false);
    this.dirty = new Array<boolean>(frames).fill(false);
    this.pinned = new Array<boolean>(frames).fill(false);
    this.aside = new Array<boolean>(frames).fill(false);
  }

  testAndClearReferenced(at: Frame): boolean {
    const was = this.isReferenced(at);
    this.referenced[at] = false;
    return was;
  }

  isReferenced(at: Frame): boolean {
    return this.referenced[at] === true;
  }

  isDirty(at: Frame): boolean {
    return this.dirty[at] === true;
  }

  isPinned(at: Frame): boolean {
    return this.pinned[at] === true;
  }

  setAside(at: Frame): void {
    this.aside[at] = true;
  }

  clean(frames: readonly Frame[]): readonly Frame[] {
    for (const at of frames) this.dirty[at] = false;
    return frames;
  }
}

export interface Considered {
  readonly frame: number;
  readonly known: Readonly<Record<string, number | boolean | string>>;
}

/** Keeps what a decision was made from. */
export class Considerations implements Why {
  readonly list: Considered[] = [];

  considered(at: Frame, known: Considered['known']): void {
    this.list.push({ frame: at, known });
  }
}

/** A future in which no page is used again. */
const NOTHING_AHEAD: Future = { length: 1, nextUse: NEVER, frameAt: () => frame(-1) };

export function make(
  definition: PolicyDefinition,
  frames: number,
  bits: TestBits,
  seed = 1,
): ReplacementPolicy {
  const future = definition.needs === 'the future' ? NOTHING_AHEAD : undefined;
  return definition.attach(definition.initial(frames, randomState(seed)), {
    frameLimit: frames,
    bits,
    future,
    chances: bits,
  });
}

/**
 * Demand paging of a reference string on `frames` frames, filled from the lowest; a page that comes in is
 * referenced. Gives the faults and, for each reference, the pages in the frames after it.
 */
export function page(definition: PolicyDefinition, references: readonly number[], frames: number) {
  const bits = new TestBits(frames);
  const policy = make(definition, frames, bits);
  const content: number[] = [];
  const steps: number[][] = [];
  let faults = 0;
  references.forEach((reference, now) => {
    let at = content.indexOf(reference);
    if (at >= 0) {
      if (definition.needs === 'last-use order' || definition.needs === 'every reference')
        policy.referenced(frame(at));
      if (bits.aside[at]) {
        bits.aside[at] = false;
        policy.rescued?.(frame(at), 0);
      }
    } else {
      faults++;
      at = content.length;
      if (at === frames) {
        const victim = policy.victim(reference, now);
        if (victim === -1) throw new Error('nothing is pinned, so there is a victim');
        policy.evicted(victim);
        bits.aside[victim] = false;
        at = victim;
      }
      content[at] = reference;
      policy.admitted(frame(at), reference, 0);
    }
    bits.referenced[at] = true;
    steps.push([...content]);
  });
  return { faults, steps };
}
