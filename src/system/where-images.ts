/** Programs that processes execute, as far as instructions are to be found in them: their bytes and where they lie. */
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';
import { placementOf } from '../kernel/loader/areas.ts';
import { parseElf } from '../kernel/loader/elf.ts';
import { type Inflate, ProgramCode } from '../kernel/loader/program-code.ts';
import type { BackingObjects } from '../kernel/memory/contract.ts';
import type { AddressLayout, ObjectId, ProcessState, SpaceState } from '../kernel/state.ts';

/** A program, the same for all who execute the same bytes under the same path. */
export interface ProgramImage {
  readonly path: string;
  /** What is added to linked addresses; 0 when the program can't be read. */
  readonly bias: number;
  /** Address of the page that signal handlers return through. */
  readonly trampoline: number;
  /** `undefined` when the program can't be read any more, or there is none: a scripted job. */
  readonly code: ProgramCode | undefined;
}

export class ProgramImages {
  readonly #files: BackingObjects;
  readonly #inflate: Inflate | undefined;
  readonly #bySpace = new WeakMap<SpaceState, ProgramImage>();
  readonly #known: { readonly bytes: Uint8Array | undefined; readonly image: ProgramImage }[] = [];

  constructor(files: BackingObjects, inflate: Inflate | undefined) {
    this.#files = files;
    this.#inflate = inflate;
  }

  /** The program that a process executes in an address space, read when it is first asked for. */
  of(process: ProcessState, space: SpaceState): ProgramImage {
    const known = this.#bySpace.get(space);
    if (known !== undefined) return known;
    const image = this.#find(process, space);
    this.#bySpace.set(space, image);
    return image;
  }

  /** A forked space has the program of its parent. */
  forked(parent: SpaceState, child: SpaceState): void {
    const image = this.#bySpace.get(parent);
    if (image !== undefined) this.#bySpace.set(child, image);
  }

  #find({ path, script }: ProcessState, space: SpaceState): ProgramImage {
    const home = script === undefined ? space.areas.find(({ name }) => name === path) : undefined;
    const bytes = home?.backing && this.#bytesOf(home.backing.object);
    const same = this.#known.find(
      (one) =>
        one.image.path === path &&
        one.image.trampoline === space.layout.trampoline &&
        areEqual(one.bytes, bytes),
    );
    if (same !== undefined) return same.image;
    const { trampoline } = space.layout;
    const code = bytes && new ProgramCode(bytes, this.#inflate);
    const image = { path, bias: biasOf(bytes, path, space.layout), trampoline, code };
    this.#known.push({ bytes, image });
    return image;
  }

  #bytesOf(object: ObjectId): Uint8Array | undefined {
    const size = this.#files.size(object);
    const bytes = new Uint8Array(Math.ceil(size / PAGE_SIZE) * PAGE_SIZE);
    for (let at = 0; at < size; at += PAGE_SIZE) {
      if (!this.#files.readPage(object, at / PAGE_SIZE, bytes.subarray(at, at + PAGE_SIZE))) return undefined;
    }
    return bytes.subarray(0, size);
  }
}

function biasOf(bytes: Uint8Array | undefined, path: string, layout: AddressLayout): number {
  if (bytes === undefined) return 0;
  try {
    return placementOf(parseElf(bytes, path), layout).bias;
  } catch (error) {
    // It was a program when it was started; its file has been written to since.
    if (error instanceof UserError) return 0;
    throw error;
  }
}

/** Both lie in buffers of their own, of whole pages with zeros at the end. */
function areEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return a === b;
  const [left, right] = [new Int32Array(a.buffer), new Int32Array(b.buffer)];
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}
