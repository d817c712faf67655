/**
 * Pages kept in a file: a header of one page, then one page a slot. The file is sparse: a slot takes disk space
 * when it is first written.
 */
import { PAGE_SIZE, type Slot, slot } from '../base/numbers.ts';
import type { PageStore, StoreContents, StoreFailure, StoreResult } from './contract.ts';
import { errorCode, errorReason, openPageFile, type PageFile } from './file-pages.ts';
import { WrittenPages } from './written-pages.ts';

/** Slots with consecutive numbers, which one transfer serves: `slots[index]` to `slots[index + count - 1]`. */
interface Run {
  readonly index: number;
  readonly count: number;
}

export class FileStore implements PageStore {
  readonly name: string;
  readonly capacity: number;
  readonly #file: PageFile;
  readonly #written: WrittenPages;

  /** @param file has room for a header and `capacity` pages; closed with the store */
  constructor(file: PageFile, capacity: number) {
    this.name = `file:${file.path}`;
    this.capacity = capacity;
    this.#file = file;
    this.#written = new WrittenPages(capacity);
  }

  read(slots: readonly Slot[], into: Uint8Array): StoreResult {
    this.#written.checkCall(slots, into);
    for (const run of runsOf(slots)) {
      const failure = this.#readRun(slots, run, into);
      if (failure) return failure;
    }
    return undefined;
  }

  write(slots: readonly Slot[], from: Uint8Array): StoreResult {
    this.#written.checkCall(slots, from);
    for (const run of runsOf(slots)) {
      const failure = this.#writeRun(slots, run, from);
      if (failure) return failure;
    }
    return undefined;
  }

  free(slots: readonly Slot[]): void {
    for (const at of slots) this.#written.forget(at);
  }

  save(): StoreContents | undefined {
    const slots = this.#written.slots();
    const pages = new Uint8Array(slots.length * PAGE_SIZE);
    if (this.read(slots, pages)) return undefined;
    return { slots: Uint32Array.from(slots), pages };
  }

  load(contents: StoreContents): StoreResult {
    const failure = this.#written.checkFit(contents.slots);
    if (failure) return failure;
    this.#written.forgetAll();
    return this.write(Array.from(contents.slots, slot), contents.pages);
  }

  close(): void {
    this.#written.forgetAll();
    this.#file.close();
  }

  #readRun(slots: readonly Slot[], run: Run, into: Uint8Array): StoreResult {
    const first = slots[run.index] as Slot;
    const bytes = into.subarray(run.index * PAGE_SIZE, (run.index + run.count) * PAGE_SIZE);
    for (let page = 0; page < run.count; page++) {
      const failure = this.#written.missing(slots[run.index + page] as Slot);
      if (failure) return failure;
    }
    try {
      const read = this.#file.readAt(positionOf(first), bytes);
      if (read === bytes.length) return undefined;
      // Somebody cut the file off.
      const cut = slots[run.index + Math.floor(read / PAGE_SIZE)] as Slot;
      return { kind: 'corrupt', slot: cut, detail: 'the file ends before it' };
    } catch (error) {
      return failureOf(error, first);
    }
  }

  #writeRun(slots: readonly Slot[], run: Run, from: Uint8Array): StoreResult {
    const first = slots[run.index] as Slot;
    const bytes = from.subarray(run.index * PAGE_SIZE, (run.index + run.count) * PAGE_SIZE);
    // A transfer that fails half-way leaves neither the old pages nor the new ones.
    for (let page = 0; page < run.count; page++) this.#written.forget(slots[run.index + page] as Slot);
    try {
      this.#file.writeAt(positionOf(first), bytes);
    } catch (error) {
      return failureOf(error, first);
    }
    for (let page = 0; page < run.count; page++) {
      this.#written.wrote(slots[run.index + page] as Slot);
    }
    return undefined;
  }
}

const positionOf = (at: Slot): number => (at + 1) * PAGE_SIZE;

function* runsOf(slots: readonly Slot[]): Generator<Run> {
  let index = 0;
  while (index < slots.length) {
    let count = 1;
    while (slots[index + count] === (slots[index] as Slot) + count) count++;
    yield { index, count };
    index += count;
  }
}

const codesOfFull = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

function failureOf(error: unknown, at: Slot): StoreFailure {
  const kind = codesOfFull.has(errorCode(error) ?? '') ? 'full' : 'input-output';
  return { kind, slot: at, detail: errorReason(error) };
}

/**
 * A store of `capacity` pages in the file `path`, made if it does not exist and deleted when it is closed; an
 * empty file, or one that a former run left behind, is used and left empty. Its contents start afresh.
 * @param place where the path was given, e.g. `--swap`
 * @throws UserError when the file cannot be made or used: a folder, a link, another program's file, a swap file
 * in use, no permission
 */
export function openFileStore(path: string, capacity: number, place: string): PageStore {
  return new FileStore(openPageFile(path, (capacity + 1) * PAGE_SIZE, place), capacity);
}
