/** What reports tell of processes. */
import type { MemoryCounters } from '../kernel/memory/contract.ts';
import { shellStatus } from '../kernel/process/exit.ts';
import { reported } from '../kernel/process/told.ts';
import { processUse } from '../kernel/process/use.ts';
import type { EndedProcess, ProcessState, RootState } from '../kernel/state.ts';
import type { RunReport } from '../report/schema.ts';
import type { SystemConfig } from './config.ts';

type ProcessReport = RunReport['processes'][number];

/** All processes that there are and were, by number; of very many that ended the first ones only. */
export function processesReport(root: RootState): ProcessReport[] {
  const leaders = root.processes.filter(({ pid, group }) => pid === group.id);
  const all = [...root.ended.map(endedReport), ...leaders.map((leader) => leaderReport(root, leader))];
  return all.sort((a, b) => a.pid - b.pid || a.arrived - b.arrived);
}

function leaderReport(root: RootState, leader: ProcessState): ProcessReport {
  const { group, status, sleep } = leader;
  const exit = status === 'zombie' ? group.exit : undefined;
  const used = reported(leader, processUse(root, leader));
  if (status === 'ready') used.times.ready += root.clock.now - used.times.since;
  return {
    ...common({ ...leader, parent: group.parent, ...used }),
    state: status === 'zombie' ? 'ended' : status,
    ...(exit === undefined ? {} : { status: shellStatus(exit) }),
    ...(status === 'blocked' ? { waitsFor: sleep?.reason ?? 'a page' } : {}),
  };
}

const endedReport = (ended: EndedProcess): ProcessReport => ({
  ...common(ended),
  state: 'ended',
  status: shellStatus(ended.exit),
});

type Common = Pick<
  EndedProcess,
  'pid' | 'parent' | 'argv' | 'times' | 'instructions' | 'faults' | 'tlbMisses' | 'residentPeak'
>;

function common({
  pid,
  parent,
  argv,
  times,
  instructions,
  faults,
  tlbMisses,
  residentPeak,
}: Common): Omit<ProcessReport, 'state'> {
  const { arrived, firstRun, ended, running, user, ready, voluntary, involuntary } = times;
  return {
    pid,
    parent,
    command: [...argv],
    arrived,
    ...(ended === undefined ? {} : { ended }),
    ...(firstRun === undefined ? {} : { response: firstRun - arrived }),
    cpu: { user, system: running - user },
    ready,
    switches: { voluntary, involuntary },
    instructions,
    faults: { ...faults },
    tlbMisses,
    residentPeak,
  };
}

export const forksReport = (memory: MemoryCounters): RunReport['forks'] => ({
  copyOnWrite: memory.forks['copy-on-write'],
  eager: memory.forks.eager,
  shared: memory.forkShared,
  copied: memory.forkCopied,
  copiedLater: memory.copiedOnWrite,
  takenOver: memory.takenOver,
  tables: memory.forkTables,
});

/** What load control did, and whom lack of memory cost his life. */
export function loadReport(
  { admission, swapping }: SystemConfig,
  { load, outOfMemory }: RootState,
): Pick<RunReport, 'load'> {
  if (admission.policy === 'off' && swapping !== 'switch' && outOfMemory.length === 0) return {};
  const killed = outOfMemory.map((record) => ({ ...record, scores: [...record.scores] }));
  return { load: { admission: admission.policy, ...load.counts, killed } };
}
