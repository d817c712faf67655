/** Names that strace(1) prints for flags and numbers. */
import * as file from '../files/flags.ts';

export type FlagName = readonly [name: string, bits: number];

export const openFlagNames: readonly FlagName[] = [
  ['O_CREAT', file.O_CREAT],
  ['O_EXCL', file.O_EXCL],
  ['O_NOCTTY', file.O_NOCTTY],
  ['O_TRUNC', file.O_TRUNC],
  ['O_APPEND', file.O_APPEND],
  ['O_NONBLOCK', file.O_NONBLOCK],
  ['O_SYNC', file.O_SYNC],
  ['O_DSYNC', file.O_DSYNC],
  ['O_DIRECT', file.O_DIRECT],
  ['O_LARGEFILE', file.O_LARGEFILE],
  ['O_TMPFILE', file.O_TMPFILE_BIT | file.O_DIRECTORY],
  ['O_DIRECTORY', file.O_DIRECTORY],
  ['O_NOFOLLOW', file.O_NOFOLLOW],
  ['O_NOATIME', file.O_NOATIME],
  ['O_CLOEXEC', file.O_CLOEXEC],
  ['O_PATH', file.O_PATH],
];

export const protectionNames: readonly FlagName[] = [
  ['PROT_READ', 1],
  ['PROT_WRITE', 2],
  ['PROT_EXEC', 4],
];

export const mapFlagNames: readonly FlagName[] = [
  ['MAP_SHARED_VALIDATE', 3],
  ['MAP_SHARED', 1],
  ['MAP_PRIVATE', 2],
  ['MAP_FIXED', 0x10],
  ['MAP_ANONYMOUS', 0x20],
  ['MAP_GROWSDOWN', 0x100],
  ['MAP_DENYWRITE', 0x800],
  ['MAP_EXECUTABLE', 0x1000],
  ['MAP_LOCKED', 0x2000],
  ['MAP_NORESERVE', 0x4000],
  ['MAP_POPULATE', 0x8000],
  ['MAP_NONBLOCK', 0x10000],
  ['MAP_STACK', 0x20000],
  ['MAP_HUGETLB', 0x40000],
  ['MAP_SYNC', 0x80000],
  ['MAP_FIXED_NOREPLACE', 0x100000],
];

export const atFlagNames: readonly FlagName[] = [
  ['AT_SYMLINK_NOFOLLOW', file.AT_SYMLINK_NOFOLLOW],
  ['AT_REMOVEDIR', file.AT_REMOVEDIR],
  ['AT_SYMLINK_FOLLOW', file.AT_SYMLINK_FOLLOW],
  ['AT_NO_AUTOMOUNT', file.AT_NO_AUTOMOUNT],
  ['AT_EMPTY_PATH', file.AT_EMPTY_PATH],
];

export const whenceNames: readonly string[] = ['SEEK_SET', 'SEEK_CUR', 'SEEK_END', 'SEEK_DATA', 'SEEK_HOLE'];

export const clockNames: readonly string[] = [
  'REALTIME',
  'MONOTONIC',
  'PROCESS_CPUTIME_ID',
  'THREAD_CPUTIME_ID',
  'MONOTONIC_RAW',
  'REALTIME_COARSE',
  'MONOTONIC_COARSE',
  'BOOTTIME',
];
