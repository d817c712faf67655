/**
 * Expressions and statements of WebAssembly as small values that append themselves to a function body.
 *
 * An expression is evaluated anew at each place it is used: name it with `bind` when it is used twice or when
 * something that it reads is written in between.
 */
import { type Code, type Label, typeByte, type ValueType } from './code.ts';

/** Something that is executed and leaves nothing on the stack. */
export interface Statement {
  emit(out: Code): void;
}

/** Something that leaves one value of `type`. */
export interface Expression<T extends ValueType = ValueType> extends Statement {
  readonly type: T;
}

export type I32 = Expression<'i32'>;
export type I64 = Expression<'i64'>;
export type F32 = Expression<'f32'>;
export type F64 = Expression<'f64'>;

const binary =
  <A extends ValueType, R extends ValueType>(result: R, opcode: number) =>
  (left: Expression<A>, right: Expression<A>): Expression<R> => ({
    type: result,
    emit(out) {
      left.emit(out);
      right.emit(out);
      out.byte(opcode);
    },
  });

const unary =
  <A extends ValueType, R extends ValueType>(result: R, ...opcode: number[]) =>
  (operand: Expression<A>): Expression<R> => ({
    type: result,
    emit(out) {
      operand.emit(out);
      for (const byte of opcode) out.byte(byte);
    },
  });

const loadOf =
  <R extends ValueType>(result: R, opcode: number, align: number) =>
  (address: I32, offset = 0): Expression<R> => ({
    type: result,
    emit(out) {
      address.emit(out);
      out.byte(opcode);
      out.unsigned(align);
      out.unsigned(offset);
    },
  });

const storeOf =
  <A extends ValueType>(opcode: number, align: number) =>
  (address: I32, value: Expression<A>, offset = 0): Statement => ({
    emit(out) {
      address.emit(out);
      value.emit(out);
      out.byte(opcode);
      out.unsigned(align);
      out.unsigned(offset);
    },
  });

type I32Binary = (left: I32, right: I32) => I32;
type I64Binary = (left: I64, right: I64) => I64;
type I64Compare = (left: I64, right: I64) => I32;

/** Instructions on 32-bit integers. `load8s`: one byte, sign-extended; and so on. Offsets are constant bytes. */
export const i32 = {
  const: (value: number): I32 => ({
    type: 'i32',
    emit(out) {
      out.byte(0x41);
      out.signed(value);
    },
  }),
  eqz: unary<'i32', 'i32'>('i32', 0x45),
  eq: binary<'i32', 'i32'>('i32', 0x46) as I32Binary,
  ne: binary<'i32', 'i32'>('i32', 0x47) as I32Binary,
  ltS: binary<'i32', 'i32'>('i32', 0x48) as I32Binary,
  ltU: binary<'i32', 'i32'>('i32', 0x49) as I32Binary,
  gtS: binary<'i32', 'i32'>('i32', 0x4a) as I32Binary,
  gtU: binary<'i32', 'i32'>('i32', 0x4b) as I32Binary,
  leS: binary<'i32', 'i32'>('i32', 0x4c) as I32Binary,
  leU: binary<'i32', 'i32'>('i32', 0x4d) as I32Binary,
  geS: binary<'i32', 'i32'>('i32', 0x4e) as I32Binary,
  geU: binary<'i32', 'i32'>('i32', 0x4f) as I32Binary,
  clz: unary<'i32', 'i32'>('i32', 0x67),
  ctz: unary<'i32', 'i32'>('i32', 0x68),
  popcnt: unary<'i32', 'i32'>('i32', 0x69),
  add: binary<'i32', 'i32'>('i32', 0x6a) as I32Binary,
  sub: binary<'i32', 'i32'>('i32', 0x6b) as I32Binary,
  mul: binary<'i32', 'i32'>('i32', 0x6c) as I32Binary,
  divS: binary<'i32', 'i32'>('i32', 0x6d) as I32Binary,
  divU: binary<'i32', 'i32'>('i32', 0x6e) as I32Binary,
  remS: binary<'i32', 'i32'>('i32', 0x6f) as I32Binary,
  remU: binary<'i32', 'i32'>('i32', 0x70) as I32Binary,
  and: binary<'i32', 'i32'>('i32', 0x71) as I32Binary,
  or: binary<'i32', 'i32'>('i32', 0x72) as I32Binary,
  xor: binary<'i32', 'i32'>('i32', 0x73) as I32Binary,
  shl: binary<'i32', 'i32'>('i32', 0x74) as I32Binary,
  shrS: binary<'i32', 'i32'>('i32', 0x75) as I32Binary,
  shrU: binary<'i32', 'i32'>('i32', 0x76) as I32Binary,
  rotl: binary<'i32', 'i32'>('i32', 0x77) as I32Binary,
  rotr: binary<'i32', 'i32'>('i32', 0x78) as I32Binary,
  wrap: unary<'i64', 'i32'>('i32', 0xa7),
  reinterpret: unary<'f32', 'i32'>('i32', 0xbc),
  extend8s: unary<'i32', 'i32'>('i32', 0xc0),
  extend16s: unary<'i32', 'i32'>('i32', 0xc1),
  load: loadOf('i32', 0x28, 2),
  load8s: loadOf('i32', 0x2c, 0),
  load8u: loadOf('i32', 0x2d, 0),
  load16s: loadOf('i32', 0x2e, 1),
  load16u: loadOf('i32', 0x2f, 1),
  store: storeOf<'i32'>(0x36, 2),
  store8: storeOf<'i32'>(0x3a, 0),
  store16: storeOf<'i32'>(0x3b, 1),
} as const;

export const i64 = {
  const: (value: number | bigint): I64 => ({
    type: 'i64',
    emit(out) {
      out.byte(0x42);
      out.signed64(BigInt(value));
    },
  }),
  eqz: unary<'i64', 'i32'>('i32', 0x50),
  eq: binary<'i64', 'i32'>('i32', 0x51) as I64Compare,
  ne: binary<'i64', 'i32'>('i32', 0x52) as I64Compare,
  ltS: binary<'i64', 'i32'>('i32', 0x53) as I64Compare,
  ltU: binary<'i64', 'i32'>('i32', 0x54) as I64Compare,
  gtS: binary<'i64', 'i32'>('i32', 0x55) as I64Compare,
  gtU: binary<'i64', 'i32'>('i32', 0x56) as I64Compare,
  leS: binary<'i64', 'i32'>('i32', 0x57) as I64Compare,
  leU: binary<'i64', 'i32'>('i32', 0x58) as I64Compare,
  geS: binary<'i64', 'i32'>('i32', 0x59) as I64Compare,
  geU: binary<'i64', 'i32'>('i32', 0x5a) as I64Compare,
  clz: unary<'i64', 'i64'>('i64', 0x79),
  ctz: unary<'i64', 'i64'>('i64', 0x7a),
  popcnt: unary<'i64', 'i64'>('i64', 0x7b),
  add: binary<'i64', 'i64'>('i64', 0x7c) as I64Binary,
  sub: binary<'i64', 'i64'>('i64', 0x7d) as I64Binary,
  mul: binary<'i64', 'i64'>('i64', 0x7e) as I64Binary,
  divS: binary<'i64', 'i64'>('i64', 0x7f) as I64Binary,
  divU: binary<'i64', 'i64'>('i64', 0x80) as I64Binary,
  remS: binary<'i64', 'i64'>('i64', 0x81) as I64Binary,
  remU: binary<'i64', 'i64'>('i64', 0x82) as I64Binary,
  and: binary<'i64', 'i64'>('i64', 0x83) as I64Binary,
  or: binary<'i64', 'i64'>('i64', 0x84) as I64Binary,
  xor: binary<'i64', 'i64'>('i64', 0x85) as I64Binary,
  shl: binary<'i64', 'i64'>('i64', 0x86) as I64Binary,
  shrS: binary<'i64', 'i64'>('i64', 0x87) as I64Binary,
  shrU: binary<'i64', 'i64'>('i64', 0x88) as I64Binary,
  rotl: binary<'i64', 'i64'>('i64', 0x89) as I64Binary,
  rotr: binary<'i64', 'i64'>('i64', 0x8a) as I64Binary,
  extendS: unary<'i32', 'i64'>('i64', 0xac),
  extendU: unary<'i32', 'i64'>('i64', 0xad),
  reinterpret: unary<'f64', 'i64'>('i64', 0xbd),
  extend8s: unary<'i64', 'i64'>('i64', 0xc2),
  extend16s: unary<'i64', 'i64'>('i64', 0xc3),
  extend32s: unary<'i64', 'i64'>('i64', 0xc4),
  /** Saturating conversions: NaN gives 0. */
  truncSatF32S: unary<'f32', 'i64'>('i64', 0xfc, 4),
  truncSatF32U: unary<'f32', 'i64'>('i64', 0xfc, 5),
  truncSatF64S: unary<'f64', 'i64'>('i64', 0xfc, 6),
  truncSatF64U: unary<'f64', 'i64'>('i64', 0xfc, 7),
  load: loadOf('i64', 0x29, 3),
  load8s: loadOf('i64', 0x30, 0),
  load8u: loadOf('i64', 0x31, 0),
  load16s: loadOf('i64', 0x32, 1),
  load16u: loadOf('i64', 0x33, 1),
  load32s: loadOf('i64', 0x34, 2),
  load32u: loadOf('i64', 0x35, 2),
  store: storeOf<'i64'>(0x37, 3),
  store8: storeOf<'i64'>(0x3c, 0),
  store16: storeOf<'i64'>(0x3d, 1),
  store32: storeOf<'i64'>(0x3e, 2),
} as const;

export const f32 = {
  eq: binary<'f32', 'i32'>('i32', 0x5b),
  lt: binary<'f32', 'i32'>('i32', 0x5d),
  le: binary<'f32', 'i32'>('i32', 0x5f),
  abs: unary<'f32', 'f32'>('f32', 0x8b),
  sqrt: unary<'f32', 'f32'>('f32', 0x91),
  add: binary<'f32', 'f32'>('f32', 0x92),
  sub: binary<'f32', 'f32'>('f32', 0x93),
  mul: binary<'f32', 'f32'>('f32', 0x94),
  div: binary<'f32', 'f32'>('f32', 0x95),
  convertI32S: unary<'i32', 'f32'>('f32', 0xb2),
  convertI32U: unary<'i32', 'f32'>('f32', 0xb3),
  convertI64S: unary<'i64', 'f32'>('f32', 0xb4),
  convertI64U: unary<'i64', 'f32'>('f32', 0xb5),
  demote: unary<'f64', 'f32'>('f32', 0xb6),
  reinterpret: unary<'i32', 'f32'>('f32', 0xbe),
} as const;

export const f64 = {
  const: (value: number): F64 => ({
    type: 'f64',
    emit(out) {
      out.byte(0x44);
      out.append(new Uint8Array(new Float64Array([value]).buffer));
    },
  }),
  eq: binary<'f64', 'i32'>('i32', 0x61),
  ne: binary<'f64', 'i32'>('i32', 0x62),
  lt: binary<'f64', 'i32'>('i32', 0x63),
  gt: binary<'f64', 'i32'>('i32', 0x64),
  le: binary<'f64', 'i32'>('i32', 0x65),
  ge: binary<'f64', 'i32'>('i32', 0x66),
  abs: unary<'f64', 'f64'>('f64', 0x99),
  nearest: unary<'f64', 'f64'>('f64', 0x9e),
  sqrt: unary<'f64', 'f64'>('f64', 0x9f),
  add: binary<'f64', 'f64'>('f64', 0xa0),
  sub: binary<'f64', 'f64'>('f64', 0xa1),
  mul: binary<'f64', 'f64'>('f64', 0xa2),
  div: binary<'f64', 'f64'>('f64', 0xa3),
  convertI32S: unary<'i32', 'f64'>('f64', 0xb7),
  convertI32U: unary<'i32', 'f64'>('f64', 0xb8),
  convertI64S: unary<'i64', 'f64'>('f64', 0xb9),
  convertI64U: unary<'i64', 'f64'>('f64', 0xba),
  promote: unary<'f32', 'f64'>('f64', 0xbb),
  reinterpret: unary<'i64', 'f64'>('f64', 0xbf),
} as const;

/** A local variable or parameter. */
export interface Local<T extends ValueType = ValueType> extends Expression<T> {
  readonly index: number;
  set(value: Expression<T>): Statement;
}

export const local = <T extends ValueType>(type: T, index: number): Local<T> => ({
  type,
  index,
  emit(out) {
    out.byte(0x20);
    out.unsigned(index);
  },
  set: (value) => ({
    emit(out) {
      value.emit(out);
      out.byte(0x21);
      out.unsigned(index);
    },
  }),
});

/** A module's global variable. */
export const globalVariable = <T extends ValueType>(type: T, index: number): Local<T> => ({
  type,
  index,
  emit(out) {
    out.byte(0x23);
    out.unsigned(index);
  },
  set: (value) => ({
    emit(out) {
      value.emit(out);
      out.byte(0x24);
      out.unsigned(index);
    },
  }),
});

/** Evaluates `value` once, into a scratch local that `body` may read any number of times. */
export const bind = <T extends ValueType>(
  value: Expression<T>,
  body: (value: Local<T>) => Statement,
): Statement => ({
  emit(out) {
    value.emit(out);
    const index = out.acquire(value.type);
    out.byte(0x21);
    out.unsigned(index);
    body(local(value.type, index)).emit(out);
    out.release(value.type, index);
  },
});

/** The same for an expression. */
export const bindIn = <T extends ValueType, R extends ValueType>(
  value: Expression<T>,
  type: R,
  body: (value: Local<T>) => Expression<R>,
): Expression<R> => ({ type, emit: (out) => bind(value, body).emit(out) });

export const sequence = (...statements: readonly Statement[]): Statement => ({
  emit(out) {
    for (const statement of statements) statement.emit(out);
  },
});

/** Statements, then a value. */
export const after = <T extends ValueType>(first: Statement, value: Expression<T>): Expression<T> => ({
  type: value.type,
  emit(out) {
    first.emit(out);
    value.emit(out);
  },
});

const open = (out: Code, opcode: number, type: number): void => {
  out.byte(opcode);
  out.byte(type);
  out.depth++;
};
const close = (out: Code): void => {
  out.byte(0x0b);
  out.depth--;
};
const NO_RESULT = 0x40;

/** Branching to the label leaves the block. */
export const block = (body: (end: Label) => Statement): Statement => ({
  emit(out) {
    open(out, 0x02, NO_RESULT);
    body({ depth: out.depth }).emit(out);
    close(out);
  },
});

/** Branching to the label starts over; falling off the end leaves. */
export const loop = (body: (start: Label) => Statement): Statement => ({
  emit(out) {
    open(out, 0x03, NO_RESULT);
    body({ depth: out.depth }).emit(out);
    close(out);
  },
});

export const when = (condition: I32, then: Statement, otherwise?: Statement): Statement => ({
  emit(out) {
    condition.emit(out);
    open(out, 0x04, NO_RESULT);
    then.emit(out);
    if (otherwise !== undefined) {
      out.byte(0x05);
      otherwise.emit(out);
    }
    close(out);
  },
});

/** A value by cases; only the chosen one is evaluated. */
export const choose = <T extends ValueType>(
  condition: I32,
  then: Expression<T>,
  otherwise: Expression<T>,
): Expression<T> => ({
  type: then.type,
  emit(out) {
    condition.emit(out);
    open(out, 0x04, typeByte(then.type));
    then.emit(out);
    out.byte(0x05);
    otherwise.emit(out);
    close(out);
  },
});

/** A value by cases without a jump; both are evaluated. */
export const select = <T extends ValueType>(
  condition: I32,
  then: Expression<T>,
  otherwise: Expression<T>,
): Expression<T> => ({
  type: then.type,
  emit(out) {
    then.emit(out);
    otherwise.emit(out);
    condition.emit(out);
    out.byte(0x1b);
  },
});

export const branch = (label: Label): Statement => ({
  emit(out) {
    out.byte(0x0c);
    out.unsigned(out.distance(label));
  },
});

export const branchIf = (condition: I32, label: Label): Statement => ({
  emit(out) {
    condition.emit(out);
    out.byte(0x0d);
    out.unsigned(out.distance(label));
  },
});

/** Jumps to `labels[index]`, or to `otherwise` when the index is beyond them. */
export const branchTable = (index: I32, labels: readonly Label[], otherwise: Label): Statement => ({
  emit(out) {
    index.emit(out);
    out.byte(0x0e);
    out.unsigned(labels.length);
    for (const label of labels) out.unsigned(out.distance(label));
    out.unsigned(out.distance(otherwise));
  },
});

/** Leaves the function with these values. */
export const give = (...values: readonly Expression[]): Statement => ({
  emit(out) {
    for (const value of values) value.emit(out);
    out.byte(0x0f);
  },
});

export const drop = (value: Expression): Statement => ({
  emit(out) {
    value.emit(out);
    out.byte(0x1a);
  },
});

export const trapHere: Statement = {
  emit(out) {
    out.byte(0x00);
  },
};

export const nothing: Statement = { emit() {} };

/** Copies `bytes` bytes from `source` to `destination`. */
export const copyMemory = (destination: I32, source: I32, bytes: I32): Statement => ({
  emit(out) {
    destination.emit(out);
    source.emit(out);
    bytes.emit(out);
    for (const byte of [0xfc, 0x0a, 0, 0]) out.byte(byte);
  },
});

/** Sets `bytes` bytes from `destination` to `value`. */
export const fillMemory = (destination: I32, value: I32, bytes: I32): Statement => ({
  emit(out) {
    destination.emit(out);
    value.emit(out);
    bytes.emit(out);
    for (const byte of [0xfc, 0x0b, 0]) out.byte(byte);
  },
});
