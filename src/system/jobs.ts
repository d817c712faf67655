/** Scripted jobs as processes of a system, beside its programs or alone. */
import { PAGE_SIZE, pid, type SpaceId, spaceId, virtualAddress } from '../base/numbers.ts';
import type { VirtualMemory } from '../kernel/memory/contract.ts';
import { createProcess, NO_PARENT } from '../kernel/process/create.ts';
import { FIRST_PAGE, nextLength } from '../kernel/process/script.ts';
import { PROT_READ, PROT_WRITE, type RootState } from '../kernel/state.ts';
import type { SchedulingPolicy } from '../policies/scheduling/contract.ts';
import type { Job, JobFile } from './job-file.ts';

export interface JobParts {
  readonly root: RootState;
  readonly memory: VirtualMemory;
  readonly scheduling: SchedulingPolicy;
}

/** The address space of a job that touches no page. */
const NO_SPACE = spaceId(65_535);

/**
 * Adds the jobs; each comes in when its time has come. Gives their process numbers, in the order of the jobs.
 * @throws UserError when there is no frame for the page table of one that touches pages
 */
export function addJobs({ root, memory, scheduling }: JobParts, { jobs, currencies }: JobFile): number[] {
  for (const { name, tickets } of currencies) scheduling.ticketOperations?.issue(name, tickets);
  return jobs.map((job) => {
    const script = { bursts: job.bursts, at: 0, done: 0, declares: job.declares };
    const length = job.declares ? nextLength(script) : job.scheduling.length;
    const id = root.nextPid;
    root.nextPid = pid(id + 1);
    const process = createProcess({
      pid: id,
      parent: NO_PARENT,
      space: spaceOf(memory, job),
      path: job.name,
      argv: [job.name],
      env: [],
      cwd: '/',
      now: root.clock.now,
      scheduling: { ...job.scheduling, length },
      script,
    });
    root.processes.push(process);
    root.programs.push(id);
    process.sleep = { channels: [], until: job.arrival, reason: 'its arrival' };
    return id;
  });
}

/** One area with all pages that the job touches. */
function spaceOf(memory: VirtualMemory, { name, bursts }: Job): SpaceId {
  const last = bursts.reduce(
    (most, burst) => (burst.kind === 'touch' ? Math.max(most, burst.last) : most),
    -1,
  );
  if (last < 0) return NO_SPACE;
  const space = memory.createSpace();
  memory.addArea(space, {
    start: virtualAddress(FIRST_PAGE * PAGE_SIZE),
    end: virtualAddress((FIRST_PAGE + last + 1) * PAGE_SIZE),
    protection: PROT_READ | PROT_WRITE,
    shared: false,
    growLimit: 0,
    backing: undefined,
    name,
  });
  return space.id;
}
