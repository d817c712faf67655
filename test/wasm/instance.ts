/** Modules built, compiled and called in one go. */
import type { ValueType } from '../../src/wasm/code.ts';
import type { Statement } from '../../src/wasm/expressions.ts';
import { type Frame, ModuleBuilder } from '../../src/wasm/module.ts';

/** What goes in and out of an exported function. */
export type Value = number | bigint;
export type Callable = (...values: readonly Value[]) => Value | undefined;

export interface Instance {
  readonly exports: Readonly<Record<string, Callable>>;
  readonly memory: DataView;
}

/** Compiles a module and gives it one page of memory, and functions of the host. */
export function instantiate(
  module: ModuleBuilder,
  host: Readonly<Record<string, (...values: never[]) => unknown>> = {},
): Instance {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), {
    env: { memory, ...host },
  });
  return {
    exports: instance.exports as Readonly<Record<string, Callable>>,
    memory: new DataView(memory.buffer),
  };
}

export const onePage = () => new ModuleBuilder({ minimum: 1, maximum: 1 });

/** A single function, ready to be called. */
export function functionOf(
  parameters: readonly ValueType[],
  result: ValueType | undefined,
  body: (frame: Frame) => Statement,
): Callable {
  const module = onePage();
  module.export('f', module.add(parameters, result, body));
  return instantiate(module).exports.f!;
}
