/** A root state with one process and one empty space, for tests of the kernel's parts. */
import { frame, nanoseconds, spaceId, virtualAddress } from '../../src/base/numbers.ts';
import { randomState } from '../../src/base/random.ts';
import { initialClockState } from '../../src/kernel/clock.ts';
import { initialDiskState } from '../../src/kernel/disk.ts';
import { filesState } from '../../src/kernel/files/state.ts';
import { SV39_LAYOUT } from '../../src/kernel/loader/layout.ts';
import { createProcess, FIRST_PID, NO_PARENT, noProcesses } from '../../src/kernel/process/create.ts';
import type { ProcessState, RootState, SpaceState } from '../../src/kernel/state.ts';

export interface TestRoot {
  readonly root: RootState;
  readonly process: ProcessState;
  readonly space: SpaceState;
}

export function testRoot(): TestRoot {
  const space: SpaceState = {
    id: spaceId(0),
    asid: 1,
    root: frame(0),
    translation: 'sv39',
    layout: SV39_LAYOUT,
    areas: [],
    brkStart: virtualAddress(0x20000),
    brk: virtualAddress(0x20000),
    mmapTop: virtualAddress(0x3f00000000),
    tableFrames: 1,
    resident: 3,
    residentPeak: 5,
  };
  const process = createProcess({
    pid: FIRST_PID,
    parent: NO_PARENT,
    space: space.id,
    path: '/bin/prog',
    argv: ['prog', 'x'],
    env: ['A=1'],
    cwd: '/',
  });
  const root: RootState = {
    clock: { ...initialClockState(), now: nanoseconds(1_500_000_000) },
    random: randomState(1),
    ...noProcesses(undefined),
    spaces: [space],
    processes: [process],
    programs: [FIRST_PID],
    requests: [],
    nextRequest: 1,
    disk: initialDiskState(0),
    memory: undefined,
    files: filesState(),
    calls: { made: {}, unknown: {} },
  };
  return { root, process, space };
}
