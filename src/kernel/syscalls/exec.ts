/** execve(2) and execveat(2). */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { AT_FDCWD, PATH_MAX } from '../files/flags.ts';
import { MOST_STRING_BYTES, mostArgumentBytes } from '../loader/stack.ts';
import type { Result } from '../memory/contract.ts';
import { writeLastWords } from '../process/last-words.ts';
import { threadsChannel } from '../process/wakeups.ts';
import type { ProcessState, Sleep } from '../state.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { FOREVER } from './waiting.ts';

export const execCalls: readonly SystemCall[] = [
  {
    number: 221,
    name: 'execve',
    arguments: ['path', 'strings', 'variables'],
    handle: (call) => execute(call, 0),
  },
  {
    number: 281,
    name: 'execveat',
    arguments: ['at-fd', 'path', 'strings', 'variables', 'at-flags'],
    handle: execveat,
  },
];

const AT_EMPTY_PATH = 0x1000;

function execveat(call: CallContext): CallResult {
  const flags = call.int(4);
  if (call.process.call?.image !== undefined) return execute(call, 1);
  const path = call.user.readString(call.address(1), PATH_MAX);
  if (path === undefined) return Errno.ENAMETOOLONG;
  if (path === '' && (flags & AT_EMPTY_PATH) !== 0) return execute(call, 1, `/proc/self/fd/${call.int(0)}`);
  if (path.startsWith('/') || call.int(0) === AT_FDCWD) return execute(call, 1);
  return execute(call, 1, `/proc/self/fd/${call.int(0)}/${path}`);
}

/** @param i argument of the path, which the arguments and the environment follow @param path instead of that one */
function execute(call: CallContext, i: number, path?: string): CallResult {
  const { process, images } = call;
  if (process.call?.image === undefined) {
    const named = path ?? call.user.readString(call.address(i), PATH_MAX);
    if (named === undefined) return Errno.ENAMETOOLONG;
    const argv = readStrings(call, call.address(i + 1));
    const env = readStrings(call, call.address(i + 2));
    if (typeof argv === 'number') return argv;
    if (typeof env === 'number') return env;
    const image = images.begin(process, { path: named, argv: argv.length === 0 ? [''] : argv, env });
    if (typeof image === 'number') return image;
    process.call = { done: 0, image };
  }
  const { image } = process.call!;
  images.fill(image!);
  if (call.processes.endOtherThreads(process) > 1) return { sleep: waitForThreads(process) };
  writeLastWords(call.root, process, call.space, call.user);
  call.processes.unshareDescriptors(process);
  images.replace(call.processes.becomeFirst(process), image!);
  return 'replaced';
}

/** No signal ends this wait: nothing of the old program is left to take it. */
const waitForThreads = ({ group }: ProcessState): Sleep => ({
  channels: [threadsChannel(group.id)],
  until: FOREVER,
  reason: 'its other threads to end (execve)',
});

/** An array of strings that ends with a null pointer; a null array is empty. */
function readStrings(call: CallContext, at: VirtualAddress): string[] | Result {
  const strings: string[] = [];
  if (at === 0) return strings;
  const most = mostArgumentBytes(call.space.layout);
  let bytes = 0;
  for (let i = 0; ; i++) {
    const pointer = call.user.readU64((at + 8 * i) as VirtualAddress);
    if (pointer === 0n) return strings;
    const text = call.user.readString(
      Math.min(Number(pointer), 2 ** 52) as VirtualAddress,
      MOST_STRING_BYTES,
    );
    bytes += (text?.length ?? most) + 9;
    if (text === undefined || bytes > most) return Errno.E2BIG;
    strings.push(text);
  }
}
