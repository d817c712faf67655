/** The programs of a configuration file, as requests to run them. */
import { PAGE_SIZE } from '../base/numbers.ts';
import { parsePages } from '../base/sizes.ts';
import { type ProgramRequest, parseDuration } from '../system/running.ts';
import type { ProgramOptions } from './options.ts';

/**
 * @param read reads a program and gives it its arguments
 * @param place of the list, for messages: `FILE: programs`
 * @throws UserError naming the file and the key
 */
export const requestsOf = (
  programs: readonly ProgramOptions[],
  place: string,
  read: (path: string, args: readonly string[]) => ProgramRequest,
): ProgramRequest[] =>
  programs.flatMap((options, i) => {
    const [path = '', ...args] = options.run;
    const request = { ...read(path, args), ...inputsOf(options, `${place}.${i}`) };
    return Array.from({ length: options.copies ?? 1 }, () => request);
  });

function inputsOf(options: ProgramOptions, place: string): Partial<ProgramRequest> {
  const { arrive, tickets, currency, nice, length, memoryLimit, memoryAdjust, translation } = options;
  const given = { tickets, currency, nice };
  const scheduling = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    arrival: arrive === undefined ? 0 : parseDuration(arrive, `${place}.arrive`),
    scheduling: {
      ...scheduling,
      ...(length === undefined ? {} : { length: parseDuration(length, `${place}.length`) }),
    },
    memoryAdjust,
    translation,
    memoryLimit:
      memoryLimit === undefined ? undefined : parsePages(memoryLimit, `${place}.memoryLimit`) * PAGE_SIZE,
  };
}
