/**
 * A ring of frames, doubly linked inside two typed arrays: putting a frame in, taking it out and moving it
 * cost a few stores and no allocation, and the whole ring is plain data that `structuredClone` copies.
 */
import { assert } from '../../base/errors.ts';

/** Links by node; -1 when the node is in no ring. A node is a frame number, or a fixed mark beyond the frames. */
export interface FrameRing {
  readonly next: Int32Array;
  readonly previous: Int32Array;
}

/** Room for nodes 0 to `nodes` - 1, none of them linked. */
export function frameRing(nodes: number): FrameRing {
  return { next: new Int32Array(nodes).fill(-1), previous: new Int32Array(nodes).fill(-1) };
}

/** Like `frameRing` for frames 0 to `frameLimit` - 1, with node `frameLimit` as the mark that a queue starts behind. */
export function frameQueue(frameLimit: number): FrameRing {
  const ring = frameRing(frameLimit + 1);
  linkAlone(ring, frameLimit);
  return ring;
}

/** Makes a ring of `node` alone. */
export function linkAlone(ring: FrameRing, node: number): void {
  assert(ring.next[node] === -1, 'a frame is admitted only when it is not resident');
  ring.next[node] = node;
  ring.previous[node] = node;
}

/** Puts `node` immediately before `at`: in a queue, before its mark means last. */
export function linkBefore(ring: FrameRing, node: number, at: number): void {
  const { next, previous } = ring;
  assert(next[node] === -1, 'a frame is admitted only when it is not resident');
  const before = previous[at] as number;
  next[before] = node;
  previous[node] = before;
  next[node] = at;
  previous[at] = node;
}

/** Takes `node` out of its ring. */
export function unlink(ring: FrameRing, node: number): void {
  const { next, previous } = ring;
  const after = next[node] as number;
  assert(after !== -1, 'only a resident frame is referenced, evicted or released');
  const before = previous[node] as number;
  next[before] = after;
  previous[after] = before;
  next[node] = -1;
  previous[node] = -1;
}
