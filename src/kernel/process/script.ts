/**
 * A process that executes a script of bursts instead of machine code: it is scheduled, waits and touches memory as
 * any other. Time passes for it as its script says and not as instructions take it.
 */
import { assert } from '../../base/errors.ts';
import { PAGE_SIZE, virtualAddress } from '../../base/numbers.ts';
import type { SchedulingPolicy } from '../../policies/scheduling/contract.ts';
import type { VirtualClock } from '../clock.ts';
import { BadAddress, type VirtualMemory } from '../memory/contract.ts';
import type { Burst, Costs, ProcessState, RootState, ScriptState } from '../state.ts';
import { endProcess } from './exit.ts';
import type { Scheduler } from './scheduler.ts';
import { Signal } from './signal-table.ts';

export interface ScriptParts {
  readonly root: RootState;
  readonly memory: VirtualMemory;
  readonly scheduler: Scheduler;
  readonly policy: SchedulingPolicy;
  readonly clock: VirtualClock;
  readonly costs: Pick<Costs, 'memory'>;
}

/** First page that jobs touch; they name their pages from 0. */
export const FIRST_PAGE = 0x10;

export class Scripts {
  readonly #parts: ScriptParts;

  constructor(parts: ScriptParts) {
    this.#parts = parts;
  }

  /**
   * Goes on with the running process's script until `until`, ns, at most; what follows a burst and takes no time
   * happens with its end, so that a job which has used its quantum up as it ends has ended. Throws `PageWait` as user
   * memory does.
   */
  perform(process: ProcessState, script: ScriptState, until: number): void {
    do this.#burst(process, script, until);
    while (
      process.status === 'running' &&
      process.exit === undefined &&
      script.bursts[script.at]?.kind !== 'cpu'
    );
  }

  #burst(process: ProcessState, script: ScriptState, until: number): void {
    const burst = script.bursts[script.at];
    switch (burst?.kind) {
      case undefined:
        endProcess(process, { code: 0, signal: 0 });
        break;
      case 'cpu':
        this.#compute(script, burst.ns, until);
        break;
      case 'io':
        this.#wait(process, script, burst.ns);
        break;
      case 'touch':
        this.#touch(process, script, burst);
        break;
      case 'yield':
        script.at++;
        this.#parts.scheduler.leave(process, 'yielded');
        break;
      default:
        this.#useTickets(process, burst);
        script.at++;
    }
  }

  #compute(script: ScriptState, ns: number, until: number): void {
    const { clock } = this.#parts;
    const left = ns - script.done;
    const now = Math.max(0, Math.min(left, until - clock.now));
    clock.charge('jobs', now);
    script.done += now;
    if (script.done < ns) return;
    script.at++;
    script.done = 0;
  }

  /** A device works for it, one of its own: jobs don't wait for one another's. */
  #wait(process: ProcessState, script: ScriptState, ns: number): void {
    const { scheduler, clock } = this.#parts;
    script.at++;
    process.sleep = { channels: [], until: clock.now + ns, reason: 'its I/O' };
    scheduler.leave(process, 'blocked');
    if (script.declares) {
      process.scheduling.length = nextLength(script);
      scheduler.changed(process);
    }
  }

  /** One reference a page, in ascending order. */
  #touch(
    process: ProcessState,
    script: ScriptState,
    { first, last, access }: Burst & { kind: 'touch' },
  ): void {
    const { root, memory, clock, costs } = this.#parts;
    const space = root.spaces[process.space];
    assert(space !== undefined, 'a job that touches pages has an address space');
    const user = memory.user(space);
    for (let page = first + script.done; page <= last; page++) {
      const address = virtualAddress((FIRST_PAGE + page) * PAGE_SIZE);
      // A step of its own, so that the pages before it need not stay.
      process.call = { done: script.done };
      const touch = () => (access === 'load' ? user.readU32(address) : user.writeU32(address, page));
      if (!hasTouched(process, touch)) return;
      clock.charge('jobs', costs.memory);
      script.done++;
    }
    process.call = undefined;
    script.at++;
    script.done = 0;
  }

  #useTickets(process: ProcessState, burst: Burst & { kind: 'lend' | 'take back' | 'inflate' }): void {
    const { root, policy } = this.#parts;
    const tickets = policy.ticketOperations;
    if (tickets === undefined) return;
    if (burst.kind === 'inflate') tickets.inflate(process.pid, burst.tickets);
    else if (burst.kind === 'take back') tickets.giveBack(process.pid);
    else {
      const to = root.processes.find(({ argv, script }) => script !== undefined && argv[0] === burst.to);
      if (to !== undefined) tickets.transfer(process.pid, to.pid);
    }
  }
}

/** Whether the page could be had; a job that it could not be had for ends, as a program does by SIGBUS. */
function hasTouched(process: ProcessState, touch: () => void): boolean {
  try {
    touch();
    return true;
  } catch (error) {
    if (!(error instanceof BadAddress)) throw error;
    process.call = undefined;
    endProcess(process, { code: 0, signal: Signal.SIGBUS, reason: error.message });
    return false;
  }
}

/** CPU time of the burst that comes next, with those that follow it without a wait. */
export function nextLength({ bursts, at, done }: ScriptState): number {
  let length = -done;
  // Most lists are long, and the next wait is near.
  for (let i = at; i < bursts.length; i++) {
    const burst = bursts[i]!;
    if (burst.kind === 'io') break;
    if (burst.kind === 'cpu') length += burst.ns;
  }
  return Math.max(0, length);
}
