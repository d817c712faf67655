/** What the TLB is told to forget when entries change, and the events of that. It knows nothing of a space without an identifier. */
import type { Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { EventSink } from '../events.ts';
import type { SpaceState } from '../state.ts';
import { NO_ASID } from './asids.ts';

export class Flushes {
  readonly #machine: MachinePort;
  readonly #events: EventSink;

  constructor(machine: MachinePort, events: EventSink) {
    this.#machine = machine;
    this.#events = events;
  }

  /** All pages of a space. */
  space(space: SpaceState): void {
    if (space.asid === NO_ASID) return;
    const before = this.#machine.counters().flushed;
    this.#machine.flushSpace(space.asid);
    const entries = this.#machine.counters().flushed - before;
    if (this.#events.watched) this.#events.emit({ type: 'flush', what: 'space', entries });
  }

  page(space: SpaceState, page: Vpn): void {
    if (space.asid === NO_ASID) return;
    if (!this.#events.watched) {
      this.#machine.flushPage(space.asid, page);
      return;
    }
    const before = this.#machine.counters().flushed;
    this.#machine.flushPage(space.asid, page);
    const entries = this.#machine.counters().flushed - before;
    this.#events.emit({ type: 'flush', what: 'page', entries });
  }
}
