/** What people write about page replacement, beside the policy's name. */
import { UserError } from '../base/errors.ts';
import type { BitsMode } from '../kernel/memory/page-bits.ts';
import type { ShareRule } from '../kernel/memory/shares.ts';
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import { parseDuration } from './time-syntax.ts';

/** As written; each is optional. */
export interface ReplacementOptions {
  /** Who keeps referenced and dirty bits: the `hardware`, kernel `traps`, or hardware with `stamps` of last uses. */
  bits?: string | undefined;
  /** Processor time between samples of referenced bits, `1ms`. */
  sampleEvery?: string | undefined;
  /** Whose pages may be evicted: see `SCOPE_SYNTAX`. */
  replacementScope?: string | undefined;
}

export interface ReplacementConfig {
  readonly bits: BitsMode;
  /** ns; `undefined`: as the policy has it. */
  readonly sampleEvery: number | undefined;
  readonly scope: { readonly kind: 'global' | 'local'; readonly shares: ShareRule };
}

export const DEFAULT_REPLACEMENT = {
  bits: 'hardware',
  replacementScope: 'global',
} as const satisfies ReplacementOptions;

export const SCOPE_SYNTAX = 'global, local (equal shares) or local:proportional (by size)';

const modes: readonly BitsMode[] = ['hardware', 'traps', 'stamps'];
const scopes: Readonly<Record<string, ReplacementConfig['scope']>> = {
  global: { kind: 'global', shares: 'equal' },
  local: { kind: 'local', shares: 'equal' },
  'local:equal': { kind: 'local', shares: 'equal' },
  'local:proportional': { kind: 'local', shares: 'proportional' },
};

/** Samples as often as this would leave programs no time. */
const LEAST_INTERVAL = 1_000;

/**
 * @param placeOf names the place of an option for messages
 * @throws UserError naming the option that is wrong, or that the policy can't be served with
 */
export function replacementOf(
  options: ReplacementOptions,
  policy: PolicyDefinition,
  placeOf: (option: string) => string,
): ReplacementConfig {
  const bits = modeOf(options.bits ?? DEFAULT_REPLACEMENT.bits, policy, placeOf('bits'));
  return {
    bits,
    sampleEvery: intervalOf(options.sampleEvery, policy, bits, placeOf('sampleEvery')),
    scope: scopeOf(options.replacementScope ?? DEFAULT_REPLACEMENT.replacementScope, placeOf),
  };
}

/** As it is written. */
export const scopeText = ({ kind, shares }: ReplacementConfig['scope']): string =>
  kind === 'local' && shares === 'proportional' ? 'local:proportional' : kind;

function modeOf(text: string, { name, needs }: PolicyDefinition, place: string): BitsMode {
  const mode = modes.find((known) => known === text);
  if (mode === undefined) throw new UserError(place, `unknown '${text}'; known: ${modes.join(', ')}`);
  if (mode === 'traps' && needs === 'every reference') {
    throw new UserError(
      place,
      `traps show the first use of a page after each sample and no other, but ${name} has to be told of every reference`,
    );
  }
  return mode;
}

function intervalOf(
  text: string | undefined,
  { name, needs, interval }: PolicyDefinition,
  bits: BitsMode,
  place: string,
): number | undefined {
  if (text === undefined) return undefined;
  const every = parseDuration(text, place);
  if (every < LEAST_INTERVAL || every > 1e12)
    throw new UserError(place, `'${text}' is not a time from 1us to 1000s`);
  if (interval !== undefined || (bits === 'traps' && needs === 'last-use order')) return every;
  const why =
    needs === 'last-use order'
      ? `under '--bits ${bits}' ${name} is told the order of uses itself`
      : `${name} does not work on samples`;
  throw new UserError(place, `nothing is sampled at intervals: ${why}`);
}

function scopeOf(text: string, placeOf: (option: string) => string): ReplacementConfig['scope'] {
  const scope = scopes[text];
  if (scope !== undefined) return scope;
  throw new UserError(placeOf('replacementScope'), `unknown '${text}'; known: ${SCOPE_SYNTAX}`);
}
