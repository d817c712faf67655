/** Short text files that commands read whole. */
import { readFileSync } from 'node:fs';
import { UserError } from '../base/errors.ts';
import { reasonOf } from './failures.ts';

/**
 * @param path of a file, or `-` for standard input
 * @throws UserError when it can't be read
 */
export function readText(path: string): { readonly name: string; readonly text: string } {
  const name = path === '-' ? 'standard input' : path;
  try {
    return { name, text: readFileSync(path === '-' ? 0 : path, 'utf8') };
  } catch (error) {
    const isMissing = (error as { code?: unknown }).code === 'ENOENT';
    throw new UserError(name, isMissing ? 'no such file' : `can't be read: ${reasonOf(error)}`);
  }
}
