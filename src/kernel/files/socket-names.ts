/**
 * Names of sockets: who has which, and who is meant by one. The machine has the loopback interface only, so hosts
 * are 127.0.0.0/8, ::1 and the wildcards.
 */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import {
  FIRST_FREE_PORT,
  type InternetName,
  LAST_FREE_PORT,
  type SocketKind,
  type SocketState,
  type UnixName,
} from './socket-state.ts';
import type { SocketTable } from './socket-table.ts';

export const ANY_HOST = '00000000';
export const ANY_HOST_6 = '0'.repeat(32);
export const LOOPBACK = '7f000001';
export const LOOPBACK_6 = '1'.padStart(32, '0');
/** Ports below are for root (ip_unprivileged_port_start). */
const FIRST_USER_PORT = 1024;

export const SO_REUSEADDR = '1:2';
export const SO_REUSEPORT = '1:15';
export const IPV6_V6ONLY = '41:26';

export const isWildcard = (host: string): boolean => host === ANY_HOST || host === ANY_HOST_6;
const isLocal = (host: string): boolean =>
  isWildcard(host) || host === LOOPBACK_6 || (host.length === 8 && host.startsWith('7f'));

/** The host that a wildcard stands for where one is to be reached. */
export function reached(host: string): string {
  if (host === ANY_HOST) return LOOPBACK;
  return host === ANY_HOST_6 ? LOOPBACK_6 : host;
}

/** Whether the machine has a host: ENETUNREACH when not. */
export const route = (host: string): Result => (isLocal(host) ? 0 : Errno.ENETUNREACH);

/** Whether a socket can use a host at all: IPv4 ones have no IPv6 hosts, nor the other way round when they say so. */
export function suits(socket: SocketState, host: string): boolean {
  if (socket.domain === 'inet') return host.length === 8;
  return host.length === 32 || socket.options[IPV6_V6ONLY] !== 1;
}

const nameOf = (socket: SocketState): InternetName | undefined =>
  socket.local?.domain === 'inet' ? socket.local : undefined;

/** Whether what is sent to `host` comes to a socket that is bound to `bound`. */
function covers(socket: SocketState, bound: string, host: string): boolean {
  if (bound === host) return true;
  return bound === ANY_HOST ? host.length === 8 : bound === ANY_HOST_6 && suits(socket, host);
}

export class SocketNames {
  readonly #table: SocketTable;

  constructor(table: SocketTable) {
    this.#table = table;
  }

  /** bind(2) of AF_INET: EADDRNOTAVAIL, EACCES, EADDRINUSE; port 0 is any that is free. */
  bind(socket: SocketState, { host, port }: InternetName): Result {
    if (!suits(socket, host)) return socket.domain === 'inet' ? Errno.EAFNOSUPPORT : Errno.EINVAL;
    if (!isLocal(host)) return Errno.EADDRNOTAVAIL;
    if (port === 0) return this.#bindFree(socket, host);
    if (port < FIRST_USER_PORT) return Errno.EACCES;
    if (this.#inUse(socket, host, port)) return Errno.EADDRINUSE;
    socket.local = { domain: 'inet', host, port };
    return 0;
  }

  /** Gives a socket that has no name one, for use with `host`; EADDRINUSE when no port is left. */
  bindSource(socket: SocketState, host: string): Result {
    const own = nameOf(socket);
    const source = host.length === 8 ? LOOPBACK : LOOPBACK_6;
    if (own === undefined) return this.#bindFree(socket, source);
    if (isWildcard(own.host)) socket.local = { ...own, host: source };
    return 0;
  }

  /** Whether a socket that is bound may become one that listens: no other one listens there already. */
  canListen(key: string, socket: SocketState): boolean {
    const { host, port } = nameOf(socket)!;
    return this.#table
      .internet('stream')
      .every(
        ([other, { phase, ...rest }]) =>
          other === key || phase !== 'listening' || !conflicts(socket, host, port, { ...rest, phase }),
      );
  }

  /** Key of the socket that listens where a connection is to go; the one with the fewest waiting of several. */
  listener({ host, port }: InternetName): string | undefined {
    let found: string | undefined;
    for (const [key, socket] of this.#table.internet('stream')) {
      const own = nameOf(socket)!;
      if (socket.phase !== 'listening' || own.port !== port || !covers(socket, own.host, host)) continue;
      const best = this.#table.find(found);
      if (best === undefined || socket.pending.length < best.pending.length) found = key;
    }
    return found;
  }

  /** Key of the socket that a datagram from `from` goes to: one that is connected to the sender comes first. */
  receiver({ host, port }: InternetName, from: InternetName): string | undefined {
    let found: string | undefined;
    for (const [key, socket] of this.#table.internet('datagram')) {
      const own = nameOf(socket)!;
      if (own.port !== port || !covers(socket, own.host, host)) continue;
      const { remote } = socket;
      if (remote?.domain !== 'inet') found ??= key;
      else if (remote.host === from.host && remote.port === from.port) return key;
    }
    return found;
  }

  /** AF_UNIX: takes a name for a socket; EADDRINUSE. @param id the name as `names` has it */
  take(key: string, id: string, name: UnixName): Result {
    if (this.#table.find(this.#table.state.names[id]) !== undefined) return Errno.EADDRINUSE;
    this.#table.state.names[id] = key;
    this.#table.get(key).local = name;
    return 0;
  }

  /** Key of the socket that has an AF_UNIX name. */
  owner(id: string): string | undefined {
    return this.#table.state.names[id];
  }

  /** An abstract name that nobody has: five hexadecimal digits, as unix(7) says. */
  freeName(kind: SocketKind): UnixName {
    for (let number = 0; ; number++) {
      const name = `\0${number.toString(16).padStart(5, '0')}`;
      if (this.owner(abstractId(kind, name)) === undefined) return { domain: 'unix', name };
    }
  }

  #bindFree(socket: SocketState, host: string): Result {
    const { state } = this.#table;
    for (let tries = FIRST_FREE_PORT; tries <= LAST_FREE_PORT; tries++) {
      const port = state.nextPort;
      state.nextPort = port === LAST_FREE_PORT ? FIRST_FREE_PORT : port + 1;
      if (this.#inUse(socket, host, port)) continue;
      socket.local = { domain: 'inet', host, port };
      return 0;
    }
    return Errno.EADDRINUSE;
  }

  #inUse(socket: SocketState, host: string, port: number): boolean {
    return this.#table
      .internet(socket.kind)
      .some(([, other]) => other !== socket && conflicts(socket, host, port, other));
  }
}

/** Streams and datagrams have abstract names of their own. */
export const abstractId = (kind: SocketKind, name: string): string => `abstract:${kind}:${name}`;
export const pathId = (inode: string): string => `path:${inode}`;

/** Whether two sockets can't both be bound: SO_REUSEADDR lets them as long as neither listens, SO_REUSEPORT does. */
function conflicts(socket: SocketState, host: string, port: number, other: SocketState): boolean {
  const own = nameOf(other)!;
  if (own.port !== port) return false;
  if (!covers(socket, host, own.host) && !covers(other, own.host, host)) return false;
  const both = (option: string): boolean => socket.options[option] === 1 && other.options[option] === 1;
  if (both(SO_REUSEPORT)) return false;
  return !both(SO_REUSEADDR) || other.phase === 'listening';
}
