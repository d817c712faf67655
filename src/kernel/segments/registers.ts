/**
 * The registers that translate a space's addresses: base and bounds, or a table of segments. The kernel works them out
 * anew whenever a piece is moved, grows or goes; nothing else of a process changes when its memory is moved.
 */
import { PAGE_SIZE } from '../../base/numbers.ts';
import type { Access } from '../../machine/contract.ts';
import { type BaseBounds, baseBoundsWalk } from '../../translation/base-bounds.ts';
import type { Walk } from '../../translation/contract.ts';
import { type Segment, type SegmentTable, segmentWalk } from '../../translation/segments.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../state.ts';
import { type SegmentRules, segmentReach } from './rules.ts';
import type { Piece, SegmentState } from './state.ts';

/** Plain data. */
export type Registers =
  | { readonly kind: 'one'; readonly one: BaseBounds }
  | { readonly kind: 'segments'; readonly table: SegmentTable };

/** Of a space that has no memory. */
export function noRegisters({ addressBits, segmentBits }: SegmentRules): Registers {
  if (segmentBits === 0) return { kind: 'one', one: { base: 0, bounds: 0 } };
  return { kind: 'segments', table: { addressBits, segmentBits, segments: [] } };
}

/** What the registers have to hold for segments whose pieces are all in memory. */
export function registersFor(
  rules: SegmentRules,
  segments: readonly SegmentState[],
  pieceOf: (id: number) => Piece,
): Registers {
  const { addressBits, segmentBits } = rules;
  if (segmentBits === 0) {
    const [own] = segments;
    if (own === undefined) return noRegisters(rules);
    return { kind: 'one', one: { base: pieceOf(own.piece).start * PAGE_SIZE, bounds: own.size } };
  }
  const table: (Segment | undefined)[] = [];
  for (let index = 0; index < 2 ** segmentBits; index++) {
    const own = segments.find(({ segment }) => segment === index);
    table.push(own && rowOf(own, pieceOf(own.piece)));
  }
  return { kind: 'segments', table: { addressBits, segmentBits, segments: table } };
}

function rowOf({ segment, size, protection }: SegmentState, piece: Piece): Segment {
  const first = piece.start * PAGE_SIZE;
  return {
    name: `segment ${segment}`,
    base: piece.grows === 'up' ? first : first + piece.frames * PAGE_SIZE,
    size,
    grows: piece.grows,
    read: (protection & PROT_READ) !== 0,
    write: (protection & PROT_WRITE) !== 0,
    execute: (protection & PROT_EXEC) !== 0,
    sharing: piece.sharing === 'private' ? 'private' : 'shared',
  };
}

/** Translates to the byte, as the hardware would; the answer is in `out`. */
export function translate(registers: Registers, address: number, access: Access, out: Walk): void {
  if (registers.kind === 'one') baseBoundsWalk(registers.one, address, out);
  else segmentWalk(registers.table, address, access, out);
}

/** First address from which on what holds `address`, which translates, has no more bytes. */
export function endOf(registers: Registers, rules: SegmentRules, address: number): number {
  if (registers.kind === 'one') return registers.one.bounds;
  const reach = segmentReach(rules);
  const index = Math.floor(address / reach);
  const segment = registers.table.segments[index]!;
  return segment.grows === 'up' ? index * reach + segment.size : (index + 1) * reach;
}

/** As events and reports show them: base and size of each segment that there is. */
export function shownRegisters(registers: Registers): { base: number; size: number }[] {
  if (registers.kind === 'one') return [{ base: registers.one.base, size: registers.one.bounds }];
  return registers.table.segments.flatMap((segment) =>
    segment === undefined ? [] : [{ base: segment.base, size: segment.size }],
  );
}
