/** From the trap of an `ecall` to the handler and back. */
import { Errno } from '../errno.ts';
import { BadAddress, PageWait, type UserMemory } from '../memory/contract.ts';
import type { ProcessState, SpaceState } from '../state.ts';
import { Call, type CallParts } from './call.ts';
import type { CallResult, Dispatched, SystemCall } from './contract.ts';
import { SeenMemory } from './seen-memory.ts';
import { shownCall } from './show.ts';

export interface DispatcherParts extends CallParts {
  /** Every call there is; any other number is ENOSYS. */
  readonly calls: readonly SystemCall[];
  /** Whether `system-call` events carry the text that strace(1) would print. */
  readonly strace: 'off' | 'on';
}

const A0 = 10;
const A7 = 17;
const ARGUMENTS = 6;
/** Length of the `ecall` instruction. */
const ECALL = 4;

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #rows: (SystemCall | undefined)[] = [];
  #call: Call | undefined;
  /** What a call has seen so far, from try to try; other processes' calls may come between. */
  readonly #seen = new WeakMap<ProcessState, SeenMemory>();

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    for (const row of parts.calls) {
      if (this.#rows[row.number] !== undefined) throw new Error(`two system calls have number ${row.number}`);
      this.#rows[row.number] = row;
    }
  }

  /**
   * Makes the call that the registers of the running process ask for. When done its result is in a0 and pc is
   * behind the `ecall`. On 'wait' and 'sleep' nothing has changed but `process.call`: the call is to be dispatched
   * again, without the program's running in between, when what it waits for is there.
   */
  dispatch(process: ProcessState, space: SpaceState): Dispatched {
    const { machine, root } = this.#parts;
    const number = Number(BigInt.asIntN(32, machine.x[A7]!));
    const row = this.#rows[number];
    const call = this.#callOf(process, space);
    const given = this.#parts.strace === 'on' ? machine.x.slice(A0, A0 + ARGUMENTS) : undefined;
    let result: CallResult;
    try {
      result = row === undefined ? Errno.ENOSYS : row.handle(call);
    } catch (error) {
      if (error instanceof PageWait) {
        process.call ??= { done: 0 };
        return { wait: error.outcome };
      }
      if (!(error instanceof BadAddress)) throw error;
      result = Errno.EFAULT;
    }
    if (result === 'interrupted' || (typeof result === 'object' && 'sleep' in result)) {
      process.call ??= { done: 0 };
      return result;
    }
    if (process.call !== undefined) this.#parts.files.abandon(process);
    process.call = undefined;
    if (result === 'restarted') return 'interrupted';
    root.calls.made[number] = (root.calls.made[number] ?? 0) + 1;
    if (row === undefined) root.calls.unknown[number] = (root.calls.unknown[number] ?? 0) + 1;
    if (this.#parts.events.watched) this.#emit(call, number, row, given, result);
    this.#seen.delete(process);
    if (result === 'exited' || result === 'replaced') return result;
    machine.x[A0] = BigInt(result === 'yielded' ? 0 : result);
    machine.pc = (machine.pc + ECALL) as typeof machine.pc;
    return result === 'yielded' ? result : 'done';
  }

  /** The context is the same from call to call while the process is. */
  #callOf(process: ProcessState, space: SpaceState): Call {
    const shows = this.#parts.strace === 'on' && this.#parts.events.watched;
    if (shows) {
      const seen = this.#seen.get(process) ?? new SeenMemory(this.#user(space));
      this.#seen.set(process, seen);
      return new Call(this.#parts, process, space, seen);
    }
    if (this.#call?.process !== process || this.#call.space !== space) {
      this.#call = new Call(this.#parts, process, space, this.#user(space));
    }
    return this.#call;
  }

  #user(space: SpaceState): UserMemory {
    return this.#parts.memory.user(space);
  }

  /** @param given the arguments as they were: registers may hold something else by now; without strace `undefined` */
  #emit(
    call: Call,
    number: number,
    row: SystemCall | undefined,
    given: BigInt64Array | undefined,
    result: CallResult,
  ): void {
    const name = row?.name ?? `syscall_${number}`;
    const value = typeof result === 'number' ? result : 0;
    const seen = this.#seen.get(call.process);
    const shown =
      seen === undefined || given === undefined
        ? undefined
        : shownCall({ name, shapes: row?.arguments ?? [], given, result, seen });
    this.#parts.events.emit({
      type: 'system-call',
      number,
      name,
      result: value,
      ...(shown === undefined ? {} : { shown }),
    });
  }
}
