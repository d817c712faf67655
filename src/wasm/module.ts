/**
 * A WebAssembly module put together from functions, globals, one imported memory and imported functions, as bytes.
 *
 * Source: WebAssembly Core Specification 2.0, section 5.5 (modules).
 */
import { ByteSink, Code, typeByte, type ValueType } from './code.ts';
import { type Expression, globalVariable, type Local, local, type Statement } from './expressions.ts';

/** A function of the module, callable before its body is given. */
export interface FunctionReference<R extends ValueType | undefined = ValueType | undefined> {
  readonly index: number;
  readonly parameters: readonly ValueType[];
  readonly result: R;
}

/** What a body is built from: the parameters and fresh locals. */
export interface Frame {
  readonly parameters: readonly Local[];
  parameter<T extends ValueType>(type: T, index: number): Local<T>;
  local<T extends ValueType>(type: T): Local<T>;
}

/** Calls a function that gives a value. */
export const call = <T extends ValueType>(
  target: FunctionReference<T>,
  ...operands: readonly Expression[]
): Expression<T> => ({
  type: target.result,
  emit: (out) => emitCall(out, target, operands),
});

/** Calls a function that gives none. */
export const perform = (
  target: FunctionReference<undefined>,
  ...operands: readonly Expression[]
): Statement => ({
  emit: (out) => emitCall(out, target, operands),
});

function emitCall(out: Code, target: FunctionReference, operands: readonly Expression[]): void {
  if (operands.length !== target.parameters.length)
    throw new Error(`call with ${operands.length} operands, ${target.parameters.length} expected`);
  for (let i = 0; i < operands.length; i++) {
    if (operands[i]!.type !== target.parameters[i])
      throw new Error(`operand ${i} is ${operands[i]!.type}, ${target.parameters[i]} expected`);
    operands[i]!.emit(out);
  }
  out.byte(0x10);
  out.unsigned(target.index);
}

export class ModuleBuilder {
  readonly #types: string[] = [];
  readonly #typeBytes: Uint8Array[] = [];
  readonly #imports: { name: string; type: number }[] = [];
  readonly #functionTypes: number[] = [];
  readonly #bodies: (Uint8Array | undefined)[] = [];
  readonly #globals: { type: ValueType; initial: number | bigint }[] = [];
  readonly #exports: { name: string; index: number }[] = [];
  readonly #notes: { name: string; text: string }[] = [];
  readonly #memoryPages: { minimum: number; maximum: number };

  /** @param memoryPages size of the imported memory `env.memory`, in units of 64 KiB */
  constructor(memoryPages: { minimum: number; maximum: number }) {
    this.#memoryPages = memoryPages;
  }

  /** A function of the host, `env.NAME`; all of them come before the module's own. */
  import<R extends ValueType | undefined>(
    name: string,
    parameters: readonly ValueType[],
    result: R,
  ): FunctionReference<R> {
    if (this.#bodies.length > 0) throw new Error(`${name} is imported after a function was declared`);
    this.#imports.push({ name, type: this.#typeIndex(parameters, result) });
    return { index: this.#imports.length - 1, parameters, result };
  }

  /** Declares a function, so that bodies may call it before it is defined. */
  declare<R extends ValueType | undefined>(
    parameters: readonly ValueType[],
    result: R,
  ): FunctionReference<R> {
    this.#functionTypes.push(this.#typeIndex(parameters, result));
    this.#bodies.push(undefined);
    return { index: this.#imports.length + this.#bodies.length - 1, parameters, result };
  }

  /** Gives a declared function its body. A function with a result ends by falling off an expression or by `give`. */
  define(target: FunctionReference, body: (frame: Frame) => Statement): void {
    const code = new Code(target.parameters.length);
    const parameters = target.parameters.map((type, i) => local(type, i));
    const statement = body({
      parameters,
      parameter: (type, index) => {
        if (target.parameters[index] !== type) throw new Error(`parameter ${index} is not ${type}`);
        return local(type, index);
      },
      local: (type) => local(type, code.local(type)),
    });
    statement.emit(code);
    this.#bodies[target.index - this.#imports.length] = code.body();
  }

  /** Declares and defines at once. */
  add<R extends ValueType | undefined>(
    parameters: readonly ValueType[],
    result: R,
    body: (frame: Frame) => Statement,
  ): FunctionReference<R> {
    const reference = this.declare(parameters, result);
    this.define(reference, body);
    return reference;
  }

  global<T extends ValueType>(type: T, initial: number | bigint): Local<T> {
    this.#globals.push({ type, initial });
    return globalVariable(type, this.#globals.length - 1);
  }

  /** A custom section with a text, which `WebAssembly.Module.customSections` finds. */
  note(name: string, text: string): void {
    this.#notes.push({ name, text });
  }

  export(name: string, target: FunctionReference): void {
    this.#exports.push({ name, index: target.index });
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteSink(1 << 16);
    out.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    section(out, 1, (s) => vector(s, this.#typeBytes, (type) => s.append(type)));
    section(out, 2, (s) => {
      s.unsigned(1 + this.#imports.length);
      s.name('env');
      s.name('memory');
      s.byte(2);
      s.byte(1);
      s.unsigned(this.#memoryPages.minimum);
      s.unsigned(this.#memoryPages.maximum);
      for (const { name, type } of this.#imports) {
        s.name('env');
        s.name(name);
        s.byte(0);
        s.unsigned(type);
      }
    });
    section(out, 3, (s) => vector(s, this.#functionTypes, (type) => s.unsigned(type)));
    section(out, 6, (s) => vector(s, this.#globals, (global) => emitGlobal(s, global)));
    section(out, 7, (s) =>
      vector(s, this.#exports, (entry) => {
        s.name(entry.name);
        s.byte(0);
        s.unsigned(entry.index);
      }),
    );
    section(out, 10, (s) =>
      vector(s, this.#bodies, (body) => {
        if (body === undefined) throw new Error('a declared function has no body');
        s.unsigned(body.length);
        s.append(body);
      }),
    );
    for (const { name, text } of this.#notes) {
      section(out, 0, (s) => {
        s.name(name);
        s.append(new TextEncoder().encode(text));
      });
    }
    return new Uint8Array(out.view());
  }

  #typeIndex(parameters: readonly ValueType[], result: ValueType | undefined): number {
    const key = `${parameters.join()}>${result ?? ''}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    const results = result === undefined ? [] : [result];
    this.#typeBytes.push(
      Uint8Array.of(
        0x60,
        parameters.length,
        ...parameters.map(typeByte),
        results.length,
        ...results.map(typeByte),
      ),
    );
    return this.#types.push(key) - 1;
  }
}

function section(out: ByteSink, id: number, fill: (sink: ByteSink) => void): void {
  const sink = new ByteSink(1024);
  fill(sink);
  out.byte(id);
  out.unsigned(sink.length);
  out.append(sink.view());
}

function vector<T>(out: ByteSink, items: readonly T[], each: (item: T) => void): void {
  out.unsigned(items.length);
  for (const item of items) each(item);
}

function emitGlobal(out: ByteSink, global: { type: ValueType; initial: number | bigint }): void {
  out.byte(typeByte(global.type));
  out.byte(1);
  if (global.type === 'i32') {
    out.byte(0x41);
    out.signed(Number(global.initial));
  } else if (global.type === 'i64') {
    out.byte(0x42);
    out.signed64(BigInt(global.initial));
  } else throw new Error('only integer globals are used');
  out.byte(0x0b);
}
