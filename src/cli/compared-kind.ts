/** Whether what is compared runs or is replayed. */
import { closeSync, openSync, readSync } from 'node:fs';

const HEAD_BYTES = 4;

/** Of what is no program, or of pages that the machine has not. */
export const isReplayed = (path: string, { pageSize }: { readonly pageSize?: string }): boolean =>
  pageSize !== undefined || isTrace(path);

/** Programs begin as an ELF file or a script does. What can't be read is taken for one, which is told then. */
export function isTrace(path: string): boolean {
  if (path === '-') return true;
  const head = Buffer.alloc(HEAD_BYTES);
  try {
    const file = openSync(path, 'r');
    try {
      readSync(file, head, 0, HEAD_BYTES, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  const text = head.toString('latin1');
  return text !== '\x7fELF' && !text.startsWith('#!');
}
