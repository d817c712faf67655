/**
 * Connected sockets: AF_UNIX streams, and TCP over loopback, where segments arrive at once and in order.
 *
 *   idle ── listen ──▶ listening                     accept takes the other ends out of `pending`
 *   idle ── connect ─▶ connecting ──▶ connected      at once, while the listener's queue has room
 *                            └─ refused ─▶ closed ◀─ reset
 *
 * What the two families do differently is marked by `isTcp`. Source: net/unix/af_unix.c, net/ipv4/tcp.c, af_inet.c.
 */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from './flags.ts';
import { peek, put, take } from './ring.ts';
import { nothingTaken, type Sending } from './socket-ancillary.ts';
import { isFull as isFullOfMessages } from './socket-datagrams.ts';
import { route, type SocketNames } from './socket-names.ts';
import {
  BOTH_SHUT,
  type InternetName,
  RECEIVE_SHUT,
  SEND_SHUT,
  type SocketName,
  type SocketState,
  type Taken,
} from './socket-state.ts';
import { SOCKET_CAPACITY, type SocketTable, takeError } from './socket-table.ts';

/** Seconds to linger at close(2); 0 resets the connection. */
export const SO_LINGER = '1:13';
/** net.core.somaxconn */
const MOST_PENDING = 4096;

const isTcp = ({ domain }: SocketState): boolean => domain !== 'unix';

export class Streams {
  readonly #table: SocketTable;
  readonly #names: SocketNames;

  constructor(table: SocketTable, names: SocketNames) {
    this.#table = table;
    this.#names = names;
  }

  /** What poll(2) says: POLL*. */
  events(socket: SocketState): number {
    const { phase, shut } = socket;
    if (phase === 'listening') return socket.pending.length > 0 ? POLLIN : 0;
    let events = socket.error !== 0 ? POLLERR : 0;
    if (shut === BOTH_SHUT || phase === 'idle' || phase === 'closed') events |= POLLHUP;
    if ((shut & RECEIVE_SHUT) !== 0) events |= POLLIN | POLLRDHUP;
    if (phase === 'connecting') return events;
    if (socket.inbox.length > 0 || socket.messages.length > 0) events |= POLLIN;
    const mayFail = isTcp(socket) && (shut & SEND_SHUT) !== 0;
    return mayFail || this.#hasRoom(socket) ? events | POLLOUT : events;
  }

  /** Connects two ends that nobody has connected yet (socketpair(2)). */
  join(one: string, other: string): void {
    for (const [key, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      const socket = this.#table.get(key);
      socket.phase = 'connected';
      socket.peer = peer;
      socket.peerOwner = this.#table.get(peer).owner;
    }
  }

  /** listen(2) on a socket that has a name. */
  listen(key: string, backlog: number): Result {
    const socket = this.#table.get(key);
    if (socket.phase !== 'idle' && socket.phase !== 'listening' && socket.phase !== 'closed')
      return Errno.EINVAL;
    if (isTcp(socket) && socket.phase !== 'listening' && !this.#names.canListen(key, socket))
      return Errno.EADDRINUSE;
    socket.phase = 'listening';
    socket.shut = 0;
    socket.backlog = backlog < 0 ? MOST_PENDING : Math.min(backlog, MOST_PENDING);
    this.#admit(key);
    return 0;
  }

  /** Takes the longest waiting connection of a listening socket: its key; EAGAIN when there is none, EINVAL. */
  accept(key: string): string | Result {
    const listener = this.#table.get(key);
    if (listener.phase !== 'listening' || (listener.shut & RECEIVE_SHUT) !== 0) return Errno.EINVAL;
    const accepted = listener.pending.shift();
    if (accepted === undefined) return Errno.EAGAIN;
    this.#table.get(accepted).isPending = false;
    this.#admit(key);
    return accepted;
  }

  /** connect(2) of AF_UNIX to the socket `target`. EAGAIN: its queue is full. */
  connectUnix(key: string, target: string | undefined): Result {
    const socket = this.#table.get(key);
    const listener = this.#table.find(target);
    if (target === undefined || listener === undefined) return Errno.ECONNREFUSED;
    if (listener.kind !== this.#table.get(key).kind) return Errno.EPROTOTYPE;
    if (listener.phase !== 'listening' || (listener.shut & RECEIVE_SHUT) !== 0) return Errno.ECONNREFUSED;
    if (isFull(listener)) {
      if (!listener.waiting.includes(key)) listener.waiting.push(key);
      return Errno.EAGAIN;
    }
    if (socket.phase === 'listening') return Errno.EINVAL;
    if (socket.phase === 'connected') return Errno.EISCONN;
    this.#establish(key, target);
    return 0;
  }

  /**
   * connect(2) of TCP. One that must not wait gets EINPROGRESS even when the connection is there at once, and
   * EALREADY until it is; one that may gets EAGAIN while the listener's queue is full.
   */
  connectTcp(key: string, to: InternetName, may: 'wait' | 'not wait'): Result {
    const socket = this.#table.get(key);
    switch (socket.phase) {
      case 'listening':
        return Errno.EISCONN;
      case 'connecting':
        return may === 'wait' ? Errno.EAGAIN : Errno.EALREADY;
      case 'connected':
        if (!socket.isConnecting) return Errno.EISCONN;
        socket.isConnecting = false;
        return 0;
      default:
        if (!socket.isConnecting) break;
        socket.isConnecting = false;
        socket.shut = 0;
        return takeError(socket) || Errno.ECONNABORTED;
    }
    const refusal = this.#begin(key, socket, to);
    if (refusal < 0) return refusal;
    socket.isConnecting = true;
    return may === 'wait' ? this.connectTcp(key, to, may) : Errno.EINPROGRESS;
  }

  /**
   * Bytes that came, in order: 0 when no more will come, EAGAIN when none is there.
   * @param how with `skip`: only looks, and leaves so many bytes out
   * @param taken where what comes with them goes; it is given up otherwise
   */
  receive(key: string, into: Uint8Array, how: 'take' | { readonly skip: number }, taken?: Taken): Result {
    const socket = this.#table.get(key);
    const isUnconnected = socket.phase === 'idle' || socket.phase === 'listening';
    if (isUnconnected) return isTcp(socket) ? Errno.ENOTCONN : Errno.EINVAL;
    if (into.length === 0 && (how === 'take' || socket.inbox.length > 0)) return 0;
    if (how !== 'take') {
      const count = this.#peek(socket, into, how.skip, taken);
      if (count > 0 || how.skip > 0) return count;
    } else if (socket.inbox.length > 0) return this.#take(socket, into, taken);
    if (socket.ended) return 0;
    if (socket.error !== 0) return takeError(socket);
    return (socket.shut & RECEIVE_SHUT) !== 0 ? 0 : Errno.EAGAIN;
  }

  /** Sends what there is room for; EAGAIN when there is none, EPIPE when nobody will read it. */
  send(key: string, from: Uint8Array, sending?: Sending): Result {
    const socket = this.#table.get(key);
    if (isTcp(socket) && socket.error !== 0) return takeError(socket);
    if ((socket.shut & SEND_SHUT) !== 0) return Errno.EPIPE;
    if (socket.phase === 'connecting') return Errno.EAGAIN;
    if (socket.phase !== 'connected') return isTcp(socket) ? Errno.EPIPE : Errno.ENOTCONN;
    if (from.length === 0) return 0;
    const peer = this.#table.find(socket.peer);
    if (peer === undefined || socket.peer === undefined) return this.#sendToNobody(key, socket, from.length);
    if (!isTcp(socket) && (peer.shut & RECEIVE_SHUT) !== 0) return Errno.EPIPE;
    const count = put(peer.inbox, from, SOCKET_CAPACITY);
    if (count === 0) return Errno.EAGAIN;
    peer.received += count;
    if (!isTcp(socket)) this.#table.ancillaries.attach(socket, peer, count, sending);
    this.#table.changed(socket.peer, POLLIN);
    return count;
  }

  /** shutdown(2). @param how RECEIVE_SHUT, SEND_SHUT or both */
  shutdown(key: string, how: number): Result {
    const socket = this.#table.get(key);
    const { phase } = socket;
    if (isTcp(socket) && (phase === 'idle' || phase === 'closed')) return Errno.ENOTCONN;
    if (isTcp(socket) && phase !== 'connected') return this.#shutUnconnected(key, socket, how);
    const peer = this.#table.find(socket.peer);
    socket.shut |= how;
    if (peer !== undefined) {
      if (isTcp(socket)) finish(peer, how);
      else peer.shut |= mirrored(how);
      this.#table.changed(socket.peer!, 0);
    }
    this.#table.changed(key, 0);
    return 0;
  }

  /** The last descriptor has gone: what is left of the connection is the other end's. */
  close(key: string): void {
    const socket = this.#table.get(key);
    this.#abandonQueue(socket);
    const peer = this.#table.find(socket.peer);
    if (peer !== undefined) {
      const isLost =
        socket.inbox.length > 0 ||
        socket.messages.length > 0 ||
        (isTcp(socket) && socket.options[SO_LINGER] === 0);
      peer.peer = undefined;
      if (isTcp(socket) && isLost) reset(peer);
      else if (isTcp(socket)) finish(peer, SEND_SHUT);
      else {
        peer.shut = BOTH_SHUT;
        if (isLost) peer.error = Errno.ECONNRESET;
      }
      this.#table.changed(socket.peer!, 0);
    }
    socket.phase = 'closed';
    this.#table.changed(key, 0);
  }

  #take(socket: SocketState, into: Uint8Array, taken: Taken | undefined): number {
    const { ancillaries } = this.#table;
    const collected = taken ?? nothingTaken();
    const peer = this.#table.find(socket.peer);
    const hadRoom = peer === undefined || this.#hasRoom(peer);
    const extent = ancillaries.extent(socket, into.length, 0, 'take', collected);
    const count = take(socket.inbox, into.subarray(0, extent));
    ancillaries.forget(socket);
    if (taken === undefined) ancillaries.release(collected.rights);
    if (peer !== undefined && !hadRoom && this.#hasRoom(peer)) this.#table.changed(socket.peer!, POLLOUT);
    return count;
  }

  #peek(socket: SocketState, into: Uint8Array, skip: number, taken: Taken | undefined): number {
    const { ancillaries } = this.#table;
    const collected = taken ?? nothingTaken();
    const extent = ancillaries.extent(socket, into.length, skip, 'peek', collected);
    if (taken === undefined) ancillaries.release(collected.rights);
    return peek(socket.inbox, into.subarray(0, extent), skip);
  }

  /** Writers go on when a third of the buffer is free (sk_stream_is_writeable). */
  #hasRoom({ peer }: SocketState): boolean {
    const other = this.#table.find(peer);
    if (other?.kind === 'packet') return !isFullOfMessages(other);
    return other === undefined || (SOCKET_CAPACITY - other.inbox.length) * 3 >= SOCKET_CAPACITY;
  }

  /** The other end is closed: TCP learns of it by the answer to its first segment. */
  #sendToNobody(key: string, socket: SocketState, bytes: number): Result {
    if (!isTcp(socket)) return Errno.EPIPE;
    reset(socket);
    this.#table.changed(key, 0);
    return bytes;
  }

  #begin(key: string, socket: SocketState, to: InternetName): Result {
    const unreachable = route(to.host);
    if (unreachable < 0) return unreachable;
    const bound = this.#names.bindSource(socket, to.host);
    if (bound < 0) return bound;
    socket.remote = to;
    socket.shut = 0;
    socket.ended = false;
    socket.phase = 'connecting';
    const target = this.#names.listener(to);
    const listener = this.#table.find(target);
    if (target === undefined || listener === undefined) this.#refuse(key);
    else if (isFull(listener)) listener.waiting.push(key);
    else this.#establish(key, target);
    return 0;
  }

  #refuse(key: string): void {
    const socket = this.#table.get(key);
    reset(socket);
    socket.error = Errno.ECONNREFUSED;
    this.#table.changed(key, 0);
  }

  /** Makes the other end of a connection, which waits for accept(2). */
  #establish(key: string, target: string): void {
    const [socket, listener] = [this.#table.get(key), this.#table.get(target)];
    const made = this.#table.make(listener.domain, listener.kind, listener.owner);
    const accepted = this.#table.get(made);
    accepted.isPending = true;
    const address: SocketName | undefined = isTcp(socket) ? socket.remote : listener.local;
    accepted.local = address;
    accepted.remote = socket.local;
    accepted.options = { ...listener.options };
    accepted.timeouts = { ...listener.timeouts };
    socket.remote = address;
    this.join(key, made);
    listener.pending.push(made);
    this.#table.changed(key, 0);
    this.#table.changed(target, POLLIN);
  }

  /** The queue of a listening socket may have room: TCP connects those that wait, the others try again. */
  #admit(key: string): void {
    const listener = this.#table.get(key);
    while (listener.waiting.length > 0 && !isFull(listener)) {
      const next = listener.waiting.shift()!;
      const socket = this.#table.find(next);
      if (socket === undefined) continue;
      if (!isTcp(socket)) {
        for (const other of [next, ...listener.waiting.splice(0)]) this.#table.changed(other, 0);
      } else if (socket.phase === 'connecting') this.#establish(next, key);
    }
  }

  /** Connections that were not accepted end, and those that wait to be made are refused. */
  #abandonQueue(listener: SocketState): void {
    for (const key of listener.pending.splice(0)) {
      const peerKey = this.#table.get(key).peer;
      const peer = this.#table.find(peerKey);
      this.#table.remove(key);
      if (peer === undefined || peerKey === undefined) continue;
      peer.peer = undefined;
      if (isTcp(peer)) reset(peer);
      else {
        peer.shut = BOTH_SHUT;
        peer.error = Errno.ECONNRESET;
      }
      this.#table.changed(peerKey, 0);
    }
    for (const key of listener.waiting.splice(0)) {
      const socket = this.#table.find(key);
      if (socket !== undefined && socket.phase === 'connecting') this.#refuse(key);
      else if (socket !== undefined) this.#table.changed(key, 0);
    }
  }

  /** TCP that listens, or is being connected, stops doing so when it is not to receive any more. */
  #shutUnconnected(key: string, socket: SocketState, how: number): Result {
    if ((how & RECEIVE_SHUT) === 0 && socket.phase === 'listening') return 0;
    this.#abandonQueue(socket);
    socket.phase = 'closed';
    this.#table.changed(key, 0);
    return 0;
  }
}

const isFull = ({ pending, backlog }: SocketState): boolean => pending.length > backlog;

/** What one end's shutting means for the other: it receives no more when that sends no more. */
const mirrored = (how: number): number =>
  ((how & SEND_SHUT) !== 0 ? RECEIVE_SHUT : 0) | ((how & RECEIVE_SHUT) !== 0 ? SEND_SHUT : 0);

/** A FIN arrives. */
function finish(socket: SocketState, how: number): void {
  if ((how & SEND_SHUT) === 0) return;
  socket.ended = true;
  socket.shut |= RECEIVE_SHUT;
}

/** An RST arrives; after a FIN it is told to writers only. */
function reset(socket: SocketState): void {
  socket.error = socket.ended ? Errno.EPIPE : Errno.ECONNRESET;
  socket.shut = BOTH_SHUT;
  socket.phase = 'closed';
  socket.peer = undefined;
}
