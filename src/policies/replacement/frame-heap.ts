/**
 * Resident frames in a binary heap ordered by two numbers, the smallest pair first: for policies whose order is
 * neither that of admissions nor that of uses. Pairs have to be different from each other.
 */
import { assert } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';

export interface FrameHeap {
  /** Frames, in heap order in elements 0 to `count` - 1. */
  readonly order: Int32Array;
  /** By frame: where it is in `order`, -1 when it is not resident. */
  readonly place: Int32Array;
  /** By frame. */
  readonly major: Float64Array;
  /** By frame: decides between equal `major`. */
  readonly minor: Float64Array;
  count: number;
}

/** An empty heap for frames 0 to `frameLimit` - 1. */
export function frameHeap(frameLimit: number): FrameHeap {
  return {
    order: new Int32Array(frameLimit),
    place: new Int32Array(frameLimit).fill(-1),
    major: new Float64Array(frameLimit),
    minor: new Float64Array(frameLimit),
    count: 0,
  };
}

/** Puts a frame in. */
export function addToHeap(heap: FrameHeap, frame: number, major: number, minor: number): void {
  assert(heap.place[frame] === -1, 'a frame is admitted only when it is not resident');
  heap.major[frame] = major;
  heap.minor[frame] = minor;
  rise(heap, frame, heap.count++);
}

/** Gives a frame a pair that is not smaller than the one it has. */
export function raiseInHeap(heap: FrameHeap, frame: number, major: number, minor: number): void {
  heap.major[frame] = major;
  heap.minor[frame] = minor;
  sink(heap, frame, heap.place[frame]!);
}

/** Takes a frame out. */
export function removeFromHeap(heap: FrameHeap, frame: number): void {
  const hole = heap.place[frame]!;
  assert(hole !== -1, 'only a resident frame is evicted or released');
  const moved = heap.order[--heap.count]!;
  heap.place[frame] = -1;
  if (moved === frame) return;
  rise(heap, moved, hole);
  sink(heap, moved, heap.place[moved]!);
}

/**
 * The smallest frame that `accepts` takes, or -1; frames are offered in order, the smallest first. Changes
 * nothing. Offering k frames takes time in k squared.
 */
export function smallestAccepted(heap: FrameHeap, accepts: (frame: Frame) => boolean): Frame | -1 {
  if (heap.count === 0) return -1;
  const root = heap.order[0] as Frame;
  if (accepts(root)) return root;
  const open = [1, 2].filter((place) => place < heap.count);
  while (open.length > 0) {
    let least = 0;
    for (let i = 1; i < open.length; i++) {
      if (isLess(heap, heap.order[open[i]!]!, heap.order[open[least]!]!)) least = i;
    }
    const place = open.splice(least, 1)[0]!;
    const frame = heap.order[place] as Frame;
    if (accepts(frame)) return frame;
    if (2 * place + 1 < heap.count) open.push(2 * place + 1);
    if (2 * place + 2 < heap.count) open.push(2 * place + 2);
  }
  return -1;
}

function isLess({ major, minor }: FrameHeap, a: number, b: number): boolean {
  const difference = major[a]! - major[b]!;
  return difference < 0 || (difference === 0 && minor[a]! < minor[b]!);
}

function rise(heap: FrameHeap, frame: number, place: number): void {
  const { order } = heap;
  while (place > 0) {
    const parent = (place - 1) >> 1;
    if (!isLess(heap, frame, order[parent]!)) break;
    settle(heap, order[parent]!, place);
    place = parent;
  }
  settle(heap, frame, place);
}

function sink(heap: FrameHeap, frame: number, place: number): void {
  const { order, count } = heap;
  for (let child = 2 * place + 1; child < count; child = 2 * place + 1) {
    if (child + 1 < count && isLess(heap, order[child + 1]!, order[child]!)) child++;
    if (!isLess(heap, order[child]!, frame)) break;
    settle(heap, order[child]!, place);
    place = child;
  }
  settle(heap, frame, place);
}

function settle(heap: FrameHeap, frame: number, place: number): void {
  heap.order[place] = frame;
  heap.place[frame] = place;
}
