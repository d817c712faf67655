/**
 * What `--store-faults` accepts: faults to inject into a store, separated by commas. Each is a kind, and behind colons
 * the conditions that all have to hold.
 *
 *   read        a read fails                            slot=17, slot=8-15   of these slots
 *   write       a write fails                           p=0.01               by chance, 0 to 1
 *   short       a write ends early, inside the page     nth=3                the third transfer
 *   corrupt     a write stores one bit otherwise,       after=100            those behind the first hundred
 *               and says nothing                        times=2              at most twice
 *   slow:10ms   a read or a write takes so much longer
 *   full        there is room for `after` pages only, which must be given
 *
 * Transfers are counted a page each, for each fault by itself: reads for `read`, writes for `write`, `short` and
 * `corrupt`, both for `slow`. Without conditions it strikes always.
 *
 *   read:slot=17,write:p=0.01,slow:10ms:p=0.1,full:after=500
 */
import { DURATION_SYNTAX, parseDuration } from '../base/durations.ts';
import { UserError } from '../base/errors.ts';
import type { StoreOperation } from './contract.ts';

export const faultKinds = ['read', 'write', 'short', 'corrupt', 'slow', 'full'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A fault to inject; plain data. Conditions that are absent hold. */
export interface StoreFault {
  readonly kind: FaultKind;
  /** Of `slow`: ns. */
  readonly delay?: number;
  /** First and last slot. */
  readonly slots?: readonly [number, number];
  /** Probability. */
  readonly chance?: number;
  /** The one transfer that it strikes, from 1. */
  readonly nth?: number;
  /** Transfers that go well before; of `full` the pages that there is room for. */
  readonly after?: number;
  /** Most strikes. */
  readonly times?: number;
}

/** The transfers that a kind strikes; `full` goes by what the store holds. */
export const operationsOf: Readonly<Record<FaultKind, readonly StoreOperation[]>> = {
  read: ['read'],
  write: ['write'],
  short: ['write'],
  corrupt: ['write'],
  slow: ['read', 'write'],
  full: [],
};

export const faultSyntax =
  'KIND[:CONDITION…],…, e.g. read:slot=17,write:p=0.01,slow:10ms:p=0.1,full:after=500';

/**
 * @param place where it was given, e.g. `--store-faults`
 * @throws UserError naming the fault that is wrong, and what was expected
 */
export function parseFaults(text: string, place: string): StoreFault[] {
  return text.split(',').map((part) => parseFault(part.trim(), place));
}

function parseFault(text: string, place: string): StoreFault {
  const [name = '', ...rest] = text.split(':');
  const kind = faultKinds.find((known) => known === name);
  if (kind === undefined)
    throw new UserError(place, `unknown fault '${name}' in '${text}'; known: ${faultKinds.join(', ')}`);
  if (kind === 'slow') return slowFault(rest, text, place);
  const fault: StoreFault = { kind, ...conditions(rest, text, place) };
  if (kind === 'full') checkFull(fault, text, place);
  return fault;
}

function slowFault([duration = '', ...rest]: readonly string[], text: string, place: string): StoreFault {
  const delay = parseDuration(duration);
  if (delay === undefined)
    throw new UserError(place, `'${text}' does not say how slow; give ${DURATION_SYNTAX}: slow:10ms`);
  return { kind: 'slow', delay, ...conditions(rest, text, place) };
}

/** A store is full by what it holds, and not by chance or by slot. */
function checkFull(fault: StoreFault, text: string, place: string): void {
  if (fault.after === undefined || Object.keys(fault).length > 2)
    throw new UserError(
      place,
      `'${text}' needs one condition, the pages that there is room for: full:after=500`,
    );
}

type Conditions = Omit<StoreFault, 'kind' | 'delay'>;

function conditions(parts: readonly string[], text: string, place: string): Conditions {
  const found: Record<string, unknown> = {};
  for (const part of parts) {
    const [key, value] = condition(part, text, place);
    if (key in found) throw new UserError(place, `'${text}' says ${part.split('=', 1)[0]} twice`);
    found[key] = value;
  }
  return found;
}

function condition(part: string, text: string, place: string): [keyof Conditions, unknown] {
  const [, name, value = ''] = /^(\w+)=(.*)$/.exec(part) ?? [];
  switch (name) {
    case 'p':
      return ['chance', probability(value, text, place)];
    case 'slot':
      return ['slots', slotRange(value, text, place)];
    case 'nth':
      return ['nth', whole(value, 1, text, place)];
    case 'after':
      return ['after', whole(value, 0, text, place)];
    case 'times':
      return ['times', whole(value, 1, text, place)];
    default:
      throw new UserError(
        place,
        `unknown condition '${part}' in '${text}'; known: p=0.01, slot=17 or slot=8-15, nth=3, after=100, times=2`,
      );
  }
}

function probability(value: string, text: string, place: string): number {
  const chance = Number(value);
  if (/^\d*\.?\d+$/.test(value) && chance <= 1) return chance;
  throw new UserError(place, `'${value}' in '${text}' is no probability; give a number from 0 to 1`);
}

function slotRange(value: string, text: string, place: string): [number, number] {
  const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(value) ?? [];
  const range: [number, number] = [Number(first), Number(last)];
  if (first !== '' && range[0] <= range[1] && range[1] < 2 ** 32) return range;
  throw new UserError(place, `'${value}' in '${text}' is no slot; give e.g. slot=17 or slot=8-15`);
}

function whole(value: string, least: number, text: string, place: string): number {
  const count = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(count) && count >= least) return count;
  throw new UserError(place, `'${value}' in '${text}' is not a whole number from ${least} on`);
}

/** The faults as `parseFaults` takes them, for reports; empty when there are none. */
export const formatFaults = (faults: readonly StoreFault[]): string => faults.map(formatFault).join(',');

function formatFault({ kind, delay, slots, chance, nth, after, times }: StoreFault): string {
  const range = slots && (slots[0] === slots[1] ? `slot=${slots[0]}` : `slot=${slots[0]}-${slots[1]}`);
  const parts = [
    kind,
    delay === undefined ? undefined : `${delay}ns`,
    range,
    chance === undefined ? undefined : `p=${chance}`,
    nth === undefined ? undefined : `nth=${nth}`,
    after === undefined ? undefined : `after=${after}`,
    times === undefined ? undefined : `times=${times}`,
  ];
  return parts.filter((part) => part !== undefined).join(':');
}
