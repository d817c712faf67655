/** A process before its program is loaded, and the root state before there is any process. */
import { type Pid, pid, type SpaceId, virtualAddress } from '../../base/numbers.ts';
import type { RegisterContext } from '../../machine/contract.ts';
import type {
  ProcessState,
  ProcessTimes,
  RootState,
  SchedulingInputs,
  ScriptState,
  ThreadGroup,
} from '../state.ts';
import { LAST_SIGNAL, SS_DISABLE } from './signal-table.ts';
import { noUse } from './use.ts';

/** Timer slack of the first process of a Linux system, ns. */
const TIMER_SLACK = 50_000;

/** As Linux starts a program: all registers zero. */
export const emptyRegisters = (): RegisterContext => ({
  x: new BigInt64Array(32),
  f: new BigUint64Array(32),
  pc: virtualAddress(0),
  fcsr: 0,
});

export interface ProcessRequest {
  readonly pid: Pid;
  readonly parent: Pid;
  readonly space: SpaceId;
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** Virtual time, ns; 0 without it. */
  readonly now?: number;
  readonly scheduling?: Partial<SchedulingInputs>;
  readonly script?: ScriptState;
}

/** What a policy is told of a process about which nothing was said. */
export const DEFAULT_SCHEDULING: SchedulingInputs = {
  length: undefined,
  tickets: 100,
  currency: undefined,
  nice: 0,
};

export const initialTimes = (now: number): ProcessTimes => ({
  arrived: now,
  firstRun: undefined,
  ended: undefined,
  running: 0,
  user: 0,
  ready: 0,
  since: now,
  voluntary: 0,
  involuntary: 0,
});

/** A process that leads a session and a process group of its own. @param creator the parent's thread that made it */
export const initialGroup = (id: Pid, parent: Pid, creator: Pid): ThreadGroup => ({
  id,
  parent,
  creator,
  isSubreaper: false,
  processGroup: id,
  session: id,
  threads: 1,
  pending: [],
  terminal: 'none',
  alarm: undefined,
  cpuAlarms: { virtual: undefined, profile: undefined },
  timers: [],
  exit: undefined,
  stopped: 0,
  untold: undefined,
  exitSignal: 0,
  spent: noUse(),
  children: noUse(),
  executed: false,
  memoryAdjust: 0,
});

/** No descriptor is open yet, no signal set. */
export function createProcess(request: ProcessRequest): ProcessState {
  return {
    pid: request.pid,
    group: initialGroup(request.pid, request.parent, request.parent),
    space: request.space,
    status: 'new',
    registers: emptyRegisters(),
    exit: undefined,
    path: request.path,
    argv: [...request.argv],
    env: [...request.env],
    auxv: new Uint8Array(0),
    directory: { path: request.cwd, umask: 0o022 },
    descriptors: [],
    signals: {
      actions: new Array<undefined>(LAST_SIGNAL + 1).fill(undefined),
      mask: 0n,
      pending: [],
      alternate: { address: 0n, size: 0n, flags: SS_DISABLE },
    },
    setChildTid: virtualAddress(0),
    clearChildTid: virtualAddress(0),
    robustList: virtualAddress(0),
    parentDeathSignal: 0,
    timerSlack: { current: TIMER_SLACK, initial: TIMER_SLACK },
    limits: {},
    call: undefined,
    waitsFor: undefined,
    sleep: undefined,
    times: initialTimes(request.now ?? 0),
    scheduling: { ...DEFAULT_SCHEDULING, ...request.scheduling },
    script: request.script,
    instructions: 0,
    faults: { minor: 0, major: 0 },
    tlbMisses: 0,
    residentPeak: 0,
  };
}

/** The first process; its parent is nobody. */
export const FIRST_PID = pid(1);
export const NO_PARENT = pid(0);

/** The root's fields of processes and scheduling while there is no process. @param policy state of the scheduling policy */
export const noProcesses = (
  policy: unknown,
): Pick<
  RootState,
  | 'processes'
  | 'running'
  | 'nextPid'
  | 'woken'
  | 'scheduler'
  | 'ended'
  | 'spaces'
  | 'programs'
  | 'deadlock'
  | 'futexes'
  | 'terminal'
  | 'load'
  | 'outOfMemory'
  | 'underway'
> => ({
  spaces: [],
  processes: [],
  running: FIRST_PID,
  nextPid: FIRST_PID,
  woken: [],
  programs: [],
  futexes: [],
  deadlock: undefined,
  terminal: { session: NO_PARENT, foreground: NO_PARENT },
  scheduler: { policy, busy: false, since: 0, quantumEnd: 0, switches: 0, expired: 0, created: 0 },
  ended: [],
  load: {
    next: 0,
    suspended: [],
    seen: {},
    evicted: 0,
    last: undefined,
    counts: { looks: 0, thrashing: 0, suspended: 0, resumed: 0, swappedOut: 0 },
  },
  underway: undefined,
  outOfMemory: [],
});
