/** Scripted jobs, played by the mechanism in virtual time. Times in scripts and results are in ms. */
import type { Known, Schedulable, SchedulingDefinition } from '../../../src/policies/scheduling/contract.ts';
import { Mechanism, type MechanismOptions, plain } from './mechanism.ts';

export const MS = 1e6;

export interface Job extends Partial<Omit<Schedulable, 'pid' | 'length'>> {
  readonly name: string;
  readonly arrival?: number;
  /** Bursts of CPU time, ms; between two of them the job waits for `wait` ms. */
  readonly bursts: readonly number[];
  readonly wait?: number;
  /** Whether each burst's length is declared; `declared` unless said otherwise. */
  readonly lengths?: 'declared' | 'undeclared';
}

export interface Slice {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Played {
  readonly slices: readonly Slice[];
  /** When each job that came to its end did, and when it first ran. */
  readonly ends: Readonly<Record<string, number>>;
  readonly starts: Readonly<Record<string, number>>;
  /** What was known of each job at each decision, and who was chosen. */
  readonly decisions: readonly { readonly chosen: string; readonly known: Readonly<Record<string, Known>> }[];
}

/** A job as it goes. */
interface Playing {
  readonly job: Job;
  readonly pid: number;
  burst: number;
  /** What is left of its burst, ns. */
  left: number;
  /** When it becomes ready, ns; `Infinity` while it is. */
  due: number;
}

class Play {
  readonly mechanism: Mechanism;
  readonly playing: Playing[];
  readonly slices: { name: string; from: number; to: number }[] = [];
  readonly ends: Record<string, number> = {};
  readonly starts: Record<string, number> = {};
  readonly decisions: { chosen: string; known: Record<string, Known> }[] = [];

  constructor(definition: SchedulingDefinition, jobs: readonly Job[], options: MechanismOptions) {
    this.mechanism = new Mechanism(definition, options);
    this.playing = jobs.map((job, i) => ({
      job,
      pid: i + 1,
      burst: 0,
      left: job.bursts[0]! * MS,
      due: (job.arrival ?? 0) * MS,
    }));
  }

  run(until: number): void {
    const { mechanism } = this;
    while (mechanism.now < until) {
      this.settle();
      const { running } = mechanism;
      const one = running === undefined ? undefined : this.byPid(running.pid);
      const stop = running === undefined ? Infinity : mechanism.now + Math.min(one!.left, this.quantumLeft());
      const next = Math.min(
        ...this.playing.map(({ due }) => due),
        mechanism.policy.nextEvent() ?? Infinity,
        stop,
      );
      if (this.playing.length === 0 || next === Infinity) return;
      const to = Math.min(next, until);
      if (one !== undefined) this.advance(one, to);
      mechanism.now = to;
    }
  }

  /** All that happens at this time: who becomes ready, the policy's event, who stops, who runs. */
  private settle(): void {
    const { mechanism } = this;
    const verdicts = this.playing
      .filter(({ due }) => due <= mechanism.now)
      .map((one) => {
        one.due = Infinity;
        return mechanism.makeReady(this.schedulable(one));
      });
    verdicts.push(mechanism.event());
    if (mechanism.running !== undefined) this.stopIfDue(verdicts.includes('preempt'));
    if (mechanism.running !== undefined) return;
    const known = Object.fromEntries(
      this.playing.map(({ pid, job }) => [job.name, mechanism.policy.describe(pid)] as const),
    );
    const choice = mechanism.dispatch();
    if (choice === undefined) return;
    const { name } = this.byPid(choice.pid).job;
    this.decisions.push({ chosen: name, known });
    this.starts[name] ??= mechanism.now / MS;
  }

  private stopIfDue(preempt: boolean): void {
    const { mechanism } = this;
    const { pid, since } = mechanism.running!;
    const one = this.byPid(pid);
    const used = mechanism.now - since;
    if (one.left === 0) this.finishBurst(one, used);
    else if (this.quantumLeft() <= 0) mechanism.stop(used, 'expired');
    else if (preempt) mechanism.stop(used, 'preempted');
  }

  private finishBurst(one: Playing, used: number): void {
    const { mechanism } = this;
    mechanism.stop(used, 'blocked');
    const next = one.job.bursts[++one.burst];
    if (next === undefined) {
      mechanism.end(one.pid);
      this.ends[one.job.name] = mechanism.now / MS;
      this.playing.splice(this.playing.indexOf(one), 1);
      return;
    }
    one.left = next * MS;
    one.due = mechanism.now + (one.job.wait ?? 0) * MS;
  }

  private advance(one: Playing, to: number): void {
    const from = this.mechanism.now;
    one.left -= to - from;
    const last = this.slices.at(-1);
    if (last?.name === one.job.name && last.to === from / MS) last.to = to / MS;
    else if (to > from) this.slices.push({ name: one.job.name, from: from / MS, to: to / MS });
  }

  private quantumLeft(): number {
    const { quantum, since } = this.mechanism.running!;
    return quantum - (this.mechanism.now - since);
  }

  private byPid(pid: number): Playing {
    return this.playing.find((one) => one.pid === pid)!;
  }

  private schedulable({ job, pid, burst }: Playing): Schedulable {
    const length = job.lengths === 'undeclared' ? undefined : job.bursts[burst]! * MS;
    return plain(pid, {
      length,
      tickets: job.tickets ?? 1,
      currency: job.currency,
      nice: job.nice ?? 0,
    });
  }
}

/** Plays jobs to their end, or for `until` ms. Arrivals at one time are in the order of the list. */
export function play(
  definition: SchedulingDefinition,
  jobs: readonly Job[],
  { until = Infinity, ...options }: MechanismOptions & { readonly until?: number } = {},
): Played {
  const played = new Play(definition, jobs, options);
  played.run(until * MS);
  return played;
}

/** Slices in the notation of lectures: `A 0–10 | B 10–20`. */
export const gantt = ({ slices }: Played): string =>
  slices.map(({ name, from, to }) => `${name} ${from}–${to}`).join(' | ');

/** CPU time of each job, ms, within a span of time. */
export function cpuTimes({ slices }: Played, from = 0, to = Infinity): Record<string, number> {
  const times: Record<string, number> = {};
  for (const slice of slices) {
    const time = Math.max(0, Math.min(slice.to, to) - Math.max(slice.from, from));
    times[slice.name] = (times[slice.name] ?? 0) + time;
  }
  return times;
}

/** Mean of turnaround and response times, ms. */
export function means(jobs: readonly Job[], { ends, starts }: Played) {
  const mean = (times: Readonly<Record<string, number>>) =>
    jobs.reduce((sum, { name, arrival = 0 }) => sum + times[name]! - arrival, 0) / jobs.length;
  return { turnaround: mean(ends), response: mean(starts) };
}
