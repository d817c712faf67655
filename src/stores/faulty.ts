/**
 * A store with faults: it wraps any other, and fails as it is told to. What happens depends on the faults, the seed
 * and the order of transfers alone, and goes on exactly after a snapshot.
 *
 *   kernel ──▶ FaultyStore ──▶ store          read, write: the transfer is not made
 *                                             short: some of the page is written, and it is said
 *                                             corrupt: all of it but one bit, and nothing is said
 *                                             slow: told by `delay`, in virtual time
 *                                             full: told of slots that hold nothing yet
 */
import { PAGE_SIZE, type Slot } from '../base/numbers.ts';
import { nextBelow, nextUint32, type RandomState, randomState } from '../base/random.ts';
import type {
  Eventually,
  PageStore,
  StoreContents,
  StoreFailure,
  StoreOperation,
  StoreResult,
} from './contract.ts';
import { type FaultKind, faultKinds, operationsOf, type StoreFault } from './fault-syntax.ts';
import { pageAt } from './written-pages.ts';

/** What a fault has seen and done; plain data. */
interface FaultProgress {
  random: RandomState;
  /** Transfers that it could have struck. */
  seen: number;
  struck: number;
}

interface FaultyState {
  progress: FaultProgress[];
  /** Slots that hold a page, for `full`. */
  held: Set<Slot>;
  injected: Record<FaultKind, number>;
}

const SECTOR = 512;

export class FaultyStore implements PageStore {
  readonly name: string;
  readonly capacity: number;
  readonly #inner: PageStore;
  readonly #faults: readonly StoreFault[];
  #state: FaultyState;

  constructor(inner: PageStore, faults: readonly StoreFault[], seed: number) {
    this.name = inner.name;
    this.capacity = inner.capacity;
    this.#inner = inner;
    this.#faults = faults;
    this.#state = {
      // A generator each, so that one fault's chances don't depend on what the others have seen.
      progress: faults.map((_, index) => ({
        random: randomState(nextUint32(randomState(seed ^ (0x6fa17 + index)))),
        seen: 0,
        struck: 0,
      })),
      held: new Set(),
      injected: Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>,
    };
  }

  get injected(): Readonly<Record<FaultKind, number>> {
    return this.#state.injected;
  }

  read(slots: readonly Slot[], into: Uint8Array): Eventually<StoreResult> {
    for (const slot of slots) {
      if (this.#strikes('read', 'read', slot))
        return { kind: 'input-output', slot, detail: 'injected read error' };
    }
    return this.#inner.read(slots, into);
  }

  write(slots: readonly Slot[], from: Uint8Array): Eventually<StoreResult> {
    let bytes = from;
    for (const [index, slot] of slots.entries()) {
      const failure = this.#writeFailure(slot);
      if (failure !== undefined) return this.#writePart(slots, bytes, index, failure);
      const random = this.#strikes('corrupt', 'write', slot);
      if (random === undefined) continue;
      if (bytes === from) bytes = from.slice();
      const bit = nextBelow(random, 8 * PAGE_SIZE);
      pageAt(bytes, index)[bit >> 3]! ^= 1 << (bit & 7);
    }
    for (const slot of slots) this.#state.held.add(slot);
    return this.#inner.write(slots, bytes);
  }

  free(slots: readonly Slot[]): void {
    for (const slot of slots) this.#state.held.delete(slot);
    this.#inner.free(slots);
  }

  delay(operation: StoreOperation, slots: readonly Slot[]): number {
    let delay = this.#inner.delay?.(operation, slots) ?? 0;
    for (const [index, fault] of this.#faults.entries()) {
      if (fault.kind !== 'slow') continue;
      for (const slot of slots)
        if (this.#strikesOne(index, operation, slot) !== undefined) delay += fault.delay ?? 0;
    }
    return delay;
  }

  async save(): Promise<StoreContents | undefined> {
    const contents = await this.#inner.save();
    if (contents === undefined) return undefined;
    return { ...contents, more: { inner: contents.more, faults: structuredClone(this.#state) } };
  }

  load(contents: StoreContents): Eventually<StoreResult> {
    const { inner, faults } = (contents.more ?? {}) as { inner?: unknown; faults?: FaultyState };
    if (faults !== undefined) this.#state = structuredClone(faults);
    else this.#state.held = new Set(Array.from(contents.slots, (slot) => slot as Slot));
    return this.#inner.load({ slots: contents.slots, pages: contents.pages, more: inner });
  }

  close(): void {
    this.#inner.close();
  }

  #writeFailure(slot: Slot): StoreFailure | undefined {
    if (this.#isFullFor(slot)) {
      this.#state.injected.full++;
      return { kind: 'full', slot, detail: 'injected: no room is left' };
    }
    if (this.#strikes('write', 'write', slot))
      return { kind: 'input-output', slot, detail: 'injected write error' };
    const random = this.#strikes('short', 'write', slot);
    if (random === undefined) return undefined;
    const bytes = SECTOR * nextBelow(random, PAGE_SIZE / SECTOR);
    return { kind: 'short', slot, detail: `${bytes} of ${PAGE_SIZE} bytes were written` };
  }

  /** The pages before the one that fails, and of that one what a short write left. */
  #writePart(
    slots: readonly Slot[],
    bytes: Uint8Array,
    index: number,
    failure: StoreFailure,
  ): Eventually<StoreResult> {
    let count = index;
    let part = bytes.subarray(0, index * PAGE_SIZE);
    if (failure.kind === 'short') {
      count++;
      part = bytes.slice(0, count * PAGE_SIZE);
      part.fill(0, index * PAGE_SIZE + Number.parseInt(failure.detail, 10));
    }
    if (count === 0) return failure;
    for (const slot of slots.slice(0, count)) this.#state.held.add(slot);
    const written = this.#inner.write(slots.slice(0, count), part);
    if (written instanceof Promise) return written.then((result) => result ?? failure);
    return written ?? failure;
  }

  #isFullFor(slot: Slot): boolean {
    const { held } = this.#state;
    if (held.has(slot)) return false;
    return this.#faults.some(({ kind, after = 0 }) => kind === 'full' && held.size >= after);
  }

  /** The generator of the first fault of a kind that strikes this transfer of a page. All of them count it. */
  #strikes(kind: FaultKind, operation: StoreOperation, slot: Slot): RandomState | undefined {
    let random: RandomState | undefined;
    for (const [index, fault] of this.#faults.entries()) {
      if (fault.kind === kind && random === undefined) random = this.#strikesOne(index, operation, slot);
    }
    return random;
  }

  #strikesOne(index: number, operation: StoreOperation, slot: Slot): RandomState | undefined {
    const { kind, slots, chance, nth, after = 0, times = Number.POSITIVE_INFINITY } = this.#faults[index]!;
    const progress = this.#state.progress[index]!;
    if (!operationsOf[kind].includes(operation)) return undefined;
    progress.seen++;
    const isMeant =
      (slots === undefined || (slot >= slots[0] && slot <= slots[1])) &&
      (nth === undefined || progress.seen === nth) &&
      progress.seen > after &&
      progress.struck < times;
    if (!isMeant) return undefined;
    if (chance !== undefined && nextUint32(progress.random) >= chance * 2 ** 32) return undefined;
    progress.struck++;
    this.#state.injected[kind]++;
    return progress.random;
  }
}
