/**
 * epoll(7), as fs/eventpoll.c does it. A change of a channel puts the interests that watch it into the epoll's list;
 * whoever waits looks at those in the list only:
 *
 *   changed ──▶ ready: A B C ──▶ collect: what is A ready for now?
 *                  ▲                │ nothing            ──▶ out of the list
 *                  │                │ level-triggered    ──▶ told, to the end of the list
 *                  └────────────────┤ EPOLLET            ──▶ told, out of it until the next change
 *                                   └ EPOLLONESHOT       ──▶ told, and no more until it is modified
 *
 * An epoll is a descriptor that becomes ready itself, so that one may watch another.
 */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { EpollEvent, InterestRequest } from './event-contract.ts';
import type { EpollState, EventsState, Interest } from './event-state.ts';
import { POLLERR, POLLHUP } from './flags.ts';
import { eventChannel } from './polling.ts';

const EPOLLEXCLUSIVE = 0x1000_0000;
const EPOLLONESHOT = 0x4000_0000;
const EPOLLET = 0x8000_0000;
/** Flags that are no events (EP_PRIVATE_BITS). */
const EVENT_BITS = 0x0fff_ffff;
const ALWAYS = POLLERR | POLLHUP;
/** Epolls that watch epolls: at most so many above one another. */
const MOST_NESTS = 4;

/** What is asked about the descriptions that are watched, by index. */
export interface Watched {
  /** POLL*, with what is normal data; nothing for one that is gone. */
  events(description: number): number;
  /** Virtual time at which that changes by itself; Infinity: never. */
  due(description: number): number;
  /** Key of the epoll that it is, if it is one. */
  epoll(description: number): string | undefined;
}

export class Epolls {
  readonly #state: EventsState;
  readonly #watched: Watched;
  readonly #changed: (key: string) => void;

  /** @param changed told when an epoll may have become ready */
  constructor(state: EventsState, watched: Watched, changed: (key: string) => void) {
    this.#state = state;
    this.#watched = watched;
    this.#changed = changed;
  }

  /** epoll_ctl(2) on a description that can be polled: EEXIST, ENOENT, ELOOP, EINVAL. @param channels that tell of it */
  control(key: string, description: number, channels: readonly string[], request: InterestRequest): Result {
    const epoll = this.#get(key);
    const id = `${request.descriptor}:${description}`;
    const known = epoll.interests[id];
    switch (request.operation) {
      case 'add':
        if (known !== undefined) return Errno.EEXIST;
        if (this.#wouldLoop(key, description)) return Errno.ELOOP;
        epoll.interests[id] = this.#watch(key, id, description, channels, request);
        break;
      case 'modify':
        if (known === undefined) return Errno.ENOENT;
        if (((request.events | known.events) & EPOLLEXCLUSIVE) !== 0) return Errno.EINVAL;
        known.events = wanted(request);
        known.data = request.data;
        break;
      case 'delete':
        if (known === undefined) return Errno.ENOENT;
        this.#remove(key, id);
        return 0;
      default:
        return Errno.EINVAL;
    }
    const interest = epoll.interests[id]!;
    if (this.#eventsOf(interest) !== 0) this.#queue(key, id);
    return 0;
  }

  /** How many interests may be ready. */
  queued(key: string): number {
    return this.#get(key).ready.length;
  }

  /** At most `most` events; what was told of is told again as its flags say. */
  collect(key: string, most: number): EpollEvent[] {
    const epoll = this.#get(key);
    const found: EpollEvent[] = [];
    for (let left = epoll.ready.length; left > 0 && found.length < most; left--) {
      const id = epoll.ready.shift()!;
      const interest = epoll.interests[id]!;
      interest.isQueued = false;
      const events = this.#eventsOf(interest);
      if (events === 0) continue;
      found.push({ events, data: interest.data });
      if ((interest.events & EPOLLONESHOT) !== 0) interest.events = (interest.events & ~EVENT_BITS) >>> 0;
      else if ((interest.events & EPOLLET) === 0) {
        interest.isQueued = true;
        epoll.ready.push(id);
      }
    }
    return found;
  }

  /** Whether a wait would tell anything now. */
  isReady(key: string): boolean {
    const epoll = this.#get(key);
    const isStillReady = (id: string): boolean => {
      const interest = epoll.interests[id]!;
      interest.isQueued = this.#eventsOf(interest) !== 0;
      return interest.isQueued;
    };
    while (epoll.ready.length > 0 && !isStillReady(epoll.ready[0]!)) epoll.ready.shift();
    return epoll.ready.length > 0;
  }

  /** Virtual time at which a wait may have something to tell without anybody's doing. */
  due(key: string): number {
    if (Object.keys(this.#state.timers).length === 0) return Number.POSITIVE_INFINITY;
    const times = Object.values(this.#get(key).interests).map(({ description }) =>
      this.#watched.due(description),
    );
    return Math.min(Number.POSITIVE_INFINITY, ...times);
  }

  /** A channel changed. @param events what it may be ready for now, POLL*; 0: anything */
  tell(channel: string, events: number): void {
    for (const { epoll, interest: id } of this.#state.watches[channel] ?? []) {
      const interest = this.#get(epoll).interests[id]!;
      const isDisabled = (interest.events & EVENT_BITS) === 0;
      const isMeant = events === 0 || (events & (interest.events | ALWAYS)) !== 0;
      if (!isDisabled && isMeant) this.#queue(epoll, id);
    }
  }

  /** Keys of the epolls that hear of a channel, those that watch such epolls among them. */
  watchers(channel: string): string[] {
    const direct = (this.#state.watches[channel] ?? []).map(({ epoll }) => epoll);
    return direct.flatMap((key) => [key, ...this.watchers(eventChannel(key))]);
  }

  /** A description is gone for good, and with it all interests in it, or the epoll that it was. */
  forget(description: number): void {
    for (const [key, { interests }] of Object.entries(this.#state.epolls)) {
      const isSelf = this.#watched.epoll(description) === key;
      for (const [id, interest] of Object.entries(interests)) {
        if (isSelf || interest.description === description) this.#remove(key, id);
      }
    }
  }

  #get(key: string): EpollState {
    const epoll = this.#state.epolls[key];
    if (epoll === undefined) throw new Error(`invariant broken: epoll ${key} is gone`);
    return epoll;
  }

  #eventsOf({ description, events }: Interest): number {
    const asked = events & EVENT_BITS;
    return asked === 0 ? 0 : this.#watched.events(description) & (asked | ALWAYS);
  }

  #queue(key: string, id: string): void {
    const epoll = this.#get(key);
    const interest = epoll.interests[id]!;
    if (interest.isQueued) return;
    interest.isQueued = true;
    epoll.ready.push(id);
    this.#changed(key);
  }

  #watch(
    key: string,
    id: string,
    description: number,
    channels: readonly string[],
    request: InterestRequest,
  ): Interest {
    for (const channel of channels) {
      this.#state.watches[channel] ??= [];
      this.#state.watches[channel].push({ epoll: key, interest: id });
    }
    return {
      descriptor: request.descriptor,
      description,
      events: wanted(request),
      data: request.data,
      isQueued: false,
      channels: [...channels],
    };
  }

  #remove(key: string, id: string): void {
    const epoll = this.#get(key);
    const { channels } = epoll.interests[id]!;
    for (const channel of channels) {
      const left = this.#state.watches[channel]!.filter(
        (watch) => watch.epoll !== key || watch.interest !== id,
      );
      if (left.length > 0) this.#state.watches[channel] = left;
      else delete this.#state.watches[channel];
    }
    epoll.ready = epoll.ready.filter((other) => other !== id);
    delete epoll.interests[id];
  }

  /** Whether epolls would watch one another in a circle, or too many above one another. */
  #wouldLoop(key: string, description: number): boolean {
    const target = this.#watched.epoll(description);
    if (target === undefined) return false;
    return this.#reaches(target, key) || this.#height(target) + 1 > MOST_NESTS;
  }

  #nested(key: string): string[] {
    const all = Object.values(this.#get(key).interests);
    return all.flatMap(({ description }) => this.#watched.epoll(description) ?? []);
  }

  #reaches(from: string, to: string): boolean {
    return from === to || this.#nested(from).some((inner) => this.#reaches(inner, to));
  }

  #height(key: string): number {
    return Math.max(0, ...this.#nested(key).map((inner) => 1 + this.#height(inner)));
  }
}

/** Failures and hang-ups are always told. */
const wanted = ({ events }: InterestRequest): number => (events | ALWAYS) >>> 0;
