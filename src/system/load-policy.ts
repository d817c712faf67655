/** A policy by its name, or from a file of the user's own. */
import { UserError } from '../base/errors.ts';
import { checkedPolicy, validateDefinition } from '../policies/replacement/checked.ts';
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import { findReplacementPolicy } from '../policies/replacement/registry.ts';
import { checkedSchedulingPolicy, validateSchedulingDefinition } from '../policies/scheduling/checked.ts';
import type { SchedulingDefinition } from '../policies/scheduling/contract.ts';
import { findSchedulingPolicy } from '../policies/scheduling/registry.ts';

/** A policy by its name, or by the URL of a module whose default export defines one. */
export interface PolicyChoice {
  /** As the user wrote it. */
  readonly text: string;
  readonly module: string | undefined;
}

/** @throws UserError when there is no such policy, or the module does not define one */
export async function loadPolicy(
  { text, module }: PolicyChoice,
  place = '--policy',
): Promise<PolicyDefinition> {
  if (module === undefined) return findReplacementPolicy(text, place);
  return checkedPolicy(validateDefinition(await defaultExport(module, text), text), text);
}

/** The same for a scheduling policy. */
export async function loadSchedulingPolicy(
  { text, module }: PolicyChoice,
  place: string,
): Promise<SchedulingDefinition> {
  if (module === undefined) return findSchedulingPolicy(text, place);
  const exported = await defaultExport(module, text);
  return checkedSchedulingPolicy(validateSchedulingDefinition(exported, text), text);
}

async function defaultExport(module: string, text: string): Promise<unknown> {
  try {
    return ((await import(module)) as { default?: unknown }).default;
  } catch (error) {
    throw new UserError(text, `can't be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}
