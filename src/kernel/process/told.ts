/** What reports tell of processes: of those that ended, and of those that wait for ever. */
import type { Pid } from '../../base/numbers.ts';
import type { EndedProcess, ExitState, ProcessState, RootState } from '../state.ts';
import type { ResourceUse } from './state.ts';
import { processUse } from './use.ts';

/** Who waits for what, of a process that nobody will wake. */
export function waiterOf(process: ProcessState): { pid: Pid; name: string; waitsFor: string } {
  const name = process.argv[0] ?? process.path;
  return { pid: process.pid, name, waitsFor: process.sleep?.reason ?? 'to be continued after a stop' };
}

/** What is kept of a process that is forgotten. */
export function endedOf(root: RootState, leader: ProcessState): RootState['ended'][number] {
  const exit: ExitState = leader.group.exit ?? { code: 0, signal: 0 };
  const { pid: id, group, argv } = leader;
  return {
    pid: id,
    parent: group.parent,
    argv: [...argv],
    exit,
    ...reported(leader, processUse(root, leader)),
  };
}

/** What reports tell of a process that has used so much: its own times, and the sums over its threads. */
export function reported(
  leader: ProcessState,
  use: ResourceUse,
): Pick<EndedProcess, 'times' | 'instructions' | 'faults' | 'tlbMisses' | 'residentPeak'> {
  const { user, system, instructions, minor, major, tlbMisses, voluntary, involuntary, residentPeak } = use;
  const times = { ...leader.times, running: user + system, user, voluntary, involuntary };
  return { times, instructions, faults: { minor, major }, tlbMisses, residentPeak };
}
