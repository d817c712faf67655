/**
 * A ring of frames, doubly linked inside one typed array: putting a frame in, taking it out and moving it
 * cost a few stores and no allocation, and the whole ring is plain data that `structuredClone` copies.
 */
import { assert } from '../../base/errors.ts';

/** A node is a frame number, or a fixed mark beyond the frames. */
export interface FrameRing {
  /**
   * Element 2n is the node after node n, element 2n + 1 the one before it; -1 when n is in no ring. Both lie
   * together because whoever needs one needs the other, and in a large memory each is a cache miss.
   */
  readonly links: Int32Array;
}

const TWICE = 'a frame is admitted only when it is not resident';
const ABSENT = 'only a resident frame is referenced, evicted or released';

/** Room for nodes 0 to `nodes` - 1, none of them linked. */
export function frameRing(nodes: number): FrameRing {
  return { links: new Int32Array(2 * nodes).fill(-1) };
}

/** Like `frameRing` for frames 0 to `frameLimit` - 1, with node `frameLimit` as the mark that a queue starts behind. */
export function frameQueue(frameLimit: number): FrameRing {
  const ring = frameRing(frameLimit + 1);
  linkAlone(ring.links, frameLimit);
  return ring;
}

/** Makes a ring of `node` alone. */
export function linkAlone(links: Int32Array, node: number): void {
  assert(links[2 * node] === -1, TWICE);
  links[2 * node] = node;
  links[2 * node + 1] = node;
}

/** Puts `node` immediately before `at`: in a queue, before its mark means last. */
export function linkBefore(links: Int32Array, node: number, at: number): void {
  assert(links[2 * node] === -1, TWICE);
  const before = links[2 * at + 1]!;
  links[2 * before] = node;
  links[2 * node] = at;
  links[2 * node + 1] = before;
  links[2 * at + 1] = node;
}

/** Takes `node` out of its place and puts it immediately before `at`, another node of the ring. */
export function moveBefore(links: Int32Array, node: number, at: number): void {
  const after = links[2 * node]!;
  assert(after !== -1, ABSENT);
  const old = links[2 * node + 1]!;
  links[2 * old] = after;
  links[2 * after + 1] = old;
  const before = links[2 * at + 1]!;
  links[2 * before] = node;
  links[2 * node] = at;
  links[2 * node + 1] = before;
  links[2 * at + 1] = node;
}

/** Takes `node` out of its ring. */
export function unlink(links: Int32Array, node: number): void {
  const after = links[2 * node]!;
  assert(after !== -1, ABSENT);
  const before = links[2 * node + 1]!;
  links[2 * before] = after;
  links[2 * after + 1] = before;
  links[2 * node] = -1;
}
