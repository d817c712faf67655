/**
 * Many dirty pages in few writes. Pages of files that lie next to each other go in one; pages for swap get new slots
 * next to each other, in order of their addresses, as nothing says where in swap a page has to be. Where there is no run
 * of free slots that is long enough, the longest one is taken, then the next; pages that find none go one by one, to
 * the slots that they have.
 *
 *   dirty   B2  A7  file 4  A8  file 5      sorted   A7 A8 B2 │ file 4, 5      2 writes, of 3 pages and of 2
 *
 * (Clustering: lecture "Other VM policies"; the freedom to place pages anywhere in swap: the VAX/VMS case there. As
 * there, what is written together is what is evicted or cleaned together.)
 */
import { type Frame, PAGE_SIZE, type Slot, slot as slotNumber } from '../../base/numbers.ts';
import type { EventSink } from '../events.ts';
import type { Clock, MemoryCounters } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageCache } from './pagecache.ts';
import type { DiskPlaces } from './places.ts';
import type { Swap } from './swap.ts';
import type { SwapIo } from './swap-io.ts';
import type { Urgency, WriteBack } from './writeback.ts';

export interface ClusterParts {
  readonly ram: Uint8Array;
  readonly frames: FrameTable;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly swapIo: SwapIo;
  readonly mappings: Mappings;
  readonly places: DiskPlaces;
  readonly writeBack: WriteBack;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly events: EventSink;
}

export interface ClusterRequest {
  /** Dirty pages in memory. */
  readonly frames: readonly Frame[];
  /** Pages that one write holds at most. */
  readonly most: number;
  readonly urgency: Urgency;
  /**
   * Called for each page that is safe now, before the next is written: whatever is written later may need the slot of
   * a page that is still called dirty.
   */
  readonly written: (frame: Frame) => void;
}

export class Clusters {
  readonly #parts: ClusterParts;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
  }

  /** Writes pages to where they belong. Those that can't be written are as they were. */
  write({ frames, most, urgency, written }: ClusterRequest): void {
    for (const run of this.#runs(frames)) {
      for (let at = 0; at < run.length; at += most) {
        const cluster = run.slice(at, at + most);
        if (this.#parts.cache.livesInSwap(cluster[0]!)) this.#toSwap(cluster, urgency, written);
        else this.#toFile(cluster, urgency, written);
      }
    }
  }

  /** Pages in the order of their places: those for swap by address, and each piece of a file on its own. */
  #runs(frames: readonly Frame[]): Frame[][] {
    const { cache, places } = this.#parts;
    const forSwap = frames.filter((frame) => cache.livesInSwap(frame));
    const runs = [forSwap.sort((a, b) => this.#address(a) - this.#address(b) || a - b)];
    const ofFiles = frames.filter((frame) => !cache.livesInSwap(frame));
    const placeOf = (frame: Frame) =>
      places.ofFile(this.#parts.frames.object(frame) as number, this.#parts.frames.index(frame));
    let next = -1;
    for (const { frame, place } of ofFiles
      .map((frame) => ({ frame, place: placeOf(frame) }))
      .sort((a, b) => a.place - b.place)) {
      if (place === next) runs.at(-1)!.push(frame);
      else runs.push([frame]);
      next = place + 1;
    }
    return runs;
  }

  /** Orders pages by space and page; shared memory that nobody maps comes first. */
  #address(frame: Frame): number {
    return this.#parts.frames.firstMapper(frame);
  }

  #toFile(cluster: Frame[], urgency: Urgency, written: (frame: Frame) => void): void {
    const { frames, writeBack, places, clock } = this.#parts;
    const good = cluster.filter((frame) => writeBack.putInFile(frame));
    if (good.length === 0) return;
    const [first] = good;
    const place = places.ofFile(frames.object(first!) as number, frames.index(first!));
    clock.disk({ place, pages: good.length, direction: 'write', urgency });
    this.#count(good.length);
    for (const frame of good) written(frame);
  }

  #toSwap(cluster: Frame[], urgency: Urgency, written: (frame: Frame) => void): void {
    for (let left = cluster; left.length > 0; ) {
      const slots = this.#slotsFor(left);
      const together = left.slice(0, slots.length);
      left = left.slice(Math.max(1, slots.length));
      if (slots.length > 1) this.#writeTogether(together, slots, urgency, written);
      else this.#alone(cluster[cluster.length - left.length - 1]!, urgency, written);
    }
  }

  #alone(frame: Frame, urgency: Urgency, written: (frame: Frame) => void): void {
    if (this.#parts.writeBack.write(frame, urgency) === 'written') written(frame);
  }

  /** Adjacent slots for the first so many of the pages: their own if they are, or new ones. */
  #slotsFor(pages: Frame[]): Slot[] {
    const { frames, swap, mappings } = this.#parts;
    const own = pages.map((frame) => frames.slot(frame));
    if (own[0] !== -1 && own.every((slot, i) => slot === own[0]! + i)) return own as Slot[];
    const run = pages.length < 2 ? undefined : swap.allocateRun(pages.map((frame) => frames.key(frame)));
    if (run === undefined) return [];
    return Array.from({ length: run.count }, (_, i) => {
      const frame = pages[i]!;
      const slot = slotNumber(run.first + i);
      mappings.dropCopy(frame);
      frames.setSlot(frame, slot);
      swap.setFrame(slot, frame);
      return slot;
    });
  }

  #writeTogether(cluster: Frame[], slots: Slot[], urgency: Urgency, written: (frame: Frame) => void): void {
    const { ram, frames, swap, swapIo, places, writeBack, clock, events } = this.#parts;
    const bytes = new Uint8Array(cluster.length * PAGE_SIZE);
    for (const [i, frame] of cluster.entries())
      bytes.set(ram.subarray(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE), i * PAGE_SIZE);
    const delay = swapIo.delay('write', slots);
    const place = places.ofSlot(slots[0]!);
    clock.disk({ place, pages: slots.length, direction: 'write', urgency, delay });
    this.#count(slots.length);
    const failures = new Map(swapIo.write(slots, bytes).map((failure) => [failure.slot, failure]));
    const again: Frame[] = [];
    for (const [i, frame] of cluster.entries()) {
      const slot = slots[i]!;
      const failure = failures.get(slot);
      if (failure !== undefined) {
        writeBack.giveUpSlot(frame, slot, failure);
        again.push(frame);
        continue;
      }
      swap.noteWrite('written');
      if (events.watched) events.emit({ type: 'swap-out', slot, frame, page: frames.key(frame) });
      written(frame);
    }
    for (const frame of again) this.#alone(frame, urgency, written);
  }

  #count(pages: number): void {
    if (pages < 2) return;
    const { clusters } = this.#parts.counters.paging;
    clusters.writes++;
    clusters.pages += pages;
  }
}
