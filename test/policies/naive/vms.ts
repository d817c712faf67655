/** Segmented FIFO and per-process caches, as whole caches whose references name their process. */
import { FREE, HIT, take } from './contract.ts';

export interface OwnedCache {
  /** A reference by a process to a page; gives the page that had to go, or `HIT`, `FREE`, or `RESCUE`. */
  request(page: number, owner: number, isStore: boolean): number;
  release(page: number): void;
  /** Pages written while they stayed. */
  readonly cleaned?: number;
}

export const RESCUE = -3;

/**
 * @param limit pages of a resident set; undefined: three quarters of the frames, shared out among who has pages
 * @param dirtyLimit pages that may wait to be written; undefined: a sixteenth of the frames
 */
export function naiveVms(
  frames: number,
  limit?: number,
  dirtyLimit = Math.floor(frames / 16),
): OwnedCache & { cleaned: number } {
  let sets: { owner: number; pages: number[] }[] = [];
  const clean: number[] = [];
  const dirty: number[] = [];
  let modified: number[] = [];
  const setOf = (page: number) => sets.find(({ pages }) => pages.includes(page));
  const all = () => [...sets.flatMap(({ pages }) => pages), ...clean, ...dirty];
  const cache = { cleaned: 0, request, release };

  function write(): void {
    const batch = dirty.splice(0, Math.max(0, dirty.length - Math.floor(dirtyLimit / 2)));
    cache.cleaned += batch.length;
    clean.push(...batch);
    modified = modified.filter((page) => !batch.includes(page));
  }

  function join(owner: number, page: number): void {
    const set = sets.find((one) => one.owner === owner) ?? { owner, pages: [] };
    if (set.pages.length === 0) sets.push(set);
    set.pages.push(page);
    const most = limit ?? Math.max(1, Math.floor((frames * 0.75) / sets.length));
    while (set.pages.length > most && set.pages.length > 1) {
      const oldest = set.pages.shift()!;
      (modified.includes(oldest) ? dirty : clean).push(oldest);
      if (dirty.length > dirtyLimit) write();
    }
  }

  function evict(): number {
    if (clean.length === 0) write();
    const listed = clean.shift() ?? dirty.shift();
    if (listed !== undefined) return listed;
    const most = Math.max(...sets.map(({ pages }) => pages.length));
    const largest = sets.filter(({ pages }) => pages.length === most).sort((a, b) => a.owner - b.owner)[0]!;
    const victim = largest.pages.shift()!;
    sets = sets.filter(({ pages }) => pages.length > 0);
    return victim;
  }

  function request(page: number, owner: number, isStore: boolean): number {
    const note = () => {
      if (isStore && !modified.includes(page)) modified.push(page);
    };
    if (setOf(page) !== undefined) {
      note();
      return HIT;
    }
    if (take(clean, page) || take(dirty, page)) {
      note();
      join(owner, page);
      return RESCUE;
    }
    const victim = all().length < frames ? FREE : evict();
    modified = modified.filter((one) => one !== victim && one !== page);
    note();
    join(owner, page);
    return victim;
  }

  function release(page: number): void {
    for (const set of sets) take(set.pages, page);
    sets = sets.filter(({ pages }) => pages.length > 0);
    take(clean, page);
    take(dirty, page);
    take(modified, page);
  }

  return cache;
}

/** LRU or FIFO for each process by itself, on equal shares of the frames for all who have pages. */
export function naiveLocal(frames: number, order: 'lru' | 'fifo'): OwnedCache {
  let queues: { owner: number; pages: number[] }[] = [];
  const sizeOf = (owner: number) => queues.find((one) => one.owner === owner)?.pages.length ?? 0;

  function evictFrom(owner: number): number {
    const victim = queues.find((one) => one.owner === owner)!.pages.shift()!;
    queues = queues.filter(({ pages }) => pages.length > 0);
    return victim;
  }

  return {
    request(page, owner) {
      const known = queues.find(({ pages }) => pages.includes(page));
      if (known !== undefined) {
        if (order === 'lru' && take(known.pages, page)) known.pages.push(page);
        return HIT;
      }
      const share = Math.floor(frames / Math.max(1, queues.length));
      const used = queues.reduce((sum, { pages }) => sum + pages.length, 0);
      let victim = FREE;
      if (sizeOf(owner) > 0 && sizeOf(owner) >= share) victim = evictFrom(owner);
      else if (used === frames) {
        // All who are over have the same share, so the largest is also the one that is furthest over.
        const most = Math.max(...queues.map(({ pages }) => pages.length));
        const payer = queues.filter(({ pages }) => pages.length === most).map((one) => one.owner);
        victim = evictFrom(Math.min(...payer));
      }
      const own = queues.find((one) => one.owner === owner);
      if (own === undefined) queues.push({ owner, pages: [page] });
      else own.pages.push(page);
      return victim;
    },
    release(page) {
      for (const { pages } of queues) take(pages, page);
      queues = queues.filter(({ pages }) => pages.length > 0);
    },
  };
}
