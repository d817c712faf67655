/**
 * A line of time slots of which some are occupied, and how many lie before a given one: as occupied-slots.ts, for
 * WebAssembly, and so that neither the question nor its answer takes a jump.
 *
 * Slots are bits, in words of 64. Above them are levels of lanes: a lane for each word on the first, for each 8 lanes on
 * every further one. Eight lanes that lie below one of the next level are a group, and a lane counts the occupied slots
 * from its group's beginning up to its own. So the rank of a slot is one lane of each level and the ones below it in its
 * word; and to free it is to take 1 from the lanes behind its own in one group of each level, many lanes an operation.
 *
 *   level 2                          │  0 lane │    1    │ …            │  group of 8
 *   level 1      │ 0 │ 1 │ 2 │ … │ 7 │ 0 │ 1 │ …                          group of 8, and the next
 *   slots        │64 │64 │64 │ …
 *
 * Slots are taken up in order, and a lane is written when the first slot that it counts up to is the next one. What is
 * taken from it before that is of no account; a borrow goes only to lanes behind it.
 */
import {
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  nothing,
  type Statement,
  sequence,
  when,
} from '../../wasm/expressions.ts';
import { increase, item } from '../../wasm/patterns.ts';
import { i16x8, i32x4, v128 } from '../../wasm/vectors.ts';

const WORD_BITS = 6;
const LANE_BITS = 3;
const LANES = 1 << LANE_BITS;
const VECTOR_BYTES = 16;
const constant = i32.const;

/** Lanes of 16 bits while the slots of seven of them fit, then of 32. */
export interface Level {
  /** Slots that a lane is for are 2 to the power of this. */
  readonly slotBits: number;
  readonly laneBytes: 2 | 4;
  /** From the first level's beginning. */
  readonly offset: number;
  readonly bytes: number;
}

/** @param capacity slots, a power of two from 64 */
export function levelsOf(capacity: number): Level[] {
  const levels: Level[] = [];
  let offset = 0;
  for (let slotBits = WORD_BITS; slotBits === WORD_BITS || 2 ** slotBits < capacity; slotBits += LANE_BITS) {
    const laneBytes = (LANES - 1) * 2 ** slotBits < 2 ** 16 ? 2 : 4;
    // The lane behind the last one is written as well when all slots are taken.
    const groups = Math.floor(capacity / 2 ** (slotBits + LANE_BITS)) + 1;
    const bytes = groups * LANES * laneBytes;
    levels.push({ slotBits, laneBytes, offset, bytes });
    offset += bytes;
  }
  return levels;
}

export const bytesOfLevels = (levels: readonly Level[]): number =>
  levels.reduce((sum, { bytes }) => sum + bytes, 0);

/** For each width and lane, a group that has 1 in the lanes behind it. */
export const BEHIND_BYTES = LANES * LANES * (2 + 4);
const BEHIND_AT = { 2: 0, 4: LANES * LANES * 2 } as const;

export function fillBehind({ buffer, byteOffset }: Uint32Array): void {
  const bytes = new Uint8Array(buffer, byteOffset, BEHIND_BYTES);
  for (const laneBytes of [2, 4] as const) {
    for (let lane = 0; lane < LANES; lane++) {
      for (let other = lane + 1; other < LANES; other++)
        bytes[BEHIND_AT[laneBytes] + (lane * LANES + other) * laneBytes] = 1;
    }
  }
}

/** Where the parts lie in a memory. */
export interface RankedSlotsAt {
  /** Words of slots; those that were not taken yet are ones. */
  readonly words: number;
  readonly levels: number;
  readonly behind: number;
}

/** Statements on slots in a memory. */
export class RankedSlots {
  readonly #at: RankedSlotsAt;
  readonly #levels: readonly Level[];

  constructor(at: RankedSlotsAt, levels: readonly Level[]) {
    this.#at = at;
    this.#levels = levels;
  }

  /** Occupied slots before `slot`. */
  rank(slot: Local<'i32'>): I32 {
    const below = i64.sub(i64.shl(i64.const(1), i64.extendU(slot)), i64.const(1));
    const inWord = i32.wrap(i64.popcnt(i64.and(this.#wordOf(slot), below)));
    return this.#levels.reduce((sum, level) => i32.add(sum, this.#laneOf(level, slot)), inWord);
  }

  /**
   * Frees `slot`, which is occupied; `before` becomes its rank. Level by level, so that what is needed at a time stays in
   * registers. @param scratch for what is needed in between
   */
  free(slot: Local<'i32'>, before: Local<'i32'>, scratch: Record<'bit' | 'word', Local<'i64'>>): Statement {
    const { bit, word } = scratch;
    return sequence(
      bit.set(i64.shl(i64.const(1), i64.extendU(slot))),
      word.set(this.#wordOf(slot)),
      i64.store(addressOfWord(slot), i64.xor(word, bit), this.#at.words),
      before.set(i32.wrap(i64.popcnt(i64.and(word, i64.sub(bit, i64.const(1)))))),
      ...this.#levels.flatMap((level) => [
        increase(before, this.#laneOf(level, slot)),
        this.#takeFromBehind(level, slot),
      ]),
    );
  }

  /** To be called when slots up to `next`, the first one of a word, are taken. @param lane and `count` are scratch */
  begin(next: Local<'i32'>, lane: Local<'i32'>, count: Local<'i32'>): Statement {
    const before = i32.sub(next, constant(1));
    return sequence(
      lane.set(i32.shrU(next, constant(WORD_BITS))),
      count.set(i32.wrap(i64.popcnt(i64.load(addressOfWord(before), this.#at.words)))),
      this.#beginFrom(0, lane, count),
    );
  }

  /** `count` is what the last lane of the level below, or the last word, has of its own. */
  #beginFrom(index: number, lane: Local<'i32'>, count: Local<'i32'>): Statement {
    const level = this.#levels[index];
    if (level === undefined) return nothing;
    const store = level.laneBytes === 2 ? i32.store16 : i32.store;
    const write = (value: I32) =>
      store(item(lane, level.laneBytes / 2), value, this.#at.levels + level.offset);
    return sequence(
      increase(count, this.#lane(level, i32.sub(lane, constant(1)))),
      when(
        i32.and(lane, constant(LANES - 1)),
        write(count),
        // A new group begins, and with it a lane of the next level.
        sequence(
          write(constant(0)),
          lane.set(i32.shrU(lane, constant(LANE_BITS))),
          this.#beginFrom(index + 1, lane, count),
        ),
      ),
    );
  }

  #wordOf(slot: Local<'i32'>): I64 {
    return i64.load(addressOfWord(slot), this.#at.words);
  }

  #laneOf(level: Level, slot: Local<'i32'>): I32 {
    return this.#lane(level, i32.shrU(slot, constant(level.slotBits)));
  }

  #lane({ laneBytes, offset }: Level, index: I32): I32 {
    const load = laneBytes === 2 ? i32.load16u : i32.load;
    return load(item(index, laneBytes / 2), this.#at.levels + offset);
  }

  #takeFromBehind({ slotBits, laneBytes, offset }: Level, slot: Local<'i32'>): Statement {
    const groupShift = laneBytes === 2 ? 4 : 5;
    const group = item(i32.shrU(slot, constant(slotBits + LANE_BITS)), groupShift);
    const lane = i32.and(i32.shrU(slot, constant(slotBits)), constant(LANES - 1));
    const { sub } = laneBytes === 2 ? i16x8 : i32x4;
    const steps = Array.from({ length: (LANES * laneBytes) / VECTOR_BYTES }, (_, i) => {
      const at = this.#at.levels + offset + i * VECTOR_BYTES;
      const behind = this.#at.behind + BEHIND_AT[laneBytes] + i * VECTOR_BYTES;
      return v128.store(group, sub(v128.load(group, at), v128.load(item(lane, groupShift), behind)), at);
    });
    return sequence(...steps);
  }
}

/** Of the word that a slot is in. */
const addressOfWord = (slot: I32): I32 => item(i32.shrU(slot, constant(WORD_BITS)), 3);

/** Lanes as they are when the first `occupied` slots are, and no others were taken. */
export function fillLevels(
  { buffer, byteOffset: at }: Uint32Array,
  levels: readonly Level[],
  occupied: number,
): void {
  for (const { slotBits, laneBytes, offset, bytes } of levels) {
    const lanes =
      laneBytes === 2
        ? new Uint16Array(buffer, at + offset, bytes / 2)
        : new Uint32Array(buffer, at + offset, bytes / 4);
    const slots = 2 ** slotBits;
    for (let lane = 0; lane * slots <= occupied; lane++) lanes[lane] = (lane % LANES) * slots;
  }
}
