/**
 * What a record has to say of pages with several names. To the kernel a page is what is in a frame, or would be: its
 * key. A record names pages by space and page number, and takes two names for two pages unless it is told.
 *
 *   kernel                                             record
 *   a key is mapped under a second name                share: the name is the page that the first one is
 *   a shared name is mapped with another key (a copy)  part: the name is a page of its own
 *   nobody maps a file's page, but areas the file      share: under a name of the file's own, until the file goes
 *   a shared page of a file is written in place        part, for every other name
 *   a shared page is given up, and others have it in   part, for the others, who go on sharing
 *   swap
 *
 * The names of one key are a class here. A name that is alone in its class may change its key, of which the record
 * says nothing: a page that one process alone has is one page, whether the kernel drops it and makes it anew or not.
 * So the record of a single process doesn't depend on the memory of the run.
 */
import type { Frame, SpaceId, Vpn } from '../base/numbers.ts';
import type { MemoryState } from '../kernel/memory/state.ts';
import type { RootState } from '../kernel/state.ts';
import type { PageKey } from '../policies/replacement/contract.ts';
import { FIRST_FILE_SPACE, type RecordWriter } from '../replay/record-format.ts';

interface Name {
  readonly space: SpaceId;
  readonly page: Vpn;
}

/** The names of one page. */
interface Page {
  key: PageKey;
  readonly names: Set<Name>;
  /** What it is of a file or of shared memory; `undefined`: an anonymous page. */
  file: { readonly object: number; readonly index: number } | undefined;
  /** Whether the record knows it under the file's own name, too. */
  isKept: boolean;
}

/** No page has this key. */
const NO_KEY = -1;

/** A page with one name, whose next key is not known. */
const alone = (name: Name): Page => ({
  key: NO_KEY,
  names: new Set([name]),
  file: undefined,
  isKept: false,
});

export class SharingRecord {
  readonly #root: RootState;
  readonly #writerOf: (space: number) => RecordWriter;
  readonly #pages = new Map<PageKey, Page>();
  /** By space and page number. */
  readonly #named = new Map<SpaceId, Map<Vpn, { readonly name: Name; page: Page }>>();
  /** Pages under a file's own name, by object. */
  readonly #kept = new Map<number, Set<Page>>();
  /** Whether a file whose name is in use may be gone: to be refreshed when what made areas go has come to its end. */
  isStale = false;

  /** @param writerOf takes entries of a space, which may be a file's */
  constructor(root: RootState, writerOf: (space: number) => RecordWriter) {
    this.#root = root;
    this.#writerOf = writerOf;
  }

  /** An entry of a space leads to the page with `key` in `frame` from now on. */
  mapped(space: SpaceId, number: Vpn, frame: Frame, key: PageKey): void {
    const found = this.#pages.get(key);
    const known = this.#named.get(space)?.get(number);
    if (found !== undefined && known?.page === found) {
      found.file = this.#fileOf(frame);
      return;
    }
    if (found === undefined && known !== undefined && !this.#isShared(known.page)) {
      this.#rename(known.page, key, frame);
      return;
    }
    const name = known?.name ?? { space, page: number };
    if (known !== undefined) this.#leave(known.page, name);
    const page = found ?? { key, names: new Set(), file: this.#fileOf(frame), isKept: false };
    if (found !== undefined) this.#tellShared(name, found);
    else if (known !== undefined) this.#writerOf(space).part(number);
    this.#pages.set(key, page);
    page.names.add(name);
    this.#enter(name, page);
  }

  /** A page that nobody else maps was written to where it is: other names of it lead elsewhere from now on. */
  takenOver(space: SpaceId, number: Vpn): void {
    const known = this.#named.get(space)?.get(number);
    if (known === undefined) return;
    const { name, page } = known;
    for (const other of [...page.names]) {
      if (other === name) continue;
      this.#writerOf(other.space).part(other.page);
      page.names.delete(other);
      this.#enter(other, alone(other));
    }
    if (page.isKept) this.#writerOf(FIRST_FILE_SPACE + page.file!.object).unmap(page.file!.index, 1);
    this.#unkeep(page);
    page.file = undefined;
  }

  /**
   * An entry that led to the page in `frame` is gone. When it was the last one the kernel gives the frame up, although
   * others may have the same page in swap: to them it will come back as another than the one that is gone.
   */
  unmapped(space: SpaceId, number: Vpn, frame: Frame): void {
    const { mapper, object } = this.#memory.frames;
    const known = this.#named.get(space)?.get(number);
    if (known === undefined || mapper[frame] !== 0 || object[frame] !== 0) return;
    const { name, page } = known;
    const [first, ...others] = [...page.names].filter((other) => other !== name);
    if (first === undefined) return;
    this.#writerOf(first.space).part(first.page);
    for (const other of others) this.#writerOf(other.space).share(other.page, first.space, first.page);
    page.names.delete(name);
    this.#enter(name, alone(name));
  }

  /** To be called before the record is told that the pages are gone. */
  gone(space: SpaceId, first: Vpn, count: number): void {
    const named = this.#named.get(space);
    if (named === undefined) return;
    const isWide = count > named.size;
    const numbers = isWide ? [...named.keys()] : Array.from({ length: count }, (_, i) => (first + i) as Vpn);
    for (const number of numbers) {
      if (number < first || number >= first + count) continue;
      const known = named.get(number);
      if (known === undefined) continue;
      named.delete(number);
      this.#keepForFile(known.name, known.page);
      this.#leave(known.page, known.name);
    }
    this.isStale ||= this.#kept.size > 0;
  }

  /** Ends the names of files that no area maps any more, whose pages have gone with them. */
  refresh(): void {
    this.isStale = false;
    for (const [object, pages] of [...this.#kept]) {
      if (this.#memory.objects.has(object)) continue;
      this.#writerOf(FIRST_FILE_SPACE + object).exit();
      for (const page of [...pages]) {
        this.#unkeep(page);
        if (page.names.size === 0) this.#pages.delete(page.key);
      }
    }
  }

  get #memory(): MemoryState {
    return this.#root.memory as MemoryState;
  }

  #isShared({ names, isKept }: Page): boolean {
    return names.size > 1 || isKept;
  }

  #rename(page: Page, key: PageKey, frame: Frame): void {
    this.#pages.delete(page.key);
    page.key = key;
    page.file = this.#fileOf(frame);
    this.#pages.set(key, page);
  }

  #tellShared({ space, page: number }: Name, page: Page): void {
    const writer = this.#writerOf(space);
    const [other] = page.names;
    if (other !== undefined) writer.share(number, other.space, other.page);
    else writer.share(number, FIRST_FILE_SPACE + page.file!.object, page.file!.index);
  }

  /** The last name of a file's page is going, and the page stays in memory as long as something maps the file. */
  #keepForFile(name: Name, page: Page): void {
    const { names, file, isKept } = page;
    if (names.size > 1 || file === undefined || isKept || !this.#isMapped(file.object)) return;
    const space = FIRST_FILE_SPACE + file.object;
    this.#writerOf(space).share(file.index, name.space, name.page);
    page.isKept = true;
    const kept = this.#kept.get(file.object) ?? new Set<Page>();
    this.#kept.set(file.object, kept.add(page));
  }

  #isMapped(object: number): boolean {
    return this.#root.spaces.some((space) => space?.areas.some(({ backing }) => backing?.object === object));
  }

  #leave(page: Page, name: Name): void {
    page.names.delete(name);
    if (page.names.size === 0 && !page.isKept) this.#pages.delete(page.key);
  }

  #unkeep(page: Page): void {
    if (!page.isKept) return;
    page.isKept = false;
    const kept = this.#kept.get(page.file!.object)!;
    kept.delete(page);
    if (kept.size === 0) this.#kept.delete(page.file!.object);
  }

  #enter(name: Name, page: Page): void {
    const named = this.#named.get(name.space) ?? new Map<Vpn, { readonly name: Name; page: Page }>();
    named.set(name.page, { name, page });
    this.#named.set(name.space, named);
  }

  #fileOf(frame: Frame): Page['file'] {
    const { object, index } = this.#memory.frames;
    return object[frame] === 0 ? undefined : { object: object[frame]! - 1, index: index[frame]! };
  }
}
