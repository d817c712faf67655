/** Lost updates of a watched variable, against the variable itself. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nanoseconds, pid, virtualAddress } from '../../src/base/numbers.ts';
import { Interleaving } from '../../src/report/interleaving.ts';

type Kind = 'load' | 'store';

function watched(accesses: readonly (readonly [process: number, kind: Kind])[]) {
  const interleaving = new Interleaving('counter', 0x1234);
  accesses.forEach(([process, kind], i) => {
    interleaving.observe({
      type: 'access',
      time: nanoseconds(i),
      pid: pid(process),
      kind,
      address: virtualAddress(0x1234),
    });
  });
  return interleaving.finish();
}

it('the notes: both load 50, both store 51', () => {
  // 1 loads 50; 2 loads 50, stores 51; 1 stores 51: of two updates one is lost.
  const report = watched([
    [1, 'load'],
    [2, 'load'],
    [2, 'store'],
    [1, 'store'],
  ]);
  expect(report).toMatchObject({ name: 'counter', address: '1234', loads: 2, stores: 2, lostUpdates: 1 });
  expect(report.lost).toEqual([
    {
      time: 3,
      pid: 1,
      updates: 1,
      turns: [
        { pid: 1, from: 0, loads: 1, stores: 0 },
        { pid: 2, from: 1, loads: 1, stores: 1 },
        { pid: 1, from: 3, loads: 0, stores: 1 },
      ],
    },
  ]);
});

it('nothing is lost when nobody comes between, nor by stores without a load', () => {
  const report = watched([
    [1, 'load'],
    [1, 'store'],
    [2, 'load'],
    [2, 'store'],
    [1, 'store'],
    [2, 'store'],
  ]);
  expect([report.lostUpdates, report.lost]).toEqual([0, []]);
});

/** Threads that increment: a step of one loads if it has nothing in its hand, else stores that and one more. */
it('what is lost is what the variable lacks', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 200 }), (steps) => {
      let variable = 0;
      const hands = new Map<number, number>();
      const accesses = steps.map((thread): [number, Kind] => {
        const hand = hands.get(thread);
        if (hand === undefined) {
          hands.set(thread, variable);
          return [thread, 'load'];
        }
        variable = hand + 1;
        hands.delete(thread);
        return [thread, 'store'];
      });
      const { stores, lostUpdates } = watched(accesses);
      expect(stores - lostUpdates).toBe(variable);
    }),
  );
});
