/** Sockets as the system calls use them. Every method answers >= 0 or -errno; EAGAIN: it would have to wait. */
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { Sending } from './socket-ancillary.ts';
import type { Message, SocketDomain, SocketKind, SocketName, SocketState, Taken } from './socket-state.ts';

export interface Sockets {
  /** socket(2): a descriptor. @param flags O_NONBLOCK, O_CLOEXEC */
  create(process: ProcessState, domain: SocketDomain, kind: SocketKind, flags: number): Result;
  /** socketpair(2) of AF_UNIX. */
  pair(process: ProcessState, kind: SocketKind, flags: number): readonly [number, number] | Result;
  /** The socket behind a descriptor: EBADF, ENOTSOCK. */
  find(process: ProcessState, descriptor: number): SocketState | Result;
  /** bind(2); `unix` without a name: any that is free. */
  bind(process: ProcessState, descriptor: number, name: SocketName): Result;
  listen(process: ProcessState, descriptor: number, backlog: number): Result;
  /** connect(2); `undefined`: AF_UNSPEC. */
  connect(process: ProcessState, descriptor: number, name: SocketName | undefined): Result;
  /** accept4(2): a descriptor. @param flags O_NONBLOCK, O_CLOEXEC */
  accept(process: ProcessState, descriptor: number, flags: number): Result;
  /** @param how RECEIVE_SHUT, SEND_SHUT or both */
  shutdown(process: ProcessState, descriptor: number, how: number): Result;
  /** Looks at bytes of a stream from `skip` on, without taking them. @param taken where what comes with them goes */
  peek(process: ProcessState, descriptor: number, into: Uint8Array, skip: number, taken?: Taken): Result;
  /** As read(2) of a stream, with what comes beside bytes. */
  receiveBytes(process: ProcessState, descriptor: number, into: Uint8Array, taken: Taken): Result;
  /** As write(2) to a stream, with what goes beside bytes. */
  sendBytes(process: ProcessState, descriptor: number, from: Uint8Array, sending: Sending): Result;
  /** The oldest datagram or packet; the references of its rights are the caller's. */
  receive(process: ProcessState, descriptor: number, how: 'take' | 'peek'): Message | Result;
  /** Sends a datagram; without a name to where the socket is connected. */
  send(
    process: ProcessState,
    descriptor: number,
    bytes: Uint8Array,
    to: SocketName | undefined,
    sending?: Sending,
  ): Result;
  /**
   * Gives a process descriptors for descriptions that were received, `most` at most; what it gets none for is given up.
   * @param flags O_CLOEXEC or 0
   */
  install(process: ProcessState, rights: number[], most: number, flags: number): number[];
  /** Gives up descriptions that were received. */
  release(rights: number[]): void;
}
