/** Turns of phrase of functions over one memory of 32-bit addresses. */
import type { ValueType } from './code.ts';
import {
  block,
  branch,
  branchIf,
  type I32,
  i32,
  type Local,
  loop,
  type Statement,
  sequence,
} from './expressions.ts';
import type { Frame } from './module.ts';

type Named<N extends string, T extends ValueType> = Readonly<Record<N, Local<T>>>;

/** The function's parameters, all i32, by the names given in their order. */
export function parametersOf<N extends string>(body: Frame, ...names: readonly N[]): Named<N, 'i32'> {
  const entries = names.map((name, index) => [name, body.parameter('i32', index)] as const);
  return Object.fromEntries(entries) as Named<N, 'i32'>;
}

/** Fresh locals of one type by name; all are 0 at first. */
export function localsOf<N extends string, T extends ValueType>(
  body: Frame,
  type: T,
  ...names: readonly N[]
): Named<N, T> {
  return Object.fromEntries(names.map((name) => [name, body.local(type)] as const)) as Named<N, T>;
}

/** Adds to a variable. */
export const increase = (variable: Local<'i32'>, by: I32): Statement => variable.set(i32.add(variable, by));

/** The body over and over, as long as the condition holds before it. */
export const repeatWhile = (condition: I32, body: Statement): Statement =>
  block((done) => loop((again) => sequence(branchIf(i32.eqz(condition), done), body, branch(again))));

/** Address of an item of `2 ** shift` bytes; where the items begin goes into the offset of the load or store. */
export const item = (index: I32, shift: number): I32 => i32.shl(index, i32.const(shift));
