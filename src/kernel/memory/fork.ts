/**
 * fork(2)'s part of memory: a space with the areas and contents of another.
 *
 *   parent's entry          copy-on-write                           eager
 *   page in memory          both map it, neither may write it       copied into a frame of the child's own
 *     of a file, unwritten  both map it                             the same where the area may not be written
 *     of a shared area      both map it                             the same
 *   page in swap            both count on the slot                  read for the parent, then copied
 *   nothing, or dropped     nothing: each makes its own from the area, with an identity of its own
 *
 * A page's key is one page's identity. Pages that both map are one page still, whose key the frame or the slot has;
 * the key in an entry whose page was dropped stays the parent's, because only one page can come back as it.
 *
 * The child has neither referenced nor dirtied anything; what the parent did stays known in its own entries, and
 * either makes the page dirty. The TLB forgets the parent once it has lost a write permission. Copying is a use of
 * the child's page, which is admitted by it, and none of the parent's.
 *
 * **Waiting.** The child is a whole space from the beginning, of which no process knows. When a page or a frame has
 * to be waited for, it stays as it is, `ForkState` remembers how far the process got, and the call throws
 * `PageWait`; the same call at the same instruction goes on there. It starts over if the process has done something
 * else meanwhile (a signal's handler ran), or if a thread changed the parent's areas. When the process ends, or the
 * parent space does, the child goes as well.
 *
 * Pages are gone through once, in order of their addresses, and each needs at most the page, its copy and tables at
 * once, so that any memory that the parent can run in is enough to finish, given the slots. A fork that would leave
 * too few frames beside the tables for the processes to go on (pins.ts) fails instead.
 * (Copying page tables: Linux 6.6, mm/memory.c, copy_page_range; unlike there, entries of files are copied too.)
 */
import { PAGE_SIZE, type Pid, type SpaceId } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { EventSink } from '../events.ts';
import type { Area, RootState, SpaceState } from '../state.ts';
import { insertArea } from './areas.ts';
import {
  type ForkMode,
  isOutOfMemory,
  type MemoryCounters,
  type OutOfMemory,
  type ReferenceSink,
} from './contract.ts';
import type { ForkPages, ForkWork } from './fork-pages.ts';
import type { ObjectAreas } from './object-areas.ts';
import type { PageTables } from './page-tables.ts';
import { type Pins, retired } from './pins.ts';
import type { Spaces } from './spaces.ts';
import type { ForkState, MemoryState } from './state.ts';

export interface ForkParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly machine: MachinePort;
  readonly tables: PageTables;
  readonly pins: Pins;
  readonly spaces: Spaces;
  readonly objectAreas: ObjectAreas;
  readonly pages: ForkPages;
  readonly references: ReferenceSink | undefined;
  readonly counters: MemoryCounters;
  readonly events: EventSink;
}

export class Forks {
  readonly #parts: ForkParts;

  constructor(parts: ForkParts) {
    this.#parts = parts;
  }

  /** A space like `parent`, made for the running process. @throws PageWait to be called again */
  fork(parent: SpaceState, mode: ForkMode): SpaceState | OutOfMemory {
    const { root, machine, pins, spaces } = this.#parts;
    pins.enter(parent, 'kernel', machine.pc);
    const fork = this.#underWay(parent, mode) ?? this.#begin(parent, mode);
    if ('kind' in fork) return fork;
    const work: ForkWork = { fork, parent, child: spaces.get(fork.child), withdrawn: false };
    const failure = this.#goOn(work);
    if (failure === undefined) return this.#finish(work);
    this.abandon(root.running);
    return failure;
  }

  /** Gives up what a process has made of a child. */
  abandon(pid: Pid): void {
    const { state, spaces } = this.#parts;
    const fork = state.forks.get(pid);
    if (fork === undefined) return;
    state.forks.delete(pid);
    spaces.destroy(fork.child);
  }

  /** Gives up the children of a space that is going. */
  abandonOf(parent: SpaceId): void {
    for (const [pid, fork] of [...this.#parts.state.forks]) if (fork.parent === parent) this.abandon(pid);
  }

  /** The fork that the running process waited in, if it is still the same one. */
  #underWay(parent: SpaceState, mode: ForkMode): ForkState | undefined {
    const { root, state, spaces } = this.#parts;
    const fork = state.forks.get(root.running);
    if (fork === undefined) return undefined;
    const isSame =
      fork.parent === parent.id &&
      fork.mode === mode &&
      fork.instructions === retired(root, parent) &&
      areEqual(parent.areas, spaces.get(fork.child).areas);
    if (isSame) return fork;
    this.abandon(root.running);
    return undefined;
  }

  #begin(parent: SpaceState, mode: ForkMode): ForkState | OutOfMemory {
    const { root, state, spaces, objectAreas, pages } = this.#parts;
    const crowded = pages.checkRoom();
    if (crowded !== undefined) return crowded;
    const child = spaces.create(parent.translation);
    if (isOutOfMemory(child)) return child;
    child.brkStart = parent.brkStart;
    child.brk = parent.brk;
    child.mmapTop = parent.mmapTop;
    for (const area of parent.areas) insertArea(child.areas, structuredClone(area), objectAreas);
    const instructions = retired(root, parent);
    const fork = { parent: parent.id, child: child.id, mode, instructions, next: 0, shared: 0, copied: 0 };
    state.forks.set(root.running, fork);
    return fork;
  }

  /** Goes through the pages that are left. The TLB forgets the parent even when that has to stop in between. */
  #goOn(work: ForkWork): OutOfMemory | undefined {
    const { tables, references } = this.#parts;
    const { parent } = work;
    try {
      for (const area of parent.areas) {
        const failure = this.#giveArea(work, area);
        if (failure !== undefined) return failure;
      }
      return undefined;
    } finally {
      if (work.withdrawn) {
        tables.flushSpace(parent);
        references?.changed(parent.id, 'all');
      }
    }
  }

  #giveArea(work: ForkWork, area: Area): OutOfMemory | undefined {
    const { tables, pages } = this.#parts;
    const { parent, fork } = work;
    const first = Math.max(area.start / PAGE_SIZE, fork.next);
    let failure: OutOfMemory | undefined;
    if (first * PAGE_SIZE >= area.end) return undefined;
    tables.forEach(parent, first, area.end / PAGE_SIZE, (page, at) => {
      failure ??= pages.give(work, area, page, at);
      if (failure === undefined) fork.next = page + 1;
    });
    return failure;
  }

  #finish({ fork, parent, child }: ForkWork): SpaceState {
    const { root, state, counters, events } = this.#parts;
    const { mode, shared, copied } = fork;
    state.forks.delete(root.running);
    counters.forks[mode]++;
    counters.forkShared += shared;
    counters.forkCopied += copied;
    counters.forkTables += child.tableFrames;
    if (events.watched) {
      events.emit({ type: 'fork', space: parent.id, child: child.id, mode, shared, copied });
    }
    return child;
  }
}

/** Areas are plain data. */
const areEqual = (a: readonly Area[], b: readonly Area[]): boolean => JSON.stringify(a) === JSON.stringify(b);
