/** Scheduling policies that users bring: every rule, broken once, and a good policy that nothing is noticed of. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import { randomState } from '../../../src/base/random.ts';
import {
  checkedSchedulingPolicy,
  validateSchedulingDefinition,
} from '../../../src/policies/scheduling/checked.ts';
import type { SchedulingDefinition } from '../../../src/policies/scheduling/contract.ts';
import { findSchedulingPolicy } from '../../../src/policies/scheduling/registry.ts';
import { plain } from './mechanism.ts';
import { schedulingConformance } from './scheduling.conformance.ts';

const FILE = './mine.js';

/** A good policy, FIFO, in which single parts can be replaced. */
function definition(
  policy: Record<string, unknown> = {},
  rest: Record<string, unknown> = {},
): SchedulingDefinition {
  return {
    name: 'mine',
    summary: 's',
    source: 's',
    ties: 't',
    initial: () => [],
    attach: (queue: number[]) => ({
      ready: ({ pid }: { pid: number }) => {
        queue.push(pid);
        return 'wait';
      },
      next: () => (queue.length === 0 ? undefined : { pid: queue.shift(), quantum: Infinity }),
      ran: (pid: number, _used: number, why: string) => {
        if (why !== 'blocked') queue.push(pid);
      },
      gone: (pid: number) => void queue.splice(queue.indexOf(pid) >>> 0, 1),
      changed: () => undefined,
      nextEvent: () => undefined,
      event: () => 'wait',
      describe: () => ({}),
      ...policy,
    }),
    ...rest,
  } as unknown as SchedulingDefinition;
}

const attached = (policy: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) => {
  const checked = checkedSchedulingPolicy(definition(policy, rest), FILE);
  return checked.attach(checked.initial(randomState(1)));
};

const broken = (when: string, rule: string): UserError =>
  new UserError(FILE, `policy 'mine' broke the contract ${when}: ${rule}`);

/** Two arrive, the first runs and expires, somebody is asked for again, and what is due is done. */
function use(policy: Record<string, unknown>): void {
  const checked = attached(policy);
  for (const pid of [1, 2]) checked.ready(plain(pid), 'arrived', 0);
  checked.next(0);
  checked.ran(1, 10, 'expired', 10);
  checked.changed(plain(1));
  if ((checked.nextEvent() ?? Infinity) <= 10) checked.event(10);
  checked.describe(1);
  checked.next(10);
  checked.ran(2, 10, 'blocked', 20);
  checked.gone(2);
  checked.next(20);
  checked.ran(1, 10, 'blocked', 30);
  checked.next(30);
}

const boom = () => {
  throw new Error('boom\nand more');
};

describe('a policy of the user', () => {
  it('that keeps the contract is let do', () => expect(() => use({})).not.toThrow());

  it.each([
    ['at decision 1', 'next gave process 3, which is not ready', { next: () => ({ pid: 3, quantum: 1e6 }) }],
    [
      'at decision 1',
      "next gave process '1', which is not ready",
      { next: () => ({ pid: '1', quantum: 1e6 }) },
    ],
    ['at decision 1', 'next gave undefined, but process 1 is ready', { next: () => undefined }],
    ['at decision 1', 'next has to give {pid, quantum}, or undefined, and gave 1', { next: () => 1 }],
    [
      'at decision 1',
      'next has to give a quantum of 1 ns or more, Infinity for none, and gave undefined',
      { next: () => ({ pid: 1 }) },
    ],
    [
      'at decision 1',
      'next has to give a quantum of 1 ns or more, Infinity for none, and gave NaN',
      { next: () => ({ pid: 1, quantum: Number.NaN }) },
    ],
    [
      'at decision 1',
      'next has to give a quantum of 1 ns or more, Infinity for none, and gave 0.5',
      { next: () => ({ pid: 1, quantum: 0.5 }) },
    ],
    // Gives 1 for ever: first it is ready, then it runs no more but is, and the third time 2 has gone and 1 is left.
    [
      'at decision 4',
      'next gave process 1, which is not ready',
      { next: (now: number) => ({ pid: now === 10 ? 2 : 1, quantum: 1 }) },
    ],
    [
      'before its first decision',
      "ready has to give 'preempt' or 'wait', and gave undefined",
      { ready: () => undefined },
    ],
    ['before its first decision', 'ready must not throw, it threw: boom', { ready: boom }],
    ['at decision 1', 'next must not throw, it threw: boom', { next: boom }],
    ['at decision 1', 'ran must not throw, it threw: boom', { ran: boom }],
    ['at decision 2', 'gone must not throw, it threw: boom', { gone: boom }],
    ['at decision 1', 'changed must not throw, it threw: boom', { changed: boom }],
    ['at decision 1', 'nextEvent must not throw, it threw: boom', { nextEvent: boom }],
    [
      'at decision 1',
      "nextEvent has to give a time in ns, or undefined, and gave 'soon'",
      { nextEvent: () => 'soon' },
    ],
    [
      'at decision 1',
      "event has to give 'preempt' or 'wait', and gave true",
      { nextEvent: (): number => 5, event: () => true },
    ],
    [
      'at decision 1',
      "after event, nextEvent has to be later than the event's time, 10, and gave 5",
      { nextEvent: (): number => 5 },
    ],
    ['at decision 1', 'describe must not throw, it threw: boom', { describe: boom }],
    [
      'at decision 1',
      'describe has to give an object of numbers and texts, {} when nothing is known, and gave undefined',
      { describe: () => undefined },
    ],
    [
      'at decision 1',
      'describe has to give an object of numbers and texts, {} when nothing is known, and gave an object',
      { describe: () => ({ level: null }) },
    ],
    [
      'before its first decision',
      'attach has to give an object with the methods next, event',
      { next: 3, event: undefined },
    ],
    [
      'before its first decision',
      'ticketOperations has to be an object with the method issue',
      { ticketOperations: { transfer: boom, giveBack: boom, inflate: boom } },
    ],
  ])('%s: %s', (when, rule, policy) => {
    expect(() => use(policy)).toThrow(broken(when, rule));
  });

  it.each([
    ['state.run is a function', { initial: () => ({ run: () => 1 }) }],
    ['state is an object of class Date', { initial: () => new Date() }],
  ])('has plain state: %s', (what, rest) => {
    expect(() => attached({}, rest)).toThrow(
      broken('before its first decision', `state has to be plain data, but ${what}`),
    );
  });

  it('is refused with everything that its definition lacks', () => {
    const validate = (value: unknown) => () => validateSchedulingDefinition(value, FILE);
    expect(validate(undefined)).toThrow(
      `${FILE}: the default export has to be a policy definition; there is none`,
    );
    expect(validate({ ...definition(), name: 'Mine', ties: '', attach: 1 })).toThrow(
      `${FILE}: name has to be a lower-case word such as 'my-policy', not 'Mine'; ties has to be a text, not ''; ` +
        'attach has to be a function, not 1',
    );
  });

  it('lends tickets through the wrapping, and what it throws there is told', () => {
    const checked = checkedSchedulingPolicy(findSchedulingPolicy('lottery', ''), FILE);
    const policy = checked.attach(checked.initial(randomState(1)));
    for (const pid of [1, 2]) policy.ready(plain(pid, { tickets: 10 }), 'arrived', 0);
    policy.ticketOperations!.inflate(1, 30);
    expect(policy.describe(1)).toEqual({ tickets: 30, worth: 30 });
    expect(() => policy.ticketOperations!.transfer(1, 2)).toThrow(
      /^\.\/mine\.js: policy 'lottery' broke the contract before its first decision: transfer must not throw/,
    );
  });
});

// Wrapped, a policy is the same policy.
for (const name of ['rr', 'mlfq', 'lottery'])
  schedulingConformance(checkedSchedulingPolicy(findSchedulingPolicy(name, ''), FILE), undefined);
