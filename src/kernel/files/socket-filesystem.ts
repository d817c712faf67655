import type { Result } from '../memory/contract.ts';
import { S_IFSOCK } from './flags.ts';
import { NamelessFileSystem } from './nameless-filesystem.ts';
import type { Descriptions } from './socket-ancillary.ts';
import { Datagrams } from './socket-datagrams.ts';
import { SocketNames } from './socket-names.ts';
import { isConnection, type SocketsState } from './socket-state.ts';
import { Streams } from './socket-streams.ts';
import { SocketTable } from './socket-table.ts';

const SOCKFS_MAGIC = 0x534f434b;
const DEVICE = 0x8;

export class SocketFileSystem extends NamelessFileSystem {
  readonly name = 'socket';
  readonly table: SocketTable;
  readonly names: SocketNames;
  readonly streams: Streams;
  readonly datagrams: Datagrams;

  /** @param changed told what a socket may be ready for now, POLL*; 0: for anything */
  constructor(
    state: SocketsState,
    changed: (key: string, events: number) => void,
    descriptions: Descriptions,
  ) {
    super(DEVICE, S_IFSOCK | 0o777, SOCKFS_MAGIC);
    this.table = new SocketTable(state, changed, descriptions);
    this.names = new SocketNames(this.table);
    this.streams = new Streams(this.table, this.names);
    this.datagrams = new Datagrams(this.table, this.names);
  }

  /** EAGAIN when nothing is there and something may still come. */
  read(key: string, _offset: number, into: Uint8Array): Result {
    if (this.table.get(key).kind === 'stream') return this.streams.receive(key, into, 'take');
    const message = this.datagrams.receive(key, 'take');
    if (typeof message === 'number') return message;
    this.table.ancillaries.release(message.rights);
    const part = message.bytes.subarray(0, into.length);
    into.set(part);
    return part.length;
  }

  /** EPIPE when nobody will read it; EAGAIN when there is no room. */
  write(key: string, _offset: number, from: Uint8Array): Result {
    const { kind, domain } = this.table.get(key);
    if (kind === 'stream') return this.streams.send(key, from);
    const bytes = from.slice();
    if (kind === 'packet') return this.datagrams.sendPacket(key, bytes);
    return domain === 'unix'
      ? this.datagrams.sendUnix(key, bytes, undefined)
      : this.datagrams.sendUdp(key, bytes, undefined);
  }

  /** What poll(2) says. */
  events(key: string): number {
    const socket = this.table.get(key);
    return isConnection(socket.kind) ? this.streams.events(socket) : this.datagrams.events(socket);
  }

  /** Bytes that a read would give (FIONREAD); `undefined` for one that listens. */
  available(key: string): number | undefined {
    const socket = this.table.get(key);
    if (socket.phase === 'listening') return undefined;
    if (socket.kind === 'packet') return socket.queued;
    return socket.kind === 'stream' ? socket.inbox.length : (socket.messages[0]?.bytes.length ?? 0);
  }

  override closed(key: string, _flags: number): void {
    if (isConnection(this.table.get(key).kind)) this.streams.close(key);
    else this.datagrams.close(key);
  }

  override letGo(key: string): void {
    this.table.remove(key);
  }
}
