/** What is said when a program does not fit the memory it was given. */
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';
import { formatSize } from '../base/sizes.ts';
import type { SystemConfig } from './config.ts';

/**
 * @param frames how many frames, tables included, are known to be needed so far
 * @param pages how many of them hold pages
 */
export function tooSmall({ sizing }: SystemConfig, frames: number, pages: number): UserError {
  const size = (count: number) => formatSize(count * PAGE_SIZE);
  // What was there did not do, whatever was counted until then.
  const least = Math.max(sizing.mode === 'frames' ? pages : frames, sizing.frames + 1);
  if (sizing.mode === 'frames') {
    return new UserError(
      `--frames ${sizing.frames}`,
      `too few for this program, which needs ${least} or more`,
    );
  }
  return new UserError(
    `--memory ${size(sizing.frames)}`,
    `too small for this program, which needs ${size(least)} or more`,
  );
}

/** @param why as the kernel says it */
export function noRoomForTables({ sizing, translation }: SystemConfig, why: string): UserError {
  const given = sizing.mode === 'frames' ? `${sizing.frames}` : formatSize(sizing.frames * PAGE_SIZE);
  return new UserError(
    `--${sizing.mode} ${given}`,
    `too small for this program under ${translation}: ${why}`,
  );
}
