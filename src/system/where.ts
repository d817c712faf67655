/** Where faults come from, for a run that asks for it; loaded only then. */
import type { Observer } from '../kernel/events.ts';
import type { Inflate } from '../kernel/loader/program-code.ts';
import type { BackingObjects } from '../kernel/memory/contract.ts';
import type { RootState } from '../kernel/state.ts';
import type { WhereReport } from '../report/where-schema.ts';
import type { WhereChoice } from './where-choice.ts';
import { FaultOrigins } from './where-faults.ts';
import { ProgramImages } from './where-images.ts';
import { whereReport } from './where-report.ts';

export { BREAKDOWNS, type Breakdown, DEFAULT_TOP, parseWhere, type WhereChoice } from './where-choice.ts';

/** An attribution that is under way. */
export interface Attribution {
  readonly observe: Observer;
  report(): WhereReport;
}

/** Begins to attribute the faults of a system to where they come from. */
export type Attribute = (root: RootState, files: BackingObjects) => Attribution;

/** @param inflate undoes zlib, for programs whose debugging information is compressed */
export function attributeFaults(choice: WhereChoice, inflate?: Inflate): Attribute {
  return (root, files) => {
    const origins = new FaultOrigins(root, new ProgramImages(files, inflate));
    return { observe: origins.observe, report: () => whereReport(origins, choice) };
  };
}
