/**
 * Pages that must stay. An instruction may need several pages, one fault after the other; those it has got stay
 * pinned until it completes, else it might never. The same holds for one step of a system call.
 *
 *   fault A ── fault B ── fault C ── retired                 one instruction: A, B, C pinned together
 *   step 1: read path, read struct ── step 2: write page     a system call: let go between its steps
 *
 * Same count of retired instructions, same pc, same progress of the system call: the same episode. Episodes are
 * kept by space, and so is the count of instructions: what other processes do in between does not matter.
 *
 * The least memory with which a program completes is `tableFramesPeak` + `pinnedPeak` frames: tables are made
 * before the page that needs them is admitted, everything that is not pinned can be evicted, and no more tables
 * are needed with less memory, because an evicted page leaves its table in place. `pinnedPeak` counts, whether
 * they had to be fetched in this run or not,
 *
 *   an instruction           2 pages it is fetched from, 2 of data          4
 *   that copies on write     and the page that is copied                    5
 *   a step of a system call  its pages, and 2 of the instruction            pages + 2 (+ 1)
 */
import type { Frame, SpaceId } from '../../base/numbers.ts';
import type { SpaceState } from '../state.ts';
import type { MemoryCounters } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { Episode } from './state.ts';

const FETCH_PAGES = 2;
const INSTRUCTION_PAGES = 4;

export class Pins {
  readonly #episodes: (Episode | undefined)[];
  readonly #spaces: readonly (SpaceState | undefined)[];
  readonly #frames: FrameTable;
  readonly #counters: MemoryCounters;

  constructor(
    episodes: (Episode | undefined)[],
    spaces: readonly (SpaceState | undefined)[],
    frames: FrameTable,
    counters: MemoryCounters,
  ) {
    this.#episodes = episodes;
    this.#spaces = spaces;
    this.#frames = frames;
    this.#counters = counters;
  }

  /**
   * An access of a space begins: the pages of its last episode are let go, unless this one goes on with it, and
   * so are those of other spaces whose instructions have completed. The kernel's own accesses do not need what
   * the instruction needed.
   */
  enter(of: SpaceState, by: 'guest' | 'kernel', pc: number, done: number): void {
    const { id: space, instructions = 0 } = of;
    this.#endCompleted(space);
    const last = this.#episodes[space];
    if (last !== undefined && continues(last, instructions, pc, done)) {
      if (by === 'kernel') this.#unpinAll(last.guest);
      return;
    }
    if (last === undefined) {
      this.#episodes[space] = { instructions, pc, done, guest: [], kernel: [] };
      this.#peak(INSTRUCTION_PAGES);
      return;
    }
    this.#letGo(last);
    last.instructions = instructions;
    last.pc = pc;
    last.done = done;
  }

  /** The faulting instruction needs the page in `frame`. */
  addGuest(space: SpaceId, frame: Frame): void {
    const episode = this.#episodes[space];
    if (episode === undefined || episode.guest.includes(frame)) return;
    episode.guest.push(frame);
    this.#frames.pin(frame);
  }

  /** The present step of a system call uses the page in `frame`. */
  addKernel(space: SpaceId, frame: Frame): void {
    const episode = this.#episodes[space];
    if (episode === undefined || episode.kernel.includes(frame)) return;
    episode.kernel.push(frame);
    this.#frames.pin(frame);
    this.#peak(episode.kernel.length + FETCH_PAGES);
  }

  /** A page is being copied, so that its source is needed as well. */
  copies(space: SpaceId, by: 'guest' | 'kernel'): void {
    const held = this.#episodes[space]?.kernel.length ?? 0;
    this.#peak(by === 'guest' ? INSTRUCTION_PAGES + 1 : held + 1 + FETCH_PAGES + 1);
  }

  /** The page in `frame` is gone for good. */
  forget(frame: Frame): void {
    if (!this.#frames.isPinned(frame)) return;
    for (const episode of this.#episodes) {
      if (episode === undefined) continue;
      this.#remove(episode.guest, frame);
      this.#remove(episode.kernel, frame);
    }
  }

  /** The space is gone. */
  end(space: SpaceId): void {
    const episode = this.#episodes[space];
    if (episode !== undefined) this.#letGo(episode);
    this.#episodes[space] = undefined;
  }

  /**
   * Lets go what spaces other than `space` hold, except those in `waiting`, so that one at least can go on.
   * Whether anything was held.
   */
  endIdle(space: SpaceId, waiting: (space: SpaceId) => boolean): boolean {
    let held = false;
    this.#episodes.forEach((episode, id) => {
      if (episode === undefined || id === space || waiting(id as SpaceId)) return;
      held ||= episode.guest.length + episode.kernel.length > 0;
      this.#letGo(episode);
    });
    return held;
  }

  #endCompleted(except: SpaceId): void {
    for (let id = 0; id < this.#episodes.length; id++) {
      const episode = this.#episodes[id];
      if (episode === undefined || id === except) continue;
      if ((this.#spaces[id]?.instructions ?? 0) > episode.instructions) this.#letGo(episode);
    }
  }

  #letGo(episode: Episode): void {
    this.#unpinAll(episode.guest);
    this.#unpinAll(episode.kernel);
  }

  #unpinAll(list: number[]): void {
    for (const frame of list) this.#frames.unpin(frame as Frame);
    list.length = 0;
  }

  #remove(list: number[], frame: Frame): void {
    const at = list.indexOf(frame);
    if (at < 0) return;
    list.splice(at, 1);
    this.#frames.unpin(frame);
  }

  #peak(pages: number): void {
    if (pages > this.#counters.pinnedPeak) this.#counters.pinnedPeak = pages;
  }
}

function continues(last: Episode, instructions: number, pc: number, done: number): boolean {
  return last.instructions === instructions && last.pc === pc && last.done === done;
}
