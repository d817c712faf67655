/** What must hold of pages that were read ahead, and of the disk's queue; see invariants.ts. */
import { assert } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import type { RootState } from '../state.ts';
import type { FrameTable } from './frames.ts';
import type { PageBits } from './page-bits.ts';
import { AHEAD, LOADING, type MemoryState } from './state.ts';
import type { Swap } from './swap.ts';

export interface PagingInvariantParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly frames: FrameTable;
  readonly swap: Swap;
  readonly pageBits: PageBits;
}

/** @throws Error naming what is broken */
export function checkPaging(parts: PagingInvariantParts): void {
  const { state, root } = parts;
  const { read, useful, useless, late } = state.counters.paging.readAhead;
  let unused = 0;
  for (const [frame, flags] of state.frames.flags.entries()) {
    if ((flags & AHEAD) === 0) continue;
    unused++;
    checkAhead(parts, frame as Frame);
  }
  assert(read === useful + useless + unused, 'pages that were read ahead are counted');
  assert(late <= read, 'a late page is a page read ahead');
  checkQueue(root);
}

/** A page that was read ahead is as it was on the disk, and nobody's yet. */
function checkAhead({ frames, swap, pageBits }: PagingInvariantParts, frame: Frame): void {
  const slot = frames.slot(frame);
  assert(frames.mapperCount(frame) === 0, `frame ${frame} was read ahead, so nobody maps it`);
  assert(!frames.has(frame, LOADING), `frame ${frame} has arrived`);
  if (frames.object(frame) !== -1) return;
  assert(!pageBits.isModified(frame), `the page in frame ${frame} is clean`);
  assert(slot !== -1 && swap.references(slot) > 1, `an entry leads to the page in frame ${frame}`);
}

/** The disk does one thing after the other, and who waits for it knows when it is done. */
function checkQueue({ disk, requests }: RootState): void {
  let before = disk.freeAt;
  const ends = new Map<number, number>();
  for (const { ticket, arrived, start, end, pages, unneeded } of disk.queue) {
    assert(start >= before && start >= arrived, `transfer ${ticket} comes after the one before`);
    assert(end >= start, `transfer ${ticket} ends after it begins`);
    assert(unneeded.length < pages, `a page of transfer ${ticket} is needed`);
    ends.set(ticket, end);
    before = end;
  }
  for (const { id, ticket, due } of requests) {
    const end = ticket === undefined ? undefined : ends.get(ticket);
    assert(end === undefined || end === due, `request ${id} is due when its transfer is done`);
  }
}
