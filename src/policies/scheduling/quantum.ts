/** The parameter of policies that have nothing to choose but how long a turn is. */
import { DURATION_SYNTAX, parseDuration } from '../../base/durations.ts';
import type { SchedulingDefinition, SchedulingParameter } from './contract.ts';

/**
 * `NAME:QUANTUM`.
 * @param standard what the quantum is without the parameter
 * @param variant the policy with a quantum in ns, under a full name
 */
export const quantumParameter = (
  name: string,
  standard: string,
  variant: (quantum: number, name: string) => SchedulingDefinition,
): SchedulingParameter => ({
  syntax: `${name}:QUANTUM`,
  summary: `how long a turn is, ${DURATION_SYNTAX} (default ${standard})`,
  parse: (text) => {
    const quantum = parseDuration(text);
    return quantum === undefined ? undefined : variant(quantum, `${name}:${text}`);
  },
});
