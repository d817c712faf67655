/** Working set: pages that were not used for the length of a window go, those within the window stay. */

import { DURATION_SYNTAX, parseDuration } from '../../base/durations.ts';
import type { PolicyDefinition, PolicyParameter } from './contract.ts';
import { type RankRule, type RankState, rankState, SampledRanks } from './sampled-ranks.ts';

/** Samples in a window. */
const SAMPLES = 8;

/** The rank counts down from `SAMPLES`, for a page used before the last sample, to 0: outside the working set. */
const samplesLeft: RankRule = {
  ranks: SAMPLES + 1,
  used: () => SAMPLES,
  unused: (left) => Math.max(0, left - 1),
};

const parameter: PolicyParameter = {
  syntax: 'working-set:T',
  summary: `length of the window, ${DURATION_SYNTAX} (at least 800ns; default 10ms)`,
  parse: (text) => {
    const window = parseDuration(text);
    return window === undefined || window < SAMPLES * 100
      ? undefined
      : variant(window, `working-set:${text}`);
  },
};

function variant(window: number, name: string): PolicyDefinition<RankState> {
  return {
    name,
    summary: 'evicts pages that were not used within a window of virtual time',
    source: 'Denning, "The working set model for program behavior", Communications of the ACM 11(5), 1968',
    needs: 'bits',
    ties: 'of the pages outside the working set, and of those last used in the same sample, the one brought in first; a pinned frame is passed over',
    interval: window / SAMPLES,
    parameter,
    initial: (frameLimit) => rankState(frameLimit, samplesLeft),
    attach: (state, environment) => new SampledRanks(state, environment, samplesLeft, 'samplesLeft'),
  };
}

/**
 * As the paper has it made: referenced bits are sampled and cleared eight times a window, and a page is in the
 * working set as long as one of its last eight samples, or its bit now, says that it was used. Denning's policy
 * gives each program as many frames as its working set has; with a fixed number of frames the pages outside it
 * are the victims, and when there are none, the page whose last use lies furthest back. All processes' time
 * counts, not each one's own. `why` gets the frames with `samplesLeft` (until the page leaves the working set; 0
 * is outside), `referenced` and `pinned`; the last one is the victim.
 */
export const workingSet = variant(1e7, 'working-set');
