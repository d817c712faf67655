/**
 * Processes that take turns: each runs instructions that need several pages at once, and may lose the processor
 * after every fault. A test says who is next.
 */
import { PAGE_SIZE, pid, type VirtualAddress, virtualAddress } from '../../../src/base/numbers.ts';
import type { Outcome } from '../../../src/kernel/memory/contract.ts';
import { PageWait } from '../../../src/kernel/memory/contract.ts';
import type { ProcessState, SpaceState } from '../../../src/kernel/state.ts';
import type { Access } from '../../../src/machine/contract.ts';
import { testRoot } from '../root.ts';
import type { World } from './harness.ts';

/** What one instruction accesses, in order; it has retired when all can be made without a fault. */
export type Accesses = readonly (readonly [address: number, access: Access])[];
/** A system call, begun again whenever it has to wait for a page. */
export type Call = (member: Member, crowd: Crowd) => void;
export type Instruction = Accesses | Call;

export interface Member {
  readonly process: ProcessState;
  readonly space: SpaceState;
  readonly program: readonly Instruction[];
  /** Instructions retired. */
  at: number;
  /** Attempts at instructions. */
  tries: number;
  end: 'killed' | undefined;
}

/** Picks who runs next; `ready` is not empty and in order of process numbers. */
export type Chooser = (ready: readonly Member[], crowd: Crowd) => Member;

/** Virtual time of one attempt at an instruction. */
const ATTEMPT_NS = 2_000;

export class Crowd {
  readonly world: World;
  readonly members: Member[] = [];
  last: Member | undefined;

  constructor(world: World) {
    this.world = world;
  }

  add(space: SpaceState, program: readonly Instruction[]): Member {
    const { process } = testRoot();
    const number = pid(1 + this.members.length);
    Object.assign(process, { pid: number, space: space.id, status: 'ready', instructions: 0 });
    this.world.root.processes.push(process);
    const member: Member = { process, space, program, at: 0, tries: 0, end: undefined };
    this.members.push(member);
    return member;
  }

  /** Runs until everybody is done. @throws Error when that takes more attempts than `limit` */
  async run(choose: Chooser, limit: number): Promise<void> {
    for (let tries = 0; this.members.some((member) => this.#goesOn(member)); tries++) {
      if (tries > limit) throw new Error(`no progress: ${this.members.map(({ at }) => at).join(' ')}`);
      await this.#completeDue();
      this.world.memory.background();
      const ready = this.members.filter((m) => this.#goesOn(m) && m.process.waitsFor === undefined);
      if (ready.length === 0) this.#passTime();
      else this.#attempt(choose(ready, this));
      if (tries % 16 === 0) this.world.memory.checkInvariants();
    }
  }

  /** Ends a process, whatever it waits for. */
  kill(member: Member): void {
    const { memory } = this.world;
    member.end = 'killed';
    Object.assign(member.process, { exit: { code: 0, signal: 9 }, status: 'zombie', waitsFor: undefined });
    const shared = this.members.some((m) => m !== member && m.space === member.space && m.end === undefined);
    if (!shared) memory.destroySpace(member.space.id);
    memory.forgetProcess(member.process.pid);
  }

  #goesOn(member: Member): boolean {
    return member.end === undefined && member.at < member.program.length;
  }

  #attempt(member: Member): void {
    const { machine, root, clock } = this.world;
    const { process, space } = member;
    member.tries++;
    this.last = member;
    root.running = process.pid;
    process.status = 'running';
    this.world.memory.enterSpace(space);
    clock.idleUntil((clock.now + ATTEMPT_NS) as typeof clock.now);
    machine.pc = pcOf(member);
    process.status = 'ready';
    const instruction = member.program[member.at]!;
    const outcome = Array.isArray(instruction)
      ? this.#access(member, instruction)
      : this.#call(member, instruction as Call);
    if (outcome === 'retired') {
      process.instructions++;
      member.at++;
    } else if (outcome.kind === 'blocked') {
      process.waitsFor = outcome.request;
      process.status = 'blocked';
    } else if (outcome.kind !== 'resumed') this.kill(member);
  }

  #access({ space }: Member, accesses: Accesses): Outcome | 'retired' {
    const { machine } = this.world;
    for (const [address, access] of accesses) {
      if (machine.access(address, access) !== undefined) continue;
      return this.world.trapped(space, address, access, machine.pc);
    }
    return 'retired';
  }

  #call(member: Member, call: Call): Outcome | 'retired' {
    try {
      call(member, this);
      return 'retired';
    } catch (error) {
      if (!(error instanceof PageWait)) throw error;
      return error.outcome;
    }
  }

  #passTime(): void {
    const { root, clock } = this.world;
    const due = Math.min(...root.requests.map((request) => request.due));
    if (due === Number.POSITIVE_INFINITY) throw new Error('everybody waits for nothing');
    clock.idleUntil(due as typeof clock.now);
  }

  async #completeDue(): Promise<void> {
    const { root, clock, memory } = this.world;
    for (;;) {
      const request = root.requests.find(({ due }) => due <= clock.now);
      if (request === undefined) return;
      await memory.complete(request);
      for (const { process } of this.members) {
        if (process.waitsFor !== request.id) continue;
        process.waitsFor = undefined;
        process.status = 'ready';
      }
    }
  }
}

const pcOf = ({ at }: Member): VirtualAddress => virtualAddress(0x1000 + (at % 5) * PAGE_SIZE);
