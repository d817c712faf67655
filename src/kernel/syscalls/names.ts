/** Calls about names: stat, access, links, directories, owners, modes, times. */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { FileStat } from '../files/contract.ts';
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_STATX_SYNC_TYPE,
  AT_SYMLINK_NOFOLLOW,
  PATH_MAX,
} from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { statBytes, statfsBytes, statxBytes } from './layout.ts';
import { withPath, withPaths } from './paths.ts';
import { realTime } from './time.ts';

export const nameCalls: readonly SystemCall[] = [
  { number: 33, name: 'mknodat', arguments: ['at-fd', 'path', 'mode', 'hex'], handle: mknodat },
  { number: 34, name: 'mkdirat', arguments: ['at-fd', 'path', 'mode'], handle: mkdirat },
  { number: 35, name: 'unlinkat', arguments: ['at-fd', 'path', 'at-flags'], handle: unlinkat },
  { number: 36, name: 'symlinkat', arguments: ['path', 'at-fd', 'path'], handle: symlinkat },
  { number: 37, name: 'linkat', arguments: ['at-fd', 'path', 'at-fd', 'path', 'at-flags'], handle: linkat },
  { number: 43, name: 'statfs', arguments: ['path', 'pointer'], handle: statfs },
  {
    number: 44,
    name: 'fstatfs',
    arguments: ['fd', 'pointer'],
    handle: (call) => space(call, call.int(0), '', AT_EMPTY_PATH),
  },
  { number: 45, name: 'truncate', arguments: ['path', 'offset'], handle: truncate },
  { number: 48, name: 'faccessat', arguments: ['at-fd', 'path', 'hex'], handle: (call) => access(call, 0) },
  { number: 49, name: 'chdir', arguments: ['path'], handle: chdir },
  { number: 50, name: 'fchdir', arguments: ['fd'], handle: fchdir },
  { number: 51, name: 'chroot', arguments: ['path'], handle: () => Errno.EPERM },
  {
    number: 52,
    name: 'fchmod',
    arguments: ['fd', 'mode'],
    handle: (call) => call.files.names.setMode(call.process, call.int(0), '', call.uint(1), AT_EMPTY_PATH),
  },
  { number: 53, name: 'fchmodat', arguments: ['at-fd', 'path', 'mode'], handle: (call) => chmod(call, 0) },
  { number: 54, name: 'fchownat', arguments: ['at-fd', 'path', 'int', 'int', 'at-flags'], handle: fchownat },
  {
    number: 55,
    name: 'fchown',
    arguments: ['fd', 'int', 'int'],
    handle: (call) =>
      call.files.names.setOwner(call.process, call.int(0), '', call.int(1), call.int(2), AT_EMPTY_PATH),
  },
  { number: 78, name: 'readlinkat', arguments: ['at-fd', 'path', 'buffer-out', 'size'], handle: readlinkat },
  { number: 79, name: 'newfstatat', arguments: ['at-fd', 'path', 'pointer', 'at-flags'], handle: newfstatat },
  { number: 80, name: 'fstat', arguments: ['fd', 'pointer'], handle: fstat },
  { number: 88, name: 'utimensat', arguments: ['at-fd', 'path', 'pointer', 'at-flags'], handle: utimensat },
  { number: 276, name: 'renameat2', arguments: ['at-fd', 'path', 'at-fd', 'path', 'hex'], handle: renameat2 },
  { number: 291, name: 'statx', arguments: ['at-fd', 'path', 'at-flags', 'hex', 'pointer'], handle: statx },
  { number: 439, name: 'faccessat2', arguments: ['at-fd', 'path', 'hex', 'at-flags'], handle: faccessat2 },
  { number: 452, name: 'fchmodat2', arguments: ['at-fd', 'path', 'mode', 'at-flags'], handle: fchmodat2 },
];

const unknownFlags = (flags: number, known: number): boolean => (flags & ~known) !== 0;

function mknodat(call: CallContext): CallResult {
  return withPath(call, 1, (path) =>
    call.files.names.makeNode(call.process, call.int(0), path, call.uint(2)),
  );
}

function mkdirat(call: CallContext): CallResult {
  return withPath(call, 1, (path) =>
    call.files.names.makeDirectory(call.process, call.int(0), path, call.uint(2)),
  );
}

function unlinkat(call: CallContext): CallResult {
  return withPath(call, 1, (path) => call.files.names.remove(call.process, call.int(0), path, call.int(2)));
}

function symlinkat(call: CallContext): CallResult {
  return withPaths(call, 0, 2, (target, path) =>
    call.files.names.makeLink(call.process, target, call.int(1), path),
  );
}

function linkat(call: CallContext): CallResult {
  return withPaths(call, 1, 3, (path, toPath) =>
    call.files.names.link(call.process, call.int(0), path, call.int(2), toPath, call.int(4)),
  );
}

function renameat2(call: CallContext): CallResult {
  return withPaths(call, 1, 3, (path, toPath) =>
    call.files.names.rename(call.process, call.int(0), path, call.int(2), toPath, call.int(4)),
  );
}

function statfs(call: CallContext): CallResult {
  return withPath(call, 0, (path) => space(call, AT_FDCWD, path, 0));
}

function space(call: CallContext, directory: number, path: string, flags: number): Result {
  const found = call.files.names.space(call.process, directory, path, flags);
  if (typeof found === 'number') return found;
  call.user.write(call.address(1), statfsBytes(found));
  return 0;
}

function truncate(call: CallContext): CallResult {
  const size = call.offset(1);
  if (size < 0) return Errno.EINVAL;
  if (size === Number.POSITIVE_INFINITY) return Errno.EFBIG;
  return withPath(call, 0, (path) => call.files.names.truncate(call.process, path, size));
}

function access(call: CallContext, flags: number): CallResult {
  return withPath(call, 1, (path) =>
    call.files.names.access(call.process, call.int(0), path, call.int(2), flags),
  );
}

function faccessat2(call: CallContext): CallResult {
  const flags = call.int(3);
  if (unknownFlags(flags, AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return Errno.EINVAL;
  // The effective user is the real one.
  return access(call, flags & ~AT_EACCESS);
}

function chdir(call: CallContext): CallResult {
  return withPath(call, 0, (path) => call.files.names.changeDirectory(call.process, AT_FDCWD, path, 0));
}

function fchdir(call: CallContext): CallResult {
  return call.files.names.changeDirectory(call.process, call.int(0), '', AT_EMPTY_PATH);
}

function chmod(call: CallContext, flags: number): CallResult {
  return withPath(call, 1, (path) =>
    call.files.names.setMode(call.process, call.int(0), path, call.uint(2), flags),
  );
}

function fchmodat2(call: CallContext): CallResult {
  const flags = call.int(3);
  return unknownFlags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ? Errno.EINVAL : chmod(call, flags);
}

function fchownat(call: CallContext): CallResult {
  const flags = call.int(4);
  if (unknownFlags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return Errno.EINVAL;
  return withPath(call, 1, (path) =>
    call.files.names.setOwner(call.process, call.int(0), path, call.int(2), call.int(3), flags),
  );
}

function readlinkat(call: CallContext): CallResult {
  const size = call.int(3);
  if (size <= 0) return Errno.EINVAL;
  return withPath(call, 1, (path) => {
    const target = call.files.names.readLink(call.process, call.int(0), path);
    if (typeof target === 'number') return target;
    const bytes = new TextEncoder().encode(target).subarray(0, Math.min(size, PATH_MAX));
    call.user.write(call.address(2), bytes);
    return bytes.length;
  });
}

function newfstatat(call: CallContext): CallResult {
  const flags = call.int(3);
  if (unknownFlags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) return Errno.EINVAL;
  return withStat(call, flags, call.address(2), statBytes);
}

function fstat(call: CallContext): CallResult {
  const stat = call.files.statDescriptor(call.process, call.int(0));
  if (typeof stat === 'number') return stat;
  call.user.write(call.address(1), statBytes(stat));
  return 0;
}

/** statx(2). The mask says what the caller cares for; all that is known is given, as Linux does. */
function statx(call: CallContext): CallResult {
  const [flags, mask] = [call.int(2), call.uint(3)];
  const STATX__RESERVED = 0x8000_0000;
  if ((mask & STATX__RESERVED) !== 0) return Errno.EINVAL;
  if (unknownFlags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE))
    return Errno.EINVAL;
  if ((flags & AT_STATX_SYNC_TYPE) === AT_STATX_SYNC_TYPE) return Errno.EINVAL;
  return withStat(call, flags, call.address(4), statxBytes);
}

function withStat(
  call: CallContext,
  flags: number,
  address: VirtualAddress,
  encode: (stat: FileStat) => Uint8Array,
): CallResult {
  const go = (path: string): Result => {
    const stat = call.files.statPath(call.process, call.int(0), path, flags);
    if (typeof stat === 'number') return stat;
    call.user.write(address, encode(stat));
    return 0;
  };
  // With AT_EMPTY_PATH a null pointer is an empty path (since Linux 6.11).
  return call.address(1) === 0 && (flags & AT_EMPTY_PATH) !== 0 ? go('') : withPath(call, 1, go);
}

const UTIME_NOW = 0x3fff_ffffn;
const UTIME_OMIT = 0x3fff_fffen;

function utimensat(call: CallContext): CallResult {
  const flags = call.int(3);
  if (unknownFlags(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return Errno.EINVAL;
  const now = realTime(call);
  const times = call.address(2) === 0 ? { accessed: now, modified: now } : givenTimes(call, now);
  if (typeof times === 'number') return times;
  const go = (path: string, all: number) =>
    call.files.names.setTimes(call.process, call.int(0), path, times, all);
  if (call.address(1) !== 0) return withPath(call, 1, (path) => go(path, flags));
  return call.int(0) === AT_FDCWD ? Errno.EFAULT : go('', AT_EMPTY_PATH);
}

/** The two struct timespec of utimensat(2); `undefined` for UTIME_OMIT. */
function givenTimes(
  call: CallContext,
  now: bigint,
): { accessed: bigint | undefined; modified: bigint | undefined } | Result {
  const bytes = new Uint8Array(32);
  call.user.read(call.address(2), bytes);
  const view = new DataView(bytes.buffer);
  const times: (bigint | undefined)[] = [];
  for (const at of [0, 16]) {
    const [seconds, rest] = [view.getBigInt64(at, true), view.getBigInt64(at + 8, true)];
    const isSpecial = rest === UTIME_NOW || rest === UTIME_OMIT;
    if (!isSpecial && (rest < 0n || rest > 999_999_999n)) return Errno.EINVAL;
    times.push(rest === UTIME_OMIT ? undefined : rest === UTIME_NOW ? now : seconds * 1_000_000_000n + rest);
  }
  return { accessed: times[0], modified: times[1] };
}
