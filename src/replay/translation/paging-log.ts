/** What a replacement policy did to pages in a piece of a trace, for those who go through the same piece afterwards. */
import type { PagingListener } from '../simulate.ts';

const FIRST_ROOM = 1 << 10;

export class PagingLog implements PagingListener {
  /** References before each change, in order. */
  references = new Float64Array(FIRST_ROOM);
  /** The page that went; of one that was hidden, -1 - page. */
  changes = new Int32Array(FIRST_ROOM);
  length = 0;

  evicted(page: number, reference: number): void {
    this.#add(page, reference);
  }

  hidden(page: number, reference: number): void {
    this.#add(-1 - page, reference);
  }

  clear(): void {
    this.length = 0;
  }

  #add(change: number, reference: number): void {
    if (this.length === this.changes.length) this.#grow();
    this.references[this.length] = reference;
    this.changes[this.length++] = change;
  }

  #grow(): void {
    const references = new Float64Array(this.length * 2);
    const changes = new Int32Array(this.length * 2);
    references.set(this.references);
    changes.set(this.changes);
    this.references = references;
    this.changes = changes;
  }
}
