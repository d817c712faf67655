/** A guest with files, descriptors and buffers for the table of arguments. */
import { BASE } from './flat-memory.ts';
import { Guest } from './guest.ts';

export const BUF = BASE + 0x1000;
export const BAD = 0x10;
export const CWD = -100;
export const O_RDWR_CREAT = 0o102;
export const MAX = 0x7fff_ffff_ffff_ffffn;

/** Descriptors that every guest has: 0 to 2 the streams, and */
export const DIRECTORY = 3;
export const READ_ONLY = 4;
export const WRITABLE = 5;
export const PATH_ONLY = 6;
export const PIPE_OUT = 7;
export const PIPE_IN = 8;
export const CLOSED = 99;

export function guest(): Guest {
  const made = new Guest({
    files: { entries: { '/dir/file': 'contents', '/prog': 'x', '/link': { link: 'dir' } } },
  });
  made.call('openat', CWD, '/dir', 0o200000);
  made.call('openat', CWD, '/dir/file', 0);
  made.call('openat', CWD, '/tmp/w', O_RDWR_CREAT, 0o600);
  made.call('openat', CWD, '/dir/file', 0o10000000);
  made.call('pipe2', BUF, 0);
  return made;
}

export type Argument = number | bigint | string;
export type Case = readonly [name: string, args: readonly Argument[], expected: string];

/** timespec at BUF + 0x100: 1.5 s; at BUF + 0x120: nanoseconds out of range. iovec at BUF + 0x200. */
export const GOOD_TIME = BUF + 0x100;
export const BAD_TIME = BUF + 0x120;
export const IOVEC = BUF + 0x200;
export const LONG_IOVEC = BUF + 0x220;
export const LOCK = BUF + 0x240;
export const SET = BUF + 0x280;
export const ZEROS = BUF + 0x300;
export const POLL = BUF + 0x400;

export function fill(made: Guest): void {
  const word = (at: number, value: bigint | number) => made.view(at).setBigInt64(0, BigInt(value), true);
  word(GOOD_TIME, 1);
  word(GOOD_TIME + 8, 500_000_000);
  word(BAD_TIME, 1);
  word(BAD_TIME + 8, 1_000_000_000);
  word(IOVEC, BUF + 0x800);
  word(IOVEC + 8, 5);
  word(LONG_IOVEC, BUF);
  word(LONG_IOVEC + 8, -1);
  made.view(LOCK).setInt16(0, 1, true);
  made.view(LOCK + 32).setInt16(0, 7, true);
  // All but the one that is for its path only.
  word(SET, 0x1bf);
  made.view(POLL).setInt32(0, WRITABLE, true);
  made.view(POLL).setInt16(4, 5, true);
  made.view(POLL + 8).setInt32(0, CLOSED, true);
}
