import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import {
  findSchedulingPolicy,
  schedulingPolicies,
  splitPolicyNames,
} from '../../../src/policies/scheduling/registry.ts';

const find = (name: string) => findSchedulingPolicy(name, '--scheduler');

describe('the registry', () => {
  it('knows every policy by its name, once', () => {
    const names = schedulingPolicies.map(({ name }) => name);
    expect(names).toEqual(['fifo', 'sjf', 'stcf', 'rr', 'mlfq', 'decay', 'lottery', 'stride']);
    for (const policy of schedulingPolicies) expect(find(policy.name)).toBe(policy);
  });

  it.each([
    'sjf:0.25',
    'stcf:1',
    'rr:5ms',
    'mlfq:levels=2',
    'decay:40ms',
    'lottery:1s',
    'lottery:1s,compensation=on',
    'lottery:compensation=off',
    'stride:100us',
  ])('knows %s by its full name', (name) => expect(find(name).name).toBe(name));

  it.each([
    ['cfs', "unknown policy 'cfs'; known: fifo, sjf, stcf, rr, mlfq, decay, lottery, stride"],
    ['', "unknown policy ''; known:"],
    [':10ms', "unknown policy ':10ms'"],
    ['fifo:1', "fifo takes no parameter, '1' given"],
    ['rr:', "'' is no parameter of rr: rr:QUANTUM, how long a turn is"],
    ['rr:0ms', "'0ms' is no parameter of rr"],
    ['sjf:1.5', "'1.5' is no parameter of sjf: sjf:ALPHA"],
    ['lottery:compensation=maybe', "'compensation=maybe' is no parameter of lottery: lottery:QUANTUM,"],
    ['lottery:compensation=on,1s', "'compensation=on,1s' is no parameter of lottery"],
    ['lottery:1s,compensation=on,boost=1s', "'1s,compensation=on,boost=1s' is no parameter of lottery"],
    ['mlfq:', "'' is no parameter of mlfq: mlfq:KEY=VALUE,…"],
  ])('refuses %j', (name, message) => {
    expect(() => find(name)).toThrow(UserError);
    expect(() => find(name)).toThrow(`--scheduler: ${message}`);
  });

  it('tells names in a list from settings of the name before', () => {
    expect(splitPolicyNames('rr:5ms, mlfq:levels=2,boost=none,stride')).toEqual([
      'rr:5ms',
      'mlfq:levels=2,boost=none',
      'stride',
    ]);
    expect(splitPolicyNames('lottery:5ms,compensation=on,./mine.js')).toEqual([
      'lottery:5ms,compensation=on',
      './mine.js',
    ]);
    expect(splitPolicyNames('fifo')).toEqual(['fifo']);
  });
});
