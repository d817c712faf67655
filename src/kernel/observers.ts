/** Two observers that need nothing but memory: a fingerprint of the event log, and its last events. */
import { hashHex, hashText, type StreamHash, streamHash } from '../base/stream-hash.ts';
import type { KernelEvent } from './events.ts';

/** Plain data, so that hashing goes on after a snapshot. */
export interface HashState {
  hash: StreamHash;
  events: number;
}

export const initialHash = (): HashState => ({ hash: streamHash(), events: 0 });

/** One line of the event log, without the line end. Bigints become numbers or, beyond 2^53, strings. */
export const eventLine = (event: KernelEvent): string => JSON.stringify(event, plain);

function plain(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

/** Hashes the event log line by line: equal logs give equal digests. */
export class EventHash {
  readonly state: HashState;

  constructor(state: HashState = initialHash()) {
    this.state = state;
  }

  readonly observe = (event: KernelEvent): void => {
    hashText(this.state.hash, eventLine(event));
    this.state.events++;
  };

  /** 16 hexadecimal digits. */
  get digest(): string {
    return hashHex(this.state.hash);
  }
}

/** The last `capacity` events. */
export class EventRing {
  readonly #slots: (KernelEvent | undefined)[];
  #next = 0;

  constructor(capacity: number) {
    this.#slots = new Array<KernelEvent | undefined>(capacity).fill(undefined);
  }

  readonly observe = (event: KernelEvent): void => {
    this.#slots[this.#next] = event;
    this.#next = (this.#next + 1) % this.#slots.length;
  };

  /** Oldest first. */
  events(): KernelEvent[] {
    const inOrder = [...this.#slots.slice(this.#next), ...this.#slots.slice(0, this.#next)];
    return inOrder.filter((event) => event !== undefined);
  }
}
