/** Brings the first program to its first instruction: reads its headers, lays out its space, fills its stack. */
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE, pid, type VirtualAddress, virtualAddress } from '../base/numbers.ts';
import { formatSize } from '../base/sizes.ts';
import type { EventSink } from '../kernel/events.ts';
import type { KernelFiles } from '../kernel/files/files.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { checkWriteXorExecute, placementOf } from '../kernel/loader/areas.ts';
import { parseElf } from '../kernel/loader/elf.ts';
import { layOut, startingStack } from '../kernel/loader/program.ts';
import { mostArgumentBytes, type StackImage } from '../kernel/loader/stack.ts';
import { BadAddress, type VirtualMemory } from '../kernel/memory/contract.ts';
import { createProcess, NO_PARENT } from '../kernel/process/create.ts';
import { TRAMPOLINE_CODE } from '../kernel/process/trampoline.ts';
import type { ProcessState, RootState, SpaceState } from '../kernel/state.ts';
import type { MachinePort } from '../machine/contract.ts';
import type { SystemConfig } from './config.ts';
import type { ProgramRequest } from './ports.ts';
import { tooSmall } from './too-small.ts';

export interface BootParts {
  readonly root: RootState;
  readonly memory: VirtualMemory;
  readonly files: KernelFiles;
  readonly machine: MachinePort;
  readonly kernel: Kernel;
  readonly stream: EventSink;
  readonly config: SystemConfig;
  readonly program: ProgramRequest;
}

/** @throws UserError when the file is no program for this machine, or memory does not hold its start */
export async function boot(parts: BootParts): Promise<void> {
  const { root, memory, files, machine, stream, config, program } = parts;
  const image = parseElf(program.bytes, program.name);
  if (config.writeXorExecute === 'on') checkWriteXorExecute(image, program.name);
  const space = memory.createSpace(program.translation);
  const unfit = memory.suit(space, image, program.bytes);
  if (unfit !== undefined) throw new UserError(program.name, unfit);
  const start = { ...program, path: program.argv[0] ?? program.path };
  const stack = startingStack(image, start, space.layout, root.random);
  if (stack === undefined) {
    const most = formatSize(mostArgumentBytes(space.layout));
    throw new UserError(program.name, `its arguments and environment are too long (${most} in all)`);
  }
  const object = files.hostProgram(program.path, program.bytes);
  const trampoline = { object: files.kernelPage('[vdso]', TRAMPOLINE_CODE), bytes: TRAMPOLINE_CODE.length };
  layOut(memory, space, { image, program: { object, path: program.path }, trampoline, stack });
  const { now } = root.clock;
  const request = { ...program, pid: root.nextPid, parent: NO_PARENT, space: space.id, cwd: '/', now };
  const process = createProcess(request);
  const limit = program.memoryLimit === undefined ? undefined : BigInt(program.memoryLimit);
  if (limit !== undefined) process.limits.AS = [limit, limit];
  process.group.memoryAdjust = program.memoryAdjust ?? 0;
  root.nextPid = pid(root.nextPid + 1);
  process.auxv = stack.auxiliary;
  root.processes.push(process);
  root.programs.push(process.pid);
  root.running = process.pid;
  files.openStandardStreams(process);
  memory.enterSpace(space);
  machine.loadRegisters(process.registers);
  if (stream.watched) stream.emit({ type: 'exec', path: program.path, argv: program.argv });
  await fillStack(parts, process, space, stack);
  if (config.loading === 'eager') await touchAll(parts, process, space);
  machine.pc = placementOf(image, space.layout).entry;
  machine.x[2] = BigInt(stack.pointer);
  machine.saveRegisters(process.registers);
  // Waiting for pages may have put it among the woken already.
  root.woken = root.woken.filter((woken) => woken !== process.pid);
  const { arrival = 0 } = program;
  if (arrival <= root.clock.now) root.woken.push(process.pid);
  else process.sleep = { channels: [], until: arrival, reason: 'its arrival' };
}

/** Writes the stack a page at a time, from the top as the guest would. */
async function fillStack(
  parts: BootParts,
  process: ProcessState,
  space: SpaceState,
  stack: StackImage,
): Promise<void> {
  const user = parts.memory.user(space);
  for (let end: number = space.layout.stackTop; end > stack.pointer; ) {
    const start = Math.max(stack.pointer, Math.floor((end - 1) / PAGE_SIZE) * PAGE_SIZE);
    const piece = stack.bytes.subarray(start - stack.pointer, end - stack.pointer);
    await must(parts, process, () => user.write(virtualAddress(start), piece));
    end = start;
  }
}

/** Eager loading: brings in every page that comes from a file before the program starts. */
async function touchAll(parts: BootParts, process: ProcessState, space: SpaceState): Promise<void> {
  const user = parts.memory.user(space);
  const pages: VirtualAddress[] = [];
  for (const { start, end, backing } of space.areas) {
    if (backing === undefined) continue;
    for (let at: number = start; at < end; at += PAGE_SIZE) pages.push(virtualAddress(at));
  }
  for (const page of pages) await must(parts, process, () => user.prepare(page, 1, 'load'));
}

/** Does it, waiting for pages; they are held no longer, or programs that have not begun would starve each other. */
async function must(
  { kernel, memory, config, program }: BootParts,
  process: ProcessState,
  action: () => void,
): Promise<void> {
  const isDone = await kernel.attempt(process, action).catch((error: unknown) => {
    if (error instanceof BadAddress) throw new UserError(program.name, `can't be loaded: ${error.message}`);
    throw error;
  });
  memory.forgetProcess(process.pid);
  if (isDone) return;
  const least = config.segments === undefined ? FIRST_TABLES + INSTRUCTION_PAGES : memory.counters.neededPeak;
  throw tooSmall(config, least, INSTRUCTION_PAGES);
}

/** Root, and two levels each for the program and the stack. */
const FIRST_TABLES = 5;
/** Two to be fetched from and two of data. */
const INSTRUCTION_PAGES = 4;
