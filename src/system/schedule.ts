/** Runs scripted jobs under scheduling policies, and tells what came of it. */
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';
import { formatSize } from '../base/sizes.ts';
import type { KernelEvent } from '../kernel/events.ts';
import type { RootState } from '../kernel/state.ts';
import { scheduleResult } from '../report/schedule/metrics.ts';
import type { ScheduledJob, ScheduleResult, Slice } from '../report/schedule/schema.ts';
import { type AssemblyPorts, assemble } from './assemble.ts';
import type { SystemConfig } from './config.ts';
import type { JobFile } from './job-file.ts';
import { addJobs } from './jobs.ts';

/**
 * Replays the jobs under the scheduling policy of the configuration, until all have ended or a limit of it is reached.
 * @throws UserError when memory does not suffice
 */
export async function scheduleJobs(
  file: JobFile,
  config: SystemConfig,
  ports: AssemblyPorts,
): Promise<ScheduleResult> {
  const parts = assemble(config, ports, undefined);
  try {
    const slices = new Slices(parts.root);
    parts.stream.observe(slices.observe);
    const ids = addJobs(parts, file);
    await parts.kernel.run(config.limits);
    slices.finish();
    checkEnds(parts.root, config);
    const jobs = file.jobs.map((job, i): ScheduledJob => {
      const ended = parts.root.processes.find(({ pid }) => pid === ids[i])?.times.ended;
      const { tickets } = job.scheduling;
      return {
        pid: ids[i]!,
        name: job.name,
        arrival: job.arrival,
        ...(ended === undefined ? {} : { end: ended }),
        ...(tickets === undefined ? {} : { tickets }),
      };
    });
    return scheduleResult(config.scheduler, slices.all, jobs);
  } finally {
    parts.store.close();
  }
}

/** A job that memory or swap could not hold did not do what its schedule would tell. */
function checkEnds({ processes }: RootState, config: SystemConfig): void {
  for (const { argv, exit } of processes) {
    if (exit?.lacks === undefined) continue;
    const { sizing } = config;
    const place = exit.lacks !== 'swap' ? `--memory ${formatSize(sizing.frames * PAGE_SIZE)}` : '--swap';
    throw new UserError(place, `too small for the jobs: ${argv[0]} was ended: ${exit.reason ?? 'no room'}`);
  }
}

/** Spans of states, from the events that tell of their changes. */
class Slices {
  readonly all: Slice[] = [];
  readonly #root: RootState;
  readonly #open = new Map<number, { state: Slice['state']; from: number }>();

  constructor(root: RootState) {
    this.#root = root;
  }

  readonly observe = (event: KernelEvent): void => {
    if (event.type !== 'state') return;
    this.#close(event.process, event.time);
    if (event.state !== 'zombie') this.#open.set(event.process, { state: event.state, from: event.time });
  };

  /** Ends what is under way, when the run is cut off. */
  finish(): void {
    for (const pid of [...this.#open.keys()]) this.#close(pid, this.#root.clock.now);
  }

  #close(pid: number, to: number): void {
    const span = this.#open.get(pid);
    this.#open.delete(pid);
    if (span === undefined || span.from === to) return;
    const name = this.#root.processes.find((process) => process.pid === pid)?.argv[0] ?? String(pid);
    this.all.push({ pid, name, ...span, to });
  }
}
