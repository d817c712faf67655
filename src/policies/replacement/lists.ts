/**
 * Ordered lists of small integers (frames or pages), each integer in one list at most: the queues, stacks and
 * ghosts of the policies. Everything is a few loads and stores in typed arrays; they grow when a larger integer
 * comes, and take 9 bytes for each integer up to the largest.
 */
import { assert } from '../../base/errors.ts';

/** Node l is the mark that list l starts behind; integer i is node i + number of lists. */
export interface Lists {
  /** Element 2n is the node after node n, 2n + 1 the one before it. */
  links: Int32Array;
  /** By node: its list's number plus 1, 0 when it is in none. */
  member: Uint16Array;
  /** By list: how many it holds. */
  readonly sizes: Int32Array;
}

/** `count` empty lists (1 to 65535) with room for 0 to `room` - 1. */
export function emptyLists(count: number, room: number): Lists {
  const links = new Int32Array(2 * (count + room));
  for (let mark = 0; mark < count; mark++) {
    links[2 * mark] = mark;
    links[2 * mark + 1] = mark;
  }
  return { links, member: new Uint16Array(count + room), sizes: new Int32Array(count) };
}

/** The number of the list that holds `item`, -1 when none does. */
export function listOf({ member, sizes }: Lists, item: number): number {
  const node = item + sizes.length;
  return node < member.length ? member[node]! - 1 : -1;
}

/** Puts `item`, which is in no list, at the end of `list`. */
export function append(lists: Lists, list: number, item: number): void {
  put(lists, list, item + lists.sizes.length, list);
}

/** Puts `item`, which is in no list, immediately before `other`, which is in `list`. */
export function insertBefore(lists: Lists, list: number, item: number, other: number): void {
  const marks = lists.sizes.length;
  put(lists, list, item + marks, other + marks);
}

function put(lists: Lists, list: number, node: number, at: number): void {
  if (node >= lists.member.length) grow(lists, node);
  const { links, member, sizes } = lists;
  assert(member[node] === 0, 'a frame is admitted only when it is not resident');
  const before = links[2 * at + 1]!;
  links[2 * before] = node;
  links[2 * node] = at;
  links[2 * node + 1] = before;
  links[2 * at + 1] = node;
  member[node] = list + 1;
  sizes[list]!++;
}

/** Takes `item` out of its list. */
export function remove(lists: Lists, item: number): void {
  const { links, member, sizes } = lists;
  const node = item + sizes.length;
  const list = node < member.length ? member[node]! - 1 : -1;
  assert(list !== -1, 'only a resident frame is referenced, evicted or released');
  const after = links[2 * node]!;
  const before = links[2 * node + 1]!;
  links[2 * before] = after;
  links[2 * after + 1] = before;
  member[node] = 0;
  sizes[list]!--;
}

/** Takes `item` out of its list, if it is in one. */
export function removeIfListed(lists: Lists, item: number): void {
  if (listOf(lists, item) !== -1) remove(lists, item);
}

/** Moves `item`, wherever it is, to the end of `list`. */
export function moveToEnd(lists: Lists, list: number, item: number): void {
  // Most uses are of what was used last, which is in its place already.
  const { links, sizes } = lists;
  if (links[2 * list + 1] === item + sizes.length) return;
  remove(lists, item);
  append(lists, list, item);
}

/** The first item of `list`, -1 when it is empty. */
export function first({ links, sizes }: Lists, list: number): number {
  const node = links[2 * list]!;
  return node < sizes.length ? -1 : node - sizes.length;
}

/** The last item of `list`, -1 when it is empty. */
export function last({ links, sizes }: Lists, list: number): number {
  const node = links[2 * list + 1]!;
  return node < sizes.length ? -1 : node - sizes.length;
}

/** The item after `item` in its list, -1 when it is the last. */
export function after({ links, sizes }: Lists, item: number): number {
  const node = links[2 * (item + sizes.length)]!;
  return node < sizes.length ? -1 : node - sizes.length;
}

/** The item before `item` in its list, -1 when it is the first. */
export function before({ links, sizes }: Lists, item: number): number {
  const node = links[2 * (item + sizes.length) + 1]!;
  return node < sizes.length ? -1 : node - sizes.length;
}

/** Takes out the first items of `list` until it holds `most`. */
export function trim(lists: Lists, list: number, most: number): void {
  while (lists.sizes[list]! > most) remove(lists, first(lists, list));
}

function grow(lists: Lists, node: number): void {
  const room = Math.max(2 * lists.member.length, node + 1);
  const member = new Uint16Array(room);
  member.set(lists.member);
  const links = new Int32Array(2 * room);
  links.set(lists.links);
  lists.member = member;
  lists.links = links;
}
