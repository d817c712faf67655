/** Puts the references of a run into a record: the guest's, the kernel's on its behalf, and pages that are gone. */
import {
  addressOf,
  PAGE_SIZE,
  pageOf,
  type SpaceId,
  type VirtualAddress,
  type Vpn,
} from '../base/numbers.ts';
import type { KernelEvent } from '../kernel/events.ts';
import type { ReferenceSink } from '../kernel/memory/contract.ts';
import type { MemoryState } from '../kernel/memory/state.ts';
import type { RootState } from '../kernel/state.ts';
import type { Access } from '../machine/contract.ts';
import type { RecordWriter } from '../replay/record-format.ts';
import { SharingRecord } from './sharing-record.ts';

export class Recorder implements ReferenceSink {
  readonly #writer: RecordWriter;
  readonly #root: RootState;
  readonly #sharing: SharingRecord;
  /** The space that entries are of. */
  #space: number | undefined;
  /** Page that was read out of swap last. */
  #readIn = -1;
  /** What was looked up last in vain. */
  #failed: { readonly space: SpaceId; readonly address: VirtualAddress } | undefined;

  constructor(writer: RecordWriter, root: RootState) {
    this.#writer = writer;
    this.#root = root;
    this.#sharing = new SharingRecord(root, (space) => this.#in(space));
  }

  /** The kernel's, on a program's behalf. */
  reference(space: SpaceId, kind: Access, address: VirtualAddress, bytes: number): void {
    if (this.#sharing.isStale) this.#sharing.refresh();
    const writer = this.#in(space);
    writer.kernel();
    writer.reference(kind, address, bytes);
  }

  /** A program's own. */
  lookedUp(space: SpaceId, kind: Access, address: VirtualAddress, bytes: number): void {
    if (this.#sharing.isStale) this.#sharing.refresh();
    this.#in(space).reference(kind, address, bytes);
  }

  /** A look-up of a program's that came to nothing. */
  failed(space: SpaceId, address: VirtualAddress): void {
    this.#failed = { space, address };
  }

  changed(space: SpaceId, page: Vpn | 'all'): void {
    if (page === 'all') this.#in(space).flush(0, 0);
    else this.#in(space).flush(page, 1);
  }

  gone(space: SpaceId, page: Vpn, count: number): void {
    if (this.#sharing.isStale) this.#sharing.refresh();
    this.#sharing.gone(space, page, count);
    this.#in(space).unmap(page, count);
  }

  /** To be called for each event. */
  readonly observe = (event: KernelEvent): void => {
    switch (event.type) {
      case 'exit':
        this.#ended(event.pid);
        break;
      case 'swap-in':
        this.#readIn = event.page;
        break;
      case 'map':
        if (this.#sharing.isStale) this.#sharing.refresh();
        this.#sharing.mapped(event.space, event.vpn, event.frame, event.page);
        if (event.page === this.#readIn) this.#readToCopy(event.space, event.vpn);
        break;
      case 'unmap':
        this.#sharing.unmapped(event.space, event.vpn, event.frame);
        break;
      case 'copy-on-write':
        if (event.how === 'taken-over') this.#sharing.takenOver(event.space, event.vpn);
        this.#written(event.space, event.vpn);
        break;
    }
  };

  /** The page has another entry from now on, because somebody wanted to write to it. */
  #written(space: SpaceId, page: Vpn): void {
    const failed = this.#failed;
    this.#failed = undefined;
    const isPrograms = failed !== undefined && failed.space === space && pageOf(failed.address) === page;
    if (isPrograms) this.#in(space).refused(failed.address);
    else this.#in(space).flush(page, 1);
  }

  /** An eager fork that has to read a page of the parent's brings it in by reading it. */
  #readToCopy(space: SpaceId, page: Vpn): void {
    this.#readIn = -1;
    for (const { parent, mode } of (this.#root.memory as MemoryState).forks.values()) {
      if (parent !== space || mode !== 'eager') continue;
      this.reference(space, 'load', addressOf(page), PAGE_SIZE);
      return;
    }
  }

  /** A thread ended. Its space has ended with it when it was the last one there. */
  #ended(pid: number): void {
    if (this.#sharing.isStale) this.#sharing.refresh();
    const ended = this.#root.processes.find((process) => process.pid === pid);
    if (ended === undefined || this.#root.spaces[ended.space] !== undefined) return;
    this.#in(ended.space).exit();
  }

  /** Where entries of a space go. */
  #in(space: number): RecordWriter {
    if (space !== this.#space) this.#writer.space(space);
    this.#space = space;
    return this.#writer;
  }
}
