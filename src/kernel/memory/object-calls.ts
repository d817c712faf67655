/** What read(2), write(2) and truncate(2) of a file mean for its pages in memory. */
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { ObjectId, SpaceState } from '../state.ts';
import type { ReferenceSink } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageTables } from './page-tables.ts';
import type { PageCache } from './pagecache.ts';
import { LOADING, pageOfCode, pagesFor, spaceOfCode } from './state.ts';

export interface ObjectCallParts {
  readonly spaces: readonly (SpaceState | undefined)[];
  readonly machine: MachinePort;
  readonly references: ReferenceSink | undefined;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly cache: PageCache;
  readonly mappings: Mappings;
}

/** Calls `each` for the parts of a byte range that lie in pages of the object in memory. */
function eachCached(
  { cache, frames }: ObjectCallParts,
  object: ObjectId,
  offset: number,
  bytes: number,
  each: (frame: Frame, inFrame: number, inRange: number, bytes: number) => void,
): void {
  if (cache.object(object) === undefined) return;
  for (let done = 0; done < bytes; ) {
    const at = offset + done;
    const inFrame = at % PAGE_SIZE;
    const part = Math.min(PAGE_SIZE - inFrame, bytes - done);
    const frame = cache.frame(object, Math.floor(at / PAGE_SIZE));
    if (frame !== -1 && !frames.has(frame, LOADING)) each(frame, frame * PAGE_SIZE + inFrame, done, part);
    done += part;
  }
}

/** A page in memory may be newer than the file. */
export function readThroughCache(
  parts: ObjectCallParts,
  object: ObjectId,
  offset: number,
  into: Uint8Array,
): void {
  const { ram } = parts.machine;
  eachCached(parts, object, offset, into.length, (_frame, from, done, bytes) => {
    into.set(ram.subarray(from, from + bytes), done);
  });
}

/** The file has the bytes already; its pages in memory get them too and stay as clean or dirty as they were. */
export function writeThroughCache(
  parts: ObjectCallParts,
  object: ObjectId,
  offset: number,
  from: Uint8Array,
): void {
  const { machine } = parts;
  eachCached(parts, object, offset, from.length, (frame, to, done, bytes) => {
    machine.ram.set(from.subarray(done, done + bytes), to);
    machine.codeChanged(frame);
  });
}

/**
 * Pages from byte `from` on are gone, and so are private copies of them; the rest of the last page becomes
 * zeros. Touching them raises SIGBUS from now on, unless the file grows again.
 */
export function objectTruncated(parts: ObjectCallParts, object: ObjectId, from: number): void {
  const { cache, frames, mappings } = parts;
  const known = cache.object(object);
  if (known === undefined) return;
  const keep = pagesFor(from);
  dropEntries(parts, object, keep);
  for (const [index, number] of [...known.frames]) {
    const frame = number as Frame;
    if (index < keep || frames.has(frame, LOADING)) continue;
    unmapAll(parts, frame);
    mappings.release(frame);
  }
  if (from % PAGE_SIZE === 0) return;
  const zeros = new Uint8Array(PAGE_SIZE - (from % PAGE_SIZE));
  writeThroughCache(parts, object, from, zeros);
}

/** Entries of areas that map the object, from page `keep` of it on. */
function dropEntries(
  { spaces, tables, mappings, references }: ObjectCallParts,
  object: ObjectId,
  keep: number,
): void {
  for (const space of spaces) {
    if (space === undefined) continue;
    for (const area of space.areas) {
      if (area.backing?.object !== object) continue;
      const first = area.start / PAGE_SIZE + Math.max(0, keep - area.backing.offset / PAGE_SIZE);
      const visible = pagesFor(Math.min(area.backing.length, area.end - area.start));
      const end = area.start / PAGE_SIZE + visible;
      if (first >= end) continue;
      tables.forEach(space, first, end, (page, at) => mappings.clear(space, page, at));
      tables.prune(space, first, end);
      references?.gone(space.id, first as Vpn, end - first);
    }
  }
}

function unmapAll({ spaces, tables, frames, mappings }: ObjectCallParts, frame: Frame): void {
  for (const code of frames.mappersOf(frame)) {
    const space = spaces[spaceOfCode(code)]!;
    mappings.clear(space, pageOfCode(code), tables.find(space, pageOfCode(code)));
  }
}
