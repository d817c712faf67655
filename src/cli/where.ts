/** `run --where`: what it needs is loaded only when it is given. */
import { UserError } from '../base/errors.ts';
import type { SystemPorts } from '../system/running.ts';

/**
 * @param what as `--where` has it @param top as `--where-top` has it
 * @throws UserError when one of them makes no sense
 */
export async function attribution(
  what: string | undefined,
  top: string | undefined,
): Promise<SystemPorts['where']> {
  if (what === undefined) {
    if (top !== undefined) throw new UserError('--where-top', 'says how much of --where, which is not given');
    return undefined;
  }
  const { attributeFaults, parseWhere } = await import('../system/where.ts');
  const choice = parseWhere(what, top);
  const { inflateSync } = await import('node:zlib');
  return attributeFaults(choice, (compressed, size) => {
    try {
      const bytes = inflateSync(compressed, { maxOutputLength: Math.max(1, size) });
      return bytes.length === size ? bytes : undefined;
    } catch {
      // Damaged, or longer than it says.
      return undefined;
    }
  });
}
