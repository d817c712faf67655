/**
 * What a run is made of. `SystemOptions` is what people write, on the command line, in a configuration file or
 * as an object; `systemConfig` turns it into `SystemConfig`, checked and without abbreviations.
 */
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';
import { formatSize, parsePages } from '../base/sizes.ts';
import { DEFAULT_COSTS } from '../kernel/clock.ts';
import type { Costs } from '../kernel/state.ts';
import type { TlbConfig } from '../machine/contract.ts';
import { MAXIMUM_FRAMES } from '../machine/layout.ts';
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import { findReplacementPolicy } from '../policies/replacement/registry.ts';
import type { SchedulingDefinition } from '../policies/scheduling/contract.ts';
import { findSchedulingPolicy } from '../policies/scheduling/registry.ts';
import type { StoreFault } from '../stores/fault-syntax.ts';
import { parseFaults, parseStore, type StoreChoice } from '../stores/registry.ts';
import { type AdmissionChoice, parseAdmission } from './load-options.ts';
import { DEFAULT_PAGING, type PagingConfig, type PagingOptions, pagingOf } from './paging-options.ts';
import {
  DEFAULT_REPLACEMENT,
  type ReplacementConfig,
  type ReplacementOptions,
  replacementOf,
} from './replacement-options.ts';
import {
  checkAllAlike,
  piecesTranslation,
  refusePaging,
  type SegmentConfig,
  type SegmentOptions,
  segmentsOf,
} from './segment-options.ts';
import { parseCount, parseDuration } from './time-syntax.ts';
import { DEFAULT_TLB_OPTIONS, type TlbChoices, type TlbOptions, tlbOptionsOf } from './tlb-options.ts';
import { checkRefillable, parseTlb } from './tlb-syntax.ts';
import {
  checkPageable,
  checkSuperpages,
  DEFAULT_PLACEMENT,
  DEFAULT_TRANSLATION,
  type TranslationConfig,
  type TranslationOptions,
  translationOf,
} from './translation-options.ts';

/** As written; each is optional. The defaults are those of `DEFAULT_OPTIONS`. */
export interface SystemOptions
  extends PagingOptions,
    ReplacementOptions,
    TranslationOptions,
    TlbOptions,
    SegmentOptions {
  /** Size of all memory, tables included: `64M`. */
  memory?: string | undefined;
  /** Instead: number of frames for pages, with tables beside them. */
  frames?: number | string | undefined;
  /** See tlb-syntax.ts. */
  tlb?: string | undefined;
  /** Name of a replacement policy. */
  replacement?: string | undefined;
  /** Name of a scheduling policy, `rr:10ms`. */
  scheduler?: string | undefined;
  /** Whether a timer takes the processor from who does not give it up: `on`, or `off` for cooperative scheduling. */
  timer?: string | undefined;
  /** How fork(2) copies an address space: `copy-on-write`, or `eager`. */
  fork?: string | undefined;
  /** `memory,64M`, `file:PATH,256M`, `none`, or `file` for a temporary one. */
  swap?: string | undefined;
  /** Faults to inject into the swap store: see stores/fault-syntax.ts. */
  storeFaults?: string | undefined;
  /** Whether pages that come back from swap are checked: `on` or `off`. */
  swapChecksums?: string | undefined;
  /** Whether pages of the program are read when they are touched (`lazy`) or before it starts (`eager`). */
  loading?: string | undefined;
  /** Whether a page that is writable may be executable. */
  writeXorExecute?: boolean | undefined;
  /** Which pages may be executed: `nx`, those mapped so, or `readable`, all that may be read. */
  execute?: string | undefined;
  /** Which processes may compete for memory: see `ADMISSION_SYNTAX`. */
  admission?: string | undefined;
  /**
   * Whole processes go to swap: `suspended`, when admission suspends them; `switch`, whenever another one gets the
   * processor; `off`, never.
   */
  swapping?: string | undefined;
  /** Who is killed when memory lacks: `largest`, or the `asker`. */
  outOfMemory?: string | undefined;
  /** Seed of everything random: -2^31 to 2^32 - 1. */
  seed?: number | string | undefined;
  /** Virtual time after which the run is stopped: `10s`. */
  maxTime?: string | undefined;
  /** Instructions after which the run is stopped; `100m` is a hundred million. */
  maxInstructions?: number | string | undefined;
  /** Virtual time that things cost, in ns. */
  costs?: Partial<Record<keyof Costs, number>> | undefined;
}

/** Checked, complete, plain data. */
export interface SystemConfig extends PagingConfig, ReplacementConfig, TranslationConfig, TlbChoices {
  /** `memory`: `frames` are all there are, tables included; `frames`: those that pages may have. */
  readonly sizing: { readonly mode: 'memory' | 'frames'; readonly frames: number };
  /** Memory in pieces; `undefined`: pages. */
  readonly segments: SegmentConfig | undefined;
  readonly tlb: TlbConfig;
  readonly replacement: string;
  readonly scheduler: string;
  readonly timer: 'on' | 'off';
  readonly fork: 'copy-on-write' | 'eager';
  /** `undefined`: a temporary file of this many slots, where there are files. */
  readonly swap: StoreChoice | { readonly kind: 'temporary'; readonly capacity: number };
  readonly storeFaults: readonly StoreFault[];
  readonly swapChecksums: 'on' | 'off';
  readonly loading: 'lazy' | 'eager';
  readonly writeXorExecute: 'off' | 'on';
  readonly execute: 'nx' | 'readable';
  readonly admission: AdmissionChoice;
  readonly swapping: 'off' | 'suspended' | 'switch';
  readonly outOfMemory: 'largest' | 'asker';
  readonly seed: number;
  readonly limits: { readonly time: number | undefined; readonly instructions: number | undefined };
  readonly costs: Costs;
}

export const DEFAULT_OPTIONS = {
  memory: '64M',
  translation: DEFAULT_TRANSLATION,
  placement: DEFAULT_PLACEMENT,
  tlb: '64x4:lru',
  replacement: 'clock',
  scheduler: 'rr:10ms',
  timer: 'on',
  fork: 'copy-on-write',
  swap: 'file,256M',
  swapChecksums: 'on',
  loading: 'lazy',
  writeXorExecute: false,
  execute: 'nx',
  admission: 'off',
  swapping: 'suspended',
  outOfMemory: 'largest',
  seed: 1,
  ...DEFAULT_PAGING,
  ...DEFAULT_REPLACEMENT,
  ...DEFAULT_TLB_OPTIONS,
} as const satisfies SystemOptions;

/** Names the place of an option for messages: `--memory`, or `FILE: memory`. */
export type PlaceOf = (option: string) => string;

const flagOf: PlaceOf = (option) => `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * @param own a replacement policy of the user's own, instead of the one that is named
 * @param ownScheduling the same for scheduling
 * @throws UserError naming the option, for the first one that is wrong
 */
export function systemConfig(
  options: SystemOptions,
  placeOf: PlaceOf = flagOf,
  own?: PolicyDefinition,
  ownScheduling?: SchedulingDefinition,
): SystemConfig {
  const policy =
    own ?? findReplacementPolicy(options.replacement ?? DEFAULT_OPTIONS.replacement, placeOf('replacement'));
  checkNeeds(policy, placeOf('replacement'));
  const scheduling =
    ownScheduling ??
    findSchedulingPolicy(options.scheduler ?? DEFAULT_OPTIONS.scheduler, placeOf('scheduler'));
  const sizing = sizingOf(options, placeOf);
  const tlb = parseTlb(options.tlb ?? DEFAULT_OPTIONS.tlb, placeOf('tlb'));
  const name = typeof options.translation === 'string' ? options.translation : DEFAULT_TRANSLATION;
  const segments = segmentsOf(name, options, placeOf);
  checkAllAlike(name, options.translations, placeOf('programs'));
  if (segments !== undefined) {
    refusePaging(segments, { ...options }, placeOf);
    checkRefillable(tlb, placeOf('tlb'));
  }
  const translation =
    segments === undefined ? translationOf(options, tlb, placeOf) : piecesTranslation(segments);
  if (options.pageTables === 'pageable') checkPageable(translation, placeOf('pageTables'));
  if (segments === undefined && (options.superpages ?? 'off') !== 'off')
    checkSuperpages(translation, placeOf('superpages'));
  return {
    sizing,
    ...translation,
    segments,
    tlb,
    ...tlbOptionsOf(options, tlb, placeOf),
    replacement: policy.name,
    ...replacementOf(options, policy, placeOf),
    scheduler: scheduling.name,
    timer: oneOf(options.timer ?? DEFAULT_OPTIONS.timer, ['on', 'off'], placeOf('timer')),
    fork: oneOf(
      options.fork ?? (segments === undefined ? DEFAULT_OPTIONS.fork : 'eager'),
      ['copy-on-write', 'eager'],
      placeOf('fork'),
    ),
    swap: parseSwap(options.swap ?? DEFAULT_OPTIONS.swap, placeOf('swap')),
    storeFaults: faultsOf(options, placeOf),
    swapChecksums: oneOf(
      options.swapChecksums ?? DEFAULT_OPTIONS.swapChecksums,
      ['on', 'off'],
      placeOf('swapChecksums'),
    ),
    loading: oneOf(options.loading ?? DEFAULT_OPTIONS.loading, ['lazy', 'eager'], placeOf('loading')),
    writeXorExecute: (options.writeXorExecute ?? DEFAULT_OPTIONS.writeXorExecute) ? 'on' : 'off',
    execute: executeOf(options, placeOf),
    ...loadOf(options, placeOf),
    ...pagingOf(options, sizing.frames, placeOf),
    seed: seedOf(options.seed ?? DEFAULT_OPTIONS.seed, placeOf('seed')),
    limits: {
      time: options.maxTime === undefined ? undefined : parseDuration(options.maxTime, placeOf('maxTime')),
      instructions:
        options.maxInstructions === undefined
          ? undefined
          : parseCount(String(options.maxInstructions), 1, placeOf('maxInstructions')),
    },
    costs: costsOf(options.costs ?? {}, placeOf('costs')),
  };
}

/** Refuses a policy that needs what a run can't tell it, with the reason. */
function checkNeeds(policy: PolicyDefinition, place: string): void {
  if (policy.needs === 'the future') {
    throw new UserError(
      place,
      `${policy.name} needs to know the future; record the run with --record and replay it`,
    );
  }
}

function sizingOf(options: SystemOptions, placeOf: PlaceOf): SystemConfig['sizing'] {
  if (options.frames === undefined) {
    const frames = parsePages(options.memory ?? DEFAULT_OPTIONS.memory, placeOf('memory'));
    if (frames <= MAXIMUM_FRAMES) return { mode: 'memory', frames };
    throw new UserError(
      placeOf('memory'),
      `${formatSize(frames * PAGE_SIZE)} is more than the machine can have (3G)`,
    );
  }
  if (options.memory !== undefined) {
    throw new UserError(placeOf('frames'), 'give either frames or memory, not both');
  }
  const frames = parseCount(String(options.frames), 1, placeOf('frames'));
  if (frames <= MAXIMUM_FRAMES / 2) return { mode: 'frames', frames };
  throw new UserError(
    placeOf('frames'),
    `${frames} is more than the machine can have (${MAXIMUM_FRAMES / 2})`,
  );
}

function faultsOf({ storeFaults, swap }: SystemOptions, placeOf: PlaceOf): readonly StoreFault[] {
  if (storeFaults === undefined) return [];
  if (swap === 'none') throw new UserError(placeOf('storeFaults'), 'there is no swap that could fail');
  return parseFaults(storeFaults, placeOf('storeFaults'));
}

/** Where every readable page is executable, no writable one can be otherwise. */
function executeOf(options: SystemOptions, placeOf: PlaceOf): SystemConfig['execute'] {
  const place = placeOf('execute');
  const rule = oneOf(options.execute ?? DEFAULT_OPTIONS.execute, ['nx', 'readable'], place);
  if (rule === 'readable' && options.writeXorExecute === true)
    throw new UserError(
      place,
      `readable makes writable pages executable, which ${placeOf('writeXorExecute')} forbids`,
    );
  return rule;
}

function loadOf(
  options: SystemOptions,
  placeOf: PlaceOf,
): Pick<SystemConfig, 'admission' | 'swapping' | 'outOfMemory'> {
  const { admission, swapping, outOfMemory } = { ...DEFAULT_OPTIONS, ...given(options) };
  const transfer = options.costs?.diskPage ?? DEFAULT_COSTS.diskPage;
  return {
    admission: admissionOf(parseAdmission(admission, transfer, placeOf('admission')), options, placeOf),
    swapping: oneOf(swapping, ['off', 'suspended', 'switch'], placeOf('swapping')),
    outOfMemory: oneOf(outOfMemory, ['largest', 'asker'], placeOf('outOfMemory')),
  };
}

/** Working sets are sampled from what the hardware sets. */
function admissionOf(choice: AdmissionChoice, { bits }: SystemOptions, placeOf: PlaceOf): AdmissionChoice {
  if (choice.policy !== 'working-set' || bits !== 'traps') return choice;
  throw new UserError(
    placeOf('admission'),
    "working-set samples referenced bits of the hardware, which '--bits traps' does without; fault-rate does not",
  );
}

/** Without what is undefined. */
const given = ({ admission, swapping, outOfMemory }: SystemOptions) => ({
  ...(admission === undefined ? {} : { admission }),
  ...(swapping === undefined ? {} : { swapping }),
  ...(outOfMemory === undefined ? {} : { outOfMemory }),
});

function parseSwap(text: string, place: string): SystemConfig['swap'] {
  if (text !== 'file' && !text.startsWith('file,')) return parseStore(text, place);
  const size = text === 'file' ? '256M' : text.slice('file,'.length);
  return { kind: 'temporary', capacity: parsePages(size, place) };
}

function seedOf(seed: number | string, place: string): number {
  const value = Number(seed);
  if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32 && String(seed).trim() !== '')
    return value;
  throw new UserError(place, `'${seed}' is not a whole number of 32 bits`);
}

function oneOf<const Name extends string>(text: string, known: readonly Name[], place: string): Name {
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UserError(place, `unknown '${text}'; known: ${known.join(', ')}`);
}

function costsOf(given: Partial<Record<string, number>>, place: string): Costs {
  const known = Object.keys(DEFAULT_COSTS);
  for (const [name, ns] of Object.entries(given)) {
    if (!known.includes(name))
      throw new UserError(place, `unknown cost '${name}'; known: ${known.join(', ')}`);
    // Fractions of a nanosecond would make sums depend on their order.
    if (ns === undefined || !Number.isSafeInteger(ns) || ns < 0 || ns > 1e12) {
      throw new UserError(place, `${name}=${ns} is not a whole number of ns from 0 to 10^12`);
    }
  }
  return { ...DEFAULT_COSTS, ...given };
}

/** Costs as on the command line: `memory=100,diskPage=10000000`. */
export function parseCosts(text: string, place: string): Partial<Record<keyof Costs, number>> {
  const costs: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [, name, ns] = /^([A-Za-z]+)=(\d+)$/.exec(part) ?? [];
    if (name === undefined) throw new UserError(place, `'${part}' is not NAME=NS, e.g. memory=100`);
    costs[name] = Number(ns);
  }
  costsOf(costs, place);
  return costs;
}
