/**
 * Attributes page faults, transfers and evictions, as they happen, to the instruction that made the access and to the page
 * that it was made to. An observer: a run that does not ask for it pays nothing.
 *
 *     trap ─▶ fault ─▶ (evict …) ─▶ request     the page has to be read: major
 *                              └──▶ map         the page was, or is now, in memory
 *
 * A page is known by its key, which it keeps while it is away; an eviction counts for the place where the page was
 * brought in, a refault for the place where it comes back.
 */
import { assert } from '../base/errors.ts';
import {
  addressOf,
  type Pid,
  pageOf,
  type SpaceId,
  type VirtualAddress,
  type Vpn,
  vpn,
} from '../base/numbers.ts';
import type { KernelEvent } from '../kernel/events.ts';
import type { ProcessState, RootState, SpaceState } from '../kernel/state.ts';
import type { PageKey } from '../policies/replacement/contract.ts';
import { type AreaLabel, areaLabel } from './where-areas.ts';
import type { ProgramImage, ProgramImages } from './where-images.ts';
import { addFault, emptyTally, type Tally } from './where-tally.ts';

/** A process as long as it has one address space: between two execve(2). */
export interface Life {
  /** 0: a child that fork(2) did not finish. */
  pid: number;
  readonly program: string;
  readonly command: readonly string[];
  readonly tally: Tally;
  readonly pages: Map<Vpn, PageTally>;
}

export interface PageTally {
  readonly life: Life;
  readonly page: Vpn;
  label: AreaLabel;
  area: AreaTally;
  readonly tally: Tally;
}

export interface AreaTally extends AreaLabel {
  readonly program: string;
  readonly tally: Tally;
  readonly pages: Set<PageTally>;
}

/** An instruction, and who made the access. */
export interface SiteTally {
  readonly image: ProgramImage;
  /** As executed. `loading`: the loader, before the program's first instruction; `job`: a scripted job has none. */
  readonly pc: VirtualAddress | 'loading' | 'job';
  readonly by: 'guest' | 'kernel';
  readonly tally: Tally;
}

type Fault = KernelEvent & { type: 'fault' };
type Request = KernelEvent & { type: 'request' };

export class FaultOrigins {
  readonly total = emptyTally();
  readonly lives: Life[] = [];
  readonly #root: RootState;
  readonly #images: ProgramImages;
  readonly #livesOf = new WeakMap<object, Map<number, Life>>();
  readonly #areas = new Map<string, AreaTally>();
  readonly #sites = new Map<ProgramImage, Map<string, SiteTally>>();
  /** Where a page was brought in last; and pages that were evicted and are not back, as far as anybody has used them. */
  readonly #places = new Map<PageKey, PageTally>();
  readonly #evicted = new Set<PageKey>();
  /** Stands for the address space of pages that nobody had used. */
  readonly #nowhere = {};
  /** The fault that is being handled. */
  #fault: { readonly page: PageTally; readonly site: SiteTally } | undefined;

  constructor(root: RootState, images: ProgramImages) {
    this.#root = root;
    this.#images = images;
  }

  readonly observe = (event: KernelEvent): void => {
    switch (event.type) {
      case 'trap':
        this.#fault = undefined;
        break;
      case 'fault':
        this.#faulted(event);
        break;
      case 'request':
        this.#requested(event);
        break;
      case 'map':
        this.#mapped(event);
        break;
      case 'evict':
        this.#evict(event.page);
        break;
      case 'fork':
        this.#forked(event.space, event.child);
        break;
      case 'clone':
        if (event.kind === 'process') this.#named(event.space, event.child);
        break;
    }
  };

  get areas(): AreaTally[] {
    return [...this.#areas.values()];
  }

  get sites(): SiteTally[] {
    return [...this.#sites.values()].flatMap((sites) => [...sites.values()]);
  }

  #faulted({ pid, space, address, by, pc, case: which }: Fault): void {
    const page = this.#pageAt(pid, space, address);
    const site = this.#siteOf(pid, pc, by);
    this.#fault = { page, site };
    for (const tally of this.#talliesOf(page, site)) addFault(tally, which, by);
  }

  /** Most follow the fault they are for; fork(2) asks for pages of the parent's without one. */
  #requested({ pid, space, vpn: number, page: key, pc }: Request): void {
    const page = this.#pageAt(pid, space, addressOf(number));
    const site = this.#fault?.page === page ? this.#fault.site : this.#siteOf(pid, pc, 'kernel');
    this.#fault = undefined;
    for (const tally of this.#talliesOf(page, site)) tally.major++;
    this.#arrive(key, page, site);
  }

  #mapped({ pid, space, vpn: number, page: key }: KernelEvent & { type: 'map' }): void {
    // One that is in memory already was told of when it was asked for, or belongs to another who has it too.
    if (this.#places.has(key) && !this.#evicted.has(key)) return;
    const page = this.#pageAt(pid, space, addressOf(number));
    this.#arrive(key, page, this.#fault?.page === page ? this.#fault.site : undefined);
  }

  #arrive(key: PageKey, page: PageTally, site: SiteTally | undefined): void {
    this.#places.set(key, page);
    if (!this.#evicted.delete(key)) return;
    for (const tally of this.#talliesOf(page, site)) tally.refaults++;
  }

  #evict(key: PageKey): void {
    this.#evicted.add(key);
    for (const tally of this.#talliesOf(this.#places.get(key) ?? this.#unused(), undefined))
      tally.evictions++;
  }

  /** The place of pages that were read ahead and that nobody had used. */
  #unused(): PageTally {
    const life = this.#life(this.#nowhere, UNNAMED, UNUSED, []);
    return this.#pageOf(life, NO_PAGE, { area: 'none', name: '' });
  }

  #talliesOf({ tally, area, life }: PageTally, site: SiteTally | undefined): Tally[] {
    const places = [this.total, tally, area.tally, life.tally];
    return site === undefined ? places : [...places, site.tally];
  }

  #pageAt(pid: Pid, id: SpaceId, address: VirtualAddress): PageTally {
    const space = this.#spaceOf(id);
    const life = this.#lifeOf(this.#processOf(pid), space);
    return this.#pageOf(life, pageOf(address), areaLabel(space, address, life.program));
  }

  #pageOf(life: Life, number: Vpn, label: AreaLabel): PageTally {
    const known = life.pages.get(number);
    if (known !== undefined && known.area.area === label.area && known.area.name === label.name) return known;
    const area = this.#areaOf(life.program, label);
    const page = known ?? { life, page: number, label, area, tally: emptyTally() };
    // What it counted so far stays with the area that it was in.
    page.label = label;
    page.area = area;
    area.pages.add(page);
    life.pages.set(number, page);
    return page;
  }

  #areaOf(program: string, label: AreaLabel): AreaTally {
    return entryOf(this.#areas, `${program}\0${label.area}\0${label.name}`, () => ({
      ...label,
      program,
      tally: emptyTally(),
      pages: new Set<PageTally>(),
    }));
  }

  #siteOf(pid: Pid, pc: VirtualAddress, by: 'guest' | 'kernel'): SiteTally {
    const process = this.#processOf(pid);
    const image = this.#images.of(process, this.#spaceOf(process.space));
    const at = process.script !== undefined ? 'job' : by === 'kernel' && pc === 0 ? 'loading' : pc;
    const sites = entryOf(this.#sites, image, () => new Map<string, SiteTally>());
    return entryOf(sites, `${at} ${by}`, () => ({ image, pc: at, by, tally: emptyTally() }));
  }

  #processOf(pid: Pid): ProcessState {
    const process = this.#root.processes.find((one) => one.pid === pid);
    assert(process !== undefined, 'who faults is there');
    return process;
  }

  #spaceOf(id: SpaceId): SpaceState {
    const space = this.#root.spaces[id];
    assert(space !== undefined, 'who faults has an address space');
    return space;
  }

  /** Of the process, or of who will have the space: the child that it forks, itself after execve(2). */
  #lifeOf(process: ProcessState, space: SpaceState): Life {
    const { group, call } = process;
    const coming = call?.image?.space === space.id ? call.image : undefined;
    const isOwn = process.space === space.id || coming !== undefined;
    const { path, argv } = coming ?? process;
    return this.#life(space, isOwn ? group.id : UNNAMED, path, argv);
  }

  #life(space: object, pid: number, program: string, command: readonly string[]): Life {
    const lives = entryOf(this.#livesOf, space, () => new Map<number, Life>());
    return entryOf(lives, pid, () => {
      const life = { pid, program, command: [...command], tally: emptyTally(), pages: new Map() };
      this.lives.push(life);
      return life;
    });
  }

  #forked(parent: SpaceId, child: SpaceId): void {
    this.#images.forked(this.#spaceOf(parent), this.#spaceOf(child));
  }

  /** A child's space has its process. */
  #named(id: SpaceId, pid: Pid): void {
    const lives = this.#livesOf.get(this.#spaceOf(id));
    const life = lives?.get(UNNAMED);
    if (lives === undefined || life === undefined) return;
    lives.delete(UNNAMED);
    life.pid = pid;
    lives.set(pid, life);
  }
}

const UNNAMED = 0;
/** In the place of a program. */
const UNUSED = '(unused)';
const NO_PAGE = vpn(0);

/** What a map has at `key`, made if there is nothing yet. */
function entryOf<Key, Value>(
  map: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  make: () => Value,
): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
