/**
 * execve(2): another program in the place of the present one. Its address space is made beside the old one and filled
 * page by page, which may take waits; the old one goes when nothing can fail any more.
 *
 *     begin ─▶ new space with areas ─▶ fill (waits) ─▶ replace: old space gone, registers, handlers, descriptors
 */
import { UserError } from '../../base/errors.ts';
import { PAGE_SIZE, virtualAddress } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { Errno } from '../errno.ts';
import type { Files } from '../files/contract.ts';
import { checkWriteXorExecute, placementOf } from '../loader/areas.ts';
import { type ElfImage, parseElf } from '../loader/elf.ts';
import { layOut, type ProgramStart, startingStack } from '../loader/program.ts';
import type { Result, VirtualMemory } from '../memory/contract.ts';
import type { ObjectId, PendingImage, ProcessState, RootState, SpaceState } from '../state.ts';
import type { EventStream } from '../stream.ts';
import { emptyRegisters } from './create.ts';
import type { Scheduler } from './scheduler.ts';
import { SIG_IGN, SS_DISABLE } from './signal-table.ts';
import { TRAMPOLINE_CODE } from './trampoline.ts';
import { vforkChannel, wake } from './wakeups.ts';

export interface ImageParts {
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly memory: VirtualMemory;
  readonly files: Files;
  readonly scheduler: Scheduler;
  readonly stream: EventStream;
  readonly writeXorExecute: 'off' | 'on';
}

const SP = 2;
/** A script's interpreter may be a script, so many times. */
const MOST_SCRIPTS = 4;
/** Characters of a process's name. */
const COMM_LENGTH = 15;
/** Bytes of a script that its interpreter's line must end in. */
const LINE_BYTES = 256;

/** A program that was found, with the arguments it is to have. */
interface Found {
  readonly object: ObjectId;
  readonly path: string;
  readonly argv: readonly string[];
  readonly image: ElfImage;
  /** Of the file. */
  readonly bytes: Uint8Array;
}

export class Images {
  readonly #parts: ImageParts;

  constructor(parts: ImageParts) {
    this.#parts = parts;
  }

  /** Finds the program and makes the space that it will run in; -errno when it can't run. Throws `PageWait`. */
  begin(process: ProcessState, start: ProgramStart): PendingImage | Result {
    const { root, memory, files } = this.#parts;
    const found = this.#find(process, start.path, start.argv, 0);
    if (typeof found === 'number') return found;
    const { object, argv, image, bytes } = found;
    const space = memory.newSpace(root.spaces[process.space]!.translation);
    if ('kind' in space) return Errno.ENOMEM;
    if (memory.suit(space, image, bytes) !== undefined) return this.#refuse(space, Errno.ENOMEM);
    const { layout } = space;
    const stack = startingStack(image, { path: start.path, argv, env: start.env }, layout, root.random);
    if (stack === undefined) return this.#refuse(space, Errno.E2BIG);
    const trampoline = { object: this.#trampoline(process), bytes: TRAMPOLINE_CODE.length };
    layOut(memory, space, { image, program: { object, path: files.path(object) }, trampoline, stack });
    return {
      space: space.id,
      path: files.path(object),
      name: start.path.slice(start.path.lastIndexOf('/') + 1).slice(0, COMM_LENGTH),
      argv: [...argv],
      env: [...start.env],
      auxv: stack.auxiliary,
      stack: { pointer: stack.pointer, bytes: stack.bytes, end: layout.stackTop },
      entry: placementOf(image, layout).entry,
    };
  }

  #refuse(space: SpaceState, why: Result): Result {
    this.#parts.memory.destroySpace(space.id);
    return why;
  }

  /** Writes the stack a page at a time, from the top as the program would. Throws `PageWait`; goes on where it was. */
  fill(image: PendingImage): void {
    const { root, memory } = this.#parts;
    const user = memory.user(root.spaces[image.space]!);
    const { stack } = image;
    while (stack.end > stack.pointer) {
      const start = Math.max(stack.pointer, Math.floor((stack.end - 1) / PAGE_SIZE) * PAGE_SIZE);
      user.write(
        virtualAddress(start),
        stack.bytes.subarray(start - stack.pointer, stack.end - stack.pointer),
      );
      stack.end = virtualAddress(start);
    }
  }

  /**
   * A process, which has one thread left and descriptors of its own, is the new program from now on. It runs, or is
   * made ready when the thread that called ends.
   */
  replace(process: ProcessState, image: PendingImage): void {
    const { root, machine, memory, scheduler, stream } = this.#parts;
    const old = process.space;
    process.space = image.space;
    process.path = image.path;
    process.name = image.name;
    process.argv = image.argv;
    process.env = image.env;
    process.auxv = image.auxv;
    process.call = undefined;
    process.group.executed = true;
    process.group.timers = [];
    this.#resetSignals(process);
    this.#closeOnExec(process);
    const registers = emptyRegisters();
    registers.x[SP] = BigInt(image.stack.pointer);
    registers.pc = image.entry;
    process.registers = registers;
    if (scheduler.running === process) {
      scheduler.useSpace(process);
      machine.loadRegisters(registers);
    }
    const isUsed = root.processes.some((other) => other.space === old && other.status !== 'zombie');
    if (!isUsed) memory.destroySpace(old);
    wake(root, vforkChannel(process.pid));
    if (stream.watched) stream.emit({ type: 'exec', path: image.path, argv: image.argv });
  }

  /** Follows `#!` lines to a program of machine code. */
  #find(process: ProcessState, path: string, argv: readonly string[], scripts: number): Found | Result {
    const { files, writeXorExecute } = this.#parts;
    const object = files.program(process, path);
    if (typeof object !== 'number') return object.errno;
    const bytes = this.#bytesOf(object);
    if (bytes === undefined) return Errno.EIO;
    if (bytes[0] === 0x23 && bytes[1] === 0x21) {
      const line = interpreterOf(bytes);
      if (line === undefined) return Errno.ENOEXEC;
      if (scripts === MOST_SCRIPTS) return Errno.ELOOP;
      const [interpreter, ...more] = line;
      return this.#find(process, interpreter!, [interpreter!, ...more, path, ...argv.slice(1)], scripts + 1);
    }
    try {
      const image = parseElf(bytes, path);
      if (writeXorExecute === 'on') checkWriteXorExecute(image, path);
      return { object, path, argv, image, bytes };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return Errno.ENOEXEC;
    }
  }

  #bytesOf(object: ObjectId): Uint8Array | undefined {
    const { files } = this.#parts;
    const size = files.size(object);
    const bytes = new Uint8Array(Math.ceil(size / PAGE_SIZE) * PAGE_SIZE);
    for (let at = 0; at < size; at += PAGE_SIZE) {
      if (!files.readPage(object, at / PAGE_SIZE, bytes.subarray(at, at + PAGE_SIZE))) return undefined;
    }
    return bytes.subarray(0, size);
  }

  /** The one that the present program has: they are all the same. */
  #trampoline({ space }: ProcessState): ObjectId {
    const { areas, layout } = this.#parts.root.spaces[space]!;
    const area = areas.find(({ start }) => start === layout.trampoline);
    return area?.backing?.object ?? this.#parts.files.kernelPage('[vdso]', TRAMPOLINE_CODE);
  }

  /** Handlers are gone with the program that had them; what is ignored stays ignored. */
  #resetSignals({ signals }: ProcessState): void {
    signals.actions = signals.actions.map((action) =>
      action?.handler === SIG_IGN ? { ...action } : undefined,
    );
    signals.alternate = { address: 0n, size: 0n, flags: SS_DISABLE };
  }

  #closeOnExec(process: ProcessState): void {
    const { files } = this.#parts;
    process.descriptors.forEach((entry, descriptor) => {
      if (entry?.closeOnExec) files.close(process, descriptor);
    });
  }
}

/** The words of a `#!` line: the interpreter, and all that follows as one argument. */
function interpreterOf(bytes: Uint8Array): string[] | undefined {
  const head = new TextDecoder('latin1').decode(bytes.subarray(2, LINE_BYTES));
  const end = head.indexOf('\n');
  const line = (end < 0 ? head : head.slice(0, end)).trim();
  const [, interpreter, argument] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
  if (interpreter === undefined) return undefined;
  return argument ? [interpreter, argument] : [interpreter];
}
