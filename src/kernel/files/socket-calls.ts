/** Calls on sockets by descriptor. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { Descriptors } from './descriptors.ts';
import { O_NONBLOCK, O_RDWR } from './flags.ts';
import type { Place } from './mounts.ts';
import type { Names } from './names.ts';
import type { Sending } from './socket-ancillary.ts';
import type { Sockets } from './socket-contract.ts';
import type { SocketFileSystem } from './socket-filesystem.ts';
import { abstractId, pathId, reached, suits } from './socket-names.ts';
import {
  isConnection,
  type Message,
  type SocketDomain,
  type SocketKind,
  type SocketName,
  type SocketState,
  type Taken,
  type UnixName,
} from './socket-state.ts';

/** A socket, its key, and whether its descriptor waits. */
interface Found {
  readonly key: string;
  readonly socket: SocketState;
  readonly may: 'wait' | 'not wait';
}

export class SocketCalls implements Sockets {
  readonly #descriptors: Descriptors;
  readonly #names: Names;
  readonly #system: SocketFileSystem;

  constructor(descriptors: Descriptors, names: Names, system: SocketFileSystem) {
    this.#descriptors = descriptors;
    this.#names = names;
    this.#system = system;
  }

  create(process: ProcessState, domain: SocketDomain, kind: SocketKind, flags: number): Result {
    return this.#open(process, this.#system.table.make(domain, kind, process.group.id), flags);
  }

  pair(process: ProcessState, kind: SocketKind, flags: number): readonly [number, number] | Result {
    const { table, streams } = this.#system;
    const [one, other] = [0, 1].map(() => table.make('unix', kind, process.group.id)) as [string, string];
    streams.join(one, other);
    const first = this.#open(process, one, flags);
    const second = first < 0 ? first : this.#open(process, other, flags);
    if (second >= 0) return [first, second];
    if (first >= 0) this.#descriptors.close(process, first);
    table.remove(other);
    return second;
  }

  find(process: ProcessState, descriptor: number): SocketState | Result {
    const found = this.#find(process, descriptor);
    return typeof found === 'number' ? found : found.socket;
  }

  bind(process: ProcessState, descriptor: number, name: SocketName): Result {
    const found = this.#find(process, descriptor);
    if (typeof found === 'number') return found;
    const { key, socket } = found;
    const { names } = this.#system;
    if (name.domain === 'inet') return socket.local === undefined ? names.bind(socket, name) : Errno.EINVAL;
    if (socket.local !== undefined) return name.name === '' ? 0 : Errno.EINVAL;
    if (name.name === '') {
      const free = names.freeName(socket.kind);
      return names.take(key, abstractId(socket.kind, free.name), free);
    }
    if (isAbstract(name)) return names.take(key, abstractId(socket.kind, name.name), name);
    const inode = this.#names.makeSocket(process, pathOf(name));
    return typeof inode === 'number' ? inode : names.take(key, pathId(inode), name);
  }

  listen(process: ProcessState, descriptor: number, backlog: number): Result {
    const found = this.#find(process, descriptor);
    if (typeof found === 'number') return found;
    const { key, socket } = found;
    if (!isConnection(socket.kind)) return Errno.EOPNOTSUPP;
    if (socket.local === undefined) {
      if (socket.domain === 'unix') return Errno.EINVAL;
      const any = '0'.repeat(socket.domain === 'inet' ? 8 : 32);
      const bound = this.#system.names.bind(socket, { domain: 'inet', host: any, port: 0 });
      if (bound < 0) return bound;
    }
    return this.#system.streams.listen(key, backlog);
  }

  connect(process: ProcessState, descriptor: number, name: SocketName | undefined): Result {
    const found = this.#find(process, descriptor);
    if (typeof found === 'number') return found;
    const { key, socket, may } = found;
    const { streams, datagrams } = this.#system;
    const isStream = isConnection(socket.kind);
    if (name === undefined) return isStream ? Errno.EINVAL : datagrams.disconnect(key);
    if (name.domain === 'inet') {
      if (!suits(socket, name.host)) return socket.domain === 'inet' ? Errno.EAFNOSUPPORT : Errno.ENETUNREACH;
      const to = { ...name, host: reached(name.host) };
      return isStream ? streams.connectTcp(key, to, may) : datagrams.connectUdp(key, to);
    }
    const target = this.#owner(process, socket.kind, name);
    if (typeof target === 'number') return target;
    return isStream ? streams.connectUnix(key, target) : datagrams.connectUnix(key, target);
  }

  accept(process: ProcessState, descriptor: number, flags: number): Result {
    const found = this.#find(process, descriptor);
    if (typeof found === 'number') return found;
    if (!isConnection(found.socket.kind)) return Errno.EOPNOTSUPP;
    const room = this.#descriptors.room(process);
    if (room < 0) return room;
    const accepted = this.#system.streams.accept(found.key);
    return typeof accepted === 'number' ? accepted : this.#open(process, accepted, flags);
  }

  shutdown(process: ProcessState, descriptor: number, how: number): Result {
    const found = this.#find(process, descriptor);
    if (typeof found === 'number') return found;
    const { streams, datagrams } = this.#system;
    return isConnection(found.socket.kind)
      ? streams.shutdown(found.key, how)
      : datagrams.shutdown(found.key, how);
  }

  peek(process: ProcessState, descriptor: number, into: Uint8Array, skip: number, taken?: Taken): Result {
    const found = this.#find(process, descriptor);
    return typeof found === 'number' ? found : this.#system.streams.receive(found.key, into, { skip }, taken);
  }

  receiveBytes(process: ProcessState, descriptor: number, into: Uint8Array, taken: Taken): Result {
    const found = this.#find(process, descriptor);
    return typeof found === 'number' ? found : this.#system.streams.receive(found.key, into, 'take', taken);
  }

  sendBytes(process: ProcessState, descriptor: number, from: Uint8Array, sending: Sending): Result {
    const found = this.#find(process, descriptor);
    return typeof found === 'number' ? found : this.#system.streams.send(found.key, from, sending);
  }

  receive(process: ProcessState, descriptor: number, how: 'take' | 'peek'): Message | Result {
    const found = this.#find(process, descriptor);
    return typeof found === 'number' ? found : this.#system.datagrams.receive(found.key, how);
  }

  send(
    process: ProcessState,
    descriptor: number,
    bytes: Uint8Array,
    to: SocketName | undefined,
    sending?: Sending,
  ): Result {
    const found = this.#find(process, descriptor);
    if (typeof found === 'number') return found;
    const { key, socket } = found;
    const { datagrams } = this.#system;
    if (socket.domain !== 'unix')
      return datagrams.sendUdp(key, bytes, to?.domain === 'inet' ? to : undefined);
    if (socket.kind === 'packet') return datagrams.sendPacket(key, bytes, sending);
    if (to?.domain !== 'unix') return datagrams.sendUnix(key, bytes, undefined, sending);
    const target = this.#owner(process, socket.kind, to);
    if (typeof target === 'number') return target;
    return target === undefined ? Errno.ECONNREFUSED : datagrams.sendUnix(key, bytes, target, sending);
  }

  install(process: ProcessState, rights: number[], most: number, flags: number): number[] {
    const descriptors: number[] = [];
    while (rights.length > 0 && descriptors.length < most) {
      const descriptor = this.#descriptors.install(process, rights.shift()!, flags);
      if (descriptor < 0) break;
      descriptors.push(descriptor);
    }
    this.release(rights);
    return descriptors;
  }

  release(rights: number[]): void {
    this.#system.table.ancillaries.release(rights);
  }

  #find(process: ProcessState, descriptor: number): Found | Result {
    const opened = this.#descriptors.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    const { description, record } = opened;
    if (record.mount !== 'socket') return Errno.ENOTSOCK;
    const may = (description.flags & O_NONBLOCK) !== 0 ? 'not wait' : 'wait';
    return { key: record.key, socket: this.#system.table.get(record.key), may };
  }

  /** Key of the socket with an AF_UNIX name; `undefined` when nobody has it any more. */
  #owner(process: ProcessState, kind: SocketKind, name: UnixName): string | undefined | Result {
    const { names } = this.#system;
    if (name.name === '') return Errno.EINVAL;
    if (isAbstract(name)) return names.owner(abstractId(kind, name.name));
    const inode = this.#names.findSocket(process, pathOf(name));
    return typeof inode === 'number' ? inode : names.owner(pathId(inode));
  }

  /** A descriptor for a socket that has none; when that fails the socket goes. */
  #open(process: ProcessState, key: string, flags: number): Result {
    const place: Place = { mount: 'socket', key, path: `socket:[${key}]` };
    const descriptor = this.#descriptors.add(process, place, flags | O_RDWR);
    if (descriptor < 0) this.#system.table.remove(key);
    return descriptor;
  }
}

const isAbstract = ({ name }: UnixName): boolean => name.startsWith('\0');

/** A pathname as text: names have a character a byte. */
const pathOf = ({ name }: UnixName): string =>
  new TextDecoder().decode(Uint8Array.from(name, (character) => character.charCodeAt(0)));
