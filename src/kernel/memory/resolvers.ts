/** One resolver for each case of a fault. Each either maps the page, or starts a transfer, or gives up. */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, slot as slotNumber } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { PageKey } from '../../policies/replacement/contract.ts';
import { payloadOf } from '../../translation/invalid-entry.ts';
import type { EventSink } from '../events.ts';
import type { Costs } from '../state.ts';
import { BUS_ADRERR, SIGBUS } from './classify.ts';
import type { Clock, MemoryCounters, Outcome } from './contract.ts';
import { type BackedPage, backedPage, type FaultSite, showsObject } from './fault-site.ts';
import type { FirstTouch } from './first-touch.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageTables } from './page-tables.ts';
import type { PageCache } from './pagecache.ts';
import type { Pins } from './pins.ts';
import type { ReadAhead } from './read-ahead.ts';
import type { Reclaim } from './reclaim.ts';
import type { Replacement } from './replacement.ts';
import { LOADING, type MemoryState, MODIFIED } from './state.ts';
import type { SuperpageTables } from './superpage-tables.ts';
import type { Swap } from './swap.ts';
import type { Origin, Transfers } from './transfers.ts';

export interface ResolverParts {
  readonly state: MemoryState;
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly pins: Pins;
  readonly mappings: Mappings;
  readonly replacement: Replacement;
  readonly reclaim: Reclaim;
  readonly transfers: Transfers;
  readonly readAhead: Pick<ReadAhead, 'beside'>;
  readonly superpages: SuperpageTables | undefined;
  readonly firstTouch: FirstTouch;
  readonly counters: MemoryCounters;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly costs: Pick<Costs, 'copyPage'>;
}

const RESUMED: Outcome = { kind: 'resumed' };

/** As Linux answers a page that could not be read from swap (6.6, mm/memory.c, do_swap_page: VM_FAULT_SIGBUS). */
export const lostPage = ({ address }: Pick<FaultSite, 'address'>, why: string): Outcome => ({
  kind: 'signal',
  signal: SIGBUS,
  code: BUS_ADRERR,
  address,
  detail: why,
});

export class Resolvers {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** A page that nothing was ever put in: a frame of zeros. */
  zero(site: FaultSite): Outcome {
    const { machine, cache, counters } = this.#parts;
    if (this.#parts.firstTouch.superpage(site)) return RESUMED;
    const backed = backedPage(site.area, site.page);
    const shared = backed !== undefined && showsObject(site.area, backed);
    const key = shared ? cache.key(backed.object, backed.index) : this.#keyOf(site);
    const at = this.#entry(site, key);
    const frame = at === -1 ? -1 : this.#frame(site, key);
    if (frame === -1) return this.#parts.reclaim.shortage();
    machine.ram.fill(0, frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
    machine.codeChanged(frame);
    counters.zeroedFrames++;
    if (shared) cache.insert(backed.object, backed.index, frame);
    return this.#admitAndMap(site, at, frame);
  }

  /** A page of a file: into the page cache, or straight into a page of its own when it is to be written. */
  file(site: FaultSite): Outcome {
    const { cache } = this.#parts;
    const backed = backedPage(site.area, site.page)!;
    const own = !showsObject(site.area, backed) || (site.access === 'store' && !site.area.shared);
    const key = own ? this.#keyOf(site) : cache.key(backed.object, backed.index);
    const at = this.#entry(site, key);
    const frame = at === -1 ? -1 : this.#frame(site, key);
    if (frame === -1) return this.#parts.reclaim.shortage();
    if (!own) cache.insert(backed.object, backed.index, frame);
    const { object, index } = backed;
    return this.#fetch(site, frame, { kind: 'file-in', object, index });
  }

  /** A page in swap, the program's own or one of shared memory. */
  swapped(site: FaultSite): Outcome {
    const { tables, cache, swap, mappings, transfers } = this.#parts;
    const own = site.entryAddress === -1 ? -1 : mappings.slotOf(site.entryAddress);
    const backed = own === -1 ? backedPage(site.area, site.page) : undefined;
    const slot = slotNumber(own !== -1 ? own : cache.slot(backed!.object, backed!.index));
    const resident = own === -1 ? -1 : swap.frame(slot);
    if (resident !== -1) return this.#share(site, resident);
    const why = swap.whyLost(slot);
    if (why !== undefined) return lostPage(site, why);
    const pending = transfers.pendingFrom(slot);
    if (pending !== undefined) return pending;
    const key = swap.key(slot);
    const at = this.#entry(site, key);
    const frame = at === -1 ? -1 : this.#frame(site, key);
    if (frame === -1) return this.#parts.reclaim.shortage();
    assert(tables.low(at) === site.low, 'making room changes no entry of a page that is not in memory');
    if (backed !== undefined) cache.insert(backed.object, backed.index, frame);
    return this.#fetch(site, frame, { kind: 'swap-in', slot });
  }

  /** Starts to read the page into its frame, and what lies behind it into others. */
  #fetch(site: FaultSite, frame: Frame, origin: Origin): Outcome {
    const { transfers, readAhead } = this.#parts;
    return transfers.begin(site.space.id, site.page, frame, origin, readAhead.beside(site, origin));
  }

  /** A page of the page cache that only the entry is missing of. */
  mapped(site: FaultSite): Outcome {
    const { frames, cache, transfers } = this.#parts;
    const backed = backedPage(site.area, site.page)!;
    const frame = cache.frame(backed.object, backed.index) as Frame;
    if (frames.has(frame, LOADING)) return transfers.pendingInto(frame);
    frames.pin(frame);
    const at = this.#entry(site, frames.key(frame));
    frames.unpin(frame);
    if (at === -1) return this.#parts.reclaim.shortage();
    this.#mapResident(site, at, frame);
    return RESUMED;
  }

  /** A page that is in its frame, and whose next use was to be seen. */
  firstUse({ space, area, page, access, entryAddress }: FaultSite): Outcome {
    const { mappings, pins } = this.#parts;
    pins.addGuest(mappings.reveal({ space, page, at: entryAddress }, area, access));
    return RESUMED;
  }

  /** The first store to a page since it was clean. */
  firstWrite({ space, area, page, entryAddress }: FaultSite): Outcome {
    const { mappings, pins } = this.#parts;
    pins.addGuest(mappings.modify({ space, page, at: entryAddress }, area));
    return RESUMED;
  }

  /** A store to a page that is shared until written. */
  copyOnWrite(site: FaultSite): Outcome {
    const { frames, cache, transfers, mappings } = this.#parts;
    const present = site.entryAddress === -1 ? -1 : mappings.frameOf(site.entryAddress);
    const backed = backedPage(site.area, site.page);
    const source = present !== -1 ? present : cache.frame(backed!.object, backed!.index);
    assert(source !== -1, 'what is copied is in memory');
    if (frames.has(source, LOADING)) return transfers.pendingInto(source);
    this.#parts.superpages?.split(site.entryAddress, 'copyOnWrite');
    return this.#isLastSharer(source, present)
      ? this.#takeOver(site, source, present)
      : this.#copy(site, source, present, backed);
  }

  /** The entry allows the access already: the TLB must have held an older one. */
  spurious(site: FaultSite): Outcome {
    this.#parts.tables.flush(site.space, site.page);
    return RESUMED;
  }

  /** Whether nobody else sees the page, so that it can be written where it is. */
  #isLastSharer(source: Frame, present: Frame | -1): boolean {
    const { frames, cache, replacement } = this.#parts;
    if (frames.mapperCount(source) > (present === -1 ? 0 : 1)) return false;
    if (frames.object(source) === -1) return true;
    // A file's page can be read again; shared memory's can't, nor one whose file has not got its bytes yet.
    return !cache.livesInSwap(source) && !replacement.isDirty(source);
  }

  #takeOver(site: FaultSite, frame: Frame, present: Frame | -1): Outcome {
    const { state, frames, cache, mappings, pins } = this.#parts;
    const wasForked = frames.object(frame) === -1;
    let at = site.entryAddress;
    if (present === -1) {
      frames.pin(frame);
      at = this.#entry(site, frames.key(frame));
      frames.unpin(frame);
      if (at === -1) return this.#parts.reclaim.shortage();
    }
    if (frames.object(frame) !== -1) cache.detach(frame);
    mappings.part(frame, () => state.nextKey++);
    if (present === -1) this.#mapResident(site, at, frame);
    else mappings.modify({ space: site.space, page: site.page, at }, site.area);
    pins.addGuest(frame);
    this.#told(site, frame, wasForked, 'taken-over');
    return RESUMED;
  }

  #copy(site: FaultSite, source: Frame, present: Frame | -1, backed: BackedPage | undefined): Outcome {
    const { machine, frames, mappings, pins, reclaim, clock, costs } = this.#parts;
    assert(present !== -1 || backed !== undefined, 'a copy has a source');
    frames.pin(source);
    pins.copies(site.by);
    const key = this.#keyOf(site);
    const at = this.#entry(site, key);
    const frame = at === -1 ? -1 : this.#frame(site, key);
    frames.unpin(source);
    if (frame === -1) return reclaim.shortage();
    machine.ram.copyWithin(frame * PAGE_SIZE, source * PAGE_SIZE, (source + 1) * PAGE_SIZE);
    frames.noteUse(source);
    machine.codeChanged(frame);
    // Nothing but this frame holds what is going to be written.
    frames.set(frame, MODIFIED);
    pins.letGo(source, site.space.id);
    if (present !== -1) mappings.unmap(site.space, site.page, at, 0, 0);
    const wasForked = frames.object(source) === -1;
    clock.charge(wasForked ? 'forks' : 'faults', costs.copyPage);
    this.#told(site, frame, wasForked, 'copied');
    return this.#admitAndMap(site, at, frame);
  }

  /** How a write to a shared page ended. Only forks make anonymous pages that are shared. */
  #told(site: FaultSite, frame: Frame, wasForked: boolean, how: 'copied' | 'taken-over'): void {
    const { counters, events } = this.#parts;
    if (wasForked) counters[how === 'copied' ? 'copiedOnWrite' : 'takenOver']++;
    if (!events.watched) return;
    events.emit({ type: 'copy-on-write', space: site.space.id, vpn: site.page, frame, how });
  }

  /** Another space's copy of the same swapped page is in memory already. */
  #share(site: FaultSite, frame: Frame): Outcome {
    const { frames, swap } = this.#parts;
    const slot = frames.slot(frame);
    assert(slot !== -1, 'a frame in the swap map has its slot');
    // First, so that a page that nobody else counts on can be written at once.
    swap.release(slot);
    this.#mapResident(site, site.entryAddress, frame);
    return RESUMED;
  }

  /** Another mapping of a page that is in memory: a use of it. */
  #mapResident(site: FaultSite, at: number, frame: Frame): void {
    const { mappings, pins, replacement } = this.#parts;
    mappings.map(site.space, site.area, site.page, at, frame, site.access);
    replacement.seen(frame);
    pins.addGuest(frame);
  }

  #admitAndMap(site: FaultSite, at: number, frame: Frame): Outcome {
    const { frames, mappings, pins, replacement } = this.#parts;
    replacement.admitted(frame, frames.key(frame), site.space.id);
    mappings.map(site.space, site.area, site.page, at, frame, site.access);
    pins.addGuest(frame);
    return RESUMED;
  }

  /** Key of a private page: the one that its entry kept, or a new one. */
  #keyOf(site: FaultSite): PageKey {
    const { tables, mappings, state } = this.#parts;
    const kept = mappings.droppedKey(site.low, site.high);
    assert(kept === -1 || kept === payloadOf(tables.format, site.low, site.high), 'the entry keeps the key');
    return kept === -1 ? state.nextKey++ : kept;
  }

  #entry(site: FaultSite, key: PageKey): number {
    const { tables, pins, reclaim } = this.#parts;
    if (site.entryAddress !== -1) return site.entryAddress;
    const made = tables.ensure(site.space, site.page, () => reclaim.table(key, site.space.id));
    pins.needTable(made, site.by);
    return made;
  }

  #frame({ space }: FaultSite, key: PageKey): Frame | -1 {
    return this.#parts.reclaim.page(key, space.id);
  }
}
