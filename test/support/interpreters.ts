/** Interpreters of the usual shapes, made once for all systems of a test file. */
import { usualInterpreters } from '../../src/system/index.ts';

let usual: ReadonlyMap<string, Uint8Array<ArrayBuffer>> | undefined;

/** For `SystemPorts.interpreters`. */
export function interpreters(shape: string): Uint8Array<ArrayBuffer> | undefined {
  usual ??= new Map(usualInterpreters().map((one) => [one.shape, one.bytes]));
  return usual.get(shape);
}
