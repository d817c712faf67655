/** Every system call there is. Numbers are those of RISC-V Linux (asm-generic/unistd.h); any other is ENOSYS. */
import { childCalls } from './children.ts';
import { cloneCalls } from './clone.ts';
import type { SystemCall } from './contract.ts';
import { controlCalls } from './control.ts';
import { descriptorCalls } from './descriptors.ts';
import { directoryCalls } from './directories.ts';
import { epollCalls } from './epoll.ts';
import { eventCalls } from './events.ts';
import { execCalls } from './exec.ts';
import { futexCalls } from './futex.ts';
import { ioCalls } from './io.ts';
import { lockCalls } from './locks.ts';
import { manyMessageCalls } from './many-messages.ts';
import { memoryCalls } from './memory.ts';
import { messageCalls } from './messages.ts';
import { nameCalls } from './names.ts';
import { processCalls } from './process.ts';
import { sessionCalls } from './sessions.ts';
import { signalCalls } from './signals.ts';
import { socketOptionCalls } from './socket-options.ts';
import { socketCalls } from './sockets.ts';
import { systemCalls } from './system.ts';
import { timeCalls } from './time.ts';
import { timerCalls } from './timers.ts';
import { usageCalls } from './usage.ts';
import { waitCalls } from './waits.ts';

export const allCalls: readonly SystemCall[] = [
  ...ioCalls,
  ...descriptorCalls,
  ...controlCalls,
  ...lockCalls,
  ...nameCalls,
  ...directoryCalls,
  ...memoryCalls,
  ...processCalls,
  ...cloneCalls,
  ...execCalls,
  ...childCalls,
  ...sessionCalls,
  ...usageCalls,
  ...futexCalls,
  ...signalCalls,
  ...timeCalls,
  ...timerCalls,
  ...waitCalls,
  ...epollCalls,
  ...eventCalls,
  ...socketCalls,
  ...socketOptionCalls,
  ...messageCalls,
  ...manyMessageCalls,
  ...systemCalls,
];
