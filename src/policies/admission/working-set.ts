import type { AdmissionPolicy, LoadView } from './contract.ts';
import { NO_CHANGE } from './contract.ts';
import { resumeFirst, severalRun, suspendLast, takeTurns } from './turns.ts';

const used = ({ competing }: LoadView): number =>
  competing.reduce((sum, { workingSet }) => sum + workingSet, 0);

/** Working sets have to fit: a process is suspended when together they are more than memory, resumed when its own fits too. */
export const workingSet: AdmissionPolicy = {
  name: 'working-set',
  summary: 'processes compete as long as their working sets fit into memory together',
  source:
    'Denning, "The Working Set Model for Program Behavior", CACM 11(5), 1968; the lectures on thrashing',
  needs: 'working sets',
  decide(view) {
    const total = used(view);
    if (total > view.frames && severalRun(view)) return suspendLast(view);
    const turn = takeTurns(view);
    if (turn !== undefined) return turn;
    const [first] = view.waiting;
    return first !== undefined && total + first.workingSet <= view.frames ? resumeFirst(view) : NO_CHANGE;
  },
};
