/** Reading and writing through descriptors. */
import { PAGE_SIZE, type VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { isRegular, O_ACCMODE, O_APPEND, O_RDONLY, O_WRONLY } from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { receiveFrom, sendTo } from './descriptor-io.ts';
import { refusedWrite } from './descriptor-waits.ts';
import { backgroundRead } from './terminal.ts';
import { bufferArgument, MOST_BYTES, type Segment, vectorArgument } from './transfer.ts';

export const ioCalls: readonly SystemCall[] = [
  {
    number: 63,
    name: 'read',
    arguments: ['fd', 'buffer-out', 'size'],
    handle: (call) => readInto(call, bufferArgument(call, 1)),
  },
  {
    number: 64,
    name: 'write',
    arguments: ['fd', 'buffer-in', 'size'],
    handle: (call) => writeFrom(call, bufferArgument(call, 1)),
  },
  {
    number: 65,
    name: 'readv',
    arguments: ['fd', 'pointer', 'int'],
    handle: (call) => vectored(call, readInto),
  },
  {
    number: 66,
    name: 'writev',
    arguments: ['fd', 'pointer', 'int'],
    handle: (call) => vectored(call, writeFrom),
  },
  { number: 67, name: 'pread64', arguments: ['fd', 'buffer-out', 'size', 'offset'], handle: pread64 },
  { number: 68, name: 'pwrite64', arguments: ['fd', 'buffer-in', 'size', 'offset'], handle: pwrite64 },
  {
    number: 69,
    name: 'preadv',
    arguments: ['fd', 'pointer', 'int', 'offset'],
    handle: (call) => vectoredAt(call, readInto),
  },
  {
    number: 70,
    name: 'pwritev',
    arguments: ['fd', 'pointer', 'int', 'offset'],
    handle: (call) => vectoredAt(call, writeFrom),
  },
  { number: 71, name: 'sendfile', arguments: ['fd', 'fd', 'pointer', 'size'], handle: sendfile },
  {
    number: 76,
    name: 'splice',
    arguments: ['fd', 'pointer', 'fd', 'pointer', 'size', 'uint'],
    handle: splice,
  },
  {
    number: 285,
    name: 'copy_file_range',
    arguments: ['fd', 'pointer', 'fd', 'pointer', 'size', 'uint'],
    handle: copyFileRange,
  },
  {
    number: 286,
    name: 'preadv2',
    arguments: ['fd', 'pointer', 'int', 'offset', 'int', 'hex'],
    handle: (call) => vectoredWith(call, readInto),
  },
  {
    number: 287,
    name: 'pwritev2',
    arguments: ['fd', 'pointer', 'int', 'offset', 'int', 'hex'],
    handle: (call) => vectoredWith(call, writeFrom),
  },
];

type Transfer = (call: CallContext, segments: readonly Segment[], offset?: number) => CallResult;

const readInto: Transfer = (call, segments, offset) =>
  backgroundRead(call) ?? receiveFrom(call, call.int(0), segments, { offset });
const writeFrom: Transfer = (call, segments, offset) => sendTo(call, call.int(0), segments, { offset });

function vectored(call: CallContext, transfer: Transfer): CallResult {
  const segments = vectorArgument(call, 1);
  return typeof segments === 'number' ? segments : transfer(call, segments);
}

function vectoredAt(call: CallContext, transfer: Transfer): CallResult {
  const offset = call.offset(3);
  if (offset < 0) return Errno.EINVAL;
  const segments = vectorArgument(call, 1);
  return typeof segments === 'number' ? segments : transfer(call, segments, offset);
}

/** preadv2(2) and pwritev2(2): offset -1 is the position; none of the RWF_ flags is there. */
function vectoredWith(call: CallContext, transfer: Transfer): CallResult {
  if (call.int(5) !== 0) return Errno.EOPNOTSUPP;
  return call.offset(3) === -1 ? vectored(call, transfer) : vectoredAt(call, transfer);
}

function pread64(call: CallContext): CallResult {
  const offset = call.offset(3);
  if (offset < 0) return Errno.EINVAL;
  return readInto(call, bufferArgument(call, 1), offset);
}

function pwrite64(call: CallContext): CallResult {
  const offset = call.offset(3);
  if (offset < 0) return Errno.EINVAL;
  return writeFrom(call, bufferArgument(call, 1), offset);
}

/** One end of a copy inside the kernel. */
interface CopyEnd {
  readonly descriptor: number;
  /** Where the user keeps the offset; 0: the description's position. */
  readonly pointer: VirtualAddress;
  offset: number;
}

/** sendfile(2): from a regular file to anything. */
function sendfile(call: CallContext): CallResult {
  const from = copyEnd(call, call.int(1), call.address(2));
  const to: CopyEnd = { descriptor: call.int(0), pointer: 0 as VirtualAddress, offset: 0 };
  if (typeof from === 'number') return from;
  const stat = call.files.statDescriptor(call.process, from.descriptor);
  if (typeof stat === 'number') return stat;
  if (!isRegular(stat.mode)) return Errno.EINVAL;
  const refusal =
    checkDirection(call, to.descriptor, O_RDONLY) || checkDirection(call, from.descriptor, O_WRONLY);
  if (refusal < 0) return refusal;
  const limit = Math.min(call.size(3), MOST_BYTES);
  return finishCopy(call, copy(call, from, to, limit), [from]);
}

/**
 * splice(2), where no file supports it: EINVAL, at which programs copy. (Most have no other way for ENOSYS, which
 * Linux has not answered since 2.6.17: Go's io.Copy between two connections just fails.)
 */
function splice(call: CallContext): Result {
  if (call.size(4) === 0) return 0;
  const refusal = checkDirection(call, call.int(0), O_WRONLY) || checkDirection(call, call.int(2), O_RDONLY);
  return refusal || Errno.EINVAL;
}

/** copy_file_range(2), between regular files. */
function copyFileRange(call: CallContext): CallResult {
  if (call.uint(5) !== 0) return Errno.EINVAL;
  const from = copyEnd(call, call.int(0), call.address(1));
  if (typeof from === 'number') return from;
  const to = copyEnd(call, call.int(2), call.address(3));
  if (typeof to === 'number') return to;
  const length = Math.min(call.size(4), MOST_BYTES);
  const refusal = checkRanges(call, from, to, length);
  if (refusal < 0) return refusal;
  return finishCopy(call, copy(call, from, to, length), [from, to]);
}

/** Reads an end's offset, and makes sure that it can be written back. */
function copyEnd(call: CallContext, descriptor: number, pointer: VirtualAddress): CopyEnd | Result {
  const description = call.files.descriptors.description(call.process, descriptor);
  if (typeof description === 'number') return description;
  if (pointer === 0) return { descriptor, pointer, offset: description.position };
  call.user.prepare(pointer, 8, 'store');
  const offset = Number(BigInt.asIntN(64, call.user.readU64(pointer)));
  return offset < 0 ? Errno.EINVAL : { descriptor, pointer, offset };
}

function checkDirection(call: CallContext, descriptor: number, refused: number): Result {
  const description = call.files.descriptors.description(call.process, descriptor);
  if (typeof description === 'number') return description;
  return (description.flags & O_ACCMODE) === refused ? Errno.EBADF : 0;
}

function checkRanges(call: CallContext, from: CopyEnd, to: CopyEnd, length: number): Result {
  const refusal =
    checkDirection(call, from.descriptor, O_WRONLY) || checkDirection(call, to.descriptor, O_RDONLY);
  if (refusal < 0) return refusal;
  const description = call.files.descriptors.description(call.process, to.descriptor);
  if (typeof description === 'object' && (description.flags & O_APPEND) !== 0) return Errno.EBADF;
  const [source, target] = [from, to].map(({ descriptor }) =>
    call.files.statDescriptor(call.process, descriptor),
  );
  if (typeof source !== 'object' || typeof target !== 'object') return Errno.EBADF;
  if (!isRegular(source.mode) || !isRegular(target.mode)) return Errno.EINVAL;
  const isSame = source.device === target.device && source.inode === target.inode;
  return isSame && Math.abs(from.offset - to.offset) < length ? Errno.EINVAL : 0;
}

function copy(call: CallContext, from: CopyEnd, to: CopyEnd, length: number): CallResult {
  const { files, process } = call;
  const buffer = new Uint8Array(Math.min(length, 16 * PAGE_SIZE));
  const keepsOffset = to.pointer !== 0;
  let done = 0;
  while (done < length) {
    const part = buffer.subarray(0, Math.min(buffer.length, length - done));
    const read = files.read(process, from.descriptor, part, from.offset);
    if (read <= 0) return done > 0 ? done : read;
    const written = files.write(
      process,
      to.descriptor,
      part.subarray(0, read),
      keepsOffset ? to.offset : undefined,
    );
    if (written < 0) return done > 0 ? done : refusedWrite(call, to.descriptor, written, {});
    from.offset += written;
    to.offset += written;
    done += written;
    if (written < read) break;
  }
  return done;
}

/** Puts the offsets back where they came from. */
function finishCopy(call: CallContext, result: CallResult, ends: readonly CopyEnd[]): CallResult {
  if (typeof result !== 'number' || result < 0) return result;
  for (const { descriptor, pointer, offset } of ends) {
    const description = call.files.descriptors.description(call.process, descriptor);
    if (pointer !== 0) call.user.writeU64(pointer, BigInt(offset));
    else if (typeof description === 'object') description.position = offset;
  }
  return result;
}
