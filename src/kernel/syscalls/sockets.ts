/** Sockets: made, named, connected, ended. Bytes go through messages.ts, and through read(2) and write(2). */
import { Errno } from '../errno.ts';
import { O_CLOEXEC, O_NONBLOCK } from '../files/flags.ts';
import type { SocketDomain, SocketKind, SocketState } from '../files/socket-state.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { wouldWait } from './descriptor-waits.ts';
import { families, nameBytes, namePlace, readName, writeName } from './socket-addresses.ts';

export const socketCalls: readonly SystemCall[] = [
  { number: 198, name: 'socket', arguments: ['int', 'hex', 'int'], handle: socket },
  { number: 199, name: 'socketpair', arguments: ['int', 'hex', 'int', 'pointer'], handle: socketpair },
  { number: 200, name: 'bind', arguments: ['fd', 'pointer', 'int'], handle: bind },
  {
    number: 201,
    name: 'listen',
    arguments: ['fd', 'int'],
    handle: (call) => call.files.sockets.listen(call.process, call.int(0), call.int(1)),
  },
  {
    number: 202,
    name: 'accept',
    arguments: ['fd', 'pointer', 'pointer'],
    handle: (call) => accept(call, 0),
  },
  { number: 203, name: 'connect', arguments: ['fd', 'pointer', 'int'], handle: connect },
  {
    number: 204,
    name: 'getsockname',
    arguments: ['fd', 'pointer', 'pointer'],
    handle: (call) => tellName(call, ({ local, domain }) => nameBytes(local, domain)),
  },
  { number: 205, name: 'getpeername', arguments: ['fd', 'pointer', 'pointer'], handle: getpeername },
  { number: 210, name: 'shutdown', arguments: ['fd', 'int'], handle: shutdown },
  {
    number: 242,
    name: 'accept4',
    arguments: ['fd', 'pointer', 'pointer', 'hex'],
    handle: (call) => accept(call, call.int(3)),
  },
];

const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SOCK_TYPE_MASK = 0xf;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
/** Types that exist but are not here: raw, reliable datagrams. */
const LAST_TYPE = 10;

interface Kind {
  readonly kind: SocketKind;
  /** SOCK_NONBLOCK and SOCK_CLOEXEC, which are O_NONBLOCK and O_CLOEXEC. */
  readonly flags: number;
}

function kindOf(type: number): Kind | Result {
  const flags = type & ~SOCK_TYPE_MASK;
  const number = type & SOCK_TYPE_MASK;
  if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) !== 0 || number > LAST_TYPE) return Errno.EINVAL;
  if (number === SOCK_STREAM) return { kind: 'stream', flags };
  if (number === SOCK_SEQPACKET) return { kind: 'packet', flags };
  return number === SOCK_DGRAM ? { kind: 'datagram', flags } : Errno.ESOCKTNOSUPPORT;
}

function checkProtocol(domain: SocketDomain, kind: SocketKind, protocol: number): Result {
  if (kind === 'packet' && domain !== 'unix') return Errno.ESOCKTNOSUPPORT;
  if (protocol === 0) return 0;
  if (domain === 'unix') return protocol === families.unix ? 0 : Errno.EPROTONOSUPPORT;
  return protocol === (kind === 'stream' ? IPPROTO_TCP : IPPROTO_UDP) ? 0 : Errno.EPROTONOSUPPORT;
}

const domainOf = (family: number): SocketDomain | undefined =>
  (Object.keys(families) as SocketDomain[]).find((domain) => families[domain] === family);

function socket(call: CallContext): Result {
  const kind = kindOf(call.int(1));
  const domain = domainOf(call.int(0));
  if (typeof kind === 'number' && kind === Errno.EINVAL) return kind;
  if (domain === undefined) return Errno.EAFNOSUPPORT;
  if (typeof kind === 'number') return kind;
  const refusal = checkProtocol(domain, kind.kind, call.int(2));
  return refusal < 0 ? refusal : call.files.sockets.create(call.process, domain, kind.kind, kind.flags);
}

function socketpair(call: CallContext): Result {
  const kind = kindOf(call.int(1));
  const domain = domainOf(call.int(0));
  if (typeof kind === 'number' && kind === Errno.EINVAL) return kind;
  if (domain === undefined) return Errno.EAFNOSUPPORT;
  if (typeof kind === 'number') return kind;
  const refusal = checkProtocol(domain, kind.kind, call.int(2));
  if (refusal < 0) return refusal;
  if (domain !== 'unix') return Errno.EOPNOTSUPP;
  const address = call.address(3);
  call.user.prepare(address, 8, 'store');
  const ends = call.files.sockets.pair(call.process, kind.kind, kind.flags);
  if (typeof ends === 'number') return ends;
  call.user.write(address, new Uint8Array(new Int32Array(ends).buffer));
  return 0;
}

function bind(call: CallContext): Result {
  const { files, process } = call;
  const found = files.sockets.find(process, call.int(0));
  if (typeof found === 'number') return found;
  const name = readName(call, call.address(1), call.int(2), found.domain);
  if (typeof name === 'number') return name;
  if (name === undefined) return found.domain === 'unix' ? Errno.EINVAL : Errno.EAFNOSUPPORT;
  return files.sockets.bind(process, call.int(0), name);
}

function accept(call: CallContext, flags: number): CallResult {
  const { files, process } = call;
  const listener = files.sockets.find(process, call.int(0));
  if (typeof listener === 'number') return listener;
  if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) !== 0) return Errno.EINVAL;
  const place = namePlace(call, call.address(1), call.address(2));
  if (typeof place === 'number') return place;
  const descriptor = files.sockets.accept(process, call.int(0), flags);
  if (descriptor === Errno.EAGAIN) return wouldWait(call, call.int(0), 'receive', {});
  if (descriptor < 0) return descriptor;
  const made = files.sockets.find(process, descriptor) as SocketState;
  writeName(call, place, nameBytes(made.remote, made.domain));
  return descriptor;
}

function connect(call: CallContext): CallResult {
  const { files, process } = call;
  const found = files.sockets.find(process, call.int(0));
  if (typeof found === 'number') return found;
  const name = readName(call, call.address(1), call.int(2), found.domain);
  if (typeof name === 'number') return name;
  const result = files.sockets.connect(process, call.int(0), name);
  if (result !== Errno.EAGAIN) return result;
  const waits = wouldWait(call, call.int(0), 'send', {});
  return waits === Errno.EAGAIN && found.domain !== 'unix' ? Errno.EINPROGRESS : waits;
}

function getpeername(call: CallContext): Result {
  const found = call.files.sockets.find(call.process, call.int(0));
  if (typeof found === 'number') return found;
  if (found.phase !== 'connected') return Errno.ENOTCONN;
  return tellName(call, ({ remote, domain }) => nameBytes(remote, domain));
}

function tellName(call: CallContext, name: (socket: SocketState) => Uint8Array): Result {
  const found = call.files.sockets.find(call.process, call.int(0));
  if (typeof found === 'number') return found;
  if (call.address(1) === 0) return Errno.EFAULT;
  const place = namePlace(call, call.address(1), call.address(2));
  if (typeof place === 'number') return place;
  writeName(call, place, name(found));
  return 0;
}

/** SHUT_RD, SHUT_WR and SHUT_RDWR are one less than what they shut. */
function shutdown(call: CallContext): Result {
  const { files, process } = call;
  const how = call.int(1);
  const found = files.sockets.find(process, call.int(0));
  if (typeof found === 'number') return found;
  return how < 0 || how > 2 ? Errno.EINVAL : files.sockets.shutdown(process, call.int(0), how + 1);
}
