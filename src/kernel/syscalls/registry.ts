/** Every system call there is. Numbers are those of RISC-V Linux (asm-generic/unistd.h); any other is ENOSYS. */
import type { SystemCall } from './contract.ts';
import { controlCalls } from './control.ts';
import { descriptorCalls } from './descriptors.ts';
import { directoryCalls } from './directories.ts';
import { ioCalls } from './io.ts';
import { memoryCalls } from './memory.ts';
import { nameCalls } from './names.ts';
import { processCalls } from './process.ts';
import { signalCalls } from './signals.ts';
import { systemCalls } from './system.ts';
import { timeCalls } from './time.ts';
import { waitCalls } from './waits.ts';

export const allCalls: readonly SystemCall[] = [
  ...ioCalls,
  ...descriptorCalls,
  ...controlCalls,
  ...nameCalls,
  ...directoryCalls,
  ...memoryCalls,
  ...processCalls,
  ...signalCalls,
  ...timeCalls,
  ...waitCalls,
  ...systemCalls,
];
