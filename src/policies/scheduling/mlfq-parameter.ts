/** What can be tuned of the multi-level feedback queue, and its syntax: `KEY=VALUE,KEY=VALUE`. */
import { parseDuration } from '../../base/durations.ts';
import { UserError } from '../../base/errors.ts';

/** How CPU time at a level is accounted for; see `rule4`. */
export type Accounting = 'allotment' | 'slices';

export interface MlfqTuning {
  /** By level, 0 at the top: length of a time slice, ns. */
  readonly quantum: readonly number[];
  /** By level: CPU time after which a process is moved down, ns. The lowest level's means nothing. */
  readonly allotment: readonly number[];
  /** Time between two boosts, ns; `undefined`: none. */
  readonly boost: number | undefined;
  /** `allotment`: rule 4; `slices`: rules 4a and 4b, which forget what was used when the CPU is given up early. */
  readonly accounting: Accounting;
  /** Levels at the top that only processes with a negative nice value reach; less than all. */
  readonly reserved: number;
}

const STANDARD_LEVELS = 3;
const MOST_LEVELS = 64;
const FIRST_QUANTUM = 10e6;
const LONGEST_STANDARD_QUANTUM = 640e6;
const STANDARD_BOOST = 1e9;

export const MLFQ_SYNTAX = 'mlfq:KEY=VALUE,…';

export const MLFQ_SUMMARY =
  'levels=1 to 64 (default 3); quantum=T for every level or T/T/… from the top (default 10ms, twice as much at each ' +
  'level below, to 640ms); allotment=T or T/T/… before a process is moved down (default: the quantum); boost=T or ' +
  'none (default 1s); rule4=allotment or ab, the older rules 4a and 4b (default allotment); reserved=levels at the ' +
  'top for negative nice values only (default 0); T is a time such as 10ms';

const keys = ['levels', 'quantum', 'allotment', 'boost', 'rule4', 'reserved'] as const;
type Key = (typeof keys)[number];
type Settings = Partial<Record<Key, string>>;

/**
 * The tuning that `text` stands for; the empty text is all defaults.
 * @param place where it was given, for messages
 * @throws UserError naming the key that is wrong
 */
export function parseMlfqTuning(text: string, place: string): MlfqTuning {
  const settings = settingsOf(text, place);
  const levels = levelsOf(settings, place);
  const quantum =
    settings.quantum === undefined
      ? standardQuanta(levels)
      : durations('quantum', settings.quantum, levels, place);
  if (settings.rule4 !== undefined && !['allotment', 'ab'].includes(settings.rule4))
    throw wrong(place, 'rule4', settings.rule4, 'allotment or ab');
  const accounting: Accounting = settings.rule4 === 'ab' ? 'slices' : 'allotment';
  if (accounting === 'slices' && settings.allotment !== undefined)
    throw new UserError(place, 'rule4=ab goes by the quantum; leave out allotment, or rule4');
  return {
    quantum,
    allotment:
      settings.allotment === undefined ? quantum : durations('allotment', settings.allotment, levels, place),
    boost: boostOf(settings.boost, place),
    accounting,
    reserved: count('reserved', settings.reserved ?? '0', 0, levels - 1, place),
  };
}

function settingsOf(text: string, place: string): Settings {
  const settings: Settings = {};
  for (const part of text === '' ? [] : text.split(',')) {
    const [, name, value] = /^([a-z0-9]+)=(.*)$/.exec(part) ?? [];
    const key = keys.find((one) => one === name);
    if (key === undefined || value === undefined)
      throw new UserError(place, `'${part}' is no setting of mlfq; known: ${keys.join('=, ')}=`);
    if (settings[key] !== undefined) throw new UserError(place, `mlfq's ${key} is given twice`);
    settings[key] = value;
  }
  return settings;
}

/** As many as are said, or else as many as times are given. */
function levelsOf({ levels, quantum, allotment }: Settings, place: string): number {
  if (levels !== undefined) return count('levels', levels, 1, MOST_LEVELS, place);
  const listed = [quantum, allotment]
    .map((list) => list?.split('/').length ?? 1)
    .find((length) => length > 1);
  return listed === undefined ? STANDARD_LEVELS : count('levels', String(listed), 1, MOST_LEVELS, place);
}

const standardQuanta = (levels: number): number[] =>
  Array.from({ length: levels }, (_, level) =>
    Math.min(FIRST_QUANTUM * 2 ** level, LONGEST_STANDARD_QUANTUM),
  );

function durations(key: Key, text: string, levels: number, place: string): number[] {
  const times = text.split('/').map((part) => {
    const time = parseDuration(part);
    if (time === undefined) throw wrong(place, key, part, 'a time from 100ns to 1000s such as 10ms');
    return time;
  });
  if (times.length === 1) return Array.from({ length: levels }, () => times[0]!);
  if (times.length === levels) return times;
  throw new UserError(
    place,
    `mlfq's ${key} has ${times.length} times for ${levels} levels; give one, or one a level`,
  );
}

function boostOf(text: string | undefined, place: string): number | undefined {
  if (text === undefined) return STANDARD_BOOST;
  if (text === 'none') return undefined;
  const period = parseDuration(text);
  if (period === undefined)
    throw wrong(place, 'boost', text, 'none, or a time from 100ns to 1000s such as 100ms');
  return period;
}

function count(key: Key, text: string, least: number, most: number, place: string): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw wrong(place, key, text, least === most ? `${least}` : `${least} to ${most}`);
}

const wrong = (place: string, key: Key, text: string, expected: string): UserError =>
  new UserError(place, `mlfq's ${key} is ${expected}, not '${text}'`);
