/** Puts the references of a run into a record: the guest's, the kernel's on its behalf, and pages that are gone. */
import type { SpaceId, VirtualAddress, Vpn } from '../base/numbers.ts';
import type { KernelEvent } from '../kernel/events.ts';
import type { ReferenceSink } from '../kernel/memory/contract.ts';
import type { Access } from '../machine/contract.ts';
import type { RecordWriter } from '../replay/record-format.ts';

export class Recorder implements ReferenceSink {
  readonly #writer: RecordWriter;
  #space: SpaceId | undefined;

  constructor(writer: RecordWriter) {
    this.#writer = writer;
  }

  reference(space: SpaceId, kind: Access, address: VirtualAddress, bytes: number): void {
    this.#enter(space);
    this.#writer.reference(kind, address, bytes);
  }

  gone(space: SpaceId, page: Vpn, count: number): void {
    this.#enter(space);
    this.#writer.unmap(page, count);
  }

  /** To be called for each event: a process's end ends its space. */
  readonly observe = (event: KernelEvent): void => {
    if (event.type === 'exit') this.#writer.exit();
  };

  #enter(space: SpaceId): void {
    if (space === this.#space) return;
    this.#space = space;
    this.#writer.space(space);
  }
}
