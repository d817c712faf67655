/** One page of a fork: what the child gets for what the parent has. See fork.ts. */
import { addressOf, type Frame, PAGE_SIZE, slot as slotNumber, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { encodeInvalid, SWAPPED } from '../../translation/invalid-entry.ts';
import { type Area, PROT_WRITE, type SpaceState } from '../state.ts';
import {
  type MemoryCounters,
  type Outcome,
  type OutOfMemory,
  PageWait,
  type ReferenceSink,
} from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageTables } from './page-tables.ts';
import type { PageCache } from './pagecache.ts';
import type { Pins } from './pins.ts';
import type { Reclaim } from './reclaim.ts';
import type { Replacement } from './replacement.ts';
import type { Resolvers } from './resolvers.ts';
import { type ForkState, type MemoryState, MODIFIED } from './state.ts';
import type { Swap } from './swap.ts';
import type { TableTransfers } from './table-transfers.ts';
import type { Transfers } from './transfers.ts';

export interface ForkPageParts {
  readonly state: MemoryState;
  readonly machine: MachinePort;
  readonly references: ReferenceSink | undefined;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly swap: Swap;
  readonly cache: PageCache;
  readonly pins: Pins;
  readonly mappings: Mappings;
  readonly replacement: Replacement;
  readonly reclaim: Reclaim;
  readonly resolvers: Resolvers;
  readonly transfers: Transfers;
  readonly tableTransfers: TableTransfers;
  readonly counters: MemoryCounters;
}

/** A fork that is being worked on. */
export interface ForkWork {
  readonly fork: ForkState;
  readonly parent: SpaceState;
  readonly child: SpaceState;
  /** Whether an entry of the parent has lost its write permission, so that the TLB must forget the parent. */
  withdrawn: boolean;
}

export class ForkPages {
  readonly #parts: ForkPageParts;

  constructor(parts: ForkPageParts) {
    this.#parts = parts;
  }

  /**
   * Gives the child what the parent's entry at `at` leads to.
   * @throws PageWait when a page, a table or a frame has to come first; nothing was done then
   */
  give(work: ForkWork, area: Area, page: Vpn, at: number): OutOfMemory | undefined {
    if (this.#parts.tables.isSwapped(at)) return this.#bringTable(work.parent, page, at);
    return this.#holding(at, () => this.#giveEntry(work, area, page, at));
  }

  #giveEntry(work: ForkWork, area: Area, page: Vpn, at: number): OutOfMemory | undefined {
    const { mappings, swap } = this.#parts;
    const slot = mappings.slotOf(at);
    // A page that can't be had is not missed before it is touched.
    const isShared = work.fork.mode === 'copy-on-write' || swap.whyLost(slotNumber(slot)) !== undefined;
    if (slot !== -1 && isShared) return this.#shareSlot(work, page, slot);
    const failure = slot === -1 ? undefined : this.#bringIn(work, area, page, at);
    if (failure !== undefined) return failure;
    const frame = mappings.frameOf(at);
    if (frame === -1) return undefined;
    return this.#isCopied(work, area, frame)
      ? this.#copy(work, area, page, frame)
      : this.#share(work, area, page, at, frame);
  }

  /** What forbids another table: it would leave the processes too few frames to go on. */
  checkRoom(): OutOfMemory | undefined {
    const { frames, pins } = this.#parts;
    const { pages, tables } = frames.state;
    if (
      tables === undefined
        ? pins.needed < pages.limit
        : tables.freed.length > 0 || tables.fresh < tables.limit
    )
      return undefined;
    const detail = 'too few frames would be left beside the tables';
    return { kind: 'out-of-memory', lacks: 'frames', detail };
  }

  #isCopied({ fork }: ForkWork, area: Area, frame: Frame): boolean {
    if (fork.mode !== 'eager' || area.shared) return false;
    return this.#parts.frames.object(frame) === -1 || (area.protection & PROT_WRITE) !== 0;
  }

  #shareSlot(work: ForkWork, page: Vpn, slot: number): OutOfMemory | undefined {
    const { tables, swap } = this.#parts;
    const at = this.#entry(work, page);
    if (at < 0) return this.#lackingTable(work, page, at);
    const entry = encodeInvalid(tables.format, SWAPPED, slot);
    swap.retain(slotNumber(slot));
    tables.write(at, entry.low, entry.high);
    work.fork.shared++;
    return undefined;
  }

  #share(work: ForkWork, area: Area, page: Vpn, from: number, frame: Frame): OutOfMemory | undefined {
    const { frames, mappings } = this.#parts;
    const { parent, child, fork } = work;
    frames.pin(frame);
    const at = this.#entry(work, page);
    frames.unpin(frame);
    if (at < 0) return this.#lackingTable(work, page, at);
    const wasWritable = mappings.share(
      { space: parent, page, at: from },
      { space: child, page, at },
      area,
      frame,
    );
    work.withdrawn ||= wasWritable;
    fork.shared++;
    return undefined;
  }

  #copy(work: ForkWork, area: Area, page: Vpn, source: Frame): OutOfMemory | undefined {
    const { state, machine, frames, pins, mappings, replacement, reclaim, references } = this.#parts;
    const { child } = work;
    frames.pin(source);
    const at = this.#entry(work, page);
    const held = pins.tableOf(at);
    if (held !== -1) frames.pin(held);
    const frame = at < 0 ? -1 : reclaim.page(state.nextKey++, child.id);
    if (held !== -1) frames.unpin(held);
    frames.unpin(source);
    // What has been got stays until the rest has come, too, or a crowd would take it again and again.
    if (frame === -1) pins.addGuest(source);
    if (frame === -1) pins.needTable(at, 'guest');
    if (at < 0) return this.#lackingTable(work, page, at);
    if (frame === -1) return waitFor(reclaim.shortage());
    machine.ram.copyWithin(frame * PAGE_SIZE, source * PAGE_SIZE, (source + 1) * PAGE_SIZE);
    machine.codeChanged(frame);
    if (!this.#canBeMadeAgain(source)) frames.set(frame, MODIFIED);
    replacement.admitted(frame, frames.key(frame), child.id);
    // The copying is the use that the page was admitted for.
    if (replacement.needsReferences) replacement.referenced(frame);
    mappings.map(child, area, page, at, frame);
    references?.reference(child.id, 'store', addressOf(page), PAGE_SIZE);
    work.fork.copied++;
    return undefined;
  }

  /** Whether the area alone tells what the page holds: zeros, or a file's bytes that nobody has changed. */
  #canBeMadeAgain(frame: Frame): boolean {
    const { frames, cache, replacement } = this.#parts;
    if (frames.object(frame) !== -1 && cache.livesInSwap(frame)) return false;
    return frames.slot(frame) === -1 && !replacement.isDirty(frame);
  }

  /** Reads a page of the parent's out of swap. */
  #bringIn({ parent }: ForkWork, area: Area, page: Vpn, at: number): OutOfMemory | undefined {
    const { machine, tables, pins, transfers, resolvers } = this.#parts;
    // The pages brought in before have been copied.
    pins.enter(parent, 'kernel', machine.pc);
    const outcome =
      transfers.pending(parent.id, page) ??
      resolvers.swapped({
        space: parent,
        area,
        address: addressOf(page),
        page,
        access: 'load',
        by: 'kernel',
        entryAddress: at,
        low: tables.low(at),
        high: tables.high(at),
      });
    return waitFor(outcome);
  }

  /** The table of the entry stays while `give` goes by it, and if that has to wait, until it goes on. */
  #holding(at: number, give: () => OutOfMemory | undefined): OutOfMemory | undefined {
    const { frames, pins } = this.#parts;
    const table = pins.tableOf(at);
    if (table === -1) return give();
    frames.pin(table);
    try {
      return give();
    } catch (error) {
      pins.needTable(at, 'guest');
      throw error;
    } finally {
      frames.unpin(table);
    }
  }

  /** Reads a table out of swap. What can't be read can't be copied. */
  #bringTable(space: SpaceState, page: Vpn, entryAddress: number): OutOfMemory | undefined {
    const { tableTransfers } = this.#parts;
    const outcome = tableTransfers.bring({ space, address: addressOf(page), entryAddress });
    if (outcome.kind !== 'signal') return waitFor(outcome);
    return { kind: 'out-of-memory', lacks: 'swap', detail: outcome.detail ?? '' };
  }

  /** The child's entry, with tables; -1 without a frame for them, less when its table is in swap. */
  #entry({ child }: ForkWork, page: Vpn): number {
    const { tables, reclaim } = this.#parts;
    return tables.ensure(child, page, () =>
      this.checkRoom() === undefined ? reclaim.table(0, child.id) : -1,
    );
  }

  #lackingTable({ child }: ForkWork, page: Vpn, at: number): OutOfMemory | undefined {
    if (at !== -1) return this.#bringTable(child, page, at);
    return this.checkRoom() ?? waitFor(this.#parts.reclaim.shortage());
  }
}

/** @throws PageWait when the outcome is that the process has to wait */
function waitFor(outcome: Outcome): OutOfMemory | undefined {
  if (outcome.kind === 'blocked') throw new PageWait(outcome);
  return outcome.kind === 'out-of-memory' ? outcome : undefined;
}
