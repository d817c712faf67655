/** Rings against an array that is pushed to and shifted from. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { emptyRing, peek, put, take } from '../../../src/kernel/files/ring.ts';

const CAPACITY = 10_000;

const operation = fc.record({
  what: fc.constantFrom('put', 'take', 'peek'),
  bytes: fc.oneof(fc.nat(9), fc.nat(7000)),
  skip: fc.nat(6000),
});

it('a ring is a queue of bytes', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const ring = emptyRing();
      let naive: number[] = [];
      let next = 0;
      for (const { what, bytes, skip } of operations) {
        const buffer = new Uint8Array(bytes);
        if (what === 'put') {
          buffer.forEach((_, i) => {
            buffer[i] = next++;
          });
          const count = put(ring, buffer, CAPACITY);
          expect(count).toBe(Math.min(bytes, CAPACITY - naive.length));
          naive.push(...buffer.subarray(0, count));
          continue;
        }
        const count = what === 'take' ? take(ring, buffer) : peek(ring, buffer, skip);
        const from = what === 'take' ? 0 : skip;
        expect([...buffer.subarray(0, count)]).toEqual(naive.slice(from, from + bytes));
        if (what === 'take') naive = naive.slice(count);
        expect(ring.length).toBe(naive.length);
      }
      expect(ring.bytes.length).toBeLessThanOrEqual(CAPACITY);
    }),
  );
});
