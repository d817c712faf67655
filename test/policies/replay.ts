/** Replaying strings of page numbers through a policy, for tests. */
import { frame } from '../../src/base/numbers.ts';
import type { PolicyDefinition } from '../../src/policies/replacement/contract.ts';
import { TraceBuilder } from '../../src/replay/builder.ts';
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK, TRACE_KINDS } from '../../src/replay/dense.ts';
import { NextUses, nextUses } from '../../src/replay/next-use.ts';
import { Simulation, type SimulationWatcher } from '../../src/replay/simulate.ts';
import { FREE, HIT } from './naive/contract.ts';
import type { Step } from './naive/optimal.ts';

/** The trace that a string makes, and its steps as it numbers the pages; it has one reference at least. */
export function traceOf(string: readonly Step[]): { trace: DenseTrace; steps: Step[] } {
  const builder = new TraceBuilder({ name: 'test', pageSize: 1, kinds: ['fetch', 'load', 'store'] });
  builder.page(KIND.load, 0, 0);
  for (const { page, kind } of string) {
    if (kind === 'release') builder.release(page, 0, 1);
    else builder.page(KIND[kind], page, 0);
  }
  const trace = builder.finish();
  const entries = trace.chunks.flatMap((chunk) => [...chunk]);
  const steps = entries.map((entry) => ({
    page: entry & PAGE_MASK,
    kind: TRACE_KINDS[entry >>> KIND_SHIFT] as Step['kind'],
  }));
  return { trace, steps };
}

/** A simulation of a trace from its start. */
export function simulation(
  definition: PolicyDefinition,
  trace: DenseTrace,
  frames: number,
  watcher?: SimulationWatcher,
): Simulation {
  const future = definition.needs === 'the future' ? new NextUses(trace, nextUses(trace)) : undefined;
  return new Simulation({ definition, frames, pages: trace.pages, seed: 1, nextUses: future, watcher });
}

/** For each entry the page that was evicted, or `HIT`, or `FREE` when a frame was free or the entry is no reference. */
export function replay(definition: PolicyDefinition, trace: DenseTrace, frames: number): number[] {
  const answers = new Array<number>(trace.entries).fill(FREE);
  let position = 0;
  const run = simulation(definition, trace, frames, {
    hit: () => {
      answers[position] = HIT;
    },
    fault: (_page, _frame, victim) => {
      answers[position] = victim === -1 ? FREE : victim;
    },
  });
  for (const chunk of trace.chunks) {
    for (let i = 0; i < chunk.length; i++, position++) run.feed(chunk, i, i + 1);
  }
  return answers;
}

/** Faults of a string of references. */
export function faultsOf(
  definition: PolicyDefinition,
  references: readonly number[],
  frames: number,
): number {
  const { trace } = traceOf(references.slice(1).map((page) => ({ page, kind: 'load' })));
  // The first reference of every trace that `traceOf` makes is to page 0.
  if (references[0] !== 0) throw new Error('a string has to begin with page 0');
  const run = simulation(definition, trace, frames);
  for (const chunk of trace.chunks) run.feed(chunk, 0, chunk.length);
  return run.counts.faults;
}

/** After each reference, the page in each frame, -1 when it is empty; pages are numbered by first reference. */
export function contents(
  definition: PolicyDefinition,
  references: readonly number[],
  frames: number,
): number[][] {
  const { trace } = traceOf(references.slice(1).map((page) => ({ page, kind: 'load' })));
  const run = simulation(definition, trace, frames);
  return references.map((_, i) => {
    run.feed(trace.chunks[0]!, i, i + 1);
    return Array.from({ length: frames }, (_, at) => run.pageIn(frame(at)));
  });
}
