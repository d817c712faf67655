/** The replacement policies that a name on the command line can mean. */
import { UserError } from '../../base/errors.ts';
import { aging } from './aging.ts';
import { arc } from './arc.ts';
import { car } from './car.ts';
import { clock } from './clock.ts';
import { clockClean } from './clock-clean.ts';
import { clockPro } from './clock-pro.ts';
import type { PolicyDefinition } from './contract.ts';
import { fifo } from './fifo.ts';
import { lfu } from './lfu.ts';
import { lirs } from './lirs.ts';
import { lru } from './lru.ts';
import { lruK } from './lru-k.ts';
import { mru } from './mru.ts';
import { optimal } from './optimal.ts';
import { random } from './random.ts';
import { s3Fifo } from './s3-fifo.ts';
import { sampledLru } from './sampled-lru.ts';
import { sieve } from './sieve.ts';
import { twoQ } from './two-q.ts';
import { vms } from './vms.ts';
import { wTinyLfu } from './w-tinylfu.ts';
import { workingSet } from './working-set.ts';
import { wsclock } from './wsclock.ts';

/** Every policy, in the order in which help lists them. */
export const replacementPolicies: readonly PolicyDefinition[] = [
  fifo,
  random,
  lru,
  mru,
  lfu,
  clock,
  clockClean,
  vms,
  aging,
  sampledLru,
  workingSet,
  wsclock,
  lruK,
  twoQ,
  arc,
  car,
  lirs,
  clockPro,
  sieve,
  s3Fifo,
  wTinyLfu,
  optimal,
];

/**
 * The policy called `name`, which may carry a parameter behind a colon.
 * @param place where the name was given, e.g. `--replacement`
 * @throws UserError when there is none, or the parameter is none of its own
 */
export function findReplacementPolicy(name: string, place: string): PolicyDefinition {
  const exact = replacementPolicies.find((policy) => policy.name === name);
  if (exact !== undefined) return exact;
  const colon = name.indexOf(':');
  const family = replacementPolicies.find((policy) => policy.name === name.slice(0, Math.max(colon, 0)));
  if (family !== undefined) return parameterized(family, name.slice(colon + 1), place);
  const known = replacementPolicies.map((policy) => policy.name).join(', ');
  throw new UserError(place, `unknown policy '${name}'; known: ${known}`);
}

function parameterized({ name, parameter }: PolicyDefinition, text: string, place: string): PolicyDefinition {
  if (parameter === undefined) throw new UserError(place, `${name} takes no parameter, '${text}' given`);
  const found = parameter.parse(text);
  if (found !== undefined) return found;
  throw new UserError(
    place,
    `'${text}' is no parameter of ${name}: ${parameter.syntax}, ${parameter.summary}`,
  );
}
