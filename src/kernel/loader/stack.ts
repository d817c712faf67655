/**
 * The stack a program starts with, as fs/binfmt_elf.c of Linux builds it on RISC-V. From high to low
 * addresses: 8 zero bytes, the program's path, the strings of the environment, those of the arguments, 16
 * random bytes, then (16-byte aligned) argc, argv, envp and the auxiliary vector, at which sp points.
 */
import { PAGE_SIZE, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import type { AddressLayout } from '../state.ts';
import { PROGRAM_HEADER_BYTES } from './elf.ts';

/** Types of the auxiliary vector's entries (include/uapi/linux/auxvec.h). */
export const AuxiliaryType = {
  null: 0,
  programHeaders: 3,
  programHeaderBytes: 4,
  programHeaderCount: 5,
  pageSize: 6,
  base: 7,
  flags: 8,
  entry: 9,
  uid: 11,
  euid: 12,
  gid: 13,
  egid: 14,
  hardware: 16,
  clockTicks: 17,
  secure: 23,
  random: 25,
  path: 31,
} as const;

/** AT_HWCAP: one bit a letter of the single-letter extensions IMAFDC. */
export const HARDWARE = [...'IMAFDC'].reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) - 65)), 0);
/** times(2) counts in 1/100 s. */
export const CLOCK_TICKS = 100;
/** Linux takes at most a quarter of the stack for arguments and environment, and 128 KiB for one string. */
export const mostArgumentBytes = ({ stackLimit }: AddressLayout): number => stackLimit / 4;
export const MOST_STRING_BYTES = 32 * PAGE_SIZE;

export interface StackRequest {
  readonly layout: AddressLayout;
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly entry: VirtualAddress;
  readonly headersAddress: VirtualAddress;
  readonly headerCount: number;
  readonly uid: number;
  readonly gid: number;
  /** 16 bytes for AT_RANDOM. */
  readonly random: Uint8Array;
}

/** Bytes to be written at `pointer`, which ends at the top of the stack. */
export interface StackImage {
  readonly pointer: VirtualAddress;
  readonly bytes: Uint8Array;
  /** The auxiliary vector alone, for /proc/self/auxv. */
  readonly auxiliary: Uint8Array;
}

/** Strings laid out downwards from `end`; the last one highest. */
function placeStrings(strings: readonly Uint8Array[], end: number): { addresses: number[]; start: number } {
  const addresses: number[] = [];
  let at = end;
  for (const string of strings.toReversed()) {
    at -= string.length;
    addresses.push(at);
  }
  return { addresses: addresses.reverse(), start: at };
}

const encoder = new TextEncoder();
const terminated = (text: string): Uint8Array => encoder.encode(`${text}\0`);

/** @returns the image, or `undefined` when arguments and environment are larger than Linux takes (E2BIG). */
export function buildStack(request: StackRequest): StackImage | undefined {
  const { stackTop } = request.layout;
  const strings = [...request.argv, ...request.env, request.path].map(terminated);
  const stringBytes = strings.reduce((sum, { length }) => sum + length, 0);
  const most = mostArgumentBytes(request.layout);
  if (stringBytes > most || strings.some(({ length }) => length > MOST_STRING_BYTES)) return undefined;
  const { addresses, start } = placeStrings(strings, stackTop - 8);
  const random = start - (start % 16) - 16;
  const auxiliary = encodePairs(auxiliaryVector(request, random, addresses[addresses.length - 1]!));
  const pointers = [...addresses.slice(0, request.argv.length), 0];
  pointers.push(...addresses.slice(request.argv.length, -1), 0);
  const words = 1 + pointers.length;
  const lowest = random - words * 8 - auxiliary.length;
  const pointer = lowest - (lowest % 16);
  const bytes = new Uint8Array(stackTop - pointer);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(request.argv.length), true);
  pointers.forEach((address, i) => {
    view.setBigUint64(8 + i * 8, BigInt(address), true);
  });
  bytes.set(auxiliary, words * 8);
  bytes.set(request.random.subarray(0, 16), random - pointer);
  strings.forEach((string, i) => {
    bytes.set(string, addresses[i]! - pointer);
  });
  return { pointer: virtualAddress(pointer), bytes, auxiliary };
}

/** In the order of create_elf_tables(); there is no AT_SYSINFO_EHDR, because there is no vDSO object. */
function auxiliaryVector(request: StackRequest, random: number, path: number): [number, number][] {
  const type = AuxiliaryType;
  return [
    [type.hardware, HARDWARE],
    [type.pageSize, PAGE_SIZE],
    [type.clockTicks, CLOCK_TICKS],
    [type.programHeaders, request.headersAddress],
    [type.programHeaderBytes, PROGRAM_HEADER_BYTES],
    [type.programHeaderCount, request.headerCount],
    [type.base, 0],
    [type.flags, 0],
    [type.entry, request.entry],
    [type.uid, request.uid],
    [type.euid, request.uid],
    [type.gid, request.gid],
    [type.egid, request.gid],
    [type.secure, 0],
    [type.random, random],
    [type.path, path],
    [type.null, 0],
  ];
}

function encodePairs(pairs: readonly [number, number][]): Uint8Array {
  const view = new DataView(new ArrayBuffer(pairs.length * 16));
  pairs.forEach(([type, value], i) => {
    view.setBigUint64(i * 16, BigInt(type), true);
    view.setBigUint64(i * 16 + 8, BigInt(value), true);
  });
  return new Uint8Array(view.buffer);
}
