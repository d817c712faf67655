/** Opening, closing and duplicating descriptors, their flags and sizes. */
import { Errno } from '../errno.ts';
import {
  O_CLOEXEC,
  O_DIRECT,
  O_NONBLOCK,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFSOCK,
} from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { withPath } from './paths.ts';
import { block } from './waiting.ts';

export const descriptorCalls: readonly SystemCall[] = [
  {
    number: 23,
    name: 'dup',
    arguments: ['fd'],
    handle: (call) => call.files.duplicate(call.process, call.int(0), 0, 'keep'),
  },
  { number: 24, name: 'dup3', arguments: ['fd', 'fd', 'open-flags'], handle: dup3 },
  { number: 46, name: 'ftruncate', arguments: ['fd', 'offset'], handle: ftruncate },
  { number: 47, name: 'fallocate', arguments: ['fd', 'hex', 'offset', 'offset'], handle: fallocate },
  { number: 56, name: 'openat', arguments: ['at-fd', 'path', 'open-flags', 'mode'], handle: openat },
  {
    number: 57,
    name: 'close',
    arguments: ['fd'],
    handle: (call) => call.files.close(call.process, call.int(0)),
  },
  { number: 59, name: 'pipe2', arguments: ['pointer', 'open-flags'], handle: pipe2 },
  { number: 62, name: 'lseek', arguments: ['fd', 'offset', 'whence'], handle: lseek },
  { number: 81, name: 'sync', arguments: [], handle: (call) => call.files.descriptors.synchronizeAll() },
  { number: 82, name: 'fsync', arguments: ['fd'], handle: fsync },
  { number: 83, name: 'fdatasync', arguments: ['fd'], handle: fsync },
  {
    number: 84,
    name: 'sync_file_range',
    arguments: ['fd', 'offset', 'offset', 'hex'],
    handle: syncFileRange,
  },
  { number: 213, name: 'readahead', arguments: ['fd', 'offset', 'size'], handle: readahead },
  { number: 223, name: 'fadvise64', arguments: ['fd', 'offset', 'offset', 'int'], handle: fadvise64 },
  { number: 267, name: 'syncfs', arguments: ['fd'], handle: syncfs },
  { number: 279, name: 'memfd_create', arguments: ['path', 'hex'], handle: memfdCreate },
  { number: 436, name: 'close_range', arguments: ['uint', 'uint', 'hex'], handle: closeRange },
];

/** A FIFO waits for its other end. */
function openat(call: CallContext): CallResult {
  const { files, process } = call;
  const result =
    process.call?.opening === undefined
      ? withPath(call, 1, (path) => files.open(process, call.int(0), path, call.int(2), call.uint(3)))
      : files.fifos.goOn(process);
  if (result !== Errno.EAGAIN || process.call?.opening === undefined) return result;
  const channels = [files.fifos.channel(process)];
  return block(call, { channels, reason: 'the other end of a FIFO' }, 'begins anew');
}

function dup3(call: CallContext): Result {
  const flags = call.int(2);
  if ((flags & ~O_CLOEXEC) !== 0 || call.int(0) === call.int(1)) return Errno.EINVAL;
  return call.files.duplicateTo(call.process, call.int(0), call.int(1), flags === 0 ? 'keep' : 'close');
}

const CLOSE_RANGE_UNSHARE = 2;
const CLOSE_RANGE_CLOEXEC = 4;

/** close_range(2). With CLOSE_RANGE_UNSHARE a thread's descriptors are its own from then on. */
function closeRange(call: CallContext): Result {
  const { files, process } = call;
  const [first, last, flags] = [call.uint(0), call.uint(1), call.uint(2)];
  if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) !== 0) return Errno.EINVAL;
  if ((flags & CLOSE_RANGE_UNSHARE) !== 0) call.processes.unshareDescriptors(process);
  for (let descriptor = first; descriptor <= Math.min(last, process.descriptors.length - 1); descriptor++) {
    const entry = process.descriptors[descriptor];
    if (entry === undefined) continue;
    if ((flags & CLOSE_RANGE_CLOEXEC) !== 0) entry.closeOnExec = true;
    else files.close(process, descriptor);
  }
  return 0;
}

function lseek(call: CallContext): Result {
  return call.files.seek(call.process, call.int(0), call.offset(1), call.int(2));
}

function ftruncate(call: CallContext): Result {
  const size = call.offset(1);
  if (size < 0) return Errno.EINVAL;
  if (size === Number.POSITIVE_INFINITY) return Errno.EFBIG;
  return call.files.descriptors.truncate(call.process, call.int(0), size);
}

function fallocate(call: CallContext): Result {
  const [mode, offset, length] = [call.int(1), call.offset(2), call.offset(3)];
  if (offset < 0 || length <= 0) return Errno.EINVAL;
  if (offset + length > Number.MAX_SAFE_INTEGER) return Errno.EFBIG;
  return call.files.descriptors.allocate(call.process, call.int(0), mode, offset, length);
}

function fsync(call: CallContext): Result {
  return call.files.descriptors.synchronize(call.process, call.int(0));
}

function syncFileRange(call: CallContext): Result {
  if ((call.uint(3) & ~7) !== 0 || call.offset(1) < 0 || call.offset(2) < 0) return Errno.EINVAL;
  return fsync(call);
}

function syncfs(call: CallContext): Result {
  const description = call.files.descriptors.description(call.process, call.int(0));
  return typeof description === 'number' ? description : call.files.descriptors.synchronizeAll();
}

/** Advice about what will be read is checked and then has no use: pages of files come when they are touched. */
function fadvise64(call: CallContext): Result {
  const stat = call.files.statDescriptor(call.process, call.int(0));
  if (typeof stat === 'number') return stat;
  if ((stat.mode & S_IFMT) === S_IFIFO) return Errno.ESPIPE;
  const POSIX_FADV_NOREUSE = 5;
  return call.uint(3) > POSIX_FADV_NOREUSE || call.offset(2) < 0 ? Errno.EINVAL : 0;
}

function readahead(call: CallContext): Result {
  const stat = call.files.statDescriptor(call.process, call.int(0));
  if (typeof stat === 'number') return stat;
  return [S_IFDIR, S_IFIFO, S_IFLNK, S_IFSOCK].includes(stat.mode & S_IFMT) ? Errno.EINVAL : 0;
}

function pipe2(call: CallContext): Result {
  const flags = call.int(1);
  if ((flags & O_DIRECT) !== 0 || (flags & ~(O_CLOEXEC | O_NONBLOCK)) !== 0) return Errno.EINVAL;
  const address = call.address(0);
  call.user.prepare(address, 8, 'store');
  const ends = call.files.descriptors.pipe(call.process, flags);
  if (typeof ends === 'number') return ends;
  call.user.write(address, new Uint8Array(new Int32Array(ends).buffer));
  return 0;
}

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_NOEXEC_SEAL = 8;
const MFD_EXEC = 0x10;
const MEMFD_NAME_MAX = 249;

/** memfd_create(2). Sealing may be allowed but is not done: F_ADD_SEALS answers EINVAL. */
function memfdCreate(call: CallContext): Result {
  const flags = call.uint(1);
  if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC)) !== 0 || (flags & MFD_NOEXEC_SEAL) !== 0)
    return Errno.EINVAL;
  const name = call.user.readString(call.address(0), MEMFD_NAME_MAX + 1);
  if (name === undefined) return Errno.EINVAL;
  return call.files.descriptors.memoryFile(call.process, name, (flags & MFD_CLOEXEC) !== 0 ? O_CLOEXEC : 0);
}
