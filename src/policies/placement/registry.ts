/** The placement policies that a name on the command line can mean. */
import { UserError } from '../../base/errors.ts';
import { bestFit } from './best-fit.ts';
import { buddy } from './buddy.ts';
import type { PlacementDefinition } from './contract.ts';
import { firstFit } from './first-fit.ts';
import { nextFit } from './next-fit.ts';
import { segregated } from './segregated.ts';
import { worstFit } from './worst-fit.ts';

/** Every policy, in the order in which help lists them. */
export const placementPolicies: readonly PlacementDefinition[] = [
  firstFit,
  bestFit,
  worstFit,
  nextFit,
  segregated,
  buddy,
];

/**
 * @param place where the name was given, e.g. `--placement`
 * @throws UserError when there is none of that name
 */
export function findPlacementPolicy(name: string, place: string): PlacementDefinition {
  const found = placementPolicies.find((policy) => policy.name === name);
  if (found !== undefined) return found;
  const known = placementPolicies.map((policy) => policy.name).join(', ');
  throw new UserError(place, `unknown policy '${name}'; known: ${known}`);
}
