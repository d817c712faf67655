/** Control messages of AF_UNIX sockets (cmsg(3), unix(7)): descriptors, and who sends. Source: net/core/scm.c. */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { GUEST_GID, GUEST_UID, O_CLOEXEC } from '../files/flags.ts';
import { passesCredentials, type Sending } from '../files/socket-ancillary.ts';
import type { Ancillary, SocketState } from '../files/socket-state.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext } from './contract.ts';

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
/** The most descriptors that one message has (SCM_MAX_FD). */
const MOST_RIGHTS = 253;
/** struct cmsghdr: size_t cmsg_len, int cmsg_level, int cmsg_type. */
const HEADER_BYTES = 16;
/** struct ucred. */
const CREDENTIALS_BYTES = 12;
/** More than any program sends; Linux takes net.core.optmem_max. */
const MOST_BYTES = 8192;
/** Of credentials and as many descriptors as can be. */
const MOST_RECEIVED_BYTES = 2 * HEADER_BYTES + 16 + 4 * MOST_RIGHTS + 4;
const MSG_CTRUNC = 8;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
/** Who nobody is (overflowuid). */
const NOBODY = 65_534;

const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Where a program keeps control messages. */
export interface ControlPlace {
  readonly address: VirtualAddress;
  readonly length: number;
}

/** What sendmsg(2) is to send beside `bytes` bytes: EINVAL, EBADF, EPERM, ENOBUFS. */
export function readControl(
  call: CallContext,
  { domain }: SocketState,
  { address, length }: ControlPlace,
  bytes: number,
): Sending | undefined | Result {
  if (length === 0) return undefined;
  if (domain !== 'unix') return Errno.EINVAL;
  if (length > MOST_BYTES) return Errno.ENOBUFS;
  const view = new DataView(new ArrayBuffer(length));
  call.user.read(address, new Uint8Array(view.buffer));
  const rights: number[] = [];
  let credentials: Sending['credentials'] = 'asked for';
  for (let at = 0; at + HEADER_BYTES <= length; ) {
    const size = Number(view.getBigUint64(at, true));
    if (size < HEADER_BYTES || size > length - at) return Errno.EINVAL;
    const data = new DataView(view.buffer, at + HEADER_BYTES, size - HEADER_BYTES);
    const [level, type] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
    at += aligned(size);
    if (level !== SOL_SOCKET) continue;
    if (type !== SCM_RIGHTS && type !== SCM_CREDENTIALS) return Errno.EINVAL;
    const refusal = type === SCM_RIGHTS ? readRights(call, data, rights) : checkCredentials(call, data);
    if (refusal < 0) return refusal;
    if (type === SCM_CREDENTIALS) credentials = 'told';
  }
  return { rights, credentials, bytes };
}

function readRights({ process }: CallContext, data: DataView, rights: number[]): Result {
  const count = Math.floor(data.byteLength / 4);
  if (rights.length + count > MOST_RIGHTS) return Errno.EINVAL;
  for (let i = 0; i < count; i++) {
    const entry = process.descriptors[data.getInt32(4 * i, true)];
    if (entry === undefined) return Errno.EBADF;
    rights.push(entry.description);
  }
  return 0;
}

/** Nobody but root says to be somebody else. */
function checkCredentials({ process }: CallContext, data: DataView): Result {
  if (data.byteLength !== CREDENTIALS_BYTES) return Errno.EINVAL;
  const [pid, uid, gid] = [0, 4, 8].map((at) => data.getInt32(at, true));
  return pid === process.group.id && uid === GUEST_UID && gid === GUEST_GID ? 0 : Errno.EPERM;
}

/** Makes sure of the memory that control messages are to be written to. */
export function prepareControl(call: CallContext, { address, length }: ControlPlace): void {
  const used = Math.min(length, MOST_RECEIVED_BYTES);
  if (used > 0) call.user.prepare(address, used, 'store');
}

/** What recvmsg(2) says of control messages: the bytes that they take, and flags. */
export interface Told {
  readonly length: number;
  readonly flags: number;
}

/** Gives the program what came beside bytes, as far as it has room; rights that it has no room for are given up. */
export function writeControl(
  call: CallContext,
  socket: SocketState,
  { address, length }: ControlPlace,
  { rights, sender }: Ancillary,
  asked: number,
): Told {
  const view = new DataView(new ArrayBuffer(Math.min(length, MOST_RECEIVED_BYTES)));
  const out = { view, used: 0, flags: 0 };
  if (passesCredentials(socket)) {
    const known = sender !== 0;
    put(out, SCM_CREDENTIALS, [sender, known ? GUEST_UID : NOBODY, known ? GUEST_GID : NOBODY]);
  }
  if (rights.length > 0) {
    const room = Math.max(0, Math.floor((view.byteLength - out.used - HEADER_BYTES) / 4));
    if (room < rights.length) out.flags |= MSG_CTRUNC;
    const flags = (asked & MSG_CMSG_CLOEXEC) !== 0 ? O_CLOEXEC : 0;
    const wanted = Math.min(room, rights.length);
    const descriptors = call.files.sockets.install(call.process, rights, room, flags);
    if (descriptors.length < wanted) out.flags |= MSG_CTRUNC;
    if (descriptors.length > 0) put(out, SCM_RIGHTS, descriptors);
  }
  if (out.used > 0) call.user.write(address, new Uint8Array(view.buffer, 0, out.used));
  return { length: out.used, flags: out.flags };
}

/** One message of ints, cut where there is no room. */
function put(
  out: { view: DataView; used: number; flags: number },
  type: number,
  ints: readonly number[],
): void {
  const { view, used: at } = out;
  const room = view.byteLength - at;
  if (room < HEADER_BYTES) {
    out.flags |= MSG_CTRUNC;
    return;
  }
  const wanted = HEADER_BYTES + 4 * ints.length;
  const size = Math.min(wanted, room);
  if (size < wanted) out.flags |= MSG_CTRUNC;
  view.setBigUint64(at, BigInt(size), true);
  view.setInt32(at + 8, SOL_SOCKET, true);
  view.setInt32(at + 12, type, true);
  const bytes = new Uint8Array(new Int32Array(ints).buffer).subarray(0, size - HEADER_BYTES);
  new Uint8Array(view.buffer).set(bytes, at + HEADER_BYTES);
  out.used = at + Math.min(aligned(wanted), room);
}
