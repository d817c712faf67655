import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultKinds, formatFaults, parseFaults, type StoreFault } from '../../src/stores/fault-syntax.ts';

const parse = (text: string) => parseFaults(text, '--store-faults');

describe('faults as they are written', () => {
  it.each<[string, StoreFault[]]>([
    ['read', [{ kind: 'read' }]],
    ['read:slot=17', [{ kind: 'read', slots: [17, 17] }]],
    ['corrupt:slot=3-9:times=2', [{ kind: 'corrupt', slots: [3, 9], times: 2 }]],
    [
      'write:p=0.01,short:nth=3',
      [
        { kind: 'write', chance: 0.01 },
        { kind: 'short', nth: 3 },
      ],
    ],
    ['slow:10ms:p=.5:after=4', [{ kind: 'slow', delay: 1e7, chance: 0.5, after: 4 }]],
    ['full:after=0', [{ kind: 'full', after: 0 }]],
    [
      'read:p=1, write:p=0',
      [
        { kind: 'read', chance: 1 },
        { kind: 'write', chance: 0 },
      ],
    ],
  ])('%s', (text, expected) => {
    expect(parse(text)).toEqual(expected);
    expect(parse(formatFaults(expected))).toEqual(expected);
  });

  it.each([
    ['', "--store-faults: unknown fault '' in ''; known: read, write, short, corrupt, slow, full"],
    ['reed:p=1', /unknown fault 'reed'/],
    ['read,', /unknown fault ''/],
    ['slow', /'slow' does not say how slow; give a time .*: slow:10ms$/],
    ['slow:p=0.1', /'slow:p=0.1' does not say how slow/],
    ['read:10ms', /unknown condition '10ms' in 'read:10ms'; known: p=0.01, slot=17/],
    ['read:p=1.5', /'1.5' in 'read:p=1.5' is no probability; give a number from 0 to 1/],
    ['read:p=-1', /no probability/],
    ['read:p=', /no probability/],
    ['read:p=1e-2', /no probability/],
    ['read:slot=9-3', /'9-3' in 'read:slot=9-3' is no slot/],
    ['read:slot=x', /is no slot/],
    ['read:slot=4294967296', /is no slot/],
    ['read:nth=0', /'0' in 'read:nth=0' is not a whole number from 1 on/],
    ['read:times=', /is not a whole number from 1 on/],
    ['read:p=0.1:p=0.2', /'read:p=0.1:p=0.2' says p twice/],
    ['full', /'full' needs one condition.*full:after=500/],
    ['full:p=0.5', /needs one condition/],
    ['full:after=5:p=0.5', /needs one condition/],
  ])('%s is refused in one line', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('are the same after being written and read', () => {
    const count = fc.option(
      fc.nat(1000).map((n) => n + 1),
      { nil: undefined },
    );
    const fault = fc
      .record({
        kind: fc.constantFrom(...faultKinds.filter((kind) => kind !== 'full' && kind !== 'slow')),
        slots: fc.option(
          fc.tuple(fc.nat(99), fc.nat(99)).map(([a, b]): [number, number] => [a, a + b]),
          { nil: undefined },
        ),
        chance: fc.option(
          fc.nat(1000).map((n) => n / 1000),
          { nil: undefined },
        ),
        nth: count,
        after: count,
        times: count,
      })
      .map(
        (all) =>
          Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined)) as unknown as StoreFault,
      );
    fc.assert(
      fc.property(fc.array(fault, { minLength: 1, maxLength: 4 }), (faults) => {
        expect(parse(formatFaults(faults))).toEqual(faults);
      }),
    );
  });

  it('no text does anything but be taken or refused in one line', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9=:,.\- ]{0,30}$/), (text) => {
        try {
          parse(text);
        } catch (error) {
          expect((error as Error).name).toBe('UserError');
          expect((error as Error).message).not.toContain('\n');
        }
      }),
    );
  });
});
