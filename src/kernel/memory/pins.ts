/**
 * Pages that must stay. An instruction may need several pages, one fault after the other; those it has got stay
 * pinned until it completes, else it might never. The same holds for one step of a system call.
 *
 *   fault A ── fault B ── fault C ── retired                 one instruction: A, B, C pinned together
 *   step 1: read path, read struct ── step 2: write page     a system call: let go between its steps
 *
 * Same process, same count of retired instructions, same pc, same progress of the system call: the same episode.
 * Threads that share a space have episodes of their own. `RootState.running` says whose access it is.
 *
 * **Several processes.** Each may be in the middle of an instruction and hold pages that another wants. Episodes
 * are numbered as they begin, and the older goes first (wound-wait: Rosenkrantz, Stearns and Lewis, 1978):
 *
 *   no frame for X ─┬─ pages held by the younger, by those who sleep, have stopped or ended ──▶ let go, X takes one
 *                   ├─ else a page of anybody is on its way ──▶ X waits for it
 *                   ├─ else the older hold pages ─────────────▶ X pauses, so that they can run (pauses.ts)
 *                   └─ else ──────────────────────────────────▶ out of memory
 *
 * Whoever has to wait starves, and until it has got a frame those younger than it get none.
 *
 * Nobody takes from the oldest, and what comes free is the oldest's, so its pages only become more until it
 * completes; then another is the oldest. Every process therefore makes progress as long as memory holds all tables
 * and, beside them, what the most demanding of the live processes needs in one step:
 *
 *   tables of all spaces + max over live processes of `most`  ≤  frames            (`needed`, VirtualMemory.hasRoom)
 *
 * Tables are made before the page that needs them is admitted, and everything that is not pinned can be evicted.
 * `most` counts, whether they had to be fetched in this run or not,
 *
 *   an instruction           2 pages it is fetched from, 2 of data          4
 *   that copies on write     and the page that is copied                    5
 *   a step of a system call  its pages, and 2 of the instruction            pages + 2 (+ 1)
 *
 * **Leaf tables that may go to swap** are no part of the first term. An instruction needs the one that each of its pages
 * has its entry in: pinned with the page, they add at most `min(most, leaf tables of its space)`. What is not pinned can
 * go, for a table can go when its pages have (table-eviction.ts).
 */
import { type Frame, PAGE_SIZE, type Pid, type SpaceId } from '../../base/numbers.ts';
import type { ProcessState, RootState, SpaceState } from '../state.ts';
import type { MemoryCounters } from './contract.ts';
import type { FrameTable } from './frames.ts';
import { type Episode, type MemoryState, PAGE } from './state.ts';

const FETCH_PAGES = 2;
const INSTRUCTION_PAGES = 4;

export interface PinParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly frames: FrameTable;
  readonly counters: MemoryCounters;
}

export class Pins {
  readonly #parts: PinParts;

  constructor(parts: PinParts) {
    this.#parts = parts;
  }

  /**
   * An access of the running process to a space begins: the pages of its last episode are let go, unless this one
   * goes on with it, and so are those of processes that do not need theirs. The kernel's own accesses do not need
   * what the instruction needed.
   */
  enter(space: SpaceState, by: 'guest' | 'kernel', pc: number): void {
    const { root, state } = this.#parts;
    const instructions = retired(root, space);
    const done = processOf(root, root.running)?.call?.done ?? 0;
    this.#letGoUnneeded();
    const last = state.episodes.get(root.running);
    if (last !== undefined && continues(last, instructions, pc, done)) {
      if (by === 'kernel') this.#unpinAll(last.guest);
      return;
    }
    const since = state.nextEpisode++;
    state.starving.delete(root.running);
    if (last === undefined) {
      const episode = { space: space.id, since, most: 0, instructions, pc, done, guest: [], kernel: [] };
      state.episodes.set(root.running, episode);
      this.#need(episode, INSTRUCTION_PAGES);
      return;
    }
    this.#letAllGo(last);
    Object.assign(last, { space: space.id, since, instructions, pc, done });
  }

  /** Whether somebody, or others than the running process, are in the middle of what they need the page for. */
  isNeededBy(who: 'anybody' | 'others', frame: Frame): boolean {
    const { root, frames, state } = this.#parts;
    if (!frames.isPinned(frame)) return false;
    for (const [pid, episode] of state.episodes) {
      if (who === 'others' && pid === root.running) continue;
      const has = episode.guest.includes(frame) || episode.kernel.includes(frame);
      if (has && needsPages(root, pid, episode)) return true;
    }
    return false;
  }

  /** The faulting instruction of a process needs the page in `frame`. */
  addGuest(frame: Frame, pid: Pid = this.#parts.root.running): void {
    const episode = this.#parts.state.episodes.get(pid);
    if (episode === undefined || episode.guest.includes(frame)) return;
    episode.guest.push(frame);
    this.#parts.frames.pin(frame);
  }

  /** The present step of the running process's system call uses the page in `frame`. */
  addKernel(frame: Frame): void {
    const episode = this.#running;
    if (episode === undefined || episode.kernel.includes(frame)) return;
    episode.kernel.push(frame);
    this.#parts.frames.pin(frame);
    this.#need(episode, this.#pagesIn(episode.kernel) + FETCH_PAGES);
  }

  /** The entry at an address, if there is one, is needed as long as a page would be that it leads to. */
  needTable(entryAddress: number, by: 'guest' | 'kernel', pid: Pid = this.#parts.root.running): void {
    const { state, frames } = this.#parts;
    const frame = this.tableOf(entryAddress);
    if (frame === -1) return;
    const list = state.episodes.get(pid)?.[by];
    if (list === undefined || list.includes(frame)) return;
    list.push(frame);
    frames.pin(frame);
  }

  /**
   * The frame of the table that an entry lies in, if the table is in memory and may go to swap; else -1. Only such tables have to
   * be pinned, and of others the place of an entry need not be an address.
   */
  tableOf(entryAddress: number): Frame | -1 {
    const frame = Math.floor(entryAddress / PAGE_SIZE) as Frame;
    return entryAddress >= 0 && this.#parts.state.leafTables.resident.has(frame) ? frame : -1;
  }

  /** A page is being copied for the running process, so that its source is needed as well. */
  copies(by: 'guest' | 'kernel'): void {
    const episode = this.#running;
    if (episode === undefined) return;
    const step = this.#pagesIn(episode.kernel) + 1 + FETCH_PAGES;
    this.#need(episode, 1 + (by === 'guest' ? INSTRUCTION_PAGES : step));
  }

  /** A space does not show the page in `frame` any more; none of its threads needs it then. */
  letGo(frame: Frame, space: SpaceId): void {
    const { root, frames, state } = this.#parts;
    if (!frames.isPinned(frame)) return;
    for (const process of root.processes) {
      if (process.space === space) this.#drop(state.episodes.get(process.pid), frame);
    }
  }

  /** The page in `frame` is gone for good. */
  forget(frame: Frame): void {
    const { frames, state } = this.#parts;
    if (!frames.isPinned(frame)) return;
    for (const episode of state.episodes.values()) this.#drop(episode, frame);
  }

  /** The process is gone. */
  end(pid: Pid): void {
    const { episodes, starving } = this.#parts.state;
    const episode = episodes.get(pid);
    if (episode === undefined) return;
    this.#letAllGo(episode);
    episodes.delete(pid);
    starving.delete(pid);
  }

  /** Whether the next frame is somebody else's who is older and waits for one. */
  get isOutranked(): boolean {
    const { root, state } = this.#parts;
    if (state.starving.size === 0) return false;
    for (const pid of state.starving) if (pid !== root.running && this.#isOlder(pid)) return true;
    return false;
  }

  /** Whether anybody has found no frame, and waits. */
  get areAnyStarving(): boolean {
    return this.#parts.state.starving.size > 0;
  }

  /** The running process has found no frame, and waits. */
  starves(): void {
    const { root, state } = this.#parts;
    if (state.episodes.has(root.running)) state.starving.add(root.running);
  }

  /** The running process has got a frame. */
  fed(): void {
    const { root, state } = this.#parts;
    if (state.starving.size > 0) state.starving.delete(root.running);
  }

  /** The running process finds no frame: lets go what it goes before. Whether anything was held. */
  makeWay(): boolean {
    const { root, state } = this.#parts;
    let held = false;
    for (const [pid, episode] of state.episodes) {
      if (pid === root.running || !holds(episode) || this.#isOlder(pid)) continue;
      held = true;
      this.#letAllGo(episode);
    }
    return held;
  }

  /** Whether a process other than the running one holds pages. */
  get othersHold(): boolean {
    const { root, state } = this.#parts;
    for (const [pid, episode] of state.episodes) if (pid !== root.running && holds(episode)) return true;
    return false;
  }

  /** Frames that must be there for some process to be sure to make progress. */
  get needed(): number {
    const { root, frames, counters, state } = this.#parts;
    let most = 0;
    for (const { most: pages, space } of state.episodes.values())
      most = Math.max(most, pages + Math.min(pages, root.spaces[space]?.leafTables ?? 0));
    // Those that may go are needed for their pages alone.
    const tables = counters.tableFrames - state.leafTables.resident.size;
    return most + (frames.state.tables === undefined ? tables : 0);
  }

  /** More is needed than before: a table was made, or a process has had more pages at once than ever. */
  noteNeed(): void {
    const { counters } = this.#parts;
    counters.neededPeak = Math.max(counters.neededPeak, this.needed);
  }

  /** Whether a process needs pages for an episode that is older than that of the running one. */
  #isOlder(pid: Pid): boolean {
    const { root, state } = this.#parts;
    const episode = state.episodes.get(pid);
    if (episode === undefined || !needsPages(root, pid, episode)) return false;
    const own = this.#running;
    return own === undefined || episode.since < own.since || !needsPages(root, root.running, own);
  }

  get #running(): Episode | undefined {
    return this.#parts.state.episodes.get(this.#parts.root.running);
  }

  #need(episode: Episode, pages: number): void {
    const { counters } = this.#parts;
    if (pages <= episode.most) return;
    episode.most = pages;
    counters.pinnedPeak = Math.max(counters.pinnedPeak, pages);
    this.noteNeed();
  }

  /** How many of the frames hold pages, and not tables. */
  #pagesIn(list: readonly number[]): number {
    const { use } = this.#parts.frames.state;
    let pages = 0;
    for (const frame of list) if (use[frame] === PAGE) pages++;
    return pages;
  }

  #letGoUnneeded(): void {
    const { root, state } = this.#parts;
    if (state.episodes.size <= (state.episodes.has(root.running) ? 1 : 0)) return;
    for (const { pid } of root.processes) {
      const episode = pid === root.running ? undefined : state.episodes.get(pid);
      if (episode !== undefined && holds(episode) && !needsPages(root, pid, episode)) this.#letAllGo(episode);
    }
  }

  #letAllGo(episode: Episode): void {
    this.#unpinAll(episode.guest);
    this.#unpinAll(episode.kernel);
  }

  #unpinAll(list: number[]): void {
    for (const frame of list) this.#parts.frames.unpin(frame as Frame);
    list.length = 0;
  }

  #drop(episode: Episode | undefined, frame: Frame): void {
    if (episode === undefined) return;
    this.#remove(episode.guest, frame);
    this.#remove(episode.kernel, frame);
  }

  #remove(list: number[], frame: Frame): void {
    const at = list.indexOf(frame);
    if (at < 0) return;
    list.splice(at, 1);
    this.#parts.frames.unpin(frame);
  }
}

const holds = ({ guest, kernel }: Episode): boolean => guest.length + kernel.length > 0;

const processOf = ({ processes }: RootState, pid: Pid): ProcessState | undefined =>
  processes.find((process) => process.pid === pid);

/** Instructions that the running process has retired; those of `space` before there is a process in it. */
export const retired = (root: RootState, space: SpaceState): number =>
  processOf(root, root.running)?.instructions ?? space.instructions ?? 0;

/**
 * Whether a process goes on with an episode as soon as it runs: it has not completed the instruction, has not
 * ended or stopped, and waits for nothing but pages. A sleeper begins its system call again when it is woken.
 */
function needsPages(root: RootState, pid: Pid, episode: Episode): boolean {
  const process = processOf(root, pid);
  if (process === undefined) return false;
  // Who has ended still goes on with what it has to tell others by its memory.
  if (process.exit !== undefined && process.lastWords === undefined) return false;
  if (process.status === 'zombie' || process.status === 'stopped') return false;
  return process.sleep === undefined && process.instructions === episode.instructions;
}

function continues(last: Episode, instructions: number, pc: number, done: number): boolean {
  return last.instructions === instructions && last.pc === pc && last.done === done;
}
