/** Path arguments. */
import { Errno } from '../errno.ts';
import { PATH_MAX } from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, CallResult } from './contract.ts';

/** Reads the path in argument `i` and goes on with it; ENAMETOOLONG when it has no end. */
export function withPath(call: CallContext, i: number, go: (path: string) => Result): CallResult {
  const path = call.user.readString(call.address(i), PATH_MAX);
  return path === undefined ? Errno.ENAMETOOLONG : go(path);
}

/** The same for two paths. */
export function withPaths(
  call: CallContext,
  i: number,
  j: number,
  go: (first: string, second: string) => Result,
): CallResult {
  const first = call.user.readString(call.address(i), PATH_MAX);
  const second = call.user.readString(call.address(j), PATH_MAX);
  return first === undefined || second === undefined ? Errno.ENAMETOOLONG : go(first, second);
}
