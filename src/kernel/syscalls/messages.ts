/** send(2) and recv(2) in all their forms. */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Sending } from '../files/socket-ancillary.ts';
import type { Ancillary, SocketName, SocketState } from '../files/socket-state.ts';
import type { Result } from '../memory/contract.ts';
import { NO_PARENT } from '../process/create.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { type ControlPlace, prepareControl, readControl, writeControl } from './control-messages.ts';
import { receiveDatagram, sendDatagram } from './datagrams.ts';
import { receiveFrom, sendTo } from './descriptor-io.ts';
import type { Manner } from './descriptor-waits.ts';
import { nameBytes, namePlace, readName, writeName } from './socket-addresses.ts';
import { bufferArgument, type Segment, vectorAt } from './transfer.ts';

export const messageCalls: readonly SystemCall[] = [
  {
    number: 206,
    name: 'sendto',
    arguments: ['fd', 'buffer-in', 'size', 'hex', 'pointer', 'int'],
    handle: sendto,
  },
  {
    number: 207,
    name: 'recvfrom',
    arguments: ['fd', 'buffer-out', 'size', 'hex', 'pointer', 'pointer'],
    handle: recvfrom,
  },
  {
    number: 211,
    name: 'sendmsg',
    arguments: ['fd', 'pointer', 'hex'],
    handle: (call) => sendMessage(call, call.address(1), call.int(2)),
  },
  {
    number: 212,
    name: 'recvmsg',
    arguments: ['fd', 'pointer', 'hex'],
    handle: (call) => receiveMessage(call, call.address(1), call.int(2)),
  },
];

const MSG_OOB = 1;
const MSG_PEEK = 2;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_WAITALL = 0x100;
const MSG_ERRQUEUE = 0x2000;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** What a send or a receive is about. */
interface Request {
  readonly socket: SocketState;
  readonly segments: readonly Segment[];
  readonly flags: number;
  /** What goes beside the bytes. */
  readonly sending?: Sending | undefined;
}

const mannerOf = ({ flags, sending }: Request): Manner => ({
  waits: (flags & MSG_DONTWAIT) !== 0 ? 'never' : undefined,
  brokenPipe: (flags & MSG_NOSIGNAL) !== 0 ? 'silent' : undefined,
  sending,
});

/** To receive no bytes of a stream is to look whether there are any, for which recv(2) waits and read(2) does not. */
function receiving({ socket, flags, segments }: Request): Manner {
  const looks = socket.kind === 'stream' && segments.every(({ length }) => length === 0);
  const stays = looks || (flags & MSG_PEEK) !== 0;
  const all = (flags & MSG_WAITALL) !== 0 && !stays ? 'for all' : undefined;
  return {
    waits: (flags & MSG_DONTWAIT) !== 0 ? 'never' : all,
    bytes: stays ? 'stay' : undefined,
  };
}

/** There are no urgent bytes, and no queue of errors. */
function checkFlags({ socket, flags }: Request): Result {
  if ((flags & MSG_OOB) !== 0) return socket.domain === 'unix' ? Errno.EOPNOTSUPP : Errno.EINVAL;
  return (flags & MSG_ERRQUEUE) !== 0 ? Errno.EAGAIN : 0;
}

/** A stream that is connected ignores the name it is given (AF_INET) or refuses it (AF_UNIX). */
function send(call: CallContext, request: Request, to: SocketName | undefined): CallResult {
  const { socket, segments, flags } = request;
  if ((flags & MSG_OOB) !== 0) return Errno.EOPNOTSUPP;
  if (socket.kind !== 'stream') return sendDatagram(call, call.int(0), segments, to, mannerOf(request));
  if (to !== undefined && socket.domain === 'unix')
    return socket.phase === 'connected' ? Errno.EISCONN : Errno.EOPNOTSUPP;
  return sendTo(call, call.int(0), segments, mannerOf(request));
}

/** The name at `address`; `undefined` without one. */
function destination(
  call: CallContext,
  { domain }: SocketState,
  address: VirtualAddress,
  length: number,
): SocketName | undefined | Result {
  return address === 0 || length === 0 ? undefined : readName(call, address, length, domain);
}

function sendto(call: CallContext): CallResult {
  const socket = call.files.sockets.find(call.process, call.int(0));
  if (typeof socket === 'number') return socket;
  const to = destination(call, socket, call.address(4), call.int(5));
  if (typeof to === 'number') return to;
  return send(call, { socket, segments: bufferArgument(call, 1), flags: call.int(3) }, to);
}

function recvfrom(call: CallContext): CallResult {
  const socket = call.files.sockets.find(call.process, call.int(0));
  if (typeof socket === 'number') return socket;
  const request: Request = { socket, segments: bufferArgument(call, 1), flags: call.int(3) };
  const refusal = checkFlags(request);
  if (refusal < 0) return refusal;
  const manner = receiving(request);
  if (socket.kind === 'stream') {
    const hasName = call.address(4) !== 0;
    if (hasName) call.user.prepare(call.address(5), 4, 'store');
    const result = receiveOnce(call, request.segments, manner);
    if (hasName && typeof result === 'number' && result >= 0) call.user.writeU32(call.address(5), 0);
    return result;
  }
  const place = namePlace(call, call.address(4), call.address(5));
  if (typeof place === 'number') return place;
  const { result, length, message } = receiveDatagram(call, call.int(0), request.segments, manner);
  if (typeof result !== 'number' || result < 0) return result;
  writeName(call, place, senderBytes(message?.from, socket));
  return (request.flags & MSG_TRUNC) !== 0 ? length : result;
}

/** Who sent a datagram; nothing of one without a name. */
const senderBytes = (from: SocketName | undefined, { domain }: SocketState): Uint8Array =>
  from === undefined ? new Uint8Array(0) : nameBytes(from, domain);

/** struct msghdr. */
interface Header {
  readonly name: VirtualAddress;
  readonly nameLength: number;
  readonly segments: readonly Segment[];
  readonly control: ControlPlace;
}

const HEADER_BYTES = 56;
const NAME_LENGTH_AT = 8;
const CONTROL_AT = 32;
const CONTROL_LENGTH_AT = 40;
const FLAGS_AT = 48;

function readHeader(call: CallContext, at: VirtualAddress): Header | Result {
  const bytes = new Uint8Array(HEADER_BYTES);
  call.user.read(at, bytes);
  const view = new DataView(bytes.buffer);
  const pointer = (offset: number) =>
    Math.min(Number(view.getBigUint64(offset, true)), 2 ** 52) as VirtualAddress;
  const segments = vectorAt(call, pointer(16), Math.min(Number(view.getBigUint64(24, true)), 2 ** 31));
  if (typeof segments === 'number') return segments === Errno.EINVAL ? Errno.EMSGSIZE : segments;
  return {
    name: pointer(0),
    nameLength: view.getInt32(NAME_LENGTH_AT, true),
    segments,
    control: { address: pointer(CONTROL_AT), length: pointer(CONTROL_LENGTH_AT) },
  };
}

/** @param at struct msghdr */
export function sendMessage(call: CallContext, at: VirtualAddress, flags: number): CallResult {
  const socket = call.files.sockets.find(call.process, call.int(0));
  if (typeof socket === 'number') return socket;
  const header = readHeader(call, at);
  if (typeof header === 'number') return header;
  const { segments } = header;
  const bytes = segments.reduce((sum, { length }) => sum + length, 0);
  const sending = readControl(call, socket, header.control, bytes);
  if (typeof sending === 'number') return sending;
  const to = destination(call, socket, header.name, header.nameLength);
  if (typeof to === 'number') return to;
  return send(call, { socket, segments, flags, sending }, to);
}

/** @param at struct msghdr */
export function receiveMessage(call: CallContext, at: VirtualAddress, flags: number): CallResult {
  const socket = call.files.sockets.find(call.process, call.int(0));
  if (typeof socket === 'number') return socket;
  const header = receivingHeader(call, at);
  if (typeof header === 'number') return header;
  const request: Request = { socket, segments: header.segments, flags };
  const refusal = checkFlags(request);
  if (refusal < 0) return refusal;
  prepareHeader(call, at, header.control);
  return socket.kind === 'stream'
    ? receiveStream(call, at, header, request)
    : receiveOne(call, at, header, request);
}

/**
 * Makes sure of the memory that is written behind the bytes: before they are taken, so that none are lost where there is
 * none, and once more when they are there. Their pages may have taken the place of these.
 */
function prepareHeader(call: CallContext, at: VirtualAddress, control: ControlPlace): void {
  call.user.prepare(at, HEADER_BYTES, 'store');
  prepareControl(call, control);
}

/** Receives from a stream. Begun again when only the telling of it is left, it gives what it gave. */
function receiveOnce(call: CallContext, segments: readonly Segment[], manner: Manner): CallResult {
  const { process } = call;
  const result = process.call?.received ?? receiveFrom(call, call.int(0), segments, manner);
  if (typeof result === 'number' && result >= 0)
    process.call = { ...process.call, done: result, received: result };
  return result;
}

/** Without an address there is no room for control messages. */
function receivingHeader(call: CallContext, at: VirtualAddress): Header | Result {
  const header = readHeader(call, at);
  if (typeof header === 'number' || header.control.address !== 0) return header;
  return { ...header, control: { ...header.control, length: 0 } };
}

function receiveStream(
  call: CallContext,
  at: VirtualAddress,
  { segments, control }: Header,
  request: Request,
): CallResult {
  const { user, process } = call;
  const manner: Manner = { ...receiving(request), ancillary: 'taken' };
  const result = receiveOnce(call, segments, manner);
  if (typeof result !== 'number' || result < 0) return result;
  prepareHeader(call, at, control);
  const { rights = [], sender = NO_PARENT } = process.call?.taken ?? {};
  finishHeader(call, at, request, control, { rights, sender: sender ?? NO_PARENT });
  user.writeU32((at + NAME_LENGTH_AT) as VirtualAddress, 0);
  return result;
}

function receiveOne(
  call: CallContext,
  at: VirtualAddress,
  { name, segments, control }: Header,
  request: Request,
): CallResult {
  const place = namePlace(call, name, (at + NAME_LENGTH_AT) as VirtualAddress);
  if (typeof place === 'number') return place;
  const { result, length, message } = receiveDatagram(call, call.int(0), segments, receiving(request));
  if (typeof result !== 'number' || result < 0 || message === undefined) return result;
  prepareHeader(call, at, control);
  namePlace(call, name, (at + NAME_LENGTH_AT) as VirtualAddress);
  finishHeader(call, at, request, control, message, result < length ? MSG_TRUNC : 0);
  writeName(call, place, senderBytes(message.from, request.socket));
  return (request.flags & MSG_TRUNC) !== 0 ? length : result;
}

/** Tells what came beside the bytes. */
function finishHeader(
  call: CallContext,
  at: VirtualAddress,
  { socket, flags: asked }: Request,
  control: ControlPlace,
  ancillary: Ancillary,
  flags = 0,
): void {
  const told = writeControl(call, socket, control, ancillary, asked);
  call.user.writeU64((at + CONTROL_LENGTH_AT) as VirtualAddress, BigInt(told.length));
  const all = flags | told.flags | (asked & MSG_CMSG_CLOEXEC);
  call.user.writeU32((at + FLAGS_AT) as VirtualAddress, all);
}
