/**
 * Victims of live runs against models that know only the recorded references and the events: what was used when,
 * and who had to go. The models share no code with the policies, the stamps or the page tables.
 */
import { describe, expect, it } from 'vitest';
import type { KernelEvent, RecordWriter } from '../../src/system/index.ts';
import { runGuest, shipped } from '../support/run-system.ts';

type Eviction = KernelEvent & { type: 'evict' };

/**
 * Follows which page is in which frame, and for each resident frame when it was admitted, when it was used last,
 * and whether it was used since a policy last cleared its bit.
 */
class ResidentFrames {
  readonly frames = new Map<number, { admitted: number; used: number; bit: boolean; dirty: boolean }>();
  readonly #frameOf = new Map<number, number>();
  readonly evictions: Eviction[] = [];
  readonly problems: string[] = [];
  #time = 0;
  readonly #check: (frames: ResidentFrames, event: Eviction) => string | undefined;

  constructor(check: (frames: ResidentFrames, event: Eviction) => string | undefined) {
    this.#check = check;
  }

  readonly observe = (event: KernelEvent): void => {
    if (event.type === 'map') this.#map(event.vpn, event.frame);
    else if (event.type === 'unmap') this.#frameOf.delete(event.vpn);
    else if (event.type === 'evict') this.#evict(event);
  };

  readonly record: RecordWriter = {
    reference: (kind, address, bytes) => {
      const first = Math.floor(address / 4096);
      const last = Math.floor((address + bytes - 1) / 4096);
      for (let page = first; page <= last; page++) this.#use(page, kind === 'store');
    },
    space: () => {},
    unmap: () => {},
    share: () => {},
    part: () => {},
    kernel: () => {},
    refused: () => {},
    flush: () => {},
    exit: () => {},
    finish: () => {},
  };

  #map(page: number, frame: number): void {
    this.#frameOf.set(page, frame);
    const time = ++this.#time;
    // A page is admitted because it was referenced: its bit is set before the access is made again.
    if (!this.frames.has(frame))
      this.frames.set(frame, { admitted: time, used: time, bit: true, dirty: false });
  }

  #use(page: number, isStore: boolean): void {
    const frame = this.frames.get(this.#frameOf.get(page) ?? -1);
    if (frame === undefined) {
      this.problems.push(`page ${page} was used while it was not mapped`);
      return;
    }
    frame.used = ++this.#time;
    frame.bit = true;
    frame.dirty ||= isStore;
  }

  #evict(event: Eviction): void {
    this.evictions.push(event);
    const problem = this.#check(this, event);
    if (problem !== undefined) this.problems.push(`eviction ${this.evictions.length}: ${problem}`);
    this.frames.delete(event.frame);
  }
}

const isPinned = (candidate: Eviction['why'][number]): boolean => candidate.known.pinned === true;

/** The frame with the least `of` that was not reported as pinned must be the victim. */
const leastIsVictim =
  (of: 'admitted' | 'used') =>
  ({ frames }: ResidentFrames, event: Eviction): string | undefined => {
    const pinned = new Set(event.why.filter(isPinned).map(({ frame }) => frame as number));
    if (pinned.size > 5) return `${pinned.size} pages were pinned; an instruction needs at most 5`;
    const rest = [...frames].filter(([frame]) => !pinned.has(frame)).sort(([, a], [, b]) => a[of] - b[of]);
    return rest[0]?.[0] === event.frame
      ? undefined
      : `frame ${event.frame} went, frame ${rest[0]?.[0]} was due`;
  };

/** Each look of the hand saw the bit as the references left it; the first that fits is the victim. */
function clockVictim({ frames }: ResidentFrames, { why, frame: victim }: Eviction): string | undefined {
  for (const [i, { frame, known }] of why.entries()) {
    const state = frames.get(frame);
    if (state === undefined) return `frame ${frame} was considered and is not resident`;
    if (known.referenced !== state.bit)
      return `frame ${frame}: referenced ${known.referenced}, by its references ${state.bit}`;
    const fits = !known.referenced && !known.pinned;
    if (fits !== (i === why.length - 1))
      return `look ${i} of ${why.length}: frame ${frame} ${fits ? 'fitted' : 'did not fit'}`;
    if (fits && frame !== victim) return `frame ${frame} fitted, ${victim} went`;
    if (!known.pinned) state.bit = false;
  }
  return undefined;
}

/** As the file of the policy states its four turns, from its documentation. */
function cleanFirstVictim({ frames }: ResidentFrames, { why, frame: victim }: Eviction): string | undefined {
  for (const [i, { frame, known }] of why.entries()) {
    const state = frames.get(frame);
    if (state === undefined) return `frame ${frame} was considered and is not resident`;
    if (known.referenced !== state.bit)
      return `frame ${frame}: referenced ${known.referenced}, by its references ${state.bit}`;
    const sparing = Number(known.turn) % 2 === 1;
    const fits = !known.referenced && !known.pinned && !(sparing && known.dirty);
    if (fits !== (i === why.length - 1)) return `look ${i} of ${why.length}: frame ${frame}`;
    if (fits && frame !== victim) return `frame ${frame} fitted, ${victim} went`;
    if (!sparing && !known.pinned) state.bit = false;
  }
  return undefined;
}

/** Anything resident and not pinned will do; what is drawn is checked by the policy's own tests. */
function anyVictim({ frames }: ResidentFrames, { why, frame }: Eviction): string | undefined {
  if (!frames.has(frame)) return `frame ${frame} is not resident`;
  const last = why.at(-1);
  return last?.frame === frame && !isPinned(last)
    ? undefined
    : `the last one drawn is not the victim ${frame}`;
}

const checks = {
  fifo: leastIsVictim('admitted'),
  lru: leastIsVictim('used'),
  clock: clockVictim,
  'clock-clean': cleanFirstVictim,
  random: anyVictim,
};

/** Programs whose loops, calls and system calls differ; sizes that leave hundreds of evictions. */
const guests = [
  { name: 'sort', args: ['20000'], frames: 16 },
  { name: 'hashjoin', args: ['4K'], frames: 40 },
  { name: 'treewalk', args: ['11', '2000'], frames: 12 },
] as const;

describe.each(guests)('$name in $frames frames', ({ name, args, frames }) => {
  it.each(
    Object.entries(checks),
  )('%s: every victim is the one that the recorded references call for', async (replacement, check) => {
    const guest = { path: shipped(name), args };
    const options = { frames, replacement, maxInstructions: 2_000_000 };
    const resident = new ResidentFrames(check);
    const recorded = await runGuest(guest, options, { record: resident.record, observe: resident.observe });
    expect(resident.problems.slice(0, 3)).toEqual([]);
    expect(resident.evictions.length).toBeGreaterThan(20);
    expect(recorded.report.evictions.clean + recorded.report.evictions.dirty).toBe(resident.evictions.length);
  });

  it('evicts the same pages when nothing is recorded', async () => {
    const guest = { path: shipped(name), args };
    const options = { frames, replacement: 'lru', maxInstructions: 2_000_000 };
    const resident = new ResidentFrames(() => undefined);
    const recorded = await runGuest(guest, options, { record: resident.record });
    const direct = await runGuest(guest, options);
    expect(direct.report.evictions).toEqual(recorded.report.evictions);
    expect(direct.report.tlb).toEqual(recorded.report.tlb);
  });
});
