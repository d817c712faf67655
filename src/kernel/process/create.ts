/** A process before its program is loaded, and the root state before there is any process. */
import { type Pid, pid, type SpaceId, virtualAddress } from '../../base/numbers.ts';
import type { RegisterContext } from '../../machine/contract.ts';
import type { ProcessState } from '../state.ts';
import { LAST_SIGNAL, SS_DISABLE } from './signal-table.ts';

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
}

/** No descriptor is open yet, no signal set. */
export function createProcess(request: ProcessRequest): ProcessState {
  return {
    pid: request.pid,
    parent: request.parent,
    space: request.space,
    status: 'running',
    registers: emptyRegisters(),
    exit: undefined,
    path: request.path,
    argv: [...request.argv],
    env: [...request.env],
    auxv: new Uint8Array(0),
    cwd: request.cwd,
    umask: 0o022,
    descriptors: [],
    signals: {
      actions: new Array<undefined>(LAST_SIGNAL + 1).fill(undefined),
      mask: 0n,
      pending: [],
      alternate: { address: 0n, size: 0n, flags: SS_DISABLE },
    },
    clearChildTid: virtualAddress(0),
    robustList: virtualAddress(0),
    limits: {},
    call: undefined,
    waitsFor: undefined,
  };
}

/** The first process; its parent is nobody. */
export const FIRST_PID = pid(1);
export const NO_PARENT = pid(0);
