/**
 * Address spaces come and go.
 *
 *   create ──▶ root table, no areas ── fork, exec, mmap ──▶ … ── destroy ──▶ pages and slots that others share stay
 *
 * A space's number is given again when the space is gone; what tags its entries in the TLB is another (asids.ts).
 */
import { assert } from '../../base/errors.ts';
import { type Frame, type SpaceId, spaceId, type VirtualAddress } from '../../base/numbers.ts';
import type { AddressLayout, RootState, SpaceState } from '../state.ts';
import { type Asids, NO_ASID } from './asids.ts';
import { type OutOfMemory, PageWait } from './contract.ts';
import { type MapParts, removeRange } from './map-calls.ts';
import type { PageTables } from './page-tables.ts';
import type { Reclaim } from './reclaim.ts';
import type { Replacement } from './replacement.ts';
import type { MemoryState } from './state.ts';
import type { TableTransfers } from './table-transfers.ts';
import type { Transfers } from './transfers.ts';

/** As many as state.ts counts and codes mappings of. */
export const MOST_SPACES = 65536;

export interface SpacesParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly asids: Asids;
  readonly tables: PageTables;
  readonly reclaim: Reclaim;
  readonly replacement: Replacement;
  readonly transfers: Transfers;
  readonly tableTransfers: TableTransfers;
  readonly calls: MapParts;
  /** The usual one first. */
  readonly schemes: readonly { readonly translation: string; readonly layout: AddressLayout }[];
}

export class Spaces {
  readonly #parts: SpacesParts;

  constructor(parts: SpacesParts) {
    this.#parts = parts;
  }

  /** An empty space. @throws PageWait when a frame for its root table has to be waited for */
  create(translation?: string): SpaceState | OutOfMemory {
    const id = this.#freeId();
    if (id === -1) {
      return { kind: 'out-of-memory', lacks: 'frames', detail: `there are ${MOST_SPACES} address spaces` };
    }
    const { reclaim } = this.#parts;
    const space = this.#make(id, translation);
    if (space !== undefined) return space;
    const shortage = reclaim.shortage();
    if (shortage.kind === 'blocked') throw new PageWait(shortage);
    return shortage;
  }

  destroy(id: SpaceId): void {
    const { root, state, asids, tables, transfers, tableTransfers, calls, replacement } = this.#parts;
    const space = this.get(id);
    removeRange(calls, space, 0, space.layout.end);
    tables.close(space);
    asids.end(space);
    root.spaces[id] = undefined;
    state.evictedLately.delete(id);
    replacement.ended(id);
    const awaited = awaitedRequests(root);
    transfers.abandonUnwanted(awaited);
    tableTransfers.abandonUnwanted(awaited);
  }

  get(id: SpaceId): SpaceState {
    const space = this.#parts.root.spaces[id];
    assert(space !== undefined, `space ${id} exists`);
    return space;
  }

  #make(id: SpaceId, named?: string): SpaceState | undefined {
    const { tables, reclaim, schemes } = this.#parts;
    const scheme =
      named === undefined ? schemes[0] : schemes.find(({ translation }) => translation === named);
    assert(scheme !== undefined, 'the machine was made with the scheme');
    const { translation, layout } = scheme;
    const space: SpaceState = {
      id,
      asid: NO_ASID,
      root: 0 as Frame,
      translation,
      layout,
      areas: [],
      brkStart: 0 as VirtualAddress,
      brk: 0 as VirtualAddress,
      mmapTop: layout.end,
      tableFrames: 0,
      resident: 0,
      residentPeak: 0,
    };
    if (!tables.open(space, () => reclaim.table(0, id))) return undefined;
    this.#parts.root.spaces[id] = space;
    return space;
  }

  #freeId(): SpaceId | -1 {
    const { spaces } = this.#parts.root;
    const hole = spaces.indexOf(undefined);
    if (hole !== -1) return spaceId(hole);
    return spaces.length < MOST_SPACES ? spaceId(spaces.length) : -1;
  }
}

/** Requests that a process waits for. */
function awaitedRequests({ processes }: RootState): ReadonlySet<number | undefined> {
  const awaited = new Set<number | undefined>();
  for (const { exit, waitsFor } of processes) if (exit === undefined) awaited.add(waitsFor);
  return awaited;
}
