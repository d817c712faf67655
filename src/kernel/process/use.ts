/**
 * What threads and processes have used of the machine. A thread's count is its own as long as it lives; what those used
 * that are gone is in their process's `spent`, so that the first thread's is never mixed with it.
 */
import type { ProcessState, RootState } from '../state.ts';
import type { ResourceUse } from './state.ts';

export const noUse = (): ResourceUse => ({
  user: 0,
  system: 0,
  instructions: 0,
  minor: 0,
  major: 0,
  tlbMisses: 0,
  voluntary: 0,
  involuntary: 0,
  residentPeak: 0,
});

export const sumOfUses = (a: ResourceUse, b: ResourceUse): ResourceUse => ({
  user: a.user + b.user,
  system: a.system + b.system,
  instructions: a.instructions + b.instructions,
  minor: a.minor + b.minor,
  major: a.major + b.major,
  tlbMisses: a.tlbMisses + b.tlbMisses,
  voluntary: a.voluntary + b.voluntary,
  involuntary: a.involuntary + b.involuntary,
  residentPeak: Math.max(a.residentPeak, b.residentPeak),
});

/** What a thread has used until now; what it is on the processor for is its own too. */
export function threadUse(root: RootState, thread: ProcessState): ResourceUse {
  const { status, times, faults, tlbMisses, instructions, space, residentPeak } = thread;
  const all = times.running + (status === 'running' ? root.clock.now - times.since : 0);
  return {
    user: times.user,
    system: all - times.user,
    instructions,
    minor: faults.minor,
    major: faults.major,
    tlbMisses,
    voluntary: times.voluntary,
    involuntary: times.involuntary,
    residentPeak: status === 'zombie' ? residentPeak : (root.spaces[space]?.residentPeak ?? residentPeak),
  };
}

/** What a process has used until now: all of its threads, of which one is `process`. */
export function processUse(root: RootState, { group }: ProcessState): ResourceUse {
  let use = group.spent;
  for (const thread of root.processes)
    if (thread.group === group) use = sumOfUses(use, threadUse(root, thread));
  return use;
}
