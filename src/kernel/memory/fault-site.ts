/** Where a fault is: everything that classification and resolvers look at, gathered once. */
import { addressOf, PAGE_SIZE, type VirtualAddress, type Vpn } from '../../base/numbers.ts';
import type { Access } from '../../machine/contract.ts';
import { DROPPED, HIDDEN, kindOf, SWAPPED, UNUSED } from '../../translation/invalid-entry.ts';
import { type EntryFormat, hasBit, permits } from '../../translation/radix.ts';
import type { Area, ObjectId, SpaceState } from '../state.ts';
import type { EntryView, ObjectPage } from './classify.ts';
import type { BackingObjects } from './contract.ts';
import type { PageCache } from './pagecache.ts';

export interface FaultSite {
  readonly space: SpaceState;
  readonly area: Area;
  readonly address: VirtualAddress;
  readonly page: Vpn;
  readonly access: Access;
  readonly by: 'guest' | 'kernel';
  /** Physical address of the leaf entry; -1 when no table holds it yet. */
  readonly entryAddress: number;
  readonly low: number;
  readonly high: number;
}

/** A page of an area's object. */
export interface BackedPage {
  readonly object: ObjectId;
  readonly index: number;
  /** Bytes of the page that come from the object; the rest is zeros. Not positive: none. */
  readonly bytes: number;
}

/** The page of the backing object that `page` of `area` shows; `undefined` when the area has none there. */
export function backedPage(area: Area, page: Vpn): BackedPage | undefined {
  const { backing } = area;
  if (backing === undefined) return undefined;
  const into = addressOf(page) - area.start;
  const bytes = backing.length - into;
  if (bytes <= 0) return undefined;
  return {
    object: backing.object,
    index: (backing.offset + into) / PAGE_SIZE,
    bytes: Math.min(PAGE_SIZE, bytes),
  };
}

/**
 * Whether a mapping of this page shows the object's own page. A private page that the object fills only in part
 * has zeros of its own behind, so it never does.
 */
export const showsObject = (area: Area, backed: BackedPage): boolean =>
  area.shared || backed.bytes === PAGE_SIZE;

/** What an entry's lower half says. */
export function viewEntry({ entry }: EntryFormat, low: number): EntryView {
  if (hasBit(low, entry.valid)) {
    return {
      kind: 'valid',
      read: permits(entry, low, 0, 'load'),
      write: permits(entry, low, 0, 'store'),
      execute: permits(entry, low, 0, 'fetch'),
    };
  }
  switch (kindOf(low)) {
    case SWAPPED:
      return { kind: 'swapped' };
    case DROPPED:
      return { kind: 'dropped' };
    case HIDDEN:
      return { kind: 'hidden' };
    case UNUSED:
      return { kind: 'unused' };
    default:
      return { kind: 'nothing' };
  }
}

/** Where the object of `area` has `page`. */
export function locate(area: Area, page: Vpn, cache: PageCache, objects: BackingObjects): ObjectPage {
  const backed = backedPage(area, page);
  if (backed === undefined) return 'past-length';
  const { object, index } = backed;
  if (index * PAGE_SIZE >= objects.size(object)) return 'beyond';
  if (!showsObject(area, backed)) return 'in-file';
  if (cache.frame(object, index) !== -1) return 'resident';
  if (cache.slot(object, index) !== -1) return 'in-swap';
  return cache.object(object)?.anonymous ? 'untouched' : 'in-file';
}
