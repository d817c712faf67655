/**
 * Frames in order of admission, a queue for each owner; frames of one owner are next to each other in no other way.
 * Plain data: links inside one typed array, and where each owner's queue begins.
 *
 *   owner 3 ──▶ 7 ⇄ 2 ⇄ 9 ⇄ (7)      oldest first, closed to a ring
 */
import { assert } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import { type FrameRing, frameRing, linkAlone, linkBefore, unlink } from './frame-ring.ts';

export interface OwnerQueues extends FrameRing {
  /** By frame; meaningless for one that is in no queue. */
  readonly ownerOf: Int32Array;
  /** Of owners that have frames, in the order in which they first had one. */
  readonly queues: Map<number, { oldest: number; size: number }>;
}

export function ownerQueues(frameLimit: number): OwnerQueues {
  return { ...frameRing(frameLimit), ownerOf: new Int32Array(frameLimit), queues: new Map() };
}

/** Whether a frame is in a queue. */
export const isQueued = ({ links }: OwnerQueues, frame: number): boolean => links[2 * frame] !== -1;

/** Frames of an owner. */
export const sizeOf = ({ queues }: OwnerQueues, owner: number): number => queues.get(owner)?.size ?? 0;

/** Puts `frame`, which is in no queue, at the end of its owner's. */
export function enqueue({ links, ownerOf, queues }: OwnerQueues, owner: number, frame: number): void {
  const queue = queues.get(owner);
  ownerOf[frame] = owner;
  if (queue === undefined) {
    linkAlone(links, frame);
    queues.set(owner, { oldest: frame, size: 1 });
    return;
  }
  linkBefore(links, frame, queue.oldest);
  queue.size++;
}

/** Takes a frame out of its queue. */
export function dequeue({ links, ownerOf, queues }: OwnerQueues, frame: number): void {
  const owner = ownerOf[frame]!;
  const queue = queues.get(owner);
  assert(queue !== undefined, 'only a resident frame is referenced, evicted or released');
  if (queue.oldest === frame) queue.oldest = links[2 * frame]!;
  unlink(links, frame);
  if (--queue.size === 0) queues.delete(owner);
}

/** The first frame of an owner, from the oldest on, that `fits`; -1 when none does. */
export function oldestThat(
  { links, queues }: OwnerQueues,
  owner: number,
  fits: (frame: Frame, position: number) => boolean,
): Frame | -1 {
  const queue = queues.get(owner);
  if (queue === undefined) return -1;
  let frame = queue.oldest as Frame;
  for (let position = 0; position < queue.size; position++) {
    if (fits(frame, position)) return frame;
    frame = links[2 * frame] as Frame;
  }
  return -1;
}

/** All frames of an owner, the oldest first. */
export function framesOf(queues: OwnerQueues, owner: number): Frame[] {
  const frames: Frame[] = [];
  oldestThat(queues, owner, (frame) => {
    frames.push(frame);
    return false;
  });
  return frames;
}
