/** Structures of the Linux interface for RISC-V 64, little-endian, as bytes. */
import type { FileStat } from '../files/contract.ts';
import type { Space } from '../files/filesystem.ts';
import { NAME_MAX } from '../files/flags.ts';

const BILLION = 1_000_000_000n;

/** A zeroed structure of `bytes` bytes to be filled through the view. */
export function structure(bytes: number, fill: (view: DataView) => void): Uint8Array {
  const out = new Uint8Array(bytes);
  fill(new DataView(out.buffer));
  return out;
}

/** 64-bit words one after the other. */
export const words = (...values: (number | bigint)[]): Uint8Array =>
  structure(values.length * 8, (view) => {
    values.forEach((value, i) => {
      view.setBigUint64(i * 8, BigInt.asUintN(64, BigInt(value)), true);
    });
  });

/** struct timespec: seconds and the nanoseconds beyond. */
export const timespec = (seconds: number, nanoseconds: number): Uint8Array => words(seconds, nanoseconds);

/** Seconds and nanoseconds of a time in ns, also one before 1970. */
function split(time: bigint): [bigint, bigint] {
  const rest = ((time % BILLION) + BILLION) % BILLION;
  return [(time - rest) / BILLION, rest];
}

/** struct stat of asm-generic/stat.h, 128 bytes. */
export const statBytes = (stat: FileStat): Uint8Array =>
  structure(128, (view) => {
    view.setBigUint64(0, BigInt.asUintN(64, BigInt(stat.device)), true);
    view.setBigUint64(8, BigInt.asUintN(64, BigInt(stat.inode)), true);
    view.setUint32(16, stat.mode, true);
    view.setUint32(20, stat.links, true);
    view.setUint32(24, stat.uid, true);
    view.setUint32(28, stat.gid, true);
    view.setBigUint64(32, BigInt(stat.rdevice), true);
    view.setBigInt64(48, BigInt(stat.size), true);
    view.setInt32(56, 4096, true);
    view.setBigInt64(64, BigInt(stat.blocks), true);
    [stat.accessed, stat.modified, stat.changed].forEach((time, i) => {
      const [seconds, rest] = split(time);
      view.setBigInt64(72 + 16 * i, seconds, true);
      view.setBigUint64(80 + 16 * i, rest, true);
    });
  });

/** STATX_BASIC_STATS: everything but the time of birth, which nobody knows. */
const STATX_BASIC_STATS = 0x7ff;

/** struct statx, 256 bytes. */
export const statxBytes = (stat: FileStat): Uint8Array =>
  structure(256, (view) => {
    view.setUint32(0, STATX_BASIC_STATS, true);
    view.setUint32(4, 4096, true);
    view.setUint32(16, stat.links, true);
    view.setUint32(20, stat.uid, true);
    view.setUint32(24, stat.gid, true);
    view.setUint16(28, stat.mode, true);
    view.setBigUint64(32, BigInt.asUintN(64, BigInt(stat.inode)), true);
    view.setBigUint64(40, BigInt(stat.size), true);
    view.setBigUint64(48, BigInt(stat.blocks), true);
    const times: [number, bigint][] = [
      [64, stat.accessed],
      [96, stat.changed],
      [112, stat.modified],
    ];
    for (const [at, time] of times) {
      const [seconds, rest] = split(time);
      view.setBigInt64(at, seconds, true);
      view.setUint32(at + 8, Number(rest), true);
    }
    view.setUint32(128, major(stat.rdevice), true);
    view.setUint32(132, minor(stat.rdevice), true);
    view.setUint32(136, major(stat.device), true);
    view.setUint32(140, minor(stat.device), true);
  });

/** struct statfs64, 120 bytes. */
export const statfsBytes = (space: Space): Uint8Array =>
  structure(120, (view) => {
    const fields = [
      space.type,
      space.blockSize,
      space.blocks,
      space.free,
      space.free,
      space.files,
      space.files,
    ];
    fields.forEach((value, i) => {
      view.setBigUint64(i * 8, BigInt(Math.floor(value)), true);
    });
    view.setBigUint64(64, BigInt(NAME_MAX), true);
    view.setBigUint64(72, BigInt(space.blockSize), true);
  });

/** A device number as sys/sysmacros.h splits it. */
const major = (device: number) => Math.floor(device / 256) & 0xfff;
const minor = (device: number) => (device & 0xff) | (Math.floor(device / 2 ** 12) & 0xfff00);

/** Text with its terminating zero, in a field of `bytes` bytes. */
export function textField(into: Uint8Array, at: number, bytes: number, text: string): void {
  into.set(new TextEncoder().encode(text).subarray(0, bytes - 1), at);
}
