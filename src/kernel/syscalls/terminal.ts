/**
 * The controlling terminal, for shells and their jobs: TIOC*PGRP and the like of tty_ioctl(4), and what happens to a
 * process in the background that reads it or changes its settings.
 */
import { Errno } from '../errno.ts';
import { isOrphaned, signalGroup } from '../process/orphans.ts';
import { interruption } from '../process/pending-signals.ts';
import { SIG_IGN, Signal, signalBit } from '../process/signal-table.ts';
import { giveUpTerminal, hasTerminal, isInBackground, takeTerminal } from '../process/terminal.ts';
import type { CallContext, CallResult } from './contract.ts';
import { block } from './waiting.ts';

/** By the number of the request; the descriptor is argument 0, the pointer or number argument 2. */
export const terminalRequests: Readonly<Record<number, (call: CallContext) => CallResult>> = {
  21518: controllingTerminal,
  21519: (call) => ofOwnTerminal(call, () => tell(call, call.root.terminal.foreground)),
  21520: setForeground,
  21538: noTerminal,
  21545: (call) => ofOwnTerminal(call, () => tell(call, call.root.terminal.session)),
};

/** Whether argument 0 is a descriptor of the terminal. */
export function isTerminal(call: CallContext): boolean {
  const ready = call.files.descriptors.readiness(call.process, call.int(0));
  return typeof ready === 'object' && ready.kind === 'terminal';
}

function ofOwnTerminal(call: CallContext, answer: () => CallResult): CallResult {
  return isTerminal(call) && hasTerminal(call.root, call.process.group) ? answer() : Errno.ENOTTY;
}

function tell(call: CallContext, id: number): CallResult {
  call.user.writeU32(call.address(2), id);
  return 0;
}

/** TIOCSCTTY: the leader of a session that has none makes it the session's; nobody can take it from another. */
function controllingTerminal(call: CallContext): CallResult {
  if (!isTerminal(call)) return Errno.ENOTTY;
  const { root, process } = call;
  const { group } = process;
  const isLeader = group.session === group.id;
  if (isLeader && hasTerminal(root, group)) return 0;
  if (!isLeader || group.terminal === 'controlling' || root.terminal.session !== 0) return Errno.EPERM;
  takeTerminal(root, group);
  return 0;
}

/** TIOCNOTTY. */
function noTerminal(call: CallContext): CallResult {
  return ofOwnTerminal(call, () => {
    giveUpTerminal(call.root, call.signals, call.process.group);
    return 0;
  });
}

/** TIOCSPGRP: the terminal is for another group of the session, the job that a shell waits for. */
function setForeground(call: CallContext): CallResult {
  if (!isTerminal(call)) return Errno.ENOTTY;
  const { root, process, processes } = call;
  const refusal = fromBackground(call, Signal.SIGTTOU);
  if (refusal !== undefined) return refusal === Errno.EIO ? Errno.ENOTTY : refusal;
  if (!hasTerminal(root, process.group)) return Errno.ENOTTY;
  const wanted = call.user.readU32(call.address(2)) | 0;
  if (wanted < 0) return Errno.EINVAL;
  const found = processes.leaders.find(({ group }) => group.processGroup === wanted);
  if (found === undefined) return Errno.ESRCH;
  if (found.group.session !== process.group.session) return Errno.EPERM;
  root.terminal.foreground = found.group.processGroup;
  return 0;
}

/** What a read of a descriptor comes to, when that is the terminal, before anything is read. */
export function backgroundRead(call: CallContext): CallResult | undefined {
  const { root, process } = call;
  const isBegunAgain = process.call !== undefined;
  if ((!isBegunAgain && !isInBackground(root, process.group)) || !isTerminal(call)) return undefined;
  const refusal = fromBackground(call, Signal.SIGTTIN);
  // The host's terminal waits for the user, so a signal that came while the process was stopped is taken first.
  if (refusal !== undefined || interruption(process) === 'none') return refusal;
  return waitForTerminal(call);
}

const waitForTerminal = (call: CallContext): CallResult =>
  block(call, { channels: [], reason: 'the terminal to be for it' }, 'begins anew');

/**
 * What a use of the terminal comes to: nothing in the foreground; in the background all of the process group gets a
 * signal that stops it, and the call is made again when it goes on. Who ignores SIGTTOU may do it all the same.
 */
export function fromBackground(call: CallContext, signal: number): CallResult | undefined {
  const { root, process, signals } = call;
  if (!isInBackground(root, process.group)) return undefined;
  const { mask, actions } = process.signals;
  const isUnheard = (mask & signalBit(signal)) !== 0n || actions[signal]?.handler === SIG_IGN;
  if (isUnheard) return signal === Signal.SIGTTIN ? Errno.EIO : undefined;
  const { processGroup } = process.group;
  if (isOrphaned(root, processGroup)) return Errno.EIO;
  signalGroup(root, signals, processGroup, signal);
  return waitForTerminal(call);
}
