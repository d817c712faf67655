/** The replacement policies that a name on the command line can mean. */
import { UserError } from '../../base/errors.ts';
import { clock } from './clock.ts';
import { clockClean } from './clock-clean.ts';
import type { PolicyDefinition } from './contract.ts';
import { fifo } from './fifo.ts';
import { lru } from './lru.ts';
import { random } from './random.ts';

/** Every policy, in the order in which help lists them. */
export const replacementPolicies: readonly PolicyDefinition[] = [fifo, random, lru, clock, clockClean];

/**
 * The policy called `name`.
 * @param place where the name was given, e.g. `--replacement`
 * @throws UserError when there is none
 */
export function findReplacementPolicy(name: string, place: string): PolicyDefinition {
  const found = replacementPolicies.find((policy) => policy.name === name);
  if (found !== undefined) return found;
  const known = replacementPolicies.map((policy) => policy.name).join(', ');
  throw new UserError(place, `unknown policy '${name}'; known: ${known}`);
}
