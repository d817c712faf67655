/** The optimal policy by looking through the rest of the trace, and the fewest faults by trying everything. */
import { FREE, HIT, type NaiveCache } from './contract.ts';

/** One reference, or a page's release. */
export interface Step {
  readonly page: number;
  readonly kind: 'load' | 'store' | 'release';
}

/** @param choice which of the pages never used again goes */
export function naiveOptimal(
  steps: readonly Step[],
  frames: number,
  choice: 'lowest' | 'highest' | 'oldest',
): NaiveCache {
  const content = new Array<number | undefined>(frames).fill(undefined);
  const arrivals: number[] = [];
  const freed: number[] = [];
  let fresh = 0;
  const nextUse = (page: number, after: number): number => {
    const at = steps.findIndex((step, i) => i > after && step.page === page && step.kind !== 'release');
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  };
  const victim = (position: number): number => {
    const uses = content.map((page) => nextUse(page!, position));
    const furthest = Math.max(...uses);
    const candidates = [...content.keys()].filter((frame) => uses[frame] === furthest);
    if (choice === 'lowest') return candidates[0]!;
    if (choice === 'highest') return candidates.at(-1)!;
    return candidates.sort((a, b) => arrivals[a]! - arrivals[b]!)[0]!;
  };
  return {
    request(page, now) {
      const position = now / 100;
      if (content.includes(page)) return HIT;
      let evicted = FREE;
      let frame = fresh < frames ? fresh++ : freed.pop();
      if (frame === undefined) {
        frame = victim(position);
        evicted = content[frame]!;
      }
      content[frame] = page;
      arrivals[frame] = position;
      return evicted;
    },
    release(page) {
      const frame = content.indexOf(page);
      if (frame < 0) return;
      content[frame] = undefined;
      freed.push(frame);
    },
  };
}

/** The fewest faults that any sequence of evictions gives, by trying every page at every eviction. */
export function fewestFaults(references: readonly number[], frames: number): number {
  const known = new Map<string, number>();
  const from = (position: number, content: readonly number[]): number => {
    if (position === references.length) return 0;
    const key = `${position}:${content}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const page = references[position]!;
    const choices = content.map((gone) => content.filter((other) => other !== gone));
    const next = content.length < frames ? [content] : choices;
    const faults = content.includes(page)
      ? from(position + 1, content)
      : 1 +
        Math.min(
          ...next.map((rest) =>
            from(
              position + 1,
              [...rest, page].sort((a, b) => a - b),
            ),
          ),
        );
    known.set(key, faults);
    return faults;
  };
  return from(0, []);
}
