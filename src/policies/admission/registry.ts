/** The admission policies that a name on the command line can mean. */
import type { AdmissionPolicy } from './contract.ts';
import { faultRate } from './fault-rate.ts';
import { watch } from './watch.ts';
import { workingSet } from './working-set.ts';

export const admissionPolicies: readonly AdmissionPolicy[] = [watch, workingSet, faultRate];
