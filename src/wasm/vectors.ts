/**
 * Vectors of 128 bits: several integers, the lanes, in one operation.
 *
 * Source: WebAssembly Core Specification 2.0, sections 2.4.2 (vector instructions) and 5.4.8 (their binary format).
 */
import type { Code } from './code.ts';
import type { Expression, I32, Statement } from './expressions.ts';

export type V128 = Expression<'v128'>;

const PREFIX = 0xfd;
/** Vectors are best at a multiple of 2 to the power of this, and may lie anywhere. */
const ALIGNMENT = 4;

const emitAccess = (out: Code, opcode: number, offset: number): void => {
  out.byte(PREFIX);
  out.unsigned(opcode);
  out.unsigned(ALIGNMENT);
  out.unsigned(offset);
};

export const v128 = {
  load: (address: I32, offset = 0): V128 => ({
    type: 'v128',
    emit(out) {
      address.emit(out);
      emitAccess(out, 0x00, offset);
    },
  }),
  store: (address: I32, value: V128, offset = 0): Statement => ({
    emit(out) {
      address.emit(out);
      value.emit(out);
      emitAccess(out, 0x0b, offset);
    },
  }),
} as const;

const lanewise =
  (opcode: number) =>
  (left: V128, right: V128): V128 => ({
    type: 'v128',
    emit(out) {
      left.emit(out);
      right.emit(out);
      out.byte(PREFIX);
      out.unsigned(opcode);
    },
  });

/** Eight lanes of 16 bits; what overflows is dropped. */
export const i16x8 = { sub: lanewise(0x91) } as const;
/** Four lanes of 32 bits; what overflows is dropped. */
export const i32x4 = { sub: lanewise(0xb1) } as const;
