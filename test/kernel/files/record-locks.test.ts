/** The list of record locks against a byte array: for each of a few bytes and each owner, what it has locked how. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LAST_BYTE,
  type LockOwner,
  type LockType,
  type RecordLock,
} from '../../../src/kernel/files/lock-state.ts';
import { obstacles, withRange } from '../../../src/kernel/files/record-locks.ts';

const OWNERS: readonly LockOwner[] = [
  { kind: 'process', id: 1 },
  { kind: 'process', id: 2 },
  { kind: 'description', id: 1 },
];
const BYTES = 16;
/** The byte that stands for all that come after the others. */
const REST = BYTES;

interface Step {
  readonly owner: number;
  readonly from: number;
  readonly to: number;
  readonly type: LockType | 'none';
}

const steps = fc.array(
  fc.record({
    owner: fc.nat(OWNERS.length - 1),
    from: fc.nat(REST),
    to: fc.nat(REST),
    type: fc.constantFrom<LockType | 'none'>('read', 'write', 'none'),
  }),
  { maxLength: 60 },
);

/** What each owner has of each byte. */
type Bytes = (LockType | 'none')[][];

const rangeOf = ({ from, to }: Step) => {
  const [first, last] = from < to ? [from, to] : [to, from];
  return { start: BigInt(first), end: last === REST ? LAST_BYTE : BigInt(last) };
};

const isInside = (byte: number, { from, to }: Step): boolean =>
  byte >= Math.min(from, to) && byte <= Math.max(from, to);

const isRefused = (bytes: Bytes, step: Step): boolean =>
  bytes.some(
    (own, owner) =>
      owner !== step.owner &&
      own.some(
        (type, byte) =>
          isInside(byte, step) && type !== 'none' && (type === 'write' || step.type === 'write'),
      ),
  );

/** The bytes that a list of locks stands for. */
const painted = (locks: readonly RecordLock[]): Bytes =>
  OWNERS.map((owner) =>
    Array.from({ length: BYTES + 1 }, (_, byte) => {
      const at = byte === REST ? LAST_BYTE : BigInt(byte);
      const over = locks.filter(
        (lock) =>
          lock.owner.kind === owner.kind && lock.owner.id === owner.id && lock.start <= at && at <= lock.end,
      );
      expect(over.length).toBeLessThanOrEqual(1);
      return over[0]?.type ?? 'none';
    }),
  );

describe('record locks', () => {
  it('lock and unlock bytes as a table of all bytes has it, with as few ranges as can be', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const bytes: Bytes = OWNERS.map(() => new Array<'none'>(BYTES + 1).fill('none'));
        let locks: RecordLock[] = [];
        for (const step of all) {
          const { type } = step;
          const owner = OWNERS[step.owner]!;
          const refused = type !== 'none' && isRefused(bytes, step);
          if (type !== 'none')
            expect(obstacles(locks, { ...rangeOf(step), type, owner }).length > 0).toBe(refused);
          if (refused) continue;
          locks = withRange(locks, owner, rangeOf(step), type);
          for (let byte = 0; byte <= REST; byte++) if (isInside(byte, step)) bytes[step.owner]![byte] = type;
          expect(painted(locks)).toEqual(bytes);
          expect(locks.length).toBe(runs(bytes));
        }
      }),
    );
  });

  it('are told in the order in which their owners came, each owner’s from the front', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let locks: RecordLock[] = [];
        let came: number[] = [];
        for (const step of all) {
          const owner = OWNERS[step.owner]!;
          locks = withRange(locks, owner, rangeOf(step), step.type);
          const has = locks.some((lock) => lock.owner === owner);
          if (!has) came = came.filter((other) => other !== step.owner);
          else if (!came.includes(step.owner)) came.push(step.owner);
          const expected = came.flatMap((one) =>
            locks.filter((lock) => lock.owner === OWNERS[one]).sort((a, b) => (a.start < b.start ? -1 : 1)),
          );
          expect(locks).toEqual(expected);
        }
      }),
    );
  });
});

/** Stretches of bytes that one owner has locked in one way. */
const runs = (bytes: Bytes): number =>
  bytes.reduce(
    (sum, own) => sum + own.filter((type, byte) => type !== 'none' && type !== own[byte - 1]).length,
    0,
  );
