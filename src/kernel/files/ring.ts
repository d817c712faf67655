/** Rings of bytes, which grow as they fill. */

export interface ByteRing {
  bytes: Uint8Array;
  /** Where the first of `length` bytes is. */
  start: number;
  length: number;
}

const FIRST_SIZE = 4096;

export const emptyRing = (): ByteRing => ({ bytes: new Uint8Array(0), start: 0, length: 0 });

/** Adds bytes at the end as long as the ring then holds at most `capacity`; how many. */
export function put(ring: ByteRing, from: Uint8Array, capacity: number): number {
  const count = Math.min(from.length, capacity - ring.length);
  if (ring.length + count > ring.bytes.length) grow(ring, ring.length + count, capacity);
  const size = ring.bytes.length;
  const end = (ring.start + ring.length) % size || 0;
  const first = Math.min(count, size - end);
  ring.bytes.set(from.subarray(0, first), end);
  ring.bytes.set(from.subarray(first, count), 0);
  ring.length += count;
  return count;
}

/** Copies bytes from the beginning, those before `skip` left out; how many. */
export function peek(ring: ByteRing, into: Uint8Array, skip = 0): number {
  const count = Math.max(0, Math.min(into.length, ring.length - skip));
  if (count === 0) return 0;
  const size = ring.bytes.length;
  const from = (ring.start + skip) % size;
  const first = Math.min(count, size - from);
  into.set(ring.bytes.subarray(from, from + first));
  into.set(ring.bytes.subarray(0, count - first), first);
  return count;
}

/** Moves bytes out from the beginning; how many. */
export function take(ring: ByteRing, into: Uint8Array): number {
  const count = peek(ring, into);
  ring.length -= count;
  ring.start = ring.length === 0 ? 0 : (ring.start + count) % ring.bytes.length;
  return count;
}

function grow(ring: ByteRing, needed: number, capacity: number): void {
  const size = Math.min(capacity, Math.max(FIRST_SIZE, 2 ** Math.ceil(Math.log2(needed))));
  const bytes = new Uint8Array(size);
  peek(ring, bytes);
  ring.bytes = bytes;
  ring.start = 0;
}
