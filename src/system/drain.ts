/** Hands what the machine recorded to those who want every reference, or every look-up. */
import { assert } from '../base/errors.ts';
import { PAGE_SIZE, virtualAddress } from '../base/numbers.ts';
import type { ReferenceSink, VirtualMemory } from '../kernel/memory/contract.ts';
import type { Memory } from '../kernel/memory/memory.ts';
import type { RootState, SpaceState } from '../kernel/state.ts';
import type { EventStream } from '../kernel/stream.ts';
import type { DataCache } from '../machine/data-cache.ts';
import type { RecordedLookUp } from '../machine/look-ups.ts';
import type { Machine } from '../machine/machine.ts';
import type { MissClasses } from '../machine/miss-classes.ts';
import type { Recorder } from './recorder.ts';

export interface ReferenceTakers {
  readonly recorder: Recorder | undefined;
  /** Where the policy wants every reference. */
  readonly policy: VirtualMemory | undefined;
  readonly watch:
    | { readonly address: number; readonly bytes: number; readonly stream: EventStream }
    | undefined;
  readonly classes: MissClasses | undefined;
  /** A cache, and who knows where pages are. */
  readonly cache: { readonly model: DataCache; readonly memory: Memory } | undefined;
}

/**
 * To be called after each run of a program, before the kernel handles its trap: so whoever runs is whose look-ups they
 * are, and each page is mapped as it was when it was looked up.
 */
export function drainOf(
  root: RootState,
  machine: Machine,
  takers: ReferenceTakers,
): (() => void) | undefined {
  if (Object.values(takers).every((taker) => taker === undefined)) return undefined;
  const { recorder, policy, watch, classes, cache } = takers;
  return () => {
    const running = root.processes.find(({ pid }) => pid === root.running);
    const space = running && root.spaces[running.space];
    if (space === undefined) return;
    machine.drainLookUps((entry) => {
      classes?.take(space.id, entry);
      if (cache !== undefined) tellCache(cache, space, entry);
      if (recorder !== undefined && entry.kind === 'store' && !entry.found)
        recorder.failed(space.id, virtualAddress(entry.address));
      if (!isReference(entry)) return;
      const { kind, bytes } = entry;
      const address = virtualAddress(entry.address);
      recorder?.lookedUp(space.id, kind, address, bytes);
      policy?.referenced(space, address);
      if (watch === undefined || kind === 'fetch') return;
      if (address < watch.address + watch.bytes && address + bytes > watch.address)
        watch.stream.emit({ type: 'access', kind, address });
    });
  };
}

function tellCache(
  { model, memory }: NonNullable<ReferenceTakers['cache']>,
  space: SpaceState,
  entry: RecordedLookUp,
): void {
  if (!isReference(entry)) {
    if (entry.kind.startsWith('flush')) model.flush(entry);
    return;
  }
  if (entry.kind === 'fetch') return;
  const frame = memory.frameOf(space, virtualAddress(entry.address));
  assert(frame !== -1, 'a page that was accessed is mapped until the kernel is told why its program stopped');
  model.access(entry, frame * PAGE_SIZE + (entry.address % PAGE_SIZE));
}

type Reference = RecordedLookUp & { readonly kind: 'fetch' | 'load' | 'store' };

const isReference = (entry: RecordedLookUp): entry is Reference =>
  !entry.failed && !entry.repeated && !entry.kind.startsWith('flush');

/** Who is to know of pages that are gone, and of the kernel's own references. */
export function referenceSink({
  recorder,
  classes,
}: Pick<ReferenceTakers, 'recorder' | 'classes'>): ReferenceSink | undefined {
  if (classes === undefined) return recorder;
  return {
    reference: (...reference) => recorder?.reference(...reference),
    changed: (...change) => recorder?.changed(...change),
    gone(space, page, count) {
      recorder?.gone(space, page, count);
      classes.gone(space, page, count);
    },
  };
}
