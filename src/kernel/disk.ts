/**
 * The disk: one queue, one arm.
 *
 *   submit ──▶ queue: [in service][waiting][waiting] ──▶ done, known beforehand
 *              └ order: first come, first served, or the arm goes on as far as somebody waits and then turns (LOOK)
 *
 *   flat   a page takes `diskPage`, wherever it lies: the lecture notes' T(D)
 *   arm    sequential, where the last request ended     transfer a page
 *          elsewhere on the same track                  rotation + transfer a page
 *          on another track                             seek + distance × track + rotation + transfer a page
 *
 * Places are numbered in pages, `trackPages` of them a track. A request of several pages lies in adjacent places, and is
 * done when its last page is. Every plan is made at once, as far as it is known: a request that comes later, or one that
 * is taken back, changes the times of those that wait, and those that are for pages are told (`RequestState.due`).
 *
 * A page that is written is the disk's as soon as it is queued, so that its frame can be used for another.
 *
 * (Seek, rotation and transfer, scheduling by LOOK: Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", ch. 37.)
 */
import { assert } from '../base/errors.ts';
import { type Nanoseconds, nanoseconds } from '../base/numbers.ts';
import type { ClockState, ObjectId, RequestState } from './state.ts';

export type DiskModel = { readonly kind: 'flat' } | ArmModel;

/** Times in ns. */
export interface ArmModel {
  readonly kind: 'arm';
  /** To set the arm in motion and let it settle, and for each track that it passes. */
  readonly seek: number;
  readonly track: number;
  /** Until the place comes round: half a turn, on average. */
  readonly rotation: number;
  /** To read or write a page. */
  readonly transfer: number;
  readonly trackPages: number;
  /** First come, first served; or LOOK. */
  readonly order: 'fcfs' | 'elevator';
}

/**
 * 7,200 turns a minute: 8.33 ms each, half of it to wait on average, and 64 pages a turn. A seek over a third of the
 * default swap space (1,024 tracks) takes 4.4 ms, so that a page at a random place takes 8.7 ms: nearly the notes' 10.
 */
export const DEFAULT_ARM: ArmModel = {
  kind: 'arm',
  seek: 1_000_000,
  track: 10_000,
  rotation: 4_167_000,
  transfer: 130_000,
  trackPages: 64,
  order: 'fcfs',
};

export interface DiskRequest {
  /** Where the first page lies. */
  readonly place: number;
  readonly pages: number;
  readonly direction: 'read' | 'write';
  /** Nobody waits for it, so that it may be taken back: see `Disk.forget`. Absent: somebody might. */
  readonly urgency?: 'background' | undefined;
  /** What it takes beyond the disk's own time, ns. */
  readonly delay?: number | undefined;
}

/** A request as it was queued. */
export interface Ticket {
  readonly number: number;
  /** When it is done, as things stand. */
  readonly due: Nanoseconds;
}

/** A request in the queue, and what it is planned to take. Times in ns. */
export interface QueuedRequest {
  ticket: number;
  place: number;
  pages: number;
  direction: 'read' | 'write';
  background: boolean;
  delay: number;
  arrived: number;
  start: number;
  end: number;
  seeks: 0 | 1;
  /** In tracks. */
  distance: number;
  sequential: 0 | 1;
  /** Where the arm goes on its way there. */
  heading: 1 | -1;
  /** Places of pages that are not needed any more. */
  unneeded: number[];
}

/** What was asked of the disk and not taken back. */
export interface DiskCounts {
  reads: { requests: number; pages: number };
  writes: { requests: number; pages: number };
  seeks: number;
  /** Tracks that the arm has passed. */
  distance: number;
  /** Requests that began where the one before had ended. */
  sequential: number;
  /** Requests taken back before they had begun, and their pages. */
  cancelled: { requests: number; pages: number };
}

/** Pages of a file in adjacent places. */
export interface Extent {
  /** Index of its first page in the file. */
  first: number;
  pages: number;
  place: number;
}

export interface DiskState {
  /** In the order in which they are served. */
  queue: QueuedRequest[];
  nextTicket: number;
  /** The place behind the last request that is done, when it was, and where the arm was going. */
  head: number;
  freeAt: number;
  heading: 1 | -1;
  counts: DiskCounts;
  /** Where files lie, and the first place that nothing has. */
  files: Map<ObjectId, Extent[]>;
  end: number;
}

/** @param reserved places before those of files: the swap space */
export function initialDiskState(reserved: number): DiskState {
  return {
    queue: [],
    nextTicket: 1,
    head: 0,
    freeAt: 0,
    heading: 1,
    counts: {
      reads: { requests: 0, pages: 0 },
      writes: { requests: 0, pages: 0 },
      seeks: 0,
      distance: 0,
      sequential: 0,
      cancelled: { requests: 0, pages: 0 },
    },
    files: new Map(),
    end: reserved,
  };
}

const UNPLANNED = -1;

export interface DiskParts {
  readonly root: { readonly clock: ClockState; readonly disk: DiskState; readonly requests: RequestState[] };
  readonly model: DiskModel;
  /** Of a page under `flat`, ns. */
  readonly diskPage: number;
}

export class Disk {
  readonly #parts: DiskParts;

  constructor(parts: DiskParts) {
    this.#parts = parts;
  }

  submit(request: DiskRequest): Ticket {
    assert(request.pages > 0, 'a transfer has pages');
    this.#retire();
    const { clock, disk } = this.#parts.root;
    const entry = queued(request, disk.nextTicket++, clock.now);
    this.#count(entry.direction, 1, entry.pages);
    disk.queue.push(entry);
    if (this.#order === 'fcfs') this.#plan(disk.queue.length - 1);
    else this.#replan();
    return { number: entry.ticket, due: nanoseconds(entry.end) };
  }

  /** When the queue is empty, if nothing comes. */
  get freeAt(): Nanoseconds {
    const { disk } = this.#parts.root;
    return nanoseconds(disk.queue.at(-1)?.end ?? disk.freeAt);
  }

  /**
   * What lies at `place` is not needed any more. A background write that has not begun is taken back when none of
   * its pages is needed. Whether one was.
   */
  forget(place: number): boolean {
    const { clock, disk } = this.#parts.root;
    const at = disk.queue.findIndex((entry) => isIdleWrite(entry, place, clock.now));
    if (at === -1) return false;
    const entry = disk.queue[at]!;
    entry.unneeded.push(place);
    if (entry.unneeded.length < entry.pages) return false;
    this.#takeBack(at);
    return true;
  }

  #takeBack(at: number): void {
    const { disk } = this.#parts.root;
    const [entry] = disk.queue.splice(at, 1);
    this.#account(entry!, -1);
    this.#count(entry!.direction, -1, -entry!.pages);
    disk.counts.cancelled.requests++;
    disk.counts.cancelled.pages += entry!.pages;
    this.#replan();
  }

  #count(direction: 'read' | 'write', requests: number, pages: number): void {
    const { counts } = this.#parts.root.disk;
    const of = direction === 'read' ? counts.reads : counts.writes;
    of.requests += requests;
    of.pages += pages;
  }

  get #order(): 'fcfs' | 'elevator' {
    const { model } = this.#parts;
    return model.kind === 'flat' ? 'fcfs' : model.order;
  }

  /** Takes what is done out of the queue. */
  #retire(): void {
    const { clock, disk } = this.#parts.root;
    let done = 0;
    for (const entry of disk.queue) {
      if (entry.start === UNPLANNED || entry.end > clock.now) break;
      disk.head = entry.place + entry.pages;
      disk.freeAt = entry.end;
      disk.heading = entry.heading;
      done++;
    }
    // One at a time would move a long queue as often.
    if (done > 0) disk.queue.splice(0, done);
  }

  /** Plans everything that has not begun anew, and tells those who wait for it. */
  #replan(): void {
    this.#retire();
    const { clock, disk, requests } = this.#parts.root;
    const { queue } = disk;
    const begun = queue.findIndex((entry) => entry.start > clock.now || entry.start === UNPLANNED);
    if (begun === -1) return;
    if (this.#order === 'elevator') this.#arrange(begun);
    this.#plan(begun);
    const due = new Map(queue.slice(begun).map(({ ticket, end }) => [ticket, end]));
    for (const request of requests) {
      const changed = request.ticket === undefined ? undefined : due.get(request.ticket);
      if (changed !== undefined) request.due = nanoseconds(changed);
    }
  }

  /** Puts those that wait, from index `from` on, in the order in which the arm comes by. */
  #arrange(from: number): void {
    const { disk } = this.#parts.root;
    const { head, heading } = this.#before(from);
    const waiting = disk.queue.splice(from);
    const isAhead = ({ place }: QueuedRequest) => (place - head) * heading >= 0;
    const along = (sign: number) => (a: QueuedRequest, b: QueuedRequest) =>
      (a.place - b.place) * sign || a.ticket - b.ticket;
    const ahead = waiting.filter(isAhead).sort(along(heading));
    const behind = waiting.filter((entry) => !isAhead(entry)).sort(along(-heading));
    disk.queue.push(...ahead, ...behind);
  }

  /** Works out when those from index `from` on are served. */
  #plan(from: number): void {
    const { disk } = this.#parts.root;
    let before = this.#before(from);
    for (let at = from; at < disk.queue.length; at++) {
      const entry = disk.queue[at]!;
      if (entry.start !== UNPLANNED) this.#account(entry, -1);
      const { heading, distance, sequential, time } = this.#service(entry, before);
      const start = Math.max(before.freeAt, entry.arrived);
      const seeks = distance > 0 ? 1 : 0;
      Object.assign(entry, { start, end: start + time, seeks, distance, sequential, heading });
      this.#account(entry, 1);
      before = { head: entry.place + entry.pages, freeAt: entry.end, heading };
    }
  }

  #before(at: number): Pick<DiskState, 'head' | 'freeAt' | 'heading'> {
    const { disk } = this.#parts.root;
    const last = disk.queue[at - 1];
    return last === undefined
      ? disk
      : { head: last.place + last.pages, freeAt: last.end, heading: last.heading };
  }

  #service({ place, pages, delay }: QueuedRequest, { head, heading }: Pick<DiskState, 'head' | 'heading'>) {
    const { model, diskPage } = this.#parts;
    if (model.kind === 'flat')
      return { heading, distance: 0, sequential: 0 as const, time: pages * diskPage + delay };
    const towards = place === head ? heading : place > head ? (1 as const) : (-1 as const);
    const distance = Math.abs(trackOf(model, place) - trackOf(model, head));
    const arm = distance === 0 ? 0 : model.seek + distance * model.track;
    const position = place === head ? 0 : arm + model.rotation;
    const isNext = place === head;
    return {
      heading: towards,
      // Going on to the next track takes no time, and is no seek.
      distance: isNext ? 0 : distance,
      sequential: isNext ? (1 as const) : (0 as const),
      time: position + pages * model.transfer + delay,
    };
  }

  /** Adds what a request takes to the counts, or takes it off. */
  #account({ start, end, seeks, distance, sequential }: QueuedRequest, sign: 1 | -1): void {
    const { clock, disk } = this.#parts.root;
    clock.disk += sign * (end - start);
    disk.counts.seeks += sign * seeks;
    disk.counts.distance += sign * distance;
    disk.counts.sequential += sign * sequential;
  }
}

function queued(
  { place, pages, direction, urgency, delay = 0 }: DiskRequest,
  ticket: number,
  now: number,
): QueuedRequest {
  const background = urgency === 'background';
  const plan = {
    start: UNPLANNED,
    end: UNPLANNED,
    seeks: 0,
    distance: 0,
    sequential: 0,
    heading: 1,
  } as const;
  return { ticket, place, pages, direction, background, delay, arrived: now, ...plan, unneeded: [] };
}

const trackOf = ({ trackPages }: ArmModel, place: number): number => Math.floor(place / trackPages);

/** Whether it is a background write that holds `place` and has not begun. */
const isIdleWrite = (entry: QueuedRequest, place: number, now: number): boolean =>
  entry.background &&
  entry.direction === 'write' &&
  entry.start > now &&
  place >= entry.place &&
  place < entry.place + entry.pages &&
  !entry.unneeded.includes(place);
