import { findSchedulingPolicy, schedulingPolicies } from '../../../src/policies/scheduling/registry.ts';
import { naiveTwins } from './naive.ts';
import { schedulingConformance } from './scheduling.conformance.ts';

const variants = [
  'sjf:1',
  'stcf:0',
  'rr:3ms',
  'mlfq:levels=1,boost=none',
  'mlfq:quantum=5ms/10ms/15ms/20ms,allotment=12ms,boost=50ms,reserved=2',
  'mlfq:levels=2,rule4=ab,boost=none',
  'decay:5ms',
  'lottery:5ms,compensation=on',
];

for (const definition of schedulingPolicies) {
  schedulingConformance(definition, naiveTwins[definition.name]);
}
for (const name of variants) schedulingConformance(findSchedulingPolicy(name, 'test'), naiveTwins[name]);
