/** What to ask about an instruction: operands by its format, and how to read the answers. */
import { nextBelow, type RandomState } from '../../../src/base/random.ts';
import { formats } from '../../../src/isa/formats.ts';
import type { Row } from '../../../src/isa/row.ts';
import {
  hardSums,
  integers,
  nearIntegers,
  randomTriple,
  type Shape,
  shapes,
  specials,
  type Triple,
} from './numbers.ts';

/** The format of a row's floating-point operands, which the name's last part tells. */
export const shapeOf = (row: Row): Shape => shapes[/\.(s|x\.w)$/.test(row.name) ? 's' : 'd'];

const operandCount = (row: Row): number =>
  (['rs1', 'rs2', 'rs3'] as const).filter((field) => formats[row.format].fields[field] !== undefined).length;

const combinations = (count: number, from: readonly bigint[]): readonly Triple[] => {
  const first = from.map((a): Triple => [a, 0n, 0n]);
  if (count === 1) return first;
  const pairs = first.flatMap(([a]) => from.map((b): Triple => [a, b, 0n]));
  return count === 2 ? pairs : pairs.flatMap(([a, b]) => from.map((c): Triple => [a, b, c]));
};

/** Zeros, ones, ends of the range, infinities and NaNs: few enough for all triples. */
const fewSpecials = (shape: Shape): readonly bigint[] => {
  const all = specials(shape);
  const step = Math.ceil(all.length / 16);
  return all.filter((_, index) => index < 4 || index >= all.length - 8 || index % step === 0);
};

/** All operands to try with a row: systematic ones, then `random` random ones. */
export function triplesFor(row: Row, random: number, state: RandomState): readonly Triple[] {
  if (row.format.startsWith('x-to-f')) return combinations(1, integers(state, random));
  const shape = shapeOf(row);
  const count = operandCount(row);
  const all = specials(shape);
  const pick = () => all[nextBelow(state, all.length)]!;
  const systematic = combinations(
    count,
    count === 3 ? fewSpecials(shape) : count === 1 ? [...all, ...nearIntegers(shape)] : all,
  );
  const mixed = Array.from({ length: random >> 2 }, (): Triple => {
    const triple = [...randomTriple(state, shape)] as [bigint, bigint, bigint];
    triple[nextBelow(state, 3)] = pick();
    return triple;
  });
  const hard = row.name.endsWith('.d') && count === 3 ? hardSums : [];
  return [
    ...systematic,
    ...hard,
    ...mixed,
    ...Array.from({ length: random }, () => randomTriple(state, shape)),
  ];
}
