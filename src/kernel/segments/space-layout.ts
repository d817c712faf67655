/**
 * Where a program lies in a space made of few pieces. What isn't used in between costs memory, or a segment, so
 * everything lies close together; where, depends on the program.
 *
 *   base-bounds   0 ─ [trampoline] program │ stack │ heap ▶ … ◀ mmap │ more mmap ▶ … bounds
 *   relocated     0 ─ … [trampoline] program │ heap ▶ … ◀ mmap │ stack │ end of memory
 *   segmented     0: [trampoline] program │ next: heap ▶ │ between: mmap, a segment each or one for all │ last: ◀ stack
 *
 * A program whose data are linked into a segment of their own has its heap behind them, and its code apart.
 */
import { PAGE_SIZE, roundDown, roundUp, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import { formatSize } from '../../base/sizes.ts';
import type { ElfImage } from '../loader/elf.ts';
import type { Relocations } from '../loader/relocations.ts';
import { type AddressLayout, PROT_EXEC, PROT_WRITE } from '../state.ts';
import { type SegmentRules, segmentReach } from './rules.ts';

/** Where mappings that have no wish of their own go. */
export interface MapWindow {
  readonly from: number;
  readonly to: number;
  /**
   * `down`: the highest place inside, and when it is full the lowest behind it. `up`: the lowest place.
   * `segments`: each begins a segment of its own as long as there are any.
   */
  readonly order: 'down' | 'up' | 'segments';
}

/** Plain data. */
export interface SpaceLayout extends AddressLayout {
  readonly heap: VirtualAddress;
  readonly window: MapWindow;
  /** First address that the stack may ever have. */
  readonly stackFrom: number;
  /** First address that heap and mappings can't have. */
  readonly heapEnd: number;
  readonly relocations?: Relocations;
}

export interface Refused {
  readonly refused: string;
}

/** Lowest place for a program that can go anywhere: the first page stays free, the second is the trampoline's. */
const LOWEST = 2 * PAGE_SIZE;

interface Extent {
  readonly bias: number;
  readonly from: number;
  readonly to: number;
  readonly trampoline: VirtualAddress;
  /** First address behind all of it. */
  readonly end: number;
}

/**
 * @param memory bytes of all memory
 * @returns the layout, or what the program lacks, so that people can help it
 */
export function planSpace(rules: SegmentRules, memory: number, image: ElfImage): SpaceLayout | Refused {
  if (rules.scheme.addresses === 'physical') return planPhysical(rules, memory, image);
  return rules.segmentBits === 0 ? planOne(rules, image) : planSegments(rules, image);
}

function extentOf(image: ElfImage, lowest: number): Extent {
  const first = image.segments[0]!;
  const last = image.segments.at(-1)!;
  const alignment = Math.max(PAGE_SIZE, ...image.segments.map((segment) => segment.alignment));
  const bias = image.kind === 'fixed' ? 0 : Math.ceil(lowest / alignment) * alignment;
  const from = roundDown(first.address + bias);
  const to = roundUp(last.address + last.memoryBytes + bias);
  // Below the program if there is room, because what is below counts as used in any case.
  const below = from >= LOWEST;
  const trampoline = virtualAddress(below ? from - PAGE_SIZE : to);
  return { bias, from, to, trampoline, end: below ? to : to + PAGE_SIZE };
}

const hex = (n: number): string => `0x${n.toString(16)}`;
const tooLarge = (needs: string, fits: string): Refused => ({
  refused: `too large for the scheme: it needs ${needs}; ${fits}`,
});

function planOne(rules: SegmentRules, image: ElfImage): SpaceLayout | Refused {
  const { bias, trampoline, end } = extentOf(image, LOWEST);
  const stackTop = end + rules.stack;
  const limit = 2 ** rules.addressBits;
  if (stackTop + PAGE_SIZE > limit) {
    return tooLarge(
      `addresses up to ${hex(stackTop)} with its stack of ${formatSize(rules.stack)}`,
      `${rules.addressBits} bits of address reach to ${hex(limit)}`,
    );
  }
  const to = Math.min(limit, stackTop + roundUp(rules.room));
  return {
    pieBase: virtualAddress(bias),
    trampoline,
    stackTop: virtualAddress(stackTop),
    stackLimit: rules.stack,
    heap: virtualAddress(stackTop),
    mmapTop: virtualAddress(to),
    window: { from: stackTop, to, order: 'down' },
    stackFrom: end,
    heapEnd: limit,
    end: virtualAddress(limit),
  };
}

function planPhysical(rules: SegmentRules, memory: number, image: ElfImage): SpaceLayout | Refused {
  if (image.kind === 'fixed') {
    const at = hex(image.segments[0]!.address);
    return {
      refused: `linked at ${at}, with addresses that can't be rewritten; link it with -static-pie to have it relocated`,
    };
  }
  const { bias, trampoline, end } = extentOf(image, Math.max(LOWEST, rules.loadAt));
  const stackFrom = memory - rules.stack;
  if (end + PAGE_SIZE > stackFrom) {
    return tooLarge(
      `memory from ${hex(bias)} to ${hex(end)} and ${formatSize(rules.stack)} of stack`,
      `there are ${formatSize(memory)}`,
    );
  }
  return {
    pieBase: virtualAddress(bias),
    trampoline,
    stackTop: virtualAddress(memory),
    stackLimit: rules.stack,
    heap: virtualAddress(end),
    mmapTop: virtualAddress(stackFrom),
    window: { from: end, to: stackFrom, order: 'down' },
    stackFrom,
    heapEnd: stackFrom,
    end: virtualAddress(memory),
  };
}

function planSegments(rules: SegmentRules, image: ElfImage): SpaceLayout | Refused {
  const reach = segmentReach(rules);
  const limit = 2 ** rules.addressBits;
  const stackLimit = Math.min(rules.stack, reach);
  const { bias, to, trampoline, end } = extentOf(image, LOWEST);
  const most = limit - reach;
  if (end + PAGE_SIZE > most) {
    return tooLarge(
      `addresses up to ${hex(end)}`,
      `with ${rules.addressBits} bits of address and ${2 ** rules.segmentBits} segments programs and heaps reach to ${hex(most)}; the last segment is the stack's`,
    );
  }
  const heap = heapOf(image, { bias, to, end, reach, most });
  const next = (Math.floor(heap / reach) + 1) * reach;
  return {
    pieBase: virtualAddress(bias),
    trampoline,
    stackTop: virtualAddress(limit),
    stackLimit,
    heap: virtualAddress(heap),
    mmapTop: virtualAddress(most),
    window: windowOf(rules.room, heap, { next, most, reach }),
    stackFrom: limit - stackLimit,
    heapEnd: most,
    end: virtualAddress(limit),
  };
}

/** Behind data that have a segment to themselves, else at the beginning of the next segment, if that is not the stack's. */
function heapOf(
  image: ElfImage,
  { bias, to, end, reach, most }: { bias: number; to: number; end: number; reach: number; most: number },
): number {
  const own = Math.floor((to - 1) / reach);
  const shared = image.segments.some(
    ({ address, memoryBytes, protection }) =>
      Math.floor((address + bias + memoryBytes - 1) / reach) === own &&
      ((protection & PROT_WRITE) === 0 || (protection & PROT_EXEC) !== 0),
  );
  const next = (Math.floor((end - 1) / reach) + 1) * reach;
  return shared && next < most ? next : end;
}

/** The segments between the heap's and the stack's; without any, what comes behind the heap's room. */
function windowOf(
  room: number,
  heap: number,
  { next, most, reach }: { next: number; most: number; reach: number },
): MapWindow {
  if (next >= most) return { from: heap, to: Math.min(most, heap + roundUp(room)), order: 'down' };
  return { from: next, to: most, order: most - next > reach ? 'segments' : 'up' };
}
