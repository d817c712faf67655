/**
 * Process groups that have lost their last connection to the rest of their session, and who takes over the children of
 * a process that ended. Source: kernel/exit.c of Linux; "orphaned process group" in POSIX.1-2017, 3.264 and _Exit.
 */
import type { Pid } from '../../base/numbers.ts';
import type { ProcessState, RootState, ThreadGroup } from '../state.ts';
import type { Signals } from './contract.ts';
import { Signal, SignalCode } from './signal-table.ts';

const leadersOf = (root: RootState): ProcessState[] =>
  root.processes.filter(({ pid, group }) => pid === group.id);

/**
 * Whether no member of a process group has a parent in another group of the same session, so that nobody would continue
 * it if it stopped. @param without a process that is ending, and does not count
 */
export function isOrphaned(root: RootState, processGroup: Pid, without?: ThreadGroup): boolean {
  const leaders = leadersOf(root);
  return !leaders.some(({ group }) => {
    if (group.processGroup !== processGroup || group === without || group.threads === 0) return false;
    const parent = leaders.find(({ pid }) => pid === group.parent)?.group;
    return parent !== undefined && parent.processGroup !== processGroup && parent.session === group.session;
  });
}

/** A connection between two processes ends: that of `child` to `parent`. */
interface Connection {
  readonly child: ThreadGroup;
  readonly parent: ThreadGroup | undefined;
  /** Which of the two is ending. */
  readonly ends: 'child' | 'parent';
}

/** A process group that is orphaned by it, and has members that are stopped, gets SIGHUP and SIGCONT. */
export function endConnection(root: RootState, signals: Signals, { child, parent, ends }: Connection): void {
  const { processGroup, session } = child;
  if (parent === undefined || parent.processGroup === processGroup || parent.session !== session) return;
  if (!isOrphaned(root, processGroup, ends === 'child' ? child : undefined)) return;
  const members = leadersOf(root).filter(({ group }) => group.processGroup === processGroup);
  if (!members.some(({ group }) => group.stopped !== 0 && group.threads > 0)) return;
  signalGroup(root, signals, processGroup, Signal.SIGHUP);
  signalGroup(root, signals, processGroup, Signal.SIGCONT);
}

/** The kernel's own signal to all of a process group. */
export function signalGroup(root: RootState, signals: Signals, processGroup: Pid, signal: number): void {
  for (const leader of leadersOf(root))
    if (leader.group.processGroup === processGroup) signals.send(leader, signal, SignalCode.kernel, 0n);
}

/** Who takes over the children of a process: its nearest ancestor that asked for it and lives; `undefined`: nobody. */
export function subreaperOf(root: RootState, { parent }: ThreadGroup): ProcessState | undefined {
  const leaders = leadersOf(root);
  for (let id = parent; ; ) {
    const ancestor = leaders.find(({ pid }) => pid === id);
    if (ancestor === undefined) return undefined;
    const { group } = ancestor;
    if (group.isSubreaper && group.threads > 0 && group.exit === undefined) return ancestor;
    id = group.parent;
  }
}

/** The thread that made some processes ends, though its process may not: those who asked for it get their signal. */
export function tellOfParentsDeath(root: RootState, signals: Signals, dying: ProcessState): void {
  const heir = root.processes.find(
    (thread) =>
      thread.group === dying.group &&
      thread !== dying &&
      thread.exit === undefined &&
      dying.group.exit === undefined,
  );
  for (const thread of [...root.processes]) {
    const { group } = thread;
    if (group.creator !== dying.pid || group.parent !== dying.group.id) continue;
    if (thread.parentDeathSignal !== 0 && thread.exit === undefined)
      signals.send(thread, thread.parentDeathSignal, SignalCode.user, 0n, dying.group.id);
  }
  for (const { group } of leadersOf(root))
    if (group.creator === dying.pid && group.parent === dying.group.id && heir !== undefined)
      group.creator = heir.pid;
}
