/** Resource limits, getrlimit(2): what there is, and what a process starts with. */
import type { ProcessState } from './state.ts';

export const UNLIMITED = 0xffff_ffff_ffff_ffffn;

export type LimitName =
  | 'CPU'
  | 'FSIZE'
  | 'DATA'
  | 'STACK'
  | 'CORE'
  | 'RSS'
  | 'NPROC'
  | 'NOFILE'
  | 'MEMLOCK'
  | 'AS'
  | 'LOCKS'
  | 'SIGPENDING'
  | 'MSGQUEUE'
  | 'NICE'
  | 'RTPRIO'
  | 'RTTIME';

export interface Limit {
  readonly name: LimitName;
  /** As in /proc/PID/limits. */
  readonly title: string;
  readonly units: string;
  readonly soft: bigint;
  readonly hard: bigint;
}

const limit = (
  name: LimitName,
  title: string,
  units: string,
  soft: bigint = UNLIMITED,
  hard: bigint = soft,
): Limit => ({
  name,
  title,
  units,
  soft,
  hard,
});

/** Index is the number of the resource, RLIMIT_* of asm-generic/resource.h. */
export const LIMITS: readonly Limit[] = [
  limit('CPU', 'Max cpu time', 'seconds'),
  limit('FSIZE', 'Max file size', 'bytes'),
  limit('DATA', 'Max data size', 'bytes'),
  limit('STACK', 'Max stack size', 'bytes', 8_388_608n, UNLIMITED),
  limit('CORE', 'Max core file size', 'bytes', 0n),
  limit('RSS', 'Max resident set', 'bytes'),
  limit('NPROC', 'Max processes', 'processes', 4096n),
  limit('NOFILE', 'Max open files', 'files', 1024n, 4096n),
  // No page is ever locked, so nobody may ask for it.
  limit('MEMLOCK', 'Max locked memory', 'bytes', 0n),
  limit('AS', 'Max address space', 'bytes'),
  limit('LOCKS', 'Max file locks', 'locks'),
  limit('SIGPENDING', 'Max pending signals', 'signals', 1024n),
  limit('MSGQUEUE', 'Max msgqueue size', 'bytes', 819_200n),
  limit('NICE', 'Max nice priority', '', 0n),
  limit('RTPRIO', 'Max realtime priority', '', 0n),
  limit('RTTIME', 'Max realtime timeout', 'us'),
];

const defaults = new Map<LimitName, readonly [bigint, bigint]>(
  LIMITS.map(({ name, soft, hard }) => [name, [soft, hard]]),
);

/** Soft and hard limit of a process; the default where it has set none. */
export function limitOf(process: ProcessState, name: LimitName): readonly [soft: bigint, hard: bigint] {
  return process.limits[name] ?? defaults.get(name)!;
}
