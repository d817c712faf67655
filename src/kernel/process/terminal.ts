/**
 * Whose terminal the host's is. A session has it, with one of its process groups in the foreground; a process has it as
 * long as its session does and it has not given it up. Source: credentials(7), tty_ioctl(4); drivers/tty/tty_jobctrl.c.
 */
import type { RootState, ThreadGroup } from '../state.ts';
import type { Signals } from './contract.ts';
import { NO_PARENT } from './create.ts';
import { signalGroup } from './orphans.ts';
import { Signal, SignalCode } from './signal-table.ts';

/** Whether the terminal is the controlling one of a process. */
export const hasTerminal = ({ terminal }: RootState, group: ThreadGroup): boolean =>
  group.terminal === 'controlling' && terminal.session === group.session;

/** Whether the process's group is one that the terminal is not for now. */
export const isInBackground = (root: RootState, group: ThreadGroup): boolean =>
  hasTerminal(root, group) && ![NO_PARENT, group.processGroup].includes(root.terminal.foreground);

/** The terminal becomes that of a session whose leader has none (TIOCSCTTY). */
export function takeTerminal({ terminal }: RootState, leader: ThreadGroup): void {
  terminal.session = leader.session;
  terminal.foreground = leader.processGroup;
  leader.terminal = 'controlling';
}

/** A process gives up its terminal (TIOCNOTTY); when it leads the session, for all of that. */
export function giveUpTerminal(root: RootState, signals: Signals, group: ThreadGroup): void {
  if (group.id !== group.session) {
    group.terminal = 'none';
    return;
  }
  const { foreground } = root.terminal;
  freeTerminal(root, group);
  signalGroup(root, signals, foreground, Signal.SIGHUP);
  signalGroup(root, signals, foreground, Signal.SIGCONT);
}

/**
 * A process has ended: if it led the session of the terminal, that hangs up. Those that were started from outside do
 * not own the terminal that they were given: whoever started them still has it.
 */
export function leaveTerminal(root: RootState, signals: Signals, group: ThreadGroup): void {
  if (group.id !== group.session || !hasTerminal(root, group) || root.programs.includes(group.id)) return;
  const { foreground } = root.terminal;
  freeTerminal(root, group);
  signalGroup(root, signals, foreground, Signal.SIGHUP);
}

/** Signals of keys. */
const typed: readonly number[] = [Signal.SIGINT, Signal.SIGQUIT];

/**
 * A signal from outside: what is typed at the terminal is for the process group in the foreground, anything else, or
 * without a terminal, for all processes of the sessions that were started from there.
 */
export function signalFromOutside(root: RootState, signals: Signals, signal: number): void {
  if (typed.includes(signal) && root.terminal.session !== NO_PARENT) {
    signalGroup(root, signals, root.terminal.foreground, signal);
    return;
  }
  for (const process of root.processes) {
    const { group, pid, exit } = process;
    if (group.id === pid && root.programs.includes(group.session) && exit === undefined)
      signals.send(process, signal, SignalCode.kernel, 0n);
  }
}

function freeTerminal(root: RootState, { session }: ThreadGroup): void {
  root.terminal.session = NO_PARENT;
  root.terminal.foreground = NO_PARENT;
  for (const { group } of root.processes) if (group.session === session) group.terminal = 'none';
}
