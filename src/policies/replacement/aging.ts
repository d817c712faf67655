/** Aging: counters of 8 bits, shifted at each clock interrupt, approximate least frequently and recently used. */

import { DURATION_SYNTAX, parseDuration } from '../../base/durations.ts';
import type { PolicyDefinition, PolicyParameter } from './contract.ts';
import { type RankRule, type RankState, rankState, SampledRanks } from './sampled-ranks.ts';

/** The counter is the rank: it moves right, and whether the page was used comes in from the left. */
const counters: RankRule = {
  ranks: 256,
  used: (counter) => (counter >>> 1) | 0x80,
  unused: (counter) => counter >>> 1,
};

const parameter: PolicyParameter = {
  syntax: 'aging:T',
  summary: `time between the clock interrupts, ${DURATION_SYNTAX} (default 1ms)`,
  parse: (text) => {
    const interval = parseDuration(text);
    return interval === undefined ? undefined : variant(interval, `aging:${text}`);
  },
};

function variant(interval: number, name: string): PolicyDefinition<RankState> {
  return {
    name,
    summary: 'evicts the page with the lowest 8-bit counter, shifted at each clock interrupt',
    source: 'Tanenbaum, "Modern Operating Systems", section "Simulating LRU in software"',
    needs: 'bits',
    ties: 'of equal counters the page that was brought in first; a pinned frame is passed over',
    interval,
    parameter,
    initial: (frameLimit) => rankState(frameLimit, counters),
    attach: (state, environment) => new SampledRanks(state, environment, counters, 'counter'),
  };
}

/**
 * At each interrupt a page's counter is shifted right by one, its referenced bit comes in as bit 7 and is
 * cleared. Between interrupts the referenced bit counts as a bit to the left of the counter, where the next
 * interrupt will find it; otherwise every newcomer, with its counter of 0, would be the next victim. `why` gets
 * the frames from the lowest counter on, with `counter`, `referenced` and `pinned`; the last one is the victim.
 */
export const aging = variant(1e6, 'aging');
