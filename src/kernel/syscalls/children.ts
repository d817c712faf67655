/** The end of processes, and waiting for children: exit(2), wait4(2), waitid(2). */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { GUEST_UID } from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import { CONTINUED_STATUS, endProcess, endThread, stoppedStatus, waitStatus } from '../process/exit.ts';
import { Signal } from '../process/signal-table.ts';
import type { ResourceUse } from '../process/state.ts';
import { processUse, sumOfUses } from '../process/use.ts';
import { childChannel } from '../process/wakeups.ts';
import type { ProcessState } from '../state.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { structure } from './layout.ts';
import { usageBytes } from './usage.ts';
import { block } from './waiting.ts';

export const childCalls: readonly SystemCall[] = [
  { number: 93, name: 'exit', arguments: ['int'], handle: exit },
  { number: 94, name: 'exit_group', arguments: ['int'], handle: exitGroup },
  { number: 95, name: 'waitid', arguments: ['int', 'int', 'pointer', 'hex', 'pointer'], handle: waitid },
  { number: 260, name: 'wait4', arguments: ['int', 'pointer', 'hex', 'pointer'], handle: wait4 },
];

function exitGroup(call: CallContext): CallResult {
  endProcess(call.process, { code: call.int(0), signal: 0 });
  return 'exited';
}

/** exit(2) of a thread. */
function exit(call: CallContext): CallResult {
  endThread(call.process, call.int(0));
  return 'exited';
}

const WNOHANG = 1;
const WUNTRACED = 2;
const WEXITED = 4;
const WCONTINUED = 8;
const WNOWAIT = 0x0100_0000;
/** __WNOTHREAD, __WALL, __WCLONE: every child is waited for. */
const THREAD_OPTIONS = 0xe000_0000;

type State = 'ended' | 'stopped' | 'continued';

/** A child whose state has changed. */
interface Change {
  readonly child: ProcessState;
  readonly state: State;
}

/** The children that are meant, by process, process group or any. */
function childrenOf(call: CallContext, means: (child: ProcessState) => boolean): ProcessState[] {
  const { group } = call.process;
  return call.processes.leaders.filter((leader) => leader.group.parent === group.id && means(leader));
}

function changeOf(children: readonly ProcessState[], states: readonly State[]): Change | undefined {
  for (const child of children) {
    const { group, status } = child;
    if (states.includes('ended') && status === 'zombie' && group.threads === 0)
      return { child, state: 'ended' };
    if (group.untold !== undefined && states.includes(group.untold)) return { child, state: group.untold };
  }
  return undefined;
}

/** The change has been told: an ended child is gone, another one's is not told again. */
function told(call: CallContext, { child, state }: Change): void {
  if (state !== 'ended') {
    child.group.untold = undefined;
    return;
  }
  const { group } = call.process;
  group.children = sumOfUses(group.children, usedBy(call, child));
  call.processes.reap(child);
}

function waitFor(call: CallContext): CallResult {
  const channels = [childChannel(call.process.group.id)];
  return block(call, { channels, reason: 'a child to end' }, 'begins anew');
}

function statusOf({ child, state }: Change): number {
  if (state === 'stopped') return stoppedStatus(child.group.stopped);
  return state === 'continued' ? CONTINUED_STATUS : waitStatus(child.group.exit!);
}

/** -1 any child, 0 of the own process group, above that process, below of that process group. */
function meaning(call: CallContext, pid: number): (child: ProcessState) => boolean {
  if (pid > 0) return (child) => child.pid === pid;
  if (pid === -1) return () => true;
  const wanted = pid === 0 ? call.process.group.processGroup : -pid;
  return ({ group }) => group.processGroup === wanted;
}

const RUSAGE_BYTES = 144;

/** What a child has used, with its own children that it waited for. */
const usedBy = (call: CallContext, child: ProcessState): ResourceUse =>
  sumOfUses(processUse(call.root, child), child.group.children);

function wait4(call: CallContext): CallResult {
  const options = call.uint(2);
  if ((options & ~(WNOHANG | WUNTRACED | WCONTINUED | THREAD_OPTIONS)) !== 0) return Errno.EINVAL;
  const children = childrenOf(call, meaning(call, call.int(0)));
  if (children.length === 0) return Errno.ECHILD;
  const states: State[] = ['ended'];
  if ((options & WUNTRACED) !== 0) states.push('stopped');
  if ((options & WCONTINUED) !== 0) states.push('continued');
  const change = changeOf(children, states);
  if (change === undefined) return (options & WNOHANG) !== 0 ? 0 : waitFor(call);
  const [status, used] = [call.address(1), call.address(3)];
  if (status !== 0) call.user.prepare(status, 4, 'store');
  if (used !== 0) call.user.write(used, usageBytes(usedBy(call, change.child)));
  if (status !== 0) call.user.writeU32(status, statusOf(change));
  told(call, change);
  return change.child.pid;
}

const P_ALL = 0;
const P_PID = 1;
const P_PGID = 2;
const SIGINFO_BYTES = 128;
const CLD = { exited: 1, killed: 2, stopped: 5, continued: 6 } as const;

function waitid(call: CallContext): CallResult {
  const options = call.uint(3);
  const known = WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT | THREAD_OPTIONS;
  const [kind, id] = [call.int(0), call.int(1)];
  if ((options & ~known) !== 0 || (options & (WUNTRACED | WEXITED | WCONTINUED)) === 0) return Errno.EINVAL;
  if (kind < P_ALL || kind > P_PGID || (kind === P_PID && id <= 0)) return Errno.EINVAL;
  const wanted = kind === P_ALL ? -1 : kind === P_PID ? id : -id;
  const children = childrenOf(call, meaning(call, wanted));
  if (children.length === 0) return Errno.ECHILD;
  const states: State[] = [];
  if ((options & WEXITED) !== 0) states.push('ended');
  if ((options & WUNTRACED) !== 0) states.push('stopped');
  if ((options & WCONTINUED) !== 0) states.push('continued');
  const change = changeOf(children, states);
  const [info, used] = [call.address(2), call.address(4)];
  if (change === undefined && (options & WNOHANG) === 0) return waitFor(call);
  tellInfo(call, info, change);
  if (change === undefined) return 0;
  if (used !== 0) call.user.write(used, usageBytes(usedBy(call, change.child)));
  if ((options & WNOWAIT) === 0) told(call, change);
  return 0;
}

/** siginfo_t as SIGCHLD would bring it; all zeros when there is nothing to tell. */
function tellInfo(call: CallContext, at: VirtualAddress, change: Change | undefined): void {
  if (at === 0) return;
  call.user.prepare(
    call.address(4) === 0 ? at : call.address(4),
    call.address(4) === 0 ? 1 : RUSAGE_BYTES,
    'store',
  );
  call.user.write(at, infoOf(change));
}

function infoOf(change: Change | undefined): Uint8Array {
  return structure(SIGINFO_BYTES, (view) => {
    if (change === undefined) return;
    const { child, state } = change;
    const exit = child.group.exit;
    const ended = exit?.signal === 0 ? CLD.exited : CLD.killed;
    view.setInt32(0, Signal.SIGCHLD, true);
    view.setInt32(8, state === 'ended' ? ended : CLD[state], true);
    view.setInt32(16, child.pid, true);
    view.setUint32(20, GUEST_UID, true);
    const status =
      state === 'ended'
        ? ((exit?.signal || exit?.code) ?? 0)
        : state === 'stopped'
          ? child.group.stopped
          : Signal.SIGCONT;
    view.setInt32(24, status, true);
  });
}

/** The first thread of the process with this number, or of the caller's for 0; ESRCH when there is none. */
export function leaderOf(call: CallContext, pid: number): ProcessState | Result {
  const found = pid === 0 ? call.processes.find(call.process.group.id) : call.processes.find(pid);
  return found === undefined || found.pid !== found.group.id ? Errno.ESRCH : found;
}
