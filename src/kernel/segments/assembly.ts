/** How the parts of memory in pieces hang together. */
import { assert } from '../../base/errors.ts';
import { virtualAddress } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { Placement, PlacementDefinition } from '../../policies/placement/contract.ts';
import type { PageStore } from '../../stores/contract.ts';
import type { EventSink } from '../events.ts';
import type { AreaWatch } from '../memory/areas.ts';
import type { BackingObjects, Clock, ReferenceSink } from '../memory/contract.ts';
import { DiskPlaces } from '../memory/places.ts';
import { Swap } from '../memory/swap.ts';
import { SwapIo } from '../memory/swap-io.ts';
import type { Costs, ObjectId, RootState } from '../state.ts';
import { Arrivals } from './arrivals.ts';
import { Claim } from './claim.ts';
import { Compaction } from './compaction.ts';
import { Misses } from './miss.ts';
import { Mover } from './mover.ts';
import { Pieces } from './pieces.ts';
import { Rolling } from './rolling.ts';
import { Room } from './room.ts';
import type { SegmentRules } from './rules.ts';
import type { SpaceLayout } from './space-layout.ts';
import { Spaces } from './spaces.ts';
import type { SegmentsState } from './state.ts';

export interface SegmentParts {
  /** `memory` in it is a `SegmentsState`: see `initialSegmentsState`. */
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly store: PageStore;
  readonly clock: Clock;
  readonly rules: SegmentRules;
  /** The policy that the state was made for. */
  readonly placement: PlacementDefinition;
  readonly objects: BackingObjects;
  readonly events: EventSink;
  readonly costs: Pick<Costs, 'copyPage' | 'fault' | 'trap'>;
  readonly references: ReferenceSink | undefined;
  readonly options: {
    /** No segment may be writable and executable at once. */
    readonly writeXorExecute: boolean;
    /** Whether pages that come back from swap are checked. */
    readonly checksums: 'on' | 'off';
  };
}

export type Segments = ReturnType<typeof buildSegments>;

export function buildSegments(parts: SegmentParts) {
  const { root, machine, clock, rules, objects, events, costs, references, store } = parts;
  const state = root.memory as SegmentsState;
  assert(state !== undefined && state.frames === machine.frames, 'the state was made for this machine');
  const { counters } = state;
  const placement: Placement = parts.placement.attach(state.placement);
  const { writeXorExecute, checksums } = parts.options;
  const isMemory = (object: ObjectId) => objects.isAnonymous(object);
  const basics = {
    root,
    state,
    rules,
    machine,
    placement,
    clock,
    events,
    costs,
    objects,
    references,
    isMemory,
  };
  const swapIo = new SwapIo({ state: state.swap, store, counters, events, checksums });
  const swap = new Swap(state.swap, swapIo, counters, () => {});
  const places = new DiskPlaces({ disk: root.disk, objects });
  const watch: AreaWatch = {
    appeared: (object) => objects.retain(object),
    gone: (object) => objects.release(object),
  };
  const pieces = new Pieces(basics);
  const moving = { ...basics, pieces, swap, swapIo, places, watch, writeXorExecute };
  const rolling = new Rolling(moving);
  const arrivals = new Arrivals(moving);
  const compaction = new Compaction(moving);
  const claim = new Claim(basics);
  const room = new Room({ ...moving, rolling, arrivals, compaction, claim });
  const spaces = new Spaces({ ...moving, rolling, arrivals, room, claim });
  const misses = new Misses({ ...moving, spaces, arrivals });
  const mover = new Mover(moving);
  return {
    ...moving,
    rolling,
    arrivals,
    compaction,
    room,
    spaces,
    misses,
    mover,
    emptyLayout: emptyLayout(rules),
  };
}

/** Of a space that no program was laid out for. */
function emptyLayout({ addressBits, stack }: SegmentRules): SpaceLayout {
  const end = virtualAddress(2 ** addressBits);
  const nowhere = virtualAddress(0);
  return {
    end,
    pieBase: nowhere,
    trampoline: nowhere,
    stackTop: end,
    stackLimit: stack,
    mmapTop: end,
    heap: nowhere,
    window: { from: 0, to: end, order: 'up' },
    stackFrom: end,
    heapEnd: end,
  };
}
