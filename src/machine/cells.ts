/** Reading and writing the fixed cells of layout.ts in generated code. */
import { type I32, type I64, i32, i64, type Statement } from '../wasm/expressions.ts';

const zero = i32.const(0);
export const cell32 = (at: number): I32 => i32.load(zero, at);
export const cell64 = (at: number): I64 => i64.load(zero, at);
export const setCell32 = (at: number, value: I32): Statement => i32.store(zero, value, at);
export const setCell64 = (at: number, value: I64): Statement => i64.store(zero, value, at);
export const increase64 = (at: number, by: number): Statement =>
  setCell64(at, i64.add(cell64(at), i64.const(by)));
/** First address of the page of an address. */
export const pageBase = (address: I64): I64 => i64.and(address, i64.const(-4096));
export const pageOffset = (address: I64): I32 => i32.and(i32.wrap(address), i32.const(4095));
