/** setsockopt(2) and getsockopt(2). Options that change nothing over loopback are remembered and told again. */
import { Errno } from '../errno.ts';
import { GUEST_GID, GUEST_UID } from '../files/flags.ts';
import type { SocketState } from '../files/socket-state.ts';
import { SOCKET_CAPACITY, takeError } from '../files/socket-table.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, SystemCall } from './contract.ts';
import { structure, words } from './layout.ts';
import { families } from './socket-addresses.ts';
import { FOREVER } from './waiting.ts';

export const socketOptionCalls: readonly SystemCall[] = [
  { number: 208, name: 'setsockopt', arguments: ['fd', 'int', 'int', 'pointer', 'int'], handle: setsockopt },
  {
    number: 209,
    name: 'getsockopt',
    arguments: ['fd', 'int', 'int', 'pointer', 'pointer'],
    handle: getsockopt,
  },
];

const SOL_SOCKET = 1;
const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IPPROTO_IPV6 = 41;

/** An option that is one int: what it is at first, and what setting it makes of a value. */
interface IntOption {
  readonly initial: number;
  readonly set: (value: number) => number | 'refused';
}

const flag: IntOption = { initial: 0, set: (value) => (value === 0 ? 0 : 1) };
const number = (initial: number, least: number, most: number): IntOption => ({
  initial,
  set: (value) => (value < least || value > most ? 'refused' : value),
});
/** Twice what is asked for, as Linux keeps account of buffers, but not above net.core.wmem_max; buffers stay as they are. */
const buffer = (least: number): IntOption => ({
  initial: SOCKET_CAPACITY,
  set: (value) => Math.max(least, 2 * Math.min(value >>> 0, SOCKET_CAPACITY)),
});

/** `level:option` */
const intOptions: Readonly<Record<string, IntOption>> = {
  '1:2': flag, // SO_REUSEADDR
  '1:5': flag, // SO_DONTROUTE
  '1:6': flag, // SO_BROADCAST
  '1:7': buffer(4608), // SO_SNDBUF
  '1:8': buffer(2304), // SO_RCVBUF
  '1:9': flag, // SO_KEEPALIVE
  '1:10': flag, // SO_OOBINLINE
  '1:12': number(0, 0, 6), // SO_PRIORITY
  '1:15': flag, // SO_REUSEPORT
  '1:16': flag, // SO_PASSCRED
  '1:18': { initial: 1, set: (value) => (value < 0 ? 0x7fff_ffff : value || 1) }, // SO_RCVLOWAT
  '0:1': number(0, 0, 255), // IP_TOS
  '0:2': number(64, 1, 255), // IP_TTL
  '0:8': flag, // IP_PKTINFO
  '0:10': number(1, 0, 5), // IP_MTU_DISCOVER
  '0:11': flag, // IP_RECVERR
  '6:1': flag, // TCP_NODELAY
  '6:3': flag, // TCP_CORK
  '6:4': number(7200, 1, 32_767), // TCP_KEEPIDLE
  '6:5': number(75, 1, 32_767), // TCP_KEEPINTVL
  '6:6': number(9, 1, 127), // TCP_KEEPCNT
  '6:7': number(6, 1, 127), // TCP_SYNCNT
  '6:8': number(60, -1, 120), // TCP_LINGER2
  '6:9': number(0, 0, 2 ** 31 - 1), // TCP_DEFER_ACCEPT
  '6:12': { initial: 1, set: (value) => (value === 0 ? 0 : 1) }, // TCP_QUICKACK
  '6:18': number(0, 0, 2 ** 31 - 1), // TCP_USER_TIMEOUT
  '6:23': number(0, 0, 4096), // TCP_FASTOPEN
  '41:16': number(64, -1, 255), // IPV6_UNICAST_HOPS
  '41:23': number(1, 0, 5), // IPV6_MTU_DISCOVER
  '41:25': flag, // IPV6_RECVERR
  '41:26': flag, // IPV6_V6ONLY
  '41:49': flag, // IPV6_RECVPKTINFO
};

const SO_LINGER = 13;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const BILLION = 1e9;

/** Whether a socket knows options of a level: ENOPROTOOPT, or EOPNOTSUPP, when not. */
function checkLevel({ domain, kind }: SocketState, level: number): Result {
  if (level === SOL_SOCKET) return 0;
  if (domain === 'unix') return Errno.EOPNOTSUPP;
  const hasLevel =
    level === IPPROTO_IP ||
    (level === IPPROTO_TCP && kind === 'stream') ||
    (level === IPPROTO_IPV6 && domain === 'inet6');
  return hasLevel ? 0 : Errno.ENOPROTOOPT;
}

function setsockopt(call: CallContext): Result {
  const socket = call.files.sockets.find(call.process, call.int(0));
  if (typeof socket === 'number') return socket;
  const [level, option, length] = [call.int(1), call.int(2), call.int(4)];
  const refusal = length < 0 ? Errno.EINVAL : checkLevel(socket, level);
  if (refusal < 0) return refusal;
  const name = `${level}:${option}`;
  if (level === SOL_SOCKET && option === SO_LINGER) return setLinger(call, socket);
  if (level === SOL_SOCKET && (option === SO_RCVTIMEO || option === SO_SNDTIMEO))
    return setTimeout(call, socket, option === SO_RCVTIMEO ? 'receive' : 'send');
  const known = intOptions[name];
  if (known === undefined) return Errno.ENOPROTOOPT;
  const isByte = length > 0 && length < 4 && level === IPPROTO_IP;
  if (length < 4 && !isByte) return Errno.EINVAL;
  const bytes = new Uint8Array(4);
  call.user.read(call.address(3), isByte ? bytes.subarray(0, 1) : bytes);
  const value = known.set(new DataView(bytes.buffer).getInt32(0, true));
  if (value === 'refused') return Errno.EINVAL;
  socket.options[name] = value;
  return 0;
}

/** struct linger: whether to, and seconds. */
function setLinger(call: CallContext, socket: SocketState): Result {
  if (call.int(4) < 8) return Errno.EINVAL;
  const bytes = new Uint8Array(8);
  call.user.read(call.address(3), bytes);
  const view = new DataView(bytes.buffer);
  const name = `${SOL_SOCKET}:${SO_LINGER}`;
  if (view.getInt32(0, true) === 0) delete socket.options[name];
  else socket.options[name] = view.getInt32(4, true);
  return 0;
}

/** struct timeval; zero is none. */
function setTimeout(call: CallContext, socket: SocketState, direction: 'receive' | 'send'): Result {
  if (call.int(4) < 16) return Errno.EINVAL;
  const bytes = new Uint8Array(16);
  call.user.read(call.address(3), bytes);
  const view = new DataView(bytes.buffer);
  const [seconds, micros] = [Number(view.getBigInt64(0, true)), Number(view.getBigInt64(8, true))];
  if (micros < 0 || micros >= 1e6) return Errno.EDOM;
  const ns = seconds * BILLION + micros * 1000;
  socket.timeouts[direction] = ns > 0 ? ns : FOREVER;
  return 0;
}

function getsockopt(call: CallContext): Result {
  const { user } = call;
  const socket = call.files.sockets.find(call.process, call.int(0));
  if (typeof socket === 'number') return socket;
  const refusal = checkLevel(socket, call.int(1));
  if (refusal < 0) return refusal;
  const [value, lengthAt] = [call.address(3), call.address(4)];
  user.prepare(lengthAt, 4, 'store');
  const room = user.readU32(lengthAt) | 0;
  if (room < 0) return Errno.EINVAL;
  if (room > 0) user.prepare(value, Math.min(room, MOST_BYTES), 'store');
  const bytes = optionBytes(socket, call.int(1), call.int(2));
  if (bytes === undefined) return Errno.ENOPROTOOPT;
  const told = bytes.subarray(0, room);
  if (told.length > 0) user.write(value, told);
  user.writeU32(lengthAt, told.length);
  return 0;
}

/** No option is longer. */
const MOST_BYTES = 16;

const int = (value: number): Uint8Array =>
  structure(4, (view) => {
    view.setInt32(0, value, true);
  });

/** What can only be asked for, of SOL_SOCKET. */
const facts: Readonly<Record<number, (socket: SocketState) => Uint8Array>> = {
  // SO_TYPE, SO_ERROR
  3: ({ kind }) => int(kind === 'stream' ? 1 : kind === 'packet' ? 5 : 2),
  4: (socket) => int(-takeError(socket) || 0),
  [SO_LINGER]: ({ options }) => {
    const seconds = options[`${SOL_SOCKET}:${SO_LINGER}`];
    return structure(8, (view) => {
      view.setInt32(0, seconds === undefined ? 0 : 1, true);
      view.setInt32(4, seconds ?? 0, true);
    });
  },
  // SO_PEERCRED: struct ucred
  17: ({ peerOwner }) =>
    structure(12, (view) => {
      const isKnown = peerOwner !== 0;
      view.setInt32(0, peerOwner, true);
      view.setInt32(4, isKnown ? GUEST_UID : -1, true);
      view.setInt32(8, isKnown ? GUEST_GID : -1, true);
    }),
  [SO_RCVTIMEO]: ({ timeouts }) => timeval(timeouts.receive),
  [SO_SNDTIMEO]: ({ timeouts }) => timeval(timeouts.send),
  // SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN
  30: ({ phase }) => int(phase === 'listening' ? 1 : 0),
  38: ({ domain, kind }) => int(domain === 'unix' ? 0 : kind === 'stream' ? 6 : 17),
  39: ({ domain }) => int(families[domain]),
};

const timeval = (ns: number): Uint8Array =>
  ns === FOREVER ? words(0, 0) : words(Math.floor(ns / BILLION), Math.floor((ns % BILLION) / 1000));

function optionBytes(socket: SocketState, level: number, option: number): Uint8Array | undefined {
  const fact = level === SOL_SOCKET ? facts[option] : undefined;
  if (fact !== undefined) return fact(socket);
  const name = `${level}:${option}`;
  const known = intOptions[name];
  if (known !== undefined) return int(socket.options[name] ?? known.initial);
  const TCP_MAXSEG = 2;
  return level === IPPROTO_TCP && option === TCP_MAXSEG ? int(32_768) : undefined;
}
