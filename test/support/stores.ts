/** Stores that misbehave or answer late, around one that does not. */
import type { Slot } from '../../src/base/numbers.ts';
import type {
  Eventually,
  PageStore,
  StoreContents,
  StoreFailure,
  StoreResult,
} from '../../src/stores/contract.ts';

/** What goes wrong with the `call`th (from 0) read or write; `undefined` when nothing does. */
export type FaultPlan = (
  operation: 'read' | 'write',
  call: number,
  slots: readonly Slot[],
) => StoreFailure | undefined;

abstract class WrappedStore implements PageStore {
  protected readonly inner: PageStore;
  readonly name: string;
  readonly capacity: number;

  constructor(inner: PageStore, what: string) {
    this.inner = inner;
    this.name = `${what}:${inner.name}`;
    this.capacity = inner.capacity;
  }

  abstract read(slots: readonly Slot[], into: Uint8Array): Eventually<StoreResult>;
  abstract write(slots: readonly Slot[], from: Uint8Array): Eventually<StoreResult>;

  free(slots: readonly Slot[]): void {
    this.inner.free(slots);
  }

  save(): Eventually<StoreContents | undefined> {
    return this.inner.save();
  }

  load(contents: StoreContents): Eventually<StoreResult> {
    return this.inner.load(contents);
  }

  close(): void {
    this.inner.close();
  }
}

/** Fails the calls that the plan says, without doing them. */
export class FaultyStore extends WrappedStore {
  readonly #plan: FaultPlan;
  readonly #calls = { read: 0, write: 0 };

  constructor(inner: PageStore, plan: FaultPlan) {
    super(inner, 'faulty');
    this.#plan = plan;
  }

  override read(slots: readonly Slot[], into: Uint8Array): Eventually<StoreResult> {
    return this.#plan('read', this.#calls.read++, slots) ?? this.inner.read(slots, into);
  }

  override write(slots: readonly Slot[], from: Uint8Array): Eventually<StoreResult> {
    return this.#plan('write', this.#calls.write++, slots) ?? this.inner.write(slots, from);
  }
}

/** Answers every read and write with a promise, as a remote store does. */
export class LateStore extends WrappedStore {
  constructor(inner: PageStore) {
    super(inner, 'late');
  }

  override async read(slots: readonly Slot[], into: Uint8Array): Promise<StoreResult> {
    const page = new Uint8Array(into.length);
    await Promise.resolve();
    const result = await this.inner.read(slots, page);
    into.set(page);
    return result;
  }

  override async write(slots: readonly Slot[], from: Uint8Array): Promise<StoreResult> {
    const copy = from.slice();
    await Promise.resolve();
    return this.inner.write(slots, copy);
  }
}
