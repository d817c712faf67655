/** Policies on the command line. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../base/errors.ts';
import type { PolicyChoice } from '../system/load-policy.ts';

/** A policy's name, or the file of one. */
export function policyChoice(text: string, place = '--policy'): PolicyChoice {
  const name = text.trim();
  if (!/[/\\]|\.[cm]?js$/.test(name)) return { text: name, module: undefined };
  if (!existsSync(name)) throw new UserError(`${place} ${name}`, 'no such file');
  return { text: name, module: pathToFileURL(resolve(name)).href };
}
