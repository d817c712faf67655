/**
 * Pauses: a process waits a little, for no page, because frames are held by processes that go before it; see
 * pins.ts. A pause is a request without a frame, so that it is waited for, and completed, as one for a page is.
 *
 *   pause ──▶ request {frame: none, due: now + 1 ms} ── due ──▶ the process tries again
 *
 * All who pause at the same time share one request. Meanwhile they take no processor time, so that whoever they
 * pause for gets it, whatever the scheduler prefers. (Linux waits likewise before it looks for memory again: 6.6,
 * mm/page_alloc.c, should_reclaim_retry.)
 */
import { type Frame, nanoseconds, type Slot, spaceId, type Vpn } from '../../base/numbers.ts';
import type { RequestState, RootState } from '../state.ts';
import type { Clock } from './contract.ts';

const PAUSE_NS = 1_000_000;
const NO_FRAME = -1 as Frame;

export const isPause = (request: RequestState): boolean => request.frame === NO_FRAME;

/** The number of the pause under way, or of a new one. */
export function pause(root: RootState, clock: Clock): number {
  const underWay = root.requests.find(isPause);
  if (underWay !== undefined) return underWay.id;
  const id = root.nextRequest++;
  root.requests.push({
    id,
    kind: 'pause',
    due: nanoseconds(clock.now + PAUSE_NS),
    space: spaceId(0),
    vpn: 0 as Vpn,
    frame: NO_FRAME,
    slot: -1 as Slot,
    object: -1,
    index: 0,
  });
  return id;
}
