import { type AdmissionPolicy, NO_CHANGE } from './contract.ts';

/** Looks on: for reports that tell of thrashing. */
export const watch: AdmissionPolicy = {
  name: 'watch',
  summary: 'every process competes; the report tells when they thrash',
  source: 'the lectures on thrashing',
  needs: 'faults',
  decide: () => NO_CHANGE,
};
