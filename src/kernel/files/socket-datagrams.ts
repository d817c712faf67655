/** Sockets of datagrams: AF_UNIX, and UDP over loopback. Source: net/unix/af_unix.c, net/ipv4/udp.c. */
import type { Pid } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from './flags.ts';
import type { Sending } from './socket-ancillary.ts';
import { ANY_HOST, ANY_HOST_6, isWildcard, reached, route, type SocketNames, suits } from './socket-names.ts';
import {
  BOTH_SHUT,
  type InternetName,
  type Message,
  RECEIVE_SHUT,
  SEND_SHUT,
  type SocketState,
} from './socket-state.ts';
import { SOCKET_CAPACITY, type SocketTable, takeError } from './socket-table.ts';

/** Datagrams that an AF_UNIX socket holds (net.unix.max_dgram_qlen); one more does, as in Linux. */
const MOST_MESSAGES = 10;
/** What a packet takes beside its bytes: the least that Linux reckons for one. */
const MESSAGE_COST = 768;
/** The most that IPv4 can carry. */
const MOST_UDP_BYTES = 65_507;

const isUdp = ({ domain }: SocketState): boolean => domain !== 'unix';

export class Datagrams {
  readonly #table: SocketTable;
  readonly #names: SocketNames;

  constructor(table: SocketTable, names: SocketNames) {
    this.#table = table;
    this.#names = names;
  }

  /** What poll(2) says: POLL*. */
  events(socket: SocketState): number {
    let events = socket.error !== 0 ? POLLERR : 0;
    if (socket.shut === BOTH_SHUT) events |= POLLHUP;
    if ((socket.shut & RECEIVE_SHUT) !== 0) events |= POLLIN | POLLRDHUP;
    if (socket.messages.length > 0) events |= POLLIN;
    const peer = isUdp(socket) ? undefined : this.#table.find(socket.peer);
    return peer === undefined || !isFull(peer) ? events | POLLOUT : events;
  }

  /** connect(2) of AF_UNIX: where datagrams go from now on. */
  connectUnix(key: string, target: string | undefined): Result {
    const peer = this.#table.find(target);
    if (peer === undefined) return Errno.ECONNREFUSED;
    if (peer.kind !== 'datagram') return Errno.EPROTOTYPE;
    const socket = this.#table.get(key);
    socket.phase = 'connected';
    socket.peer = target;
    socket.remote = peer.local;
    return 0;
  }

  connectUdp(key: string, to: InternetName): Result {
    const socket = this.#table.get(key);
    const unreachable = route(to.host);
    if (unreachable < 0) return unreachable;
    const bound = this.#names.bindSource(socket, to.host);
    if (bound < 0) return bound;
    socket.phase = 'connected';
    socket.remote = to;
    return 0;
  }

  /** connect(2) with AF_UNSPEC: no longer connected. */
  disconnect(key: string): Result {
    const socket = this.#table.get(key);
    socket.phase = 'idle';
    socket.peer = undefined;
    socket.remote = undefined;
    return 0;
  }

  /**
   * The oldest datagram; EAGAIN when there is none; of zero bytes when no more is to come. The references of its rights
   * are the caller's.
   */
  receive(key: string, how: 'take' | 'peek'): Message | Result {
    const socket = this.#table.get(key);
    const { ancillaries } = this.#table;
    if (socket.kind === 'packet' && socket.phase !== 'connected') return Errno.ENOTCONN;
    if (socket.error !== 0) return takeError(socket);
    const [message] = socket.messages;
    if (message === undefined)
      return (socket.shut & RECEIVE_SHUT) !== 0
        ? { bytes: new Uint8Array(0), from: undefined, rights: [], sender: 0 as Pid }
        : Errno.EAGAIN;
    if (how === 'peek') return { ...message, rights: ancillaries.copy(message) };
    const wasFull = isFull(socket);
    socket.messages.shift();
    socket.queued -= message.bytes.length;
    if (wasFull) this.#tellSenders(key, socket);
    return { ...message, rights: ancillaries.unpack(message) };
  }

  /** @param target key of the socket that an AF_UNIX name stands for; `undefined`: the one it is connected to */
  sendUnix(key: string, bytes: Uint8Array, target: string | undefined, sending?: Sending): Result {
    const socket = this.#table.get(key);
    if ((socket.shut & SEND_SHUT) !== 0) return Errno.EPIPE;
    if (bytes.length > SOCKET_CAPACITY) return Errno.EMSGSIZE;
    if (target === undefined && socket.phase !== 'connected') return Errno.ENOTCONN;
    const to = target ?? socket.peer;
    const peer = this.#table.find(to);
    if (to === undefined || peer === undefined) {
      if (target === undefined) this.disconnect(key);
      return Errno.ECONNREFUSED;
    }
    if (peer.kind !== 'datagram') return Errno.EPROTOTYPE;
    if ((peer.shut & RECEIVE_SHUT) !== 0) return Errno.EPIPE;
    const isOthers = peer.peer !== undefined && peer.peer !== key && to !== key;
    if (isOthers) return Errno.EPERM;
    if (isFull(peer)) {
      if (!peer.waiting.includes(key)) peer.waiting.push(key);
      return Errno.EAGAIN;
    }
    const ancillary = this.#table.ancillaries.pack(socket, peer, sending);
    this.#deliver(to, peer, { bytes, from: socket.local, ...ancillary });
    return bytes.length;
  }

  /** A packet of a connection (SOCK_SEQPACKET). */
  sendPacket(key: string, bytes: Uint8Array, sending?: Sending): Result {
    const socket = this.#table.get(key);
    if (socket.phase !== 'connected') return Errno.ENOTCONN;
    if (bytes.length > SOCKET_CAPACITY) return Errno.EMSGSIZE;
    if (socket.error !== 0) return takeError(socket);
    const peer = this.#table.find(socket.peer);
    const isShut = (socket.shut & SEND_SHUT) !== 0;
    if (isShut || peer === undefined || (peer.shut & RECEIVE_SHUT) !== 0) return Errno.EPIPE;
    if (isFull(peer)) {
      if (!peer.waiting.includes(key)) peer.waiting.push(key);
      return Errno.EAGAIN;
    }
    const ancillary = this.#table.ancillaries.pack(socket, peer, sending);
    this.#deliver(socket.peer!, peer, { bytes, from: socket.local, ...ancillary });
    return bytes.length;
  }

  /** As UDP does: what nobody takes, or nobody has room for, is lost, and only who is connected hears of it. */
  sendUdp(key: string, bytes: Uint8Array, name: InternetName | undefined): Result {
    const socket = this.#table.get(key);
    if (socket.error !== 0) return takeError(socket);
    if (bytes.length > MOST_UDP_BYTES) return Errno.EMSGSIZE;
    if ((socket.shut & SEND_SHUT) !== 0) return Errno.EPIPE;
    const wanted = name ?? socket.remote;
    if (wanted?.domain !== 'inet') return Errno.EDESTADDRREQ;
    if (!suits(socket, wanted.host)) return socket.domain === 'inet' ? Errno.EAFNOSUPPORT : Errno.ENETUNREACH;
    if (wanted.port === 0) return Errno.EINVAL;
    const to: InternetName = { ...wanted, host: reached(wanted.host) };
    const unreachable = route(to.host);
    if (unreachable < 0) return unreachable;
    const from = this.#source(socket, to.host);
    if (typeof from === 'number') return from;
    const target = this.#names.receiver(to, from);
    const peer = this.#table.find(target);
    if (peer === undefined) {
      if (socket.phase === 'connected') socket.error = Errno.ECONNREFUSED;
      if (socket.phase === 'connected') this.#table.changed(key, POLLERR);
    } else if (peer.queued + bytes.length <= SOCKET_CAPACITY)
      this.#deliver(target!, peer, { bytes, from, rights: [], sender: 0 as Pid });
    return bytes.length;
  }

  shutdown(key: string, how: number): Result {
    const socket = this.#table.get(key);
    if (isUdp(socket) && socket.phase !== 'connected') return Errno.ENOTCONN;
    socket.shut |= how;
    this.#table.changed(key, 0);
    return 0;
  }

  close(key: string): void {
    const socket = this.#table.get(key);
    socket.phase = 'closed';
    this.#tellSenders(key, socket);
    this.#table.changed(key, 0);
  }

  /** Where a datagram says that it comes from; a socket without a name gets one. */
  #source(socket: SocketState, host: string): InternetName | Result {
    if (socket.local === undefined) {
      const any = socket.domain === 'inet6' ? ANY_HOST_6 : ANY_HOST;
      const bound = this.#names.bind(socket, { domain: 'inet', host: any, port: 0 });
      if (bound < 0) return bound;
    }
    const own = socket.local as InternetName;
    return isWildcard(own.host) ? { ...own, host: reached(host.length === 8 ? ANY_HOST : ANY_HOST_6) } : own;
  }

  #deliver(key: string, socket: SocketState, message: Message): void {
    socket.messages.push(message);
    socket.queued += message.bytes.length;
    this.#table.changed(key, POLLIN);
  }

  /** Those whose datagrams had no room, and those that are connected and poll, can send. */
  #tellSenders(key: string, socket: SocketState): void {
    const connected = Object.keys(this.#table.state.sockets).filter(
      (other) => this.#table.get(other).peer === key,
    );
    for (const other of new Set([...socket.waiting.splice(0), ...connected])) {
      if (this.#table.find(other) !== undefined) this.#table.changed(other, POLLOUT);
    }
  }
}

/** Whether an AF_UNIX socket takes no more: so many datagrams, or so many bytes of packets. */
export function isFull(socket: SocketState): boolean {
  if (socket.kind === 'packet') {
    return socket.queued + socket.messages.length * MESSAGE_COST >= SOCKET_CAPACITY;
  }
  return !isUdp(socket) && socket.messages.length > MOST_MESSAGES;
}
