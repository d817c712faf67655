/** The policies that a running program can serve. */
import type { PolicyDefinition } from '../../src/policies/replacement/contract.ts';
import { replacementPolicies } from '../../src/policies/replacement/registry.ts';

export const livePolicies: readonly PolicyDefinition[] = replacementPolicies.filter(
  ({ needs }) => needs !== 'every reference' && needs !== 'the future',
);
