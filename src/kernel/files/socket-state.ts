/** State of sockets: plain data off `RootState.files`. */
import type { Pid } from '../../base/numbers.ts';
import type { ByteRing } from './ring.ts';

export type SocketDomain = 'unix' | 'inet' | 'inet6';
/** SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET. */
export type SocketKind = 'stream' | 'datagram' | 'packet';

/** Whether sockets of a kind are connected in pairs, by listen(2) and accept(2). */
export const isConnection = (kind: SocketKind): boolean => kind !== 'datagram';

/** A name of an AF_UNIX socket, a character a byte: a pathname, or an abstract name with the zero before it; '' is none. */
export interface UnixName {
  domain: 'unix';
  name: string;
}

/** A host in hexadecimal, 8 digits for IPv4 (mapped IPv4 too) or 32 for IPv6, and a port. */
export interface InternetName {
  domain: 'inet';
  host: string;
  port: number;
}

export type SocketName = UnixName | InternetName;

/** What AF_UNIX sends beside bytes (unix(7)). */
export interface Ancillary {
  /** Open file descriptions by index, each with a reference of its own (SCM_RIGHTS). */
  rights: number[];
  /** The process that sent it, where anybody wants to know (SCM_CREDENTIALS); 0: nobody is told. */
  sender: Pid;
}

/** A datagram and who sent it; `undefined`: a socket without a name. */
export interface Message extends Ancillary {
  bytes: Uint8Array;
  from: SocketName | undefined;
}

/** Bytes of a stream that something came with; `start` and `end` count all bytes that ever came. */
export interface StreamPart extends Ancillary {
  start: number;
  end: number;
}

/** What one receive has taken so far beside bytes. */
export interface Taken {
  rights: number[];
  sender: Pid | undefined;
  /** Where the part of the stream ends that rights came with: no receive goes past it. */
  until: number | undefined;
}

export interface SocketState {
  domain: SocketDomain;
  kind: SocketKind;
  /** `closed`: it was connected, or was to be, and the connection was refused or reset. */
  phase: 'idle' | 'listening' | 'connecting' | 'connected' | 'closed';
  /** A connect(2) that did not wait has begun, and no later one has told what came of it. */
  isConnecting: boolean;
  local: SocketName | undefined;
  remote: SocketName | undefined;
  /** Key of the other end, or of where datagrams go; `undefined` when there is none any more. */
  peer: string | undefined;
  /** Bytes that came and were not read yet: of a stream. */
  inbox: ByteRing;
  /** Bytes that ever came, and what came with those in `inbox`. */
  received: number;
  parts: StreamPart[];
  /** The same of datagrams; `queued` bytes in all. */
  messages: Message[];
  queued: number;
  /** RECEIVE_SHUT, SEND_SHUT. */
  shut: number;
  /** The other end of a TCP connection has said that no more comes. */
  ended: boolean;
  /** SO_ERROR, as a negative number. */
  error: number;
  /** Connections that listen(2) lets wait for accept(2); one more does, as in Linux. */
  backlog: number;
  /** Keys of connections that accept(2) has not taken yet. */
  pending: string[];
  /** Whether it is one of those. */
  isPending: boolean;
  /** Keys of sockets that wait for room here: to connect, or to send a datagram. */
  waiting: string[];
  /** Values of setsockopt(2), `level:option`, where they differ from the defaults. */
  options: Record<string, number>;
  /** SO_RCVTIMEO and SO_SNDTIMEO, ns; Infinity: none. */
  timeouts: { receive: number; send: number };
  /** The process that made it, and the one that made the other end (SO_PEERCRED); 0: nobody. */
  owner: Pid;
  peerOwner: Pid;
}

export interface SocketsState {
  sockets: Record<string, SocketState>;
  next: number;
  /** AF_UNIX names in use: `path:` + inode in memory, or `abstract:` + kind and name, to keys. */
  names: Record<string, string>;
  /** Where the search for a free port begins. */
  nextPort: number;
  /** Descriptions in messages that nobody has received yet. */
  inFlight: number;
}

export const RECEIVE_SHUT = 1;
export const SEND_SHUT = 2;
export const BOTH_SHUT = RECEIVE_SHUT | SEND_SHUT;

/** Ports that sockets without a name get (ip_local_port_range). */
export const FIRST_FREE_PORT = 32_768;
export const LAST_FREE_PORT = 60_999;

export const socketsState = (): SocketsState => ({
  sockets: {},
  next: 1,
  names: {},
  nextPort: FIRST_FREE_PORT,
  inFlight: 0,
});
