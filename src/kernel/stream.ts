/**
 * The event stream: stamps what happened with time and process and hands it to observers, in the order in
 * which they came. Observers are no part of the state; they see, and change nothing.
 */
import type { EventBody, EventSink, KernelEvent, Observer } from './events.ts';
import type { RootState } from './state.ts';

export class EventStream implements EventSink {
  readonly #root: RootState;
  readonly #observers: Observer[] = [];
  /** Kept beside the list, because emitters ask at every step. */
  watched = false;

  constructor(root: RootState) {
    this.#root = root;
  }

  emit(body: EventBody): void {
    if (!this.watched) return;
    const event: KernelEvent = { time: this.#root.clock.now, pid: this.#root.running, ...body };
    for (const observer of this.#observers) observer(event);
  }

  /** @returns what ends the observation */
  observe(observer: Observer): () => void {
    this.#observers.push(observer);
    this.watched = true;
    return () => {
      const at = this.#observers.indexOf(observer);
      if (at >= 0) this.#observers.splice(at, 1);
      this.watched = this.#observers.length > 0;
    };
  }
}
