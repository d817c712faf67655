/** Memory: mmap(2) and its family. Ranges are checked where they are used, by virtual memory. */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { limitOf } from '../limits.ts';
import type { Result } from '../memory/contract.ts';
import { type Area, type ObjectId, PROT_EXEC, PROT_READ, PROT_WRITE } from '../state.ts';
import type { CallContext, SystemCall } from './contract.ts';
import { writeLong } from './transfer.ts';

export const memoryCalls: readonly SystemCall[] = [
  {
    number: 214,
    name: 'brk',
    arguments: ['pointer'],
    handle: (call) => call.memory.setBreak(call.space, call.address(0)),
  },
  {
    number: 215,
    name: 'munmap',
    arguments: ['pointer', 'size'],
    handle: (call) => call.memory.unmap(call.space, call.address(0), call.size(1)),
  },
  { number: 216, name: 'mremap', arguments: ['pointer', 'size', 'size', 'hex', 'pointer'], handle: mremap },
  {
    number: 222,
    name: 'mmap',
    arguments: ['pointer', 'size', 'prot', 'map-flags', 'fd', 'hex'],
    handle: mmap,
  },
  { number: 226, name: 'mprotect', arguments: ['pointer', 'size', 'prot'], handle: mprotect },
  {
    number: 227,
    name: 'msync',
    arguments: ['pointer', 'size', 'hex'],
    handle: (call) => call.memory.synchronize(call.space, call.address(0), call.size(1), call.int(2)),
  },
  { number: 228, name: 'mlock', arguments: ['pointer', 'size'], handle: lock },
  { number: 229, name: 'munlock', arguments: ['pointer', 'size'], handle: () => 0 },
  { number: 230, name: 'mlockall', arguments: ['hex'], handle: mlockall },
  { number: 231, name: 'munlockall', arguments: [], handle: () => 0 },
  { number: 232, name: 'mincore', arguments: ['pointer', 'size', 'pointer'], handle: mincore },
  {
    number: 233,
    name: 'madvise',
    arguments: ['pointer', 'size', 'int'],
    handle: (call) => call.memory.advise(call.space, call.address(0), call.size(1), call.int(2)),
  },
  { number: 283, name: 'membarrier', arguments: ['int', 'hex', 'int'], handle: membarrier },
  { number: 284, name: 'mlock2', arguments: ['pointer', 'size', 'hex'], handle: mlock2 },
];

const MAP_TYPE = 0xf;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_SHARED_VALIDATE = 3;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_GROWSDOWN = 0x100;
const MAP_LOCKED = 0x2000;
const MAP_HUGETLB = 0x40000;
const MAP_FIXED_NOREPLACE = 0x100000;
/**
 * MAP_DENYWRITE and MAP_EXECUTABLE, which Linux ignores; MAP_NORESERVE, since nothing is reserved; MAP_POPULATE
 * and MAP_NONBLOCK, a wish only: pages come when they are touched; MAP_STACK, which means nothing.
 */
const MAP_WISHES = 0x800 | 0x1000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;
const MAP_KNOWN =
  MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_LOCKED | MAP_FIXED_NOREPLACE | MAP_WISHES;
const PROTECTIONS = PROT_READ | PROT_WRITE | PROT_EXEC;
const PAGE_MASK = 4095;

function mmap(call: CallContext): Result {
  const [address, length, protection, flags] = [call.address(0), call.size(1), call.int(2), call.int(3)];
  const refusal = refusedMapping(call, flags, protection, length);
  if (refusal < 0) return refusal;
  const shared = (flags & MAP_TYPE) !== MAP_PRIVATE;
  const source =
    (flags & MAP_ANONYMOUS) !== 0
      ? anonymous(call, length, shared)
      : fromFile(call, length, protection, shared);
  if (typeof source === 'number') return source;
  const object = source.backing?.object;
  if (object !== undefined) call.files.retain(object);
  const growsDown = (flags & MAP_GROWSDOWN) !== 0;
  const result = call.memory.map(call.space, {
    address,
    length,
    protection,
    shared,
    fixed: placement(flags),
    backing: source.backing,
    growLimit: growsDown ? Math.min(Number(limitOf(call.process, 'STACK')[0]), 2 ** 32) : 0,
    name: source.name,
  });
  if (object !== undefined) call.files.release(object);
  return result;
}

function refusedMapping(call: CallContext, flags: number, protection: number, length: number): Result {
  const type = flags & MAP_TYPE;
  if ((call.size(5) & PAGE_MASK) !== 0 || call.size(5) === Number.POSITIVE_INFINITY) return Errno.EINVAL;
  if (type !== MAP_SHARED && type !== MAP_PRIVATE && type !== MAP_SHARED_VALIDATE) return Errno.EINVAL;
  // There are no huge pages to give.
  if ((flags & MAP_HUGETLB) !== 0) return Errno.ENOMEM;
  if ((flags & ~MAP_KNOWN) !== 0) return type === MAP_SHARED_VALIDATE ? Errno.EOPNOTSUPP : Errno.EINVAL;
  if ((protection & ~PROTECTIONS) !== 0 || length === 0) return Errno.EINVAL;
  if ((flags & MAP_GROWSDOWN) !== 0 && type !== MAP_PRIVATE) return Errno.EINVAL;
  if ((flags & MAP_LOCKED) !== 0) return Errno.EPERM;
  const taken = call.space.areas.reduce((sum, { start, end }) => sum + (end - start), 0);
  return taken + length > Number(limitOf(call.process, 'AS')[0]) ? Errno.ENOMEM : 0;
}

function placement(flags: number): 'replace' | 'noreplace' | 'hint' {
  if ((flags & MAP_FIXED_NOREPLACE) !== 0) return 'noreplace';
  return (flags & MAP_FIXED) !== 0 ? 'replace' : 'hint';
}

interface Source {
  readonly backing: Area['backing'];
  readonly name: string;
}

function anonymous(call: CallContext, length: number, shared: boolean): Source {
  if (!shared) return { backing: undefined, name: '' };
  const object = call.files.sharedMemory(length);
  return { backing: { object, offset: 0, length: wholePages(length) }, name: call.files.path(object) };
}

function fromFile(call: CallContext, length: number, protection: number, shared: boolean): Source | Result {
  const object: ObjectId | { errno: Result } = call.files.mappable(
    call.process,
    call.int(4),
    protection,
    shared,
  );
  if (typeof object === 'object') return object.errno;
  const offset = call.size(5);
  if (offset + length > Number.MAX_SAFE_INTEGER) return Errno.EOVERFLOW;
  return { backing: { object, offset, length: wholePages(length) }, name: call.files.path(object) };
}

const wholePages = (bytes: number) => Math.ceil(bytes / (PAGE_MASK + 1)) * (PAGE_MASK + 1);

function mprotect(call: CallContext): Result {
  const protection = call.int(2);
  if ((protection & ~PROTECTIONS) !== 0) return Errno.EINVAL;
  return call.memory.protect(call.space, call.address(0), call.size(1), protection);
}

function mremap(call: CallContext): Result {
  const [address, oldLength, newLength, flags] = [call.address(0), call.size(1), call.size(2), call.int(3)];
  return call.memory.remap(
    call.space,
    address,
    oldLength,
    newLength,
    flags,
    call.address(4) as VirtualAddress,
  );
}

/** No page is ever locked: the limit is 0, for which Linux answers EPERM. */
function lock(call: CallContext): Result {
  return limitOf(call.process, 'MEMLOCK')[0] === 0n ? Errno.EPERM : Errno.ENOMEM;
}

function mlock2(call: CallContext): Result {
  const MLOCK_ONFAULT = 1;
  return (call.int(2) & ~MLOCK_ONFAULT) !== 0 ? Errno.EINVAL : lock(call);
}

function mlockall(call: CallContext): Result {
  const flags = call.int(0);
  const MCL_ONFAULT = 4;
  if (flags === 0 || (flags & ~7) !== 0 || flags === MCL_ONFAULT) return Errno.EINVAL;
  return lock(call);
}

function mincore(call: CallContext): Result {
  const pages = call.memory.residency(call.space, call.address(0), call.size(1));
  if (typeof pages === 'number') return pages;
  const result = writeLong(call, call.address(2), pages);
  return result < 0 || result < pages.length ? Errno.EFAULT : 0;
}

/** membarrier(2): MEMBARRIER_CMD_QUERY says that no command is there. */
function membarrier(call: CallContext): Result {
  return call.int(0) === 0 && call.uint(1) === 0 ? 0 : Errno.EINVAL;
}
