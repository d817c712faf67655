/** The scheduling policies that a name on the command line can mean. */
import { UserError } from '../../base/errors.ts';
import type { SchedulingDefinition } from './contract.ts';
import { decay } from './decay.ts';
import { fifo } from './fifo.ts';
import { lottery } from './lottery.ts';
import { mlfq } from './mlfq.ts';
import { rr } from './rr.ts';
import { sjf } from './sjf.ts';
import { stcf } from './stcf.ts';
import { stride } from './stride.ts';

/** Every policy, in the order in which help lists them. */
export const schedulingPolicies: readonly SchedulingDefinition[] = [
  fifo,
  sjf,
  stcf,
  rr,
  mlfq,
  decay,
  lottery,
  stride,
];

/**
 * The policy called `name`, which may carry a parameter behind a colon.
 * @param place where the name was given, e.g. `--scheduler`
 * @throws UserError when there is none, or the parameter is none of its own
 */
export function findSchedulingPolicy(name: string, place: string): SchedulingDefinition {
  const exact = schedulingPolicies.find((policy) => policy.name === name);
  if (exact !== undefined) return exact;
  const colon = name.indexOf(':');
  const family = schedulingPolicies.find((policy) => policy.name === name.slice(0, Math.max(colon, 0)));
  if (family !== undefined) return parameterized(family, name.slice(colon + 1), place);
  const known = schedulingPolicies.map((policy) => policy.name).join(', ');
  throw new UserError(place, `unknown policy '${name}'; known: ${known}`);
}

function parameterized(
  { name, parameter }: SchedulingDefinition,
  text: string,
  place: string,
): SchedulingDefinition {
  if (parameter === undefined) throw new UserError(place, `${name} takes no parameter, '${text}' given`);
  const found = parameter.parse(text, place);
  if (found !== undefined) return found;
  throw new UserError(
    place,
    `'${text}' is no parameter of ${name}: ${parameter.syntax}, ${parameter.summary}`,
  );
}

/**
 * The names in a list with commas between them, such as `rr:5ms,mlfq:levels=2,boost=none,stride`: a part `KEY=VALUE`
 * belongs to the name before it, whose parameter it goes on with.
 */
export function splitPolicyNames(list: string): string[] {
  return list.split(/,(?![a-z0-9]+=)/).map((name) => name.trim());
}
