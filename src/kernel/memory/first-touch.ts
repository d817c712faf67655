/**
 * What the first touch of a large aligned range brings where superpages are asked for: frames for all of it at once, if
 * there are adjacent ones, and one entry that maps them.
 *
 *   touch of a page ──▶ whole range in one area that may have superpages, and nothing in it yet?
 *      no ─▶ a page       yes ─▶ adjacent aligned frames free?   no ─▶ a page (counted: it fell back)
 *                                                                yes ─▶ zeros, each page with a key of its own ─▶ one leaf
 *
 * Nobody is made to give up a frame for it. Each page is admitted to the replacement policy by itself, the one that was
 * touched last, so that pages can go one by one; the leaf is split when the first of them does.
 *
 * Source: Navarro, Iyer, Druschel and Cox, "Practical, transparent operating system support for superpages", OSDI 2002;
 * that all of it is filled at once is Linux's (6.6, mm/huge_memory.c, do_huge_pmd_anonymous_page).
 */
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { MemoryCounters } from './contract.ts';
import type { FaultSite } from './fault-site.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { Pins } from './pins.ts';
import type { Reclaim } from './reclaim.ts';
import type { Replacement } from './replacement.ts';
import { ADMITTED, type MemoryState } from './state.ts';
import { mayHaveSuperpages, type SuperpageRule } from './superpage-state.ts';
import type { SuperpageTables } from './superpage-tables.ts';

export interface FirstTouchParts {
  readonly superpageRule: SuperpageRule;
  /** `undefined`: the tables can have none, or are not to. */
  readonly superpages: SuperpageTables | undefined;
  readonly state: MemoryState;
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly pins: Pins;
  readonly mappings: Mappings;
  readonly replacement: Replacement;
  readonly reclaim: Reclaim;
  readonly counters: MemoryCounters;
}

export class FirstTouch {
  readonly #parts: FirstTouchParts;

  constructor(parts: FirstTouchParts) {
    this.#parts = parts;
  }

  /** Maps all of the range around an anonymous page that is touched; false when it has to be mapped as a page. */
  superpage(site: FaultSite): boolean {
    const { superpageRule, superpages, counters, reclaim, frames, pins } = this.#parts;
    const { space, area, page } = site;
    if (superpages === undefined || !mayHaveSuperpages(superpageRule, area)) return false;
    const { span } = superpages;
    const first = superpages.firstOf(page);
    if (first * PAGE_SIZE < area.start || (first + span) * PAGE_SIZE > area.end) return false;
    if (!this.#isUntouched(superpages, site, first)) return false;
    // As for any page: the table first.
    const from = superpages.ensure(space, first, () => reclaim.table(this.#parts.state.nextKey, space.id));
    if (from === -1) return false;
    const base = reclaim.run(span, space.id);
    if (base === -1) {
      counters.superpages.fellBack++;
      return false;
    }
    this.#fill(superpages, site, first, base);
    superpages.join(space, first, 'mapped');
    const touched = (base + page - first) as Frame;
    for (let frame = base; frame < base + span; frame++) if (frame !== touched) this.#admit(frame, site);
    this.#admit(touched, site);
    if (this.#parts.replacement.needsReferences) frames.set(touched, ADMITTED);
    pins.addGuest(touched);
    return true;
  }

  #isUntouched(superpages: SuperpageTables, { space }: FaultSite, first: Vpn): boolean {
    const from = superpages.find(space, first);
    return from === -1 || this.#parts.frames.state.index[Math.floor(from / PAGE_SIZE)] === 0;
  }

  #fill(superpages: SuperpageTables, { space, area }: FaultSite, first: Vpn, base: Frame): void {
    const { state, machine, frames, mappings, counters } = this.#parts;
    const { span } = superpages;
    machine.ram.fill(0, base * PAGE_SIZE, (base + span) * PAGE_SIZE);
    counters.zeroedFrames += span;
    for (let i = 0; i < span; i++) {
      const frame = (base + i) as Frame;
      const page = (first + i) as Vpn;
      machine.codeChanged(frame);
      frames.setKey(frame, state.nextKey++);
      mappings.place(space, area, page, superpages.find(space, page), frame);
    }
  }

  /** What follows is the first use of a page that has not been touched. */
  #admit(frame: Frame, { space }: FaultSite): void {
    const { frames, replacement } = this.#parts;
    replacement.admitted(frame, frames.key(frame), space.id);
    frames.clear(frame, ADMITTED);
  }
}
