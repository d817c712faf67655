/** What the calls of timers take and refuse. */
import { BAD, BAD_TIME, BUF, type Case, GOOD_TIME, ZEROS } from './argument-guest.ts';

export const timers: Case[] = [
  ['getitimer', [0, BUF], '0'],
  ['getitimer', [1, BUF], '0'],
  ['getitimer', [2, BUF], '0'],
  ['getitimer', [3, BUF], 'EINVAL'],
  ['getitimer', [1, BAD], 'EFAULT'],
  ['setitimer', [0, ZEROS, 0], '0'],
  ['setitimer', [1, ZEROS, BUF], '0'],
  ['setitimer', [2, 0, 0], '0'],
  ['setitimer', [1, GOOD_TIME - 16, 0], 'EINVAL'],
  ['setitimer', [2, BAD, 0], 'EFAULT'],
  ['setitimer', [3, ZEROS, 0], 'EINVAL'],
  ['timer_create', [0, 0, BUF], '0'],
  ['timer_create', [1, 0, BUF], '0'],
  ['timer_create', [2, 0, BUF], '0'],
  ['timer_create', [3, 0, BUF], '0'],
  // CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE; clocks of processes that are not there.
  ['timer_create', [4, 0, BUF], 'EINVAL'],
  ['timer_create', [5, 0, BUF], 'EINVAL'],
  ['timer_create', [99, 0, BUF], 'EINVAL'],
  ['timer_create', [(~77 << 3) | 2, 0, BUF], 'EINVAL'],
  ['timer_create', [(~1 << 3) | 2, 0, BUF], '0'],
  ['timer_create', [(~1 << 3) | 6, 0, BUF], '0'],
  // A sigevent of zeros has no signal.
  ['timer_create', [0, ZEROS, BUF], 'EINVAL'],
  ['timer_create', [0, BAD, BUF], 'EFAULT'],
  ['timer_create', [0, 0, BAD], 'EFAULT'],
  ['timer_gettime', [0, BUF], 'EINVAL'],
  ['timer_getoverrun', [0], 'EINVAL'],
  ['timer_settime', [0, 0, ZEROS, 0], 'EINVAL'],
  ['timer_settime', [0, 0, BAD_TIME, 0], 'EINVAL'],
  ['timer_delete', [0], 'EINVAL'],
];
