/** Policies that users bring: definitions that are none, and policies that break the contract. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { type Frame, frame } from '../../src/base/numbers.ts';
import { checkedPolicy, validateDefinition } from '../../src/policies/replacement/checked.ts';
import type { PolicyDefinition, ReplacementPolicy } from '../../src/policies/replacement/contract.ts';
import { fifo } from '../../src/policies/replacement/fifo.ts';
import { findReplacementPolicy, replacementPolicies } from '../../src/policies/replacement/registry.ts';
import { make, TestBits } from './frames.ts';
import { replay, traceOf } from './replay.ts';

const FILE = './mine.js';
const string = Array.from({ length: 500 }, (_, i) => ({
  page: ((i * 7) % 23) ^ (i % 5),
  kind: 'load' as const,
}));

/** FIFO with some of its methods replaced, checked. */
function broken(
  methods: Partial<ReplacementPolicy>,
  definition: Partial<PolicyDefinition> = {},
): PolicyDefinition {
  const own: PolicyDefinition = {
    ...(fifo as PolicyDefinition),
    name: 'mine',
    attach: (state, environment) => {
      const policy = (fifo as PolicyDefinition).attach(state, environment);
      return {
        admitted: (at, page, owner) => policy.admitted(at, page, owner),
        referenced: (at) => policy.referenced(at),
        evicted: (at) => policy.evicted(at),
        released: (at) => policy.released(at),
        victim: (incoming, now, why) => policy.victim(incoming, now, why),
        ...methods,
      };
    },
    ...definition,
  };
  return checkedPolicy(own, FILE);
}

const failing = (act: () => void): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};

/** Replays eight references to five pages in three frames: 0 1 2 3 0 1 4 0; the first victim is for reference 4. */
const breach = (definition: PolicyDefinition): unknown => {
  const { trace } = traceOf([1, 2, 3, 0, 1, 4, 0].map((page) => ({ page, kind: 'load' })));
  return failing(() => replay(definition, trace, 3));
};
const broke = (reference: number, rule: string) =>
  new UserError(FILE, `policy 'mine' broke the contract at reference ${reference}: ${rule}`);

describe('a checked policy', () => {
  it.each(replacementPolicies.map(({ name }) => name))('%s decides as it does unchecked', (name) => {
    const definition = findReplacementPolicy(name, '');
    const { trace } = traceOf(string);
    expect(replay(checkedPolicy(definition, FILE), trace, 7)).toEqual(replay(definition, trace, 7));
  });

  it.each([
    [() => 1.5, 'victim has to give a frame number, an integer, and gave 1.5'],
    [() => undefined, 'victim has to give a frame number, an integer, and gave undefined'],
    [() => '1', "victim has to give a frame number, an integer, and gave '1'"],
    [() => 3, 'victim gave frame 3; frames are 0 to 2'],
    [() => -2, 'victim gave frame -2; frames are 0 to 2'],
    [() => -1, 'victim gave -1, but frame 0 is resident and not pinned'],
  ])('may not answer as %s does', (victim, rule) => {
    expect(breach(broken({ victim: victim as () => Frame }))).toEqual(broke(4, rule));
  });

  it('may not name a frame that is free or pinned', () => {
    const bits = new TestBits(3);
    const policy = make(broken({ victim: (incoming) => frame(incoming) }), 3, bits);
    policy.admitted(frame(0), 0, 0);
    policy.admitted(frame(1), 1, 0);
    bits.pinned[0] = true;
    expect(failing(() => policy.victim(0, 0))).toEqual(broke(3, 'victim gave frame 0, which is pinned'));
    expect(failing(() => policy.victim(2, 0))).toEqual(
      broke(3, 'victim gave frame 2, which is not resident'),
    );
    expect(policy.victim(1, 0)).toBe(1);
    policy.released(frame(1));
    expect(failing(() => policy.victim(1, 0))).toEqual(
      broke(3, 'victim gave frame 1, which is not resident'),
    );
  });

  it('may answer -1 when all frames are pinned', () => {
    const bits = new TestBits(2);
    const policy = make(broken({ victim: () => -1 }), 2, bits);
    policy.admitted(frame(0), 0, 0);
    bits.pinned[0] = true;
    expect(policy.victim(1, 0)).toBe(-1);
  });

  it.each([
    ['admitted', 1],
    ['victim', 4],
    ['evicted', 4],
  ] as const)('may not throw in %s', (method, reference) => {
    const thrower = () => {
      throw new TypeError('x is not a function\nat line 3');
    };
    const rule = `${method} must not throw, it threw: x is not a function`;
    expect(breach(broken({ [method]: thrower }))).toEqual(broke(reference, rule));
  });

  it('may not throw in referenced, if it wants to be told', () => {
    const referenced = () => {
      throw new Error('no');
    };
    expect(breach(broken({ referenced }, { needs: 'bits' }))).toBeUndefined();
    const rule = 'referenced must not throw, it threw: no';
    // Of 0 1 2 3 0 1 4 0 FIFO in three frames has the first hit at the last.
    expect(breach(broken({ referenced }, { needs: 'every reference' }))).toEqual(broke(8, rule));
  });

  it.each([
    [() => ({ call: () => 1 }), 'state has to be plain data, but state.call is a function'],
    [() => [{ at: Symbol('x') }], 'state has to be plain data, but state.0.at is a symbol'],
    [
      () => ({ queue: new UserError('', '') }),
      'state has to be plain data, but state.queue is an object of class UserError',
    ],
    [
      () => {
        throw new Error('nothing');
      },
      'initial must not throw, it threw: nothing',
    ],
  ])('needs a state that is plain data: %s', (initial, rule) => {
    expect(breach(broken({}, { initial }))).toEqual(broke(0, rule));
  });

  it('is attached to a copy of its first state', () => {
    const kept: object[] = [];
    let given: unknown;
    const definition = broken(
      {},
      {
        initial: () => {
          kept.push({ list: [1], map: new Map([[1, 2]]), typed: new Int32Array(2), none: null });
          return kept[0];
        },
        attach: (state) => {
          given = state;
          return (fifo as PolicyDefinition).attach(fifo.initial(3, { a: 1, b: 2, c: 3, d: 4 }), {
            frameLimit: 3,
            bits: new TestBits(3),
          });
        },
      },
    );
    make(definition, 3, new TestBits(3));
    expect(given).toEqual(kept[0]);
    expect(given).not.toBe(kept[0]);
  });

  it('has all the methods it is called by', () => {
    const rule = 'attach has to give an object with the methods referenced, evicted, interrupt';
    const attach = () => ({ admitted() {}, released() {}, victim: () => -1 }) as unknown as ReplacementPolicy;
    expect(breach(broken({}, { attach, interval: 100 }))).toEqual(broke(0, rule));
    const nothing = () => undefined as unknown as ReplacementPolicy;
    expect(String(breach(broken({}, { attach: nothing })))).toContain(
      'methods admitted, referenced, evicted',
    );
  });

  it('keeps what the checks need in the state, so that a copy goes on the same', () => {
    const definition = broken({});
    const bits = new TestBits(2);
    const state = definition.initial(2, { a: 1, b: 2, c: 3, d: 4 });
    const environment = { frameLimit: 2, bits };
    definition.attach(state, environment).admitted(frame(1), 0, 0);
    const copy = definition.attach(structuredClone(state), environment);
    expect(copy.victim(1, 0)).toBe(1);
  });

  it('checks its variants too', () => {
    const variant = { ...(fifo as PolicyDefinition), name: 'mine:2' };
    const parameter = { syntax: 'mine:N', summary: 'what N is', parse: () => variant };
    expect(broken({}, { parameter }).parameter?.parse('2')?.needs).toBe('every reference');
    const wrong = { ...parameter, parse: () => ({}) as PolicyDefinition };
    expect(() => broken({}, { parameter: wrong }).parameter?.parse('2')).toThrow(UserError);
  });
});

describe('validateDefinition', () => {
  const good = { ...fifo, name: 'mine' };

  it('takes what is a definition', () => {
    expect(validateDefinition(good, FILE)).toBe(good);
    const parameter = { syntax: 'mine:N', summary: 'N', parse: () => undefined };
    const more = { ...good, interval: 100, parameter };
    expect(validateDefinition(more, FILE)).toBe(more);
    for (const policy of replacementPolicies) expect(validateDefinition(policy, FILE)).toBe(policy);
  });

  it.each([
    [undefined, 'the default export has to be a policy definition; there is none'],
    [null, 'the default export has to be a policy definition; it is null'],
    [() => good, 'the default export has to be a policy definition; it is a function'],
    ['fifo', "the default export has to be a policy definition; it is 'fifo'"],
    [{ ...good, name: undefined }, "name has to be a lower-case word such as 'my-policy', not undefined"],
    [{ ...good, name: 'Mine' }, "name has to be a lower-case word such as 'my-policy', not 'Mine'"],
    [{ ...good, summary: '' }, "summary has to be a text, not ''"],
    [{ ...good, source: 7 }, 'source has to be a text, not 7'],
    [{ ...good, ties: undefined }, 'ties has to be a text, not undefined'],
    [
      { ...good, needs: 'all' },
      "needs has to be one of 'nothing', 'bits', 'last-use order', 'rescues', 'every reference', 'the future', not 'all'",
    ],
    [{ ...good, interval: 0 }, 'interval has to be a number of nanoseconds above 0, or left out, not 0'],
    [
      { ...good, interval: '1ms' },
      "interval has to be a number of nanoseconds above 0, or left out, not '1ms'",
    ],
    [
      { ...good, parameter: 3 },
      'parameter has to be an object with syntax, summary and parse, or left out, not 3',
    ],
    [
      { ...good, parameter: { summary: 'x' } },
      'parameter.syntax has to be a text, not undefined; parameter.parse has to be a function, not undefined',
    ],
    [{ ...good, initial: {} }, 'initial has to be a function, not an object'],
    [{ ...good, attach: undefined }, 'attach has to be a function, not undefined'],
    [
      { ...good, initial: 1, attach: [] },
      'initial has to be a function, not 1; attach has to be a function, not an array',
    ],
  ])('refuses what is none (%#)', (value, message) => {
    expect(failing(() => validateDefinition(value, FILE))).toEqual(new UserError(FILE, message));
  });
});

describe('the policy of docs/add-a-policy.md', () => {
  const page = readFileSync(new URL('../../docs/add-a-policy.md', import.meta.url), 'utf8');
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];

  it('is a definition that keeps the contract, in under 40 lines', async () => {
    expect(code.trim().split('\n').length).toBeLessThan(40);
    const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { default: unknown };
    const definition = checkedPolicy(validateDefinition(module.default, FILE), FILE);
    const { trace } = traceOf(string);
    const answers = replay(definition, trace, 7);
    expect(answers.filter((answer) => answer >= 0).length).toBeGreaterThan(50);
    // Nothing is written in this trace, so that the oldest is always clean.
    expect(answers).toEqual(replay(fifo as PolicyDefinition, trace, 7));
  });
});
