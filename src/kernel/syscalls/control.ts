/** fcntl(2) and ioctl(2): what else can be asked of a descriptor. */
import { Errno } from '../errno.ts';
import { O_ASYNC, O_NONBLOCK, O_PATH } from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import { Signal } from '../process/signal-table.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { structure } from './layout.ts';
import { lockCommands } from './locks.ts';
import { fromBackground, isTerminal, terminalRequests } from './terminal.ts';

export const controlCalls: readonly SystemCall[] = [
  { number: 25, name: 'fcntl', arguments: ['fd', 'int', 'hex'], handle: fcntl },
  { number: 29, name: 'ioctl', arguments: ['fd', 'hex', 'pointer'], handle: ioctl },
];

type Control = (call: CallContext) => CallResult;

const FD_CLOEXEC = 1;

const commands: Readonly<Record<number, Control>> = {
  0: (call) => call.files.duplicate(call.process, call.int(0), call.int(2), 'keep'),
  1: (call) => (call.process.descriptors[call.int(0)]!.closeOnExec ? FD_CLOEXEC : 0),
  2: setDescriptorFlags,
  3: statusFlags,
  4: setStatusFlags,
  ...lockCommands,
  1030: (call) => call.files.duplicate(call.process, call.int(0), call.int(2), 'close'),
  1031: (call) => call.files.descriptors.resizePipe(call.process, call.int(0), call.uint(2)),
  1032: (call) => call.files.descriptors.pipeSize(call.process, call.int(0)),
};

/** Commands that an O_PATH descriptor takes: F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL. */
const pathCommands = [0, 1, 2, 3, 1030];

function fcntl(call: CallContext): CallResult {
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

const requests: Readonly<Record<number, Control>> = {
  ...terminalRequests,
  21505: (call) => terminal(call, () => call.user.write(call.address(2), settings())),
  21506: setTerminal,
  21507: setTerminal,
  21508: setTerminal,
  21523: (call) => terminal(call, () => call.user.write(call.address(2), windowSize(call))),
  21531: available,
  21537: setNonBlocking,
  21584: (call) => setCloseOnExec(call, 'keep'),
  21585: (call) => setCloseOnExec(call, 'close'),
};

function ioctl(call: CallContext): CallResult {
  const description = call.files.descriptors.description(call.process, call.int(0));
  if (typeof description === 'number') return description;
  if ((description.flags & O_PATH) !== 0) return Errno.EBADF;
  return requests[call.uint(1)]?.(call) ?? Errno.ENOTTY;
}

function terminal(call: CallContext, answer: () => void): Result {
  if (!isTerminal(call)) return Errno.ENOTTY;
  answer();
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
function setTerminal(call: CallContext): CallResult {
  if (!isTerminal(call)) return Errno.ENOTTY;
  const refusal = fromBackground(call, Signal.SIGTTOU);
  if (refusal !== undefined) return refusal;
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
