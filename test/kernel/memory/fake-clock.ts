/** Time that tests move, with the kernel's own disk. */
import { type Nanoseconds, nanoseconds } from '../../../src/base/numbers.ts';
import { Disk, type DiskModel, type DiskRequest, type Ticket } from '../../../src/kernel/disk.ts';
import type { Clock } from '../../../src/kernel/memory/contract.ts';
import type { RootState } from '../../../src/kernel/state.ts';

export const DISK = 10_000_000;

/** Time that moves only when somebody waits, with one queue at the disk. */
export class FakeClock implements Clock {
  /** Of the root. */
  readonly state: { now: number };
  readonly #disk: Disk;
  /** Of each transfer, beyond the disk's time. */
  readonly delays: number[] = [];

  constructor(root: RootState, model: DiskModel = { kind: 'flat' }) {
    this.state = root.clock as { now: number };
    this.#disk = new Disk({ root, model, diskPage: DISK });
  }

  get now(): Nanoseconds {
    return nanoseconds(this.state.now);
  }

  /** Here time passes for policies while pages are waited for, so that their interrupts come. */
  get busy(): Nanoseconds {
    return this.now;
  }

  charge(): void {}

  disk(request: DiskRequest): Ticket {
    this.delays.push(request.delay ?? 0);
    return this.#disk.submit(request);
  }

  get diskFreeAt(): Nanoseconds {
    return this.#disk.freeAt;
  }

  forget(place: number): void {
    this.#disk.forget(place);
  }

  idleUntil(time: Nanoseconds): void {
    this.state.now = Math.max(this.now, time);
  }
}
