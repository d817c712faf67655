/** The sockets there are, by key: made, found, told of changes, taken away. */
import type { Pid } from '../../base/numbers.ts';
import { emptyRing } from './ring.ts';
import { Ancillaries, type Descriptions } from './socket-ancillary.ts';
import type { SocketDomain, SocketKind, SocketState, SocketsState } from './socket-state.ts';

/** Bytes that wait at most to be read: Linux's default of net.core.rmem_default. */
export const SOCKET_CAPACITY = 212_992;

export class SocketTable {
  readonly state: SocketsState;
  /** Tells those who wait for a socket what it may be ready for now, POLL*; 0: for anything. */
  readonly changed: (key: string, events: number) => void;

  /** What is passed beside bytes. */
  readonly ancillaries: Ancillaries;

  constructor(
    state: SocketsState,
    changed: (key: string, events: number) => void,
    descriptions: Descriptions,
  ) {
    this.state = state;
    this.changed = changed;
    this.ancillaries = new Ancillaries(state, descriptions);
  }

  /** A socket; asking for one that is not there is a bug. */
  get(key: string): SocketState {
    const socket = this.state.sockets[key];
    if (socket === undefined) throw new Error(`invariant broken: socket ${key} is gone`);
    return socket;
  }

  /** A socket, or `undefined` when there is no key or the socket has gone. */
  find(key: string | undefined): SocketState | undefined {
    return key === undefined ? undefined : this.state.sockets[key];
  }

  /** A new socket that is connected to nothing; its key. */
  make(domain: SocketDomain, kind: SocketKind, owner: Pid): string {
    const key = String(this.state.next++);
    this.state.sockets[key] = {
      domain,
      kind,
      phase: 'idle',
      isConnecting: false,
      local: undefined,
      remote: undefined,
      peer: undefined,
      inbox: emptyRing(),
      received: 0,
      parts: [],
      messages: [],
      queued: 0,
      shut: 0,
      ended: false,
      error: 0,
      backlog: 0,
      pending: [],
      isPending: false,
      waiting: [],
      options: {},
      timeouts: { receive: Number.POSITIVE_INFINITY, send: Number.POSITIVE_INFINITY },
      owner,
      peerOwner: 0 as Pid,
    };
    return key;
  }

  remove(key: string): void {
    const socket = this.get(key);
    delete this.state.sockets[key];
    this.ancillaries.discard(socket);
    for (const [name, owner] of Object.entries(this.state.names)) {
      if (owner === key) delete this.state.names[name];
    }
  }

  /** Sockets of a kind with a port, in the order in which they were made. */
  internet(kind: SocketKind): [string, SocketState][] {
    return Object.entries(this.state.sockets).filter(
      ([, socket]) => socket.kind === kind && socket.domain !== 'unix' && socket.local !== undefined,
    );
  }
}

/** The error that SO_ERROR has, which is told once. */
export function takeError(socket: SocketState): number {
  const { error } = socket;
  socket.error = 0;
  return error;
}
