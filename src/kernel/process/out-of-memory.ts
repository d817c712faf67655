/**
 * Whom to kill when no frame can be had and none can be freed. The one that frees most goes, so that the others can
 * go on; its score is what it has in memory, in swap and in tables.
 *
 * Source: Linux 6.6, mm/oom_kill.c, oom_badness(): pages in memory, in swap and of tables, plus
 * `oom_score_adj` thousandths of all memory.
 */
import type { OutOfMemory, VirtualMemory } from '../memory/contract.ts';
import type { ProcessState, RootState } from '../state.ts';
import type { OutOfMemoryRecord } from './load-state.ts';

/** `largest`: as above. `asker`: whoever needed the frame. */
export type OutOfMemoryRule = 'largest' | 'asker';

type Score = OutOfMemoryRecord['scores'][number];

/** Pages that killing the process may free, and what was asked to be made of that. */
export function scoreOf(root: RootState, memory: VirtualMemory, process: ProcessState, all: number): Score {
  const space = root.spaces[process.space];
  let resident = 0;
  let swapped = 0;
  for (const area of space === undefined ? [] : memory.listAreas(space)) {
    resident += area.resident;
    swapped += area.swapped;
  }
  const tables = space?.tableFrames ?? 0;
  const { memoryAdjust: adjust } = process.group;
  const score = Math.max(0, resident + swapped + tables + Math.round((adjust * all) / 1000));
  return {
    pid: process.pid,
    name: process.argv[0] ?? process.path,
    resident,
    swapped,
    tables,
    adjust,
    score,
  };
}

/** The lowest adjustment that there is exempts a process. */
const EXEMPT = -1000;

/**
 * Chooses who has to go for `asker`, and takes down why. Of equals the one with the highest number goes, which has
 * most likely done least.
 * @param all frames and slots that there are
 */
export function chooseVictim(
  { root, memory }: { readonly root: RootState; readonly memory: VirtualMemory },
  asker: ProcessState,
  { lacks, detail }: OutOfMemory,
  all: number,
): ProcessState {
  const candidates = root.processes.filter(
    ({ pid, group, status }) => pid === group.id && group.exit === undefined && status !== 'new',
  );
  const scores = candidates.map((process) => scoreOf(root, memory, process, all));
  let victim = asker;
  let highest = -1;
  for (const [i, { score, adjust }] of scores.entries()) {
    if (adjust === EXEMPT || score < highest) continue;
    highest = score;
    victim = candidates[i]!;
  }
  const record = { time: root.clock.now, asker: asker.pid, victim: victim.pid, lacks, detail, scores };
  if (root.outOfMemory.length < MOST_RECORDS) root.outOfMemory.push(record);
  return victim;
}

/** Kept for the report. */
const MOST_RECORDS = 16;
