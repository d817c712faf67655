/** From a program's image to an address space that it can start in: areas, and the stack with its arguments. */
import { nextUint32, type RandomState } from '../../base/random.ts';
import { GUEST_GID, GUEST_UID } from '../files/flags.ts';
import type { VirtualMemory } from '../memory/contract.ts';
import {
  type AddressLayout,
  type ObjectId,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type SpaceState,
} from '../state.ts';
import { placementOf, programAreas, stackArea, trampolineArea } from './areas.ts';
import type { ElfImage } from './elf.ts';
import { buildStack, type StackImage } from './stack.ts';

export interface ProgramStart {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** As AT_EXECFN tells it. */
  readonly path: string;
}

/** The stack that a program starts with; `undefined` when its arguments and environment are too long (2 MiB in all). */
export function startingStack(
  image: ElfImage,
  { path, argv, env }: ProgramStart,
  layout: AddressLayout,
  random: RandomState,
): StackImage | undefined {
  const { entry, headersAddress } = placementOf(image, layout);
  return buildStack({
    layout,
    path,
    argv,
    env,
    entry,
    headersAddress,
    headerCount: image.programHeaders.count,
    uid: GUEST_UID,
    gid: GUEST_GID,
    random: randomBytes(random),
  });
}

function randomBytes(random: RandomState): Uint8Array {
  const words = new Uint32Array(4).map(() => nextUint32(random));
  return new Uint8Array(words.buffer);
}

/** What an address space is laid out from. */
export interface Layout {
  readonly image: ElfImage;
  readonly program: { readonly object: ObjectId; readonly path: string };
  /** The page that signal handlers return through, and its bytes. */
  readonly trampoline: { readonly object: ObjectId; readonly bytes: number };
  readonly stack: StackImage;
}

/** Gives an empty space the areas of a program. */
export function layOut(memory: VirtualMemory, space: SpaceState, layout: Layout): void {
  const { image, program, trampoline, stack } = layout;
  for (const area of programAreas(image, space.layout, program)) memory.addArea(space, area);
  const execute = image.executableStack ? PROT_EXEC : 0;
  memory.addArea(space, stackArea(space.layout, stack.bytes.length, PROT_READ | PROT_WRITE | execute));
  memory.addArea(space, trampolineArea(space.layout, trampoline.object, trampoline.bytes));
  const { end } = placementOf(image, space.layout);
  space.brkStart = space.layout.heap ?? end;
  space.brk = space.brkStart;
  space.mmapTop = space.layout.mmapTop;
}
