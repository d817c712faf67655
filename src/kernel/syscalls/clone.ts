/** Making processes and threads: clone(2), of which fork(2) and vfork(2) are cases. */
import { Errno } from '../errno.ts';
import { BadAddress, isOutOfMemory, type OutOfMemory } from '../memory/contract.ts';
import type { CloneRequest } from '../process/contract.ts';
import { vforkChannel } from '../process/wakeups.ts';
import type { ProcessState, SpaceState } from '../state.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';

export const cloneCalls: readonly SystemCall[] = [
  {
    number: 220,
    name: 'clone',
    arguments: ['hex', 'pointer', 'pointer', 'pointer', 'pointer'],
    handle: clone,
  },
  { number: 435, name: 'clone3', arguments: ['pointer', 'size'], handle: () => Errno.ENOSYS },
];

const CSIGNAL = 0xff;
const CLONE_VM = 0x100;
const CLONE_FS = 0x200;
const CLONE_FILES = 0x400;
const CLONE_SIGHAND = 0x800;
const CLONE_VFORK = 0x4000;
const CLONE_PARENT = 0x8000;
const CLONE_THREAD = 0x1_0000;
const CLONE_SYSVSEM = 0x4_0000;
const CLONE_SETTLS = 0x8_0000;
const CLONE_PARENT_SETTID = 0x10_0000;
const CLONE_CHILD_CLEARTID = 0x20_0000;
const CLONE_DETACHED = 0x40_0000;
const CLONE_CHILD_SETTID = 0x100_0000;
/** Everything else asks for namespaces, tracing and the like. */
const KNOWN =
  CSIGNAL |
  CLONE_VM |
  CLONE_FS |
  CLONE_FILES |
  CLONE_SIGHAND |
  CLONE_VFORK |
  CLONE_PARENT |
  CLONE_THREAD |
  CLONE_SYSVSEM |
  CLONE_SETTLS |
  CLONE_PARENT_SETTID |
  CLONE_CHILD_CLEARTID |
  CLONE_DETACHED |
  CLONE_CHILD_SETTID;

/** Arguments on RISC-V: flags, stack, where the parent is told the number, thread pointer, where the child is. */
function clone(call: CallContext): CallResult {
  const flags = call.uint(0);
  const { process, processes } = call;
  if (process.call?.child !== undefined) return tellParent(call, process.call.child);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (has(CLONE_THREAD) && !has(CLONE_SIGHAND)) return Errno.EINVAL;
  if (has(CLONE_SIGHAND) && !has(CLONE_VM)) return Errno.EINVAL;
  if ((flags & ~KNOWN) !== 0) return Errno.EINVAL;
  if (!processes.hasRoomFor(process)) return Errno.EAGAIN;
  // A thread may begin, and even end, before its parent goes on: its number is there then, so the page comes first.
  if (has(CLONE_VM) && tellsParent(call)) unlessBad(() => touch(call));
  const space = has(CLONE_VM) ? call.space : forkSpace(call);
  if (isOutOfMemory(space)) return Errno.ENOMEM;
  const child = processes.clone(process, space.id, requestOf(call, has));
  process.call = { done: 0, child: child.pid };
  return tellParent(call, child.pid);
}

/** The child's copy of the address space, and what it costs to make it. */
function forkSpace(call: CallContext): SpaceState | OutOfMemory {
  const { counters } = call.memory;
  const { forkCopied, forkShared } = counters;
  const space = call.memory.forkSpace(call.space, call.forkMode);
  const { copyPage, sharePage } = call.costs;
  const copied = (counters.forkCopied - forkCopied) * copyPage;
  call.clock.charge('forks', copied + (counters.forkShared - forkShared) * sharePage);
  return space;
}

/** The child is there, and must not be made again if the parent has to wait for the page that its number goes to. */
function tellParent(call: CallContext, id: number): CallResult {
  if (tellsParent(call)) unlessBad(() => call.user.writeU32(call.address(2), id));
  return (call.uint(0) & CLONE_VFORK) !== 0 ? vforkParent(call, id) : id;
}

const tellsParent = (call: CallContext): boolean =>
  (call.uint(0) & CLONE_PARENT_SETTID) !== 0 && call.address(2) !== 0;

/** Has the page of the parent's word where it can be written. @throws PageWait */
function touch(call: CallContext): void {
  const at = call.address(2);
  call.user.writeU32(at, call.user.readU32(at));
}

/** As Linux does: nobody is told of a bad address. */
function unlessBad(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof BadAddress)) throw error;
  }
}

function requestOf(call: CallContext, has: (flag: number) => boolean): CloneRequest {
  const sharing = (flag: number): 'shared' | 'copied' => (has(flag) ? 'shared' : 'copied');
  return {
    space: sharing(CLONE_VM),
    kind: has(CLONE_THREAD) ? 'thread' : 'process',
    files: sharing(CLONE_FILES),
    directory: sharing(CLONE_FS),
    actions: sharing(CLONE_SIGHAND),
    parent: has(CLONE_PARENT) ? 'own parent' : 'self',
    stackPointer: call.big(1),
    threadPointer: has(CLONE_SETTLS) ? call.big(3) : undefined,
    setChildTid: has(CLONE_CHILD_SETTID) ? call.address(4) : 0,
    clearChildTid: has(CLONE_CHILD_CLEARTID) ? call.address(4) : 0,
    exitSignal: has(CLONE_THREAD) ? 0 : call.uint(0) & CSIGNAL,
  };
}

/** vfork(2): the parent waits until the child has an address space of its own, or has ended. */
function vforkParent(call: CallContext, id: number): CallResult {
  const child: ProcessState | undefined = call.processes.find(id);
  const usesSpace = child !== undefined && child.status !== 'zombie' && child.space === call.process.space;
  if (!usesSpace) return id;
  // No signal ends this wait: the child runs on the parent's stack.
  const sleep = {
    channels: [vforkChannel(child.pid)],
    until: Number.POSITIVE_INFINITY,
    reason: `its child ${id} to run another program (vfork)`,
  };
  return { sleep };
}
