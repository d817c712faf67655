/** A replay step by step: what each reference did to the frames, and why a victim was chosen. */
import type { Frame } from '../base/numbers.ts';
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import { type DenseTrace, KIND_SHIFT, PAGE_MASK, TRACE_KINDS, type TraceKind } from '../replay/dense.ts';
import { NextUses, nextUses } from '../replay/next-use.ts';
import { Simulation, type SimulationWatcher } from '../replay/simulate.ts';

/** A frame that was looked at for a victim, and what was known of it. */
export interface Considered {
  readonly frame: number;
  readonly page: string;
  readonly known: Readonly<Record<string, number | boolean | string>>;
}

export interface ReplayStep {
  /** Position in the trace, from 0. */
  readonly position: number;
  readonly kind: TraceKind;
  readonly page: string;
  readonly outcome: 'hit' | 'fault' | 'released';
  readonly frame: number;
  /** The page that was evicted, and whether it had to be written. */
  readonly victim?: { readonly page: string; readonly written: boolean } | undefined;
  /** What the victim was chosen from, in the order in which the policy looked. */
  readonly considered: readonly Considered[];
  /** The page in each frame after the step, '' when it is free. */
  readonly frames: readonly string[];
}

/** A page as the trace has it: hexadecimal when it comes from addresses, decimal when the trace names pages. */
export function pageName({ names, pageSize }: DenseTrace, page: number): string {
  const number = (BigInt(names.high[page]!) << 32n) | BigInt(names.low[page]!);
  return pageSize > 0 ? `0x${number.toString(16)}` : number.toString();
}

/** Plays the trace; a step at a time. */
export function* replaySteps(
  trace: DenseTrace,
  definition: PolicyDefinition,
  { frames, seed }: { frames: number; seed: number },
): Generator<ReplayStep> {
  let considered: Considered[] = [];
  let seen: Pick<ReplayStep, 'outcome' | 'frame' | 'victim'> | undefined;
  const nameOf = (page: number): string => pageName(trace, page);
  const watcher: SimulationWatcher = {
    why: {
      considered: (frame, known) => considered.push({ frame, page: nameOf(simulation.pageIn(frame)), known }),
    },
    hit: (_page, frame) => {
      seen = { outcome: 'hit', frame };
    },
    released: (_page, frame) => {
      seen = { outcome: 'released', frame };
    },
    fault: (_page, frame, victim, written) => {
      seen = { outcome: 'fault', frame, victim: victim < 0 ? undefined : { page: nameOf(victim), written } };
    },
  };
  const next = definition.needs === 'the future' ? new NextUses(trace, nextUses(trace)) : undefined;
  const simulation = new Simulation({
    definition,
    frames,
    pages: trace.pages,
    seed,
    nextUses: next,
    watcher,
    owners: trace.owners.length > 1 ? trace.names.owner : undefined,
  });
  let position = 0;
  for (const chunk of trace.chunks) {
    for (let at = 0; at < chunk.length; at++, position++) {
      considered = [];
      seen = undefined;
      simulation.feed(chunk, at, at + 1);
      // The release of a page that is not in memory changes nothing.
      if (seen === undefined) continue;
      const entry = chunk[at]!;
      const contents = Array.from({ length: frames }, (_, f) => {
        const page = simulation.pageIn(f as Frame);
        return page < 0 ? '' : nameOf(page);
      });
      const kind = TRACE_KINDS[entry >>> KIND_SHIFT]!;
      const { outcome, frame, victim } = seen as ReplayStep;
      yield {
        position,
        kind,
        page: nameOf(entry & PAGE_MASK),
        outcome,
        frame,
        victim,
        considered,
        frames: contents,
      };
    }
  }
}
