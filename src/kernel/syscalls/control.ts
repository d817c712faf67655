/** fcntl(2) and ioctl(2): what else can be asked of a descriptor. */
import { Errno } from '../errno.ts';
import { O_ACCMODE, O_ASYNC, O_NONBLOCK, O_PATH, O_RDONLY, O_WRONLY } from '../files/flags.ts';
import { PIPE_CAPACITY } from '../files/pipe-filesystem.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, SystemCall } from './contract.ts';
import { structure } from './layout.ts';

export const controlCalls: readonly SystemCall[] = [
  { number: 25, name: 'fcntl', arguments: ['fd', 'int', 'hex'], handle: fcntl },
  { number: 29, name: 'ioctl', arguments: ['fd', 'hex', 'pointer'], handle: ioctl },
];

type Control = (call: CallContext) => Result;

const FD_CLOEXEC = 1;

const commands: Readonly<Record<number, Control>> = {
  0: (call) => call.files.duplicate(call.process, call.int(0), call.int(2), 'keep'),
  1: (call) => (call.process.descriptors[call.int(0)]!.closeOnExec ? FD_CLOEXEC : 0),
  2: setDescriptorFlags,
  3: statusFlags,
  4: setStatusFlags,
  5: (call) => lock(call, 'ask'),
  6: (call) => lock(call, 'set'),
  7: (call) => lock(call, 'set'),
  36: (call) => lock(call, 'ask'),
  37: (call) => lock(call, 'set'),
  38: (call) => lock(call, 'set'),
  1030: (call) => call.files.duplicate(call.process, call.int(0), call.int(2), 'close'),
  1031: (call) =>
    isPipe(call) ? (call.uint(2) <= PIPE_CAPACITY ? PIPE_CAPACITY : Errno.EPERM) : Errno.EBADF,
  1032: (call) => (isPipe(call) ? PIPE_CAPACITY : Errno.EBADF),
};

/** Commands that an O_PATH descriptor takes: F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL. */
const pathCommands = [0, 1, 2, 3, 1030];

function fcntl(call: CallContext): Result {
  const description = call.files.descriptors.description(call.process, call.int(0));
  if (typeof description === 'number') return description;
  const command = call.int(1);
  if ((description.flags & O_PATH) !== 0 && !pathCommands.includes(command)) return Errno.EBADF;
  return commands[command]?.(call) ?? Errno.EINVAL;
}

function setDescriptorFlags(call: CallContext): Result {
  call.process.descriptors[call.int(0)]!.closeOnExec = (call.int(2) & FD_CLOEXEC) !== 0;
  return 0;
}

function statusFlags(call: CallContext): Result {
  const description = call.files.descriptors.description(call.process, call.int(0));
  return typeof description === 'number' ? description : description.flags;
}

/** F_SETFL; O_ASYNC is refused, since no SIGIO is ever sent. */
function setStatusFlags(call: CallContext): Result {
  if ((call.int(2) & O_ASYNC) !== 0) return Errno.EINVAL;
  return call.files.descriptors.setStatusFlags(call.process, call.int(0), call.int(2));
}

function isPipe(call: CallContext): boolean {
  const place = call.files.descriptors.readiness(call.process, call.int(0));
  return typeof place === 'object' && place.kind === 'pipe';
}

const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;

/** Record locks are checked and granted, and lock nobody out: no lock is kept. */
function lock(call: CallContext, what: 'ask' | 'set'): Result {
  const address = call.address(2);
  const bytes = new Uint8Array(32);
  call.user.read(address, bytes);
  const view = new DataView(bytes.buffer);
  const type = view.getInt16(0, true);
  const whence = view.getInt16(2, true);
  if (type < F_RDLCK || type > F_UNLCK || whence < 0 || whence > 2) return Errno.EINVAL;
  if (what === 'ask' && type === F_UNLCK) return Errno.EINVAL;
  const start = view.getBigInt64(8, true);
  const length = view.getBigInt64(16, true);
  if (whence === 0 && (start < 0n || start + length < 0n)) return Errno.EINVAL;
  if (what === 'ask') {
    view.setInt16(0, F_UNLCK, true);
    call.user.write(address, bytes);
    return 0;
  }
  const description = call.files.descriptors.description(call.process, call.int(0));
  if (typeof description === 'number') return description;
  const access = description.flags & O_ACCMODE;
  const isRefused = (type === F_RDLCK && access === O_WRONLY) || (type === F_WRLCK && access === O_RDONLY);
  return isRefused ? Errno.EBADF : 0;
}

const requests: Readonly<Record<number, Control>> = {
  21505: (call) => terminal(call, () => call.user.write(call.address(2), settings())),
  21506: setTerminal,
  21507: setTerminal,
  21508: setTerminal,
  21519: (call) => terminal(call, () => call.user.writeU32(call.address(2), foreground(call))),
  21520: setForeground,
  21523: (call) => terminal(call, () => call.user.write(call.address(2), windowSize(call))),
  21531: available,
  21537: setNonBlocking,
  21545: (call) => terminal(call, () => call.user.writeU32(call.address(2), call.process.group.session)),
  21584: (call) => setCloseOnExec(call, 'keep'),
  21585: (call) => setCloseOnExec(call, 'close'),
};

function ioctl(call: CallContext): Result {
  const description = call.files.descriptors.description(call.process, call.int(0));
  if (typeof description === 'number') return description;
  if ((description.flags & O_PATH) !== 0) return Errno.EBADF;
  return requests[call.uint(1)]?.(call) ?? Errno.ENOTTY;
}

function isTerminal(call: CallContext): boolean {
  const ready = call.files.descriptors.readiness(call.process, call.int(0));
  return typeof ready === 'object' && ready.kind === 'terminal';
}

function terminal(call: CallContext, answer: () => void): Result {
  if (!isTerminal(call)) return Errno.ENOTTY;
  answer();
  return 0;
}

/** The process group that the terminal is for: a shell makes it the one of the job that it waits for. */
const foreground = (call: CallContext): number => call.root.foreground ?? call.process.group.session;

/** TIOCSPGRP. */
function setForeground(call: CallContext): Result {
  if (!isTerminal(call)) return Errno.ENOTTY;
  const wanted = call.user.readU32(call.address(2));
  const found = call.processes.leaders.find(({ group }) => group.processGroup === wanted);
  if (found === undefined) return Errno.ESRCH;
  if (found.group.session !== call.process.group.session) return Errno.EPERM;
  call.root.foreground = found.group.processGroup;
  return 0;
}

/** struct termios of the kernel (36 bytes) for a terminal that edits lines and echoes, as it is without stty(1). */
const settings = (): Uint8Array =>
  structure(36, (view) => {
    [0x500, 0x5, 0xbf, 0x8a3b].forEach((flags, i) => {
      view.setUint32(4 * i, flags, true);
    });
    [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22].forEach((character, i) => {
      view.setUint8(17 + i, character);
    });
  });

/** The terminal's settings are the host's and stay as they are: only asking for the same is answered with success. */
function setTerminal(call: CallContext): Result {
  if (!isTerminal(call)) return Errno.ENOTTY;
  const wanted = new Uint8Array(36);
  call.user.read(call.address(2), wanted);
  return settings().every((byte, i) => byte === wanted[i]) ? 0 : Errno.EINVAL;
}

function windowSize(call: CallContext): Uint8Array {
  const { columns, rows } = call.files.descriptors.terminalSize();
  return structure(8, (view) => {
    view.setUint16(0, rows, true);
    view.setUint16(2, columns, true);
  });
}

/** FIONREAD. */
function available(call: CallContext): Result {
  const ready = call.files.descriptors.readiness(call.process, call.int(0));
  if (typeof ready === 'number') return ready;
  if (ready.available === undefined) return ready.kind === 'stream' ? Errno.EINVAL : Errno.ENOTTY;
  call.user.writeU32(call.address(2), ready.available);
  return 0;
}

/** FIONBIO. */
function setNonBlocking(call: CallContext): Result {
  const wanted = call.user.readU32(call.address(2)) !== 0 ? O_NONBLOCK : 0;
  const flags = statusFlags(call);
  if (flags < 0) return flags;
  return call.files.descriptors.setStatusFlags(call.process, call.int(0), (flags & ~O_NONBLOCK) | wanted);
}

/** FIOCLEX, FIONCLEX. */
function setCloseOnExec(call: CallContext, closeOnExec: 'keep' | 'close'): Result {
  call.process.descriptors[call.int(0)]!.closeOnExec = closeOnExec === 'close';
  return 0;
}
