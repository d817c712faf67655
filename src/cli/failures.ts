/** How a command fails: one line on standard error, and a status that tells whose fault it was. */
import { writeSync } from 'node:fs';
import { UserError } from '../base/errors.ts';

/** The user's mistake. */
export const STATUS_MISTAKE = 2;
/** The same from `run`, whose other statuses are the guest's. */
export const STATUS_RUN_MISTAKE = 125;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EFBIG: 'the file is too large',
  ERR_FS_FILE_TOO_LARGE: 'the file is too large',
};

/** A failure of the host's in words, without its code or path. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (error instanceof Error ? firstLine(error.message) : String(error));
}

/** Without what a terminal would obey: messages may quote files. */
const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').replace(CONTROL, '\uFFFD');
const CONTROL = /\p{Cc}/gu;

/** Prints what went wrong as one line; a bug of ours also says how to see where. */
export function printFailure(error: unknown): void {
  if (error instanceof UserError) {
    complain(firstLine(error.message));
    return;
  }
  const message = error instanceof Error ? `${error.name}: ${firstLine(error.message)}` : String(error);
  if (process.env.PAGEWALK_DEBUG && error instanceof Error) {
    complain(error.stack ?? message);
    return;
  }
  complain(`bug: ${message} (PAGEWALK_DEBUG=1 shows where; please report it)`);
}

/** One line on standard error, written before the process can end. */
export function complain(line: string): void {
  try {
    writeSync(2, `pagewalk: ${line}\n`);
  } catch {
    // Nobody listens; the status still tells.
  }
}
