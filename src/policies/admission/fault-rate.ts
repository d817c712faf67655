import type { AdmissionPolicy, LoadView } from './contract.ts';
import { NO_CHANGE } from './contract.ts';
import { resumeFirst, severalRun, suspendLast, takeTurns } from './turns.ts';

/** With a lifetime so many times a transfer there is room for one more. */
const AMPLE = 2;

/** Processor time between two faults for which a page is read; Infinity without any. */
export function lifetime({ competing }: Pick<LoadView, 'competing'>): number {
  let cpu = 0;
  let faults = 0;
  for (const one of competing) {
    cpu += one.cpu;
    faults += one.faults;
  }
  return faults === 0 ? Number.POSITIVE_INFINITY : cpu / faults;
}

/**
 * Whether several processes run and compute for a shorter time between two faults than a transfer takes, so that
 * the disk can't keep up. Pages that come in while none has to go are no sign of it: programs that begin fault too.
 */
export const isThrashing = (view: LoadView): boolean =>
  severalRun(view) && view.evictions > 0 && lifetime(view) < view.transfer;

/** Lifetimes are held above what a transfer takes. */
export const faultRate: AdmissionPolicy = {
  name: 'fault-rate',
  summary: 'processes compete as long as they compute longer between two faults than a transfer takes',
  source:
    'Denning, Kahn, Leroudier, Potier and Suri, "Optimal Multiprogramming", Acta Informatica 7, 1976: L = S',
  needs: 'faults',
  decide(view) {
    if (isThrashing(view)) return suspendLast(view);
    const turn = takeTurns(view);
    if (turn !== undefined) return turn;
    return view.waiting.length > 0 && lifetime(view) > AMPLE * view.transfer ? resumeFirst(view) : NO_CHANGE;
  },
};
