import { describe, expect, it } from 'vitest';
import { virtualAddress } from '../../../src/base/numbers.ts';
import { SV39_LAYOUT } from '../../../src/kernel/loader/layout.ts';
import {
  AuxiliaryType,
  buildStack,
  HARDWARE,
  MOST_STRING_BYTES,
  type StackRequest,
} from '../../../src/kernel/loader/stack.ts';

const request: StackRequest = {
  layout: SV39_LAYOUT,
  path: './prog',
  argv: ['./prog', 'one', 'zwölf'],
  env: ['A=1', 'PATH=/bin'],
  entry: virtualAddress(0x10100),
  headersAddress: virtualAddress(0x10040),
  headerCount: 4,
  uid: 1000,
  gid: 1000,
  random: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
};

/** Reads a stack as the C library does: from sp upwards. */
function readStack(bytes: Uint8Array, pointer: number) {
  const view = new DataView(bytes.buffer);
  const word = (address: number) => Number(view.getBigUint64(address - pointer, true));
  const text = (address: number) => {
    const start = address - pointer;
    return new TextDecoder().decode(bytes.subarray(start, bytes.indexOf(0, start)));
  };
  let at = pointer;
  const argc = word(at);
  at += 8;
  const list = () => {
    const found: string[] = [];
    for (; word(at) !== 0; at += 8) found.push(text(word(at)));
    at += 8;
    return found;
  };
  const argv = list();
  const env = list();
  const auxiliary = new Map<number, number>();
  for (; word(at) !== 0; at += 16) auxiliary.set(word(at), word(at + 8));
  return { argc, argv, env, auxiliary, text, end: at + 16 };
}

describe('the first stack', () => {
  const stack = buildStack(request)!;
  const read = readStack(stack.bytes, stack.pointer);

  it('is aligned to 16 bytes and ends at the top', () => {
    expect(stack.pointer % 16).toBe(0);
    expect(stack.pointer + stack.bytes.length).toBe(SV39_LAYOUT.stackTop);
  });

  it('holds arguments and environment', () => {
    expect(read.argc).toBe(3);
    expect(read.argv).toEqual(request.argv);
    expect(read.env).toEqual(request.env);
  });

  it('holds the auxiliary vector', () => {
    const { auxiliary, text } = read;
    const type = AuxiliaryType;
    expect(auxiliary.get(type.pageSize)).toBe(4096);
    expect(auxiliary.get(type.programHeaders)).toBe(0x10040);
    expect(auxiliary.get(type.programHeaderBytes)).toBe(56);
    expect(auxiliary.get(type.programHeaderCount)).toBe(4);
    expect(auxiliary.get(type.entry)).toBe(0x10100);
    expect(auxiliary.get(type.uid)).toBe(1000);
    expect(auxiliary.get(type.secure)).toBe(0);
    expect(auxiliary.get(type.clockTicks)).toBe(100);
    // I, M, A, F, D, C: bits 8, 12, 0, 5, 3, 2.
    expect(auxiliary.get(type.hardware)).toBe(0x112d);
    expect(HARDWARE).toBe(0x112d);
    expect(text(auxiliary.get(type.path)!)).toBe('./prog');
    const random = auxiliary.get(type.random)! - stack.pointer;
    expect([...stack.bytes.subarray(random, random + 16)]).toEqual([...request.random]);
    expect(auxiliary.has(33)).toBe(false);
  });

  it('has strings in the order of Linux: arguments, environment, path, 8 zero bytes', () => {
    const strings = new TextDecoder().decode(stack.bytes.subarray(-8 - 64));
    expect(strings.endsWith(`./prog\0one\0zwölf\0A=1\0PATH=/bin\0./prog\0${'\0'.repeat(8)}`)).toBe(true);
  });

  it('keeps no room between the auxiliary vector and the random bytes but for alignment', () => {
    expect(read.auxiliary.get(AuxiliaryType.random)! - read.end).toBeLessThan(16);
  });

  it('is refused when a string, or all of them, are too long', () => {
    expect(buildStack({ ...request, argv: ['x'.repeat(MOST_STRING_BYTES)] })).toBeUndefined();
    expect(buildStack({ ...request, argv: new Array<string>(30).fill('x'.repeat(100_000)) })).toBeUndefined();
    expect(buildStack({ ...request, argv: [] })).toBeDefined();
  });
});
