/** A call as strace(1) prints it, built from its row. */
import { errnoMessage, errnoName } from '../errno.ts';
import { AT_FDCWD } from '../files/flags.ts';
import { LIMITS } from '../limits.ts';
import { LAST_SIGNAL, signalName } from '../process/signal-table.ts';
import type { ArgumentShape, CallResult } from './contract.ts';
import {
  atFlagNames,
  clockNames,
  type FlagName,
  mapFlagNames,
  openFlagNames,
  protectionNames,
  whenceNames,
} from './flag-names.ts';
import type { SeenMemory } from './seen-memory.ts';

/** strace's default for -s. */
const STRING_LIMIT = 32;

/** Most strings of an array that are shown, as strace's default. */
const STRINGS_LIMIT = 32;

export interface MadeCall {
  readonly name: string;
  readonly shapes: readonly ArgumentShape[];
  /** Arguments as they were: a result, or all of another program's registers, have taken their place by now. */
  readonly given: BigInt64Array;
  readonly result: CallResult;
  readonly seen: SeenMemory;
}

/**
 * `openat(AT_FDCWD, "/x", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)`. Bytes and strings are
 * those that the handler itself read or wrote; where it touched none, the address is shown.
 */
export function shownCall(call: MadeCall): string {
  const parts = visibleShapes(call).map((shape, i) => shownArgument(call, shape, i));
  return `${call.name}(${parts.join(', ')}) = ${shownResult(call)}`;
}

const ADDRESS_RESULTS = new Set(['mmap', 'brk', 'mremap']);

const EXECUTIONS = new Set(['execve', 'execveat']);

function shownResult({ name, result }: MadeCall): string {
  if (result === 'replaced' && EXECUTIONS.has(name)) return '0';
  if (typeof result !== 'number') return '?';
  const error = result < 0 ? errnoName(result) : undefined;
  if (error !== undefined) return `-1 ${error} (${errnoMessage(result)})`;
  return ADDRESS_RESULTS.has(name) ? hex(BigInt(result)) : String(result);
}

/** Without a mode that open(2) does not look at. */
function visibleShapes({ given, shapes }: MadeCall): readonly ArgumentShape[] {
  const at = shapes.indexOf('open-flags');
  const O_CREAT_OR_TMPFILE = 0o20000100;
  const creates = at < 0 || (intOf(given[at]!) & O_CREAT_OR_TMPFILE) !== 0;
  return creates ? shapes : shapes.filter((shape) => shape !== 'mode');
}

const intOf = (value: bigint): number => Number(BigInt.asIntN(32, value));

function shownArgument(call: MadeCall, shape: ArgumentShape, i: number): string {
  const value = call.given[i]!;
  const int = intOf(value);
  switch (shape) {
    case 'int':
    case 'fd':
      return String(int);
    case 'at-fd':
      return int === AT_FDCWD ? 'AT_FDCWD' : String(int);
    case 'uint':
      return String(int >>> 0);
    case 'size':
      return String(BigInt.asUintN(64, value));
    case 'offset':
      return String(value);
    case 'hex':
      return hex(value);
    case 'mode':
      return `0${(int & 0o177777).toString(8).padStart(3, '0')}`;
    case 'open-flags':
      return shownOpenFlags(int);
    case 'prot':
      return int === 0 ? 'PROT_NONE' : shownFlags(int, protectionNames);
    case 'map-flags':
      return shownFlags(int, mapFlagNames);
    case 'at-flags':
      return int === 0 ? '0' : shownFlags(int, atFlagNames);
    case 'signal':
      return int > 0 && int <= LAST_SIGNAL ? signalName(int) : String(int);
    case 'how':
      return ['SIG_BLOCK', 'SIG_UNBLOCK', 'SIG_SETMASK'][int] ?? String(int);
    case 'whence':
      return whenceNames[int] ?? String(int);
    case 'clock':
      return clockNames[int] === undefined ? String(int) : `CLOCK_${clockNames[int]}`;
    case 'limit':
      return LIMITS[int] === undefined ? String(int) : `RLIMIT_${LIMITS[int].name}`;
    default:
      return shownMemory(call, shape, i, BigInt.asUintN(64, value));
  }
}

function shownMemory(call: MadeCall, shape: ArgumentShape, i: number, address: bigint): string {
  if (address === 0n) return 'NULL';
  const { seen, given } = call;
  const at = Number(address);
  if (shape === 'strings' || shape === 'variables') return shownStrings(seen, shape, at) ?? hex(address);
  if (shape === 'path') {
    const text = seen.stringAt(at);
    if (text === undefined) return hex(address);
    const bytes = new TextEncoder().encode(text);
    return quoted(bytes, PATH_LIMIT, bytes.length);
  }
  const result = typeof call.result === 'number' ? call.result : 0;
  if (shape === 'buffer-out' && result === 0) return '""';
  const bytes = seen.bytesAt(at);
  if (bytes === undefined || (shape === 'buffer-out' && result < 0)) return hex(address);
  if (shape === 'timespec') return shownTimespec(bytes) ?? hex(address);
  const size = Number(BigInt.asUintN(64, given[i + 1] ?? 0n));
  if (shape === 'buffer-in') return quoted(bytes, Math.min(STRING_LIMIT, size), size);
  return shape === 'buffer-out' ? quoted(bytes, Math.min(STRING_LIMIT, result), result) : hex(address);
}

/** `["ls", "-l"]`, or the address and how many there are; `undefined` when the kernel did not read them. */
function shownStrings(seen: SeenMemory, shape: 'strings' | 'variables', at: number): string | undefined {
  const texts: string[] = [];
  for (let next = seen.wordAt(at); next !== 0n; next = seen.wordAt(at + 8 * texts.length)) {
    if (next === undefined) return undefined;
    const text = seen.stringAt(Number(next));
    const bytes = new TextEncoder().encode(text);
    texts.push(text === undefined ? hex(next) : quoted(bytes, STRING_LIMIT, bytes.length));
  }
  if (shape === 'variables')
    return `${hex(BigInt(at))} /* ${texts.length} var${texts.length === 1 ? '' : 's'} */`;
  const shown = texts.slice(0, STRINGS_LIMIT);
  return `[${[...shown, ...(texts.length > shown.length ? ['...'] : [])].join(', ')}]`;
}

function shownTimespec(bytes: Uint8Array): string | undefined {
  if (bytes.length < 16) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return `{tv_sec=${view.getBigInt64(0, true)}, tv_nsec=${view.getBigInt64(8, true)}}`;
}

/** As strace: a path is shown whole (PATH_MAX). */
const PATH_LIMIT = 4096;

const hex = (value: bigint): string => (value === 0n ? '0' : `0x${BigInt.asUintN(64, value).toString(16)}`);

const escapes: Readonly<Record<number, string>> = {
  34: '\\"',
  92: '\\\\',
  10: '\\n',
  13: '\\r',
  9: '\\t',
  11: '\\v',
  12: '\\f',
};

/** The first `limit` bytes as a C string; dots behind it when there were more of them. */
function quoted(bytes: Uint8Array, limit: number, all: number): string {
  const shown = bytes.subarray(0, limit);
  const text = Array.from(shown, (byte, i) => {
    const named = escapes[byte];
    if (named !== undefined) return named;
    if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
    const next = shown[i + 1];
    const digitFollows = next !== undefined && next >= 0x30 && next <= 0x39;
    return `\\${byte.toString(8).padStart(digitFollows ? 3 : 1, '0')}`;
  });
  return `"${text.join('')}"${all > shown.length ? '...' : ''}`;
}

function shownOpenFlags(flags: number): string {
  const access = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'][flags & 3]!;
  return (flags & ~3) === 0 ? access : `${access}|${shownFlags(flags & ~3, openFlagNames)}`;
}

/** Names of bits joined by `|`, then what is left in hexadecimal. Longer names come first in the table. */
function shownFlags(flags: number, names: readonly FlagName[]): string {
  let left = flags;
  const parts: string[] = [];
  for (const [name, bits] of names) {
    if ((left & bits) !== bits) continue;
    left &= ~bits;
    parts.push(name);
  }
  if (left !== 0 || parts.length === 0) parts.push(`0x${(left >>> 0).toString(16)}`);
  return parts.join('|');
}
