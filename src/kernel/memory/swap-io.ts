/**
 * The one place where pages go to the swap store and come from it. Both ways take a run of pages, and say of which
 * slots they failed: a run that fails is made again page by page, to find out.
 *
 *   writeback ──▶ write ──▶ checksum kept ──▶ store ──▶ failed slots
 *   transfers ──▶ read ◀── checksum compared ◀── store
 *
 * Checksums are the kernel's, so that a page that comes back otherwise is noticed wherever it was damaged, in a store
 * of any kind. What is done about failures is others' affair: see writeback.ts and transfers.ts.
 */
import { checksum } from '../../base/checksum.ts';
import { PAGE_SIZE, type Slot } from '../../base/numbers.ts';
import type {
  Eventually,
  PageStore,
  StoreFailure,
  StoreOperation,
  StoreResult,
} from '../../stores/contract.ts';
import type { EventSink } from '../events.ts';
import type { MemoryCounters, SwapErrors } from './contract.ts';
import { condemn, type SwapState } from './state.ts';

/** The slots that failed, each with why; empty when all is well. */
export type Failures = readonly StoreFailure[];

export interface SwapIoParts {
  readonly state: SwapState;
  readonly store: PageStore;
  readonly counters: MemoryCounters;
  readonly events: EventSink;
  /** Whether pages are checked when they come back. */
  readonly checksums: 'on' | 'off';
}

const NONE: Failures = [];

export class SwapIo {
  readonly #parts: SwapIoParts;
  /** Writes that a slow store has not answered; their pages are in `state.unwritten`. */
  #pending: Promise<void>[] = [];
  /** The page of each write under way, as put into `state.unwritten`. */
  readonly #writing = new Map<Slot, Uint8Array>();
  /** Slots freed while their write was under way: the store is told when it has ended. */
  readonly #freedLate = new Set<Slot>();

  constructor(parts: SwapIoParts) {
    this.#parts = parts;
  }

  /**
   * Writes a page of `from` to each of `slots`. When the store takes its time, the pages are kept until it has
   * answered, and for good when it fails, so that nothing is lost.
   */
  write(slots: readonly Slot[], from: Uint8Array): Failures {
    const { store, state, counters } = this.#parts;
    const answer = store.write(slots, from);
    if (answer instanceof Promise) {
      this.#keep(slots, from, answer);
      return NONE;
    }
    if (answer !== undefined && slots.length > 1)
      return slots.flatMap((slot, index) => this.write([slot], pageOf(from, index)));
    for (const slot of slots) state.unwritten.delete(slot);
    if (answer !== undefined) return this.#failed('write', [answer]);
    this.#remember(slots, from);
    counters.swapWrites += slots.length;
    return NONE;
  }

  /** Reads the pages of `slots` into `into`, after all writes that are under way. */
  read(slots: readonly Slot[], into: Uint8Array): Eventually<Failures> {
    const { store, state, counters } = this.#parts;
    if (slots.length > 1 && slots.some((slot) => state.unwritten.has(slot)))
      return this.#readEach(slots, into);
    const kept = state.unwritten.get(slots[0]!);
    if (kept !== undefined) {
      into.set(kept);
      counters.swapReads++;
      return NONE;
    }
    const answer = store.read(slots, into);
    if (!(answer instanceof Promise)) return this.#arrived(slots, into, answer);
    return answer.then((result) => this.#arrived(slots, into, result));
  }

  /** What the next transfer takes beyond the disk's time, ns; to be asked once for each. */
  delay(operation: StoreOperation, slots: readonly Slot[]): number {
    return this.#parts.store.delay?.(operation, slots) ?? 0;
  }

  /** What was in the slot is not needed any more. */
  free(slot: Slot): void {
    const { store, state } = this.#parts;
    if (this.#writing.has(slot)) {
      this.#freedLate.add(slot);
      return;
    }
    state.unwritten.delete(slot);
    store.free([slot]);
  }

  /** Lets the writes that are under way end; `undefined` when there are none. */
  settle(): Promise<void> | undefined {
    if (this.#pending.length === 0) return undefined;
    const pending = this.#pending;
    this.#pending = [];
    return Promise.all(pending).then(() => undefined);
  }

  #keep(slots: readonly Slot[], from: Uint8Array, answer: Promise<StoreResult>): void {
    const { state, counters } = this.#parts;
    this.#remember(slots, from);
    counters.swapWrites += slots.length;
    for (const [index, slot] of slots.entries()) {
      const page = pageOf(from, index).slice();
      state.unwritten.set(slot, page);
      this.#writing.set(slot, page);
      this.#pending.push(answer.then((result) => this.#confirm(slot, page, result)));
    }
  }

  #confirm(slot: Slot, page: Uint8Array, result: StoreResult): void {
    const { state, store } = this.#parts;
    if (result !== undefined) this.#failed('write', [{ ...result, slot }]);
    // A later write to the same slot has its own answer to wait for.
    if (this.#writing.get(slot) !== page) return;
    this.#writing.delete(slot);
    const freed = this.#freedLate.delete(slot);
    // The page is kept, and its slot not used again.
    if (result !== undefined && result.kind !== 'full') condemn(state, this.#parts.counters, slot);
    if (result === undefined || freed) state.unwritten.delete(slot);
    if (freed) store.free([slot]);
  }

  #arrived(slots: readonly Slot[], into: Uint8Array, result: StoreResult): Eventually<Failures> {
    if (result !== undefined && slots.length > 1) return this.#readEach(slots, into);
    if (result !== undefined) return this.#failed('read', [result]);
    const damaged: StoreFailure[] = [];
    for (let index = 0; index < slots.length; index++) {
      const damage = this.#damage(slots[index]!, pageOf(into, index));
      if (damage !== undefined) damaged.push(damage);
    }
    this.#parts.counters.swapReads += slots.length - damaged.length;
    return damaged.length === 0 ? NONE : this.#failed('read', damaged);
  }

  #readEach(slots: readonly Slot[], into: Uint8Array): Eventually<Failures> {
    const answers = slots.map((slot, index) => this.read([slot], pageOf(into, index)));
    const known = answers.filter((answer): answer is Failures => !(answer instanceof Promise));
    if (known.length === answers.length) return known.flat();
    return Promise.all(answers).then((failures) => failures.flat());
  }

  #remember(slots: readonly Slot[], from: Uint8Array): void {
    const { state, checksums } = this.#parts;
    if (checksums === 'off') return;
    for (let index = 0; index < slots.length; index++)
      state.checksums[slots[index]!] = checksum(pageOf(from, index));
  }

  #damage(slot: Slot, page: Uint8Array): StoreFailure | undefined {
    const { state, checksums } = this.#parts;
    if (checksums === 'off') return undefined;
    const written = state.checksums[slot]!;
    const read = checksum(page);
    if (read === written) return undefined;
    return { kind: 'corrupt', slot, detail: `checksum ${hex(read)}, written as ${hex(written)}` };
  }

  #failed(operation: StoreOperation, failures: Failures): Failures {
    const { counters, events } = this.#parts;
    for (const failure of failures) {
      const { kind, slot, detail } = failure;
      counters.storeFailures++;
      counters.swapErrors[errorName(operation, failure)]++;
      if (events.watched) events.emit({ type: 'store-failure', slot, failure: kind, detail });
    }
    return failures;
  }
}

function errorName(operation: StoreOperation, { kind }: StoreFailure): keyof SwapErrors {
  if (operation === 'read') return kind === 'corrupt' ? 'corrupt' : 'read';
  return kind === 'short' || kind === 'full' ? kind : 'write';
}

const hex = (n: number) => n.toString(16).padStart(8, '0');

/** A view costs more than a look at the length, and mostly there is one page. */
const pageOf = (bytes: Uint8Array, index: number): Uint8Array =>
  bytes.length === PAGE_SIZE ? bytes : bytes.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE);
