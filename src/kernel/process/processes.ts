/**
 * The lives of processes and threads: made as copies, given back when they end, waited for.
 *
 *     clone ──▶ new ──▶ ready ⇄ running ⇄ blocked        bury                     reap
 *                                  └────────────────────────────▶ zombie ───────────────▶ (gone)
 *
 * A thread that is not the first of its process is gone at once; a process stays as a zombie until its parent waits
 * for it, or at once goes too when nobody will. Children of a process that ended have no parent any more, or the nearest
 * ancestor that asked for them.
 *
 * A thread that has ended may still have to tell others by words of memory (last-words.ts), which may take waits; it is
 * buried by the trap loop when it has. So when a process is ended from without each of its threads comes to its own end.
 */
import { assert } from '../../base/errors.ts';
import { type Pid, pid, type SpaceId, virtualAddress } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { Files } from '../files/contract.ts';
import { limitOf } from '../limits.ts';
import type { Clock, VirtualMemory } from '../memory/contract.ts';
import type { ExitState, ProcessState, RootState, ThreadGroup } from '../state.ts';
import type { EventStream } from '../stream.ts';
import type { CloneRequest, Signals } from './contract.ts';
import { emptyRegisters, FIRST_PID, initialGroup, initialTimes, NO_PARENT } from './create.ts';
import { endProcess } from './exit.ts';
import { stopWaiting } from './futexes.ts';
import { hasLastWords } from './last-words.ts';
import { endConnection, subreaperOf, tellOfParentsDeath } from './orphans.ts';
import type { Scheduler } from './scheduler.ts';
import { SIG_IGN, Signal, SignalCode, SS_DISABLE } from './signal-table.ts';
import { leaveTerminal } from './terminal.ts';
import { endedOf, waiterOf } from './told.ts';
import { sumOfUses, threadUse } from './use.ts';
import { childChannel, rouse, threadsChannel, vforkChannel, wake } from './wakeups.ts';

export interface ProcessesParts {
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly memory: VirtualMemory;
  readonly files: Files;
  readonly signals: Signals;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly stream: EventStream;
}

/** Areas of a process, and how much of each is where. */
type Areas = ReturnType<VirtualMemory['listAreas']>;

/** Registers by their ABI names. */
const SP = 2;
const TP = 4;
const A0 = 10;
/** Length of the `ecall` instruction. */
const ECALL = 4;
/** Processes and threads at once, as in Linux by default. */
const MOST_PIDS = 32_768;
/** Ended processes that reports can list. */
const MOST_ENDED = 10_000;
/** The child's end is not to be waited for. */
const SA_NOCLDWAIT = 2;

export class Processes {
  readonly #parts: ProcessesParts;
  #lastAreas: Areas = [];

  constructor(parts: ProcessesParts) {
    this.#parts = parts;
  }

  /** Processes and threads that have not ended. */
  get live(): number {
    return this.#parts.root.processes.filter(({ status }) => status !== 'zombie').length;
  }

  /** A thread by its number. */
  find(id: number): ProcessState | undefined {
    return this.#parts.root.processes.find((process) => process.pid === id);
  }

  /** The first threads of all processes, of zombies too. */
  get leaders(): ProcessState[] {
    return this.#parts.root.processes.filter(({ pid: id, group }) => id === group.id);
  }

  /** Threads of a process that have not ended. */
  threadsOf(group: ThreadGroup): ProcessState[] {
    return this.#parts.root.processes.filter(
      (thread) => thread.group === group && thread.status !== 'zombie',
    );
  }

  /** Areas of the first program, as they are or were when it ended. */
  areas(): Areas {
    const first = this.find(FIRST_PID);
    const space = first && this.#parts.root.spaces[first.space];
    return space === undefined || first?.status === 'zombie'
      ? this.#lastAreas
      : this.#parts.memory.listAreas(space);
  }

  /** Whether `process` may have one more (RLIMIT_NPROC, and the numbers there are). */
  hasRoomFor(process: ProcessState): boolean {
    const { live } = this;
    return live < MOST_PIDS && BigInt(live) < limitOf(process, 'NPROC')[0];
  }

  /**
   * A copy of the running process that begins behind the `ecall` with 0 as its result.
   * @param space the copy's address space
   */
  clone(parent: ProcessState, space: SpaceId, request: CloneRequest): ProcessState {
    const { root, machine, stream, clock } = this.#parts;
    const id = this.#nextPid();
    const group = request.kind === 'thread' ? parent.group : this.#groupOf(id, parent, request);
    if (request.kind === 'thread') group.threads++;
    const child: ProcessState = {
      ...structuredClone({ ...parent, group: undefined, signals: undefined, registers: undefined }),
      ...this.#shares(parent, request),
      pid: id,
      group,
      space,
      status: 'new',
      registers: emptyRegisters(),
      setChildTid: virtualAddress(request.setChildTid),
      clearChildTid: virtualAddress(request.clearChildTid),
      robustList: virtualAddress(0),
      lastWords: undefined,
      parentDeathSignal: 0,
      timerSlack: { current: parent.timerSlack.current, initial: parent.timerSlack.current },
      call: undefined,
      times: initialTimes(clock.now),
      instructions: 0,
      faults: { minor: 0, major: 0 },
      tlbMisses: 0,
      residentPeak: 0,
    };
    machine.saveRegisters(child.registers);
    child.registers.x[A0] = 0n;
    if (request.stackPointer !== 0n) child.registers.x[SP] = request.stackPointer;
    if (request.threadPointer !== undefined) child.registers.x[TP] = request.threadPointer;
    child.registers.pc = virtualAddress(child.registers.pc + ECALL);
    if (request.files === 'copied') this.#parts.files.inherit(child);
    root.processes.push(child);
    root.woken.push(id);
    if (stream.watched) stream.emit({ type: 'clone', child: id, kind: request.kind, space });
    return child;
  }

  /** Gives back what a thread that has ended held, and its process's when it was the last; it is on the processor. */
  bury(process: ProcessState): void {
    const { scheduler, stream } = this.#parts;
    const { group, exit } = process;
    assert(exit !== undefined, 'only who has ended is buried');
    if (scheduler.running === process) scheduler.leave(process, 'blocked');
    if (process.pid === FIRST_PID) this.#lastAreas = structuredClone(this.areas());
    this.#giveBack(process);
    if (stream.watched) stream.emit({ type: 'exit', status: exit.code, signal: exit.signal });
    group.threads--;
    if (group.exit !== undefined) this.#endThreads(group, group.exit);
    this.#remove(process);
    if (group.threads === 0) this.#ended(group);
  }

  /** Ends all threads of a process but one (execve(2)); how many are left, for they may take some time. */
  endOtherThreads(process: ProcessState): number {
    this.#endThreads(process.group, { code: 0, signal: 0 }, process);
    return process.group.threads;
  }

  /**
   * A process has one thread left: it is the first from now on, under the process's number (execve(2)). The first
   * thread's record, which was kept for its number, goes on as that of the other, which ends.
   */
  becomeFirst(process: ProcessState): ProcessState {
    const { root } = this.#parts;
    const { group } = process;
    const first = this.find(group.id);
    assert(first !== undefined && group.threads === 1, 'the number of a process is kept as long as it lives');
    if (first === process) return process;
    // What it has used so far is its process's and none of the new first thread's.
    group.spent = sumOfUses(group.spent, threadUse(root, first));
    const { space, descriptors, directory, signals, scheduling, limits } = process;
    const { parentDeathSignal, timerSlack } = process;
    const kept = {
      space,
      descriptors,
      directory,
      signals,
      scheduling,
      limits,
      parentDeathSignal,
      timerSlack,
    };
    Object.assign(first, kept);
    const { arrived, firstRun, ready } = first.times;
    first.times = { ...initialTimes(this.#parts.clock.now), arrived, firstRun, ready };
    first.instructions = 0;
    first.faults = { minor: 0, major: 0 };
    first.status = 'new';
    first.exit = undefined;
    group.threads++;
    root.woken.push(first.pid);
    for (const { group: child } of this.leaders) if (child.creator === process.pid) child.creator = first.pid;
    process.call = undefined;
    process.exit = { code: 0, signal: 0 };
    return first;
  }

  /** Gives a process that shares its descriptors with others a copy of its own. */
  unshareDescriptors(process: ProcessState): void {
    const { root, files } = this.#parts;
    const shares = root.processes.some(
      (other) => other !== process && other.status !== 'zombie' && other.descriptors === process.descriptors,
    );
    if (!shares) return;
    process.descriptors = process.descriptors.map((entry) => entry && { ...entry });
    files.inherit(process);
  }

  /** Forgets a zombie. */
  reap(leader: ProcessState): void {
    const { root, stream } = this.#parts;
    assert(leader.status === 'zombie', 'only a zombie is reaped');
    if (root.ended.length < MOST_ENDED) root.ended.push(endedOf(root, leader));
    root.processes.splice(root.processes.indexOf(leader), 1);
    if (stream.watched) stream.emit({ type: 'reap', child: leader.pid });
  }

  /**
   * Nobody can run, and nothing is coming that could change it. When the programs that were started from outside have
   * ended, those they left behind end too; otherwise they are dead-locked, and killed, each with what it waits for.
   */
  endStuck(): void {
    const { root } = this.#parts;
    const programs = root.programs.map((id) => this.find(id));
    const isOver = programs.every((program) => program === undefined || program.status === 'zombie');
    const waiting = root.processes.filter(({ status }) => status !== 'zombie');
    if (!isOver) root.deadlock = waiting.map(waiterOf);
    for (const process of waiting) {
      if (process.status === 'zombie') continue;
      const reason = isOver ? 'its parents have ended' : (process.sleep?.reason ?? 'it is stopped');
      endProcess(process, { code: 0, signal: Signal.SIGKILL, reason });
      this.bury(process);
    }
  }

  #shares(
    parent: ProcessState,
    { files, directory, actions, kind, space }: CloneRequest,
  ): Pick<ProcessState, 'descriptors' | 'directory' | 'limits' | 'signals'> {
    const { signals } = parent;
    const keepsStack = kind === 'process' && space === 'copied';
    const copied = signals.actions.map((action) =>
      action === undefined || (actions === 'cleared' && action.handler > SIG_IGN) ? undefined : { ...action },
    );
    return {
      descriptors:
        files === 'shared' ? parent.descriptors : parent.descriptors.map((entry) => entry && { ...entry }),
      directory: directory === 'shared' ? parent.directory : { ...parent.directory },
      limits: kind === 'thread' ? parent.limits : structuredClone(parent.limits),
      signals: {
        actions: actions === 'shared' ? signals.actions : copied,
        mask: signals.mask,
        pending: [],
        alternate: keepsStack ? { ...signals.alternate } : { address: 0n, size: 0n, flags: SS_DISABLE },
      },
    };
  }

  #groupOf(id: Pid, parent: ProcessState, { exitSignal, parent: of }: CloneRequest): ThreadGroup {
    const { group } = parent;
    return {
      ...(of === 'self'
        ? initialGroup(id, group.id, parent.pid)
        : initialGroup(id, group.parent, group.creator)),
      processGroup: group.processGroup,
      session: group.session,
      terminal: group.terminal,
      memoryAdjust: group.memoryAdjust,
      exitSignal,
    };
  }

  #nextPid(): Pid {
    const { root } = this.#parts;
    const taken = (id: number): boolean =>
      root.processes.some(
        ({ pid: other, group }) => other === id || group.processGroup === id || group.session === id,
      );
    let id: number = root.nextPid;
    while (taken(id)) id = id + 1 >= MOST_PIDS ? 2 : id + 1;
    root.nextPid = pid(id + 1 >= MOST_PIDS ? 2 : id + 1);
    return pid(id);
  }

  /** What a thread held alone: its place in the scheduler, descriptors and address space that nobody shares. */
  #giveBack(process: ProcessState): void {
    const { root, memory, files, scheduler } = this.#parts;
    scheduler.gone(process);
    process.waitsFor = undefined;
    process.sleep = undefined;
    this.#forgetCall(process);
    const others = root.processes.filter((other) => other !== process && other.status !== 'zombie');
    if (!others.some(({ descriptors }) => descriptors === process.descriptors)) files.closeAll(process);
    memory.forgetProcess(process.pid);
    process.residentPeak = root.spaces[process.space]?.residentPeak ?? 0;
    const isUsed = others.some(({ space }) => space === process.space);
    if (!isUsed && root.spaces[process.space] !== undefined) memory.destroySpace(process.space);
    stopWaiting(root, process.pid);
    wake(root, vforkChannel(process.pid));
    wake(root, threadsChannel(process.group.id));
    tellOfParentsDeath(root, this.#parts.signals, process);
  }

  /** What it was waiting in is not begun again. */
  #forgetCall(process: ProcessState): void {
    const half = process.call?.image?.space;
    if (half !== undefined) this.#parts.memory.destroySpace(half);
    this.#parts.files.abandon(process);
    process.call = undefined;
  }

  /** All threads of a process have ended: its children have another parent or none, and its own parent is told. */
  #ended(group: ThreadGroup): void {
    const { root, signals } = this.#parts;
    const leader = this.find(group.id);
    assert(leader !== undefined, 'the first thread stays until its process is reaped');
    group.alarm = undefined;
    group.timers = [];
    leaveTerminal(root, signals, group);
    this.#giveChildrenAway(group);
    endConnection(root, signals, { child: group, parent: this.find(group.parent)?.group, ends: 'child' });
    this.#tellParent(leader);
  }

  #giveChildrenAway(group: ThreadGroup): void {
    const { root, signals } = this.#parts;
    const reaper = subreaperOf(root, group);
    for (const child of this.leaders) {
      if (child.group.parent !== group.id) continue;
      child.group.parent = reaper?.pid ?? NO_PARENT;
      child.group.creator = child.group.parent;
      if (child.group.exitSignal !== 0) child.group.exitSignal = Signal.SIGCHLD;
      endConnection(root, signals, { child: child.group, parent: group, ends: 'parent' });
      if (child.status === 'zombie' && child.group.threads === 0) this.#tellParent(child);
    }
  }

  /** A process has ended: its parent gets its signal, and it is forgotten if nobody will wait for it. */
  #tellParent(leader: ProcessState): void {
    const { root, signals } = this.#parts;
    const { group } = leader;
    const parent = this.find(group.parent);
    if (parent === undefined) {
      if (!root.programs.includes(group.id)) this.reap(leader);
      return;
    }
    const action = parent.signals.actions[Signal.SIGCHLD];
    const isUnwanted = action?.handler === SIG_IGN || ((action?.flags ?? 0) & SA_NOCLDWAIT) !== 0;
    if (group.exitSignal !== 0) {
      const { code, signal } = group.exit ?? { code: 0, signal: 0 };
      const how = signal === 0 ? SignalCode.childExited : SignalCode.childKilled;
      signals.send(parent, group.exitSignal, how, BigInt(signal || code), group.id);
    }
    if (group.exitSignal === Signal.SIGCHLD && isUnwanted) this.reap(leader);
    wake(root, childChannel(group.parent));
  }

  /** Ends the threads of a process but `kept`. Who has to tell others of its end does so when it runs next. */
  #endThreads(group: ThreadGroup, exit: ExitState, kept?: ProcessState): void {
    const { root } = this.#parts;
    for (const thread of this.threadsOf(group)) {
      if (thread === kept || thread.exit !== undefined) continue;
      thread.exit = exit;
      if (hasLastWords(thread)) {
        this.#forgetCall(thread);
        thread.waitsFor = undefined;
        stopWaiting(root, thread.pid);
        rouse(root, thread);
        continue;
      }
      this.#giveBack(thread);
      group.threads--;
      this.#remove(thread);
    }
  }

  /** A thread goes, unless it is the first, whose number is its process's. */
  #remove(thread: ProcessState): void {
    const { root } = this.#parts;
    const { group } = thread;
    if (thread.pid === group.id) return;
    group.spent = sumOfUses(group.spent, threadUse(root, thread));
    root.processes.splice(root.processes.indexOf(thread), 1);
  }
}
