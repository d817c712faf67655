/**
 * What AF_UNIX passes beside bytes: open file descriptions, and who sent them. A description that is on its way has a
 * reference, so that it outlives the sender's descriptor; whoever receives it takes that over, and what nobody can
 * receive any more gives it back. Source: net/unix/af_unix.c, net/core/scm.c.
 */
import type { Pid } from '../../base/numbers.ts';
import type { Ancillary, SocketState, SocketsState, StreamPart, Taken } from './socket-state.ts';

export const SO_PASSCRED = '1:16';
/** Bytes of a stream that descriptors come with at most: those of one buffer (SKB_MAX_ALLOC + UNIX_SKB_FRAGS_SZ). */
const MOST_PART_BYTES = 48_832;

/** What is asked of processes and descriptors. */
export interface Descriptions {
  /** The process whose call this is. */
  sender(): Pid;
  /** One more reference to a description, by its index, or one fewer. */
  retain(description: number): void;
  release(description: number): void;
}

/** What a sender wants to send beside bytes. */
export interface Sending {
  /** Descriptions by index. */
  readonly rights: readonly number[];
  /** `told`: the sender says who it is even if nobody has asked. */
  readonly credentials: 'asked for' | 'told';
  /** Bytes of the whole message. */
  readonly bytes: number;
}

export const nothingTaken = (): Taken => ({ rights: [], sender: undefined, until: undefined });

export class Ancillaries {
  readonly #state: SocketsState;
  readonly #descriptions: Descriptions;

  constructor(state: SocketsState, descriptions: Descriptions) {
    this.#state = state;
    this.#descriptions = descriptions;
  }

  /** What goes with bytes from one socket to another. */
  pack(from: SocketState, to: SocketState, sending: Sending | undefined): Ancillary {
    const rights = [...(sending?.rights ?? [])];
    this.#retain(rights);
    this.#state.inFlight += rights.length;
    const isAsked = passesCredentials(from) || passesCredentials(to) || to.isPending;
    const isTold = from.domain === 'unix' && (isAsked || sending?.credentials === 'told');
    return { rights, sender: isTold ? this.#descriptions.sender() : (0 as Pid) };
  }

  /** Rights leave a queue, and their references are the caller's. */
  unpack(ancillary: Ancillary): number[] {
    this.#state.inFlight -= ancillary.rights.length;
    return ancillary.rights.splice(0);
  }

  /** The same with references of their own, for who only looks (MSG_PEEK). */
  copy({ rights }: Ancillary): number[] {
    this.#retain(rights);
    return [...rights];
  }

  /** Gives up rights that are in no queue. */
  release(rights: number[]): void {
    for (const description of rights.splice(0)) this.#descriptions.release(description);
  }

  /** Nobody can receive what is in a socket's queues. */
  discard(socket: SocketState): void {
    for (const message of [...socket.messages, ...socket.parts]) this.release(this.unpack(message));
  }

  /** Bytes were put into a stream, the first of their message if there is a `sending`. */
  attach(from: SocketState, to: SocketState, count: number, sending: Sending | undefined): void {
    const last = to.parts.at(-1);
    const start = Math.max(to.received - count, last?.end ?? 0);
    const ancillary = this.pack(from, to, sending);
    const hasRights = ancillary.rights.length > 0;
    const bytes = hasRights ? Math.min(sending!.bytes, MOST_PART_BYTES) : count;
    const end = hasRights ? start + bytes : to.received;
    if (start >= end || (!hasRights && ancillary.sender === 0)) return;
    const continues = last !== undefined && !hasRights && last.rights.length === 0 && last.end === start;
    if (continues && last.sender === ancillary.sender) last.end = end;
    else to.parts.push({ start, end, ...ancillary });
  }

  /**
   * How many of the bytes from `skip` on one receive may give, `wanted` at most: not past the end of what descriptors
   * came with, nor from one sender on to another where senders are told. What comes with them is taken, or copied.
   */
  extent(socket: SocketState, wanted: number, skip: number, how: 'take' | 'peek', taken: Taken): number {
    const from = socket.received - socket.inbox.length + skip;
    let end = Math.min(from + wanted, socket.received, taken.until ?? Number.POSITIVE_INFINITY);
    let at = from;
    for (const part of socket.parts) {
      if (part.end <= at) continue;
      if (part.start >= end) break;
      if (part.start > at && !agrees(socket, taken, 0 as Pid)) return at - from;
      at = Math.max(at, part.start);
      if (!agrees(socket, taken, part.sender)) return at - from;
      if (part.rights.length > 0) {
        taken.rights.push(...(how === 'take' ? this.unpack(part) : this.copy(part)));
        taken.until = part.end;
        end = Math.min(end, part.end);
      }
      at = Math.min(part.end, end);
    }
    return at < end && !agrees(socket, taken, 0 as Pid) ? at - from : Math.max(0, end - from);
  }

  /** Forgets parts of a stream that were read to their end. */
  forget(socket: SocketState): void {
    const at = socket.received - socket.inbox.length;
    while (socket.parts.length > 0 && socket.parts[0]!.end <= at) socket.parts.shift();
  }

  #retain(rights: readonly number[]): void {
    for (const description of rights) this.#descriptions.retain(description);
  }
}

export const passesCredentials = ({ options }: SocketState): boolean => options[SO_PASSCRED] === 1;

/** Whether bytes of a sender go together with those before; of all senders where nobody is told. */
function agrees(socket: SocketState, taken: Taken, sender: StreamPart['sender']): boolean {
  if (!passesCredentials(socket)) return true;
  taken.sender ??= sender;
  return taken.sender === sender;
}
