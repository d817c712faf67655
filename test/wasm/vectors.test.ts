/** Vectors against typed arrays, whose elements wrap around as lanes do. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bind, type Statement, sequence } from '../../src/wasm/expressions.ts';
import type { Frame } from '../../src/wasm/module.ts';
import { i16x8, i32x4, type V128, v128 } from '../../src/wasm/vectors.ts';
import { instantiate, onePage } from './instance.ts';

const BYTES = 16;
const OFFSET = 5;

/** Two vectors where the parameters say; the result goes behind the offset of the third. */
function onVectors(operation: (left: V128, right: V128) => V128) {
  const module = onePage();
  const body = (frame: Frame): Statement => {
    const [left, right, to] = [0, 1, 2].map((index) => frame.parameter('i32', index));
    const result = operation(v128.load(left!), v128.load(right!));
    return sequence(bind(result, (value) => v128.store(to!, value, OFFSET)));
  };
  module.export('f', module.add(['i32', 'i32', 'i32'], undefined, body));
  const { exports, memory } = instantiate(module);
  return (left: Uint8Array, right: Uint8Array, at: number): Uint8Array => {
    const bytes = new Uint8Array(memory.buffer);
    bytes.set(left, at);
    bytes.set(right, at + 100);
    exports.f!(at, at + 100, at + 200);
    return bytes.slice(at + 200 + OFFSET, at + 200 + OFFSET + BYTES);
  };
}

const vector = fc.uint8Array({ minLength: BYTES, maxLength: BYTES });
const address = fc.nat(1000);

describe('vectors', () => {
  it.each([
    ['i16x8', i16x8.sub, Uint16Array],
    ['i32x4', i32x4.sub, Uint32Array],
  ] as const)('%s subtracts lane by lane, wherever the vectors lie', (_, operation, Lanes) => {
    const apply = onVectors(operation);
    fc.assert(
      fc.property(vector, vector, address, (left, right, at) => {
        const subtrahends = new Lanes(right.slice().buffer);
        const expected = new Lanes(left.slice().buffer).map((lane, i) => lane - subtrahends[i]!);
        expect([...apply(left, right, at)]).toEqual([...new Uint8Array(expected.buffer)]);
      }),
    );
  });

  it('are loaded and stored as they are', () => {
    const apply = onVectors((left) => left);
    fc.assert(
      fc.property(vector, address, (bytes, at) => {
        expect([...apply(bytes, new Uint8Array(BYTES), at)]).toEqual([...bytes]);
      }),
    );
  });
});
