/** The disk's queue and arm, with times and seeks summed by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nanoseconds } from '../../src/base/numbers.ts';
import { initialClockState } from '../../src/kernel/clock.ts';
import {
  type ArmModel,
  Disk,
  type DiskModel,
  type DiskRequest,
  initialDiskState,
} from '../../src/kernel/disk.ts';
import type { RequestState } from '../../src/kernel/state.ts';

/** Tracks of 10 pages: a seek is 100 + 5 a track, half a turn 40, a page 2. */
const arm: ArmModel = {
  kind: 'arm',
  seek: 100,
  track: 5,
  rotation: 40,
  transfer: 2,
  trackPages: 10,
  order: 'fcfs',
};

function diskOf(model: DiskModel) {
  const root = { clock: initialClockState(), disk: initialDiskState(100), requests: [] as RequestState[] };
  const disk = new Disk({ root, model, diskPage: 50 });
  const at = (now: number) => {
    root.clock.now = nanoseconds(now);
  };
  return { root, disk, at, counts: root.disk.counts };
}

const read = (place: number, pages = 1): DiskRequest => ({ place, pages, direction: 'read' });
const behind = (place: number, pages = 1): DiskRequest => ({
  place,
  pages,
  direction: 'write',
  urgency: 'background',
});

describe('a flat disk', () => {
  it('takes the same for every page, one request after the other, and seeks nowhere', () => {
    const { root, disk, at, counts } = diskOf({ kind: 'flat' });
    expect(disk.submit(read(7)).due).toBe(50);
    expect(disk.submit(read(90, 3)).due).toBe(50 + 150);
    expect(disk.submit({ ...read(8), delay: 9 }).due).toBe(200 + 59);
    at(1000);
    expect(disk.submit(read(8)).due).toBe(1050);
    expect(counts).toMatchObject({ reads: { requests: 4, pages: 6 }, seeks: 0, distance: 0, sequential: 0 });
    expect(root.clock.disk).toBe(50 + 150 + 59 + 50);
  });
});

describe('an arm', () => {
  it('seeks by distance, waits half a turn, and reads on for nothing but the transfer', () => {
    const { root, disk, counts } = diskOf(arm);
    // The head stands at 0.
    expect(disk.submit(read(0, 3)).due).toBe(6); // sequential: 3 × 2. Head at 3.
    expect(disk.submit(read(3)).due).toBe(6 + 2); // sequential. Head at 4.
    expect(disk.submit(read(8)).due).toBe(8 + 40 + 2); // same track: half a turn. Head at 9.
    expect(disk.submit(read(95)).due).toBe(50 + 100 + 9 * 5 + 40 + 2); // track 0 to 9. Head at 96.
    expect(disk.submit(read(96, 4)).due).toBe(237 + 8); // sequential. Head at 100, track 10.
    expect(disk.submit(read(20)).due).toBe(245 + 100 + 8 * 5 + 42); // track 10 to 2.
    expect(counts).toMatchObject({ seeks: 2, distance: 9 + 8, sequential: 3 });
    expect(root.clock.disk).toBe(427);
  });

  it('is moved more by two who read different places in turn than by one after the other', () => {
    const [inTurn, afterEachOther] = [diskOf(arm), diskOf(arm)];
    for (let i = 0; i < 5; i++) {
      inTurn.disk.submit(read(i));
      inTurn.disk.submit(read(200 + i));
    }
    for (let i = 0; i < 5; i++) afterEachOther.disk.submit(read(i));
    for (let i = 0; i < 5; i++) afterEachOther.disk.submit(read(200 + i));
    // There 5 times and back 4 times, 20 tracks each; or there once.
    expect(inTurn.counts).toMatchObject({ seeks: 9, distance: 9 * 20 });
    expect(afterEachOther.counts).toMatchObject({ seeks: 1, distance: 20 });
    // 10 pages of 2; each seek is 100 + 20 × 5 + 40.
    expect(inTurn.root.clock.disk).toBe(20 + 9 * 240);
    expect(afterEachOther.root.clock.disk).toBe(20 + 240);
  });

  it('serves those on its way first as an elevator, and tells those that wait longer for it', () => {
    const { root, disk, counts } = diskOf({ ...arm, order: 'elevator' });
    const places = [50, 90, 10, 70];
    for (const [id, place] of places.entries()) {
      const { number, due } = disk.submit(read(place));
      root.requests.push({ id, due, ticket: number } as RequestState);
    }
    // 50 is in service: 100 + 5 × 5 + 42 = 167. Then up, 70 and 90, 2 tracks
    // each (152), and back to 10, 8 tracks (182).
    expect(root.requests.map(({ due }) => due)).toEqual([167, 319 + 152, 471 + 182, 167 + 152]);
    expect(root.disk.queue.map(({ place }) => place)).toEqual([50, 70, 90, 10]);
    expect(counts).toMatchObject({ seeks: 4, distance: 5 + 2 + 2 + 8 });
  });
});

describe('a write that nobody waits for', () => {
  it('is taken back when none of its pages is needed any more and it has not begun', () => {
    const { root, disk, at, counts } = diskOf(arm);
    disk.submit(read(30)); // 100 + 3 × 5 + 42 = 157
    disk.submit(behind(40, 2));
    const { number, due } = disk.submit(read(31));
    // Track 3 to 4 and back: 100 + 5 + 40 + 4 = 149, then 147.
    expect(due).toBe(157 + 149 + 147);
    root.requests.push({ id: 1, due, ticket: number } as RequestState);
    at(10);
    expect(disk.forget(40)).toBe(false);
    expect(disk.forget(40)).toBe(false);
    expect(disk.forget(39)).toBe(false);
    expect(disk.forget(41)).toBe(true);
    // 31 lies behind 30: it is sequential now.
    expect(root.requests[0]!.due).toBe(157 + 2);
    expect(root.clock.disk).toBe(159);
    expect(counts).toEqual({
      reads: { requests: 2, pages: 2 },
      writes: { requests: 0, pages: 0 },
      seeks: 1,
      distance: 3,
      sequential: 1,
      cancelled: { requests: 1, pages: 2 },
    });
  });

  it('is not when it has begun, or when somebody may wait for it', () => {
    const { disk, at, counts } = diskOf(arm);
    disk.submit(behind(40));
    expect(disk.forget(40)).toBe(false);
    disk.submit({ ...behind(50), urgency: undefined });
    at(1);
    expect(disk.forget(50)).toBe(false);
    expect(counts.cancelled).toEqual({ requests: 0, pages: 0 });
  });
});

describe('any sequence of requests', () => {
  const step = fc.record({
    wait: fc.constantFrom(0, 0, 1, 60, 700),
    place: fc.nat(99),
    pages: fc.integer({ min: 1, max: 6 }),
    write: fc.boolean(),
    forget: fc.nat(99),
  });
  const order = fc.constantFrom('fcfs' as const, 'elevator' as const);

  it('is served without a gap, each once, and what was counted is what was done', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), order, (steps, order) => {
        const { root, disk, at, counts } = diskOf({ ...arm, order });
        const done = new Map<number, { place: number; pages: number; start: number; end: number }>();
        const takeDown = () => {
          for (const entry of root.disk.queue) done.set(entry.ticket, { ...entry });
        };
        let now = 0;
        for (const { wait, place, pages, write, forget } of steps) {
          now += wait;
          at(now);
          disk.submit(write ? behind(place, pages) : read(place, pages));
          takeDown();
          const waiting = new Set(root.disk.queue.map(({ ticket }) => ticket));
          if (disk.forget(forget)) {
            for (const ticket of waiting)
              if (!root.disk.queue.some((entry) => entry.ticket === ticket)) done.delete(ticket);
          }
          takeDown();
        }
        const served = [...done.values()].sort((a, b) => a.start - b.start);
        let [head, freeAt, seeks, distance, busy] = [0, 0, 0, 0, 0];
        for (const { place, pages, start, end } of served) {
          expect(start).toBeGreaterThanOrEqual(freeAt);
          const tracks = Math.abs(Math.floor(place / 10) - Math.floor(head / 10));
          const moves = place !== head && tracks > 0;
          const position = place === head ? 0 : 40 + (moves ? 100 + 5 * tracks : 0);
          expect(end - start).toBe(position + 2 * pages);
          if (moves) [seeks, distance] = [seeks + 1, distance + tracks];
          [head, freeAt, busy] = [place + pages, end, busy + end - start];
        }
        expect(counts).toMatchObject({ seeks, distance });
        expect(counts.reads.requests + counts.writes.requests).toBe(served.length);
        expect(root.clock.disk).toBe(busy);
      }),
      { numRuns: 500 },
    );
  });
});
