/**
 * Ways to page, drawn at random: programs, alone or together, of one process or of many, on some frames, under a policy,
 * translated by any scheme, whoever keeps the bits and fills the TLB, with tables that stay or go, with or without a
 * daemon, clusters, read-ahead, cleaning, and load control. What the programs print and how they end is not to depend on
 * it (trials.ts).
 */
import { nextBelow, type RandomState, randomState } from '../../src/base/random.ts';
import type { SystemOptions } from '../../src/system/index.ts';
import { kin, type Party, SERVERS, SHIPPED, TESTED } from './programs.ts';

export interface Combination {
  readonly parties: readonly Party[];
  readonly size: Size;
  readonly options: SystemOptions;
  /** Whether anybody observes the run: some of what the kernel does is done in another way then. */
  readonly watched: boolean;
  /** The scheme of every other program, where not all have the same. */
  readonly beside?: string | undefined;
}

/**
 * Frames for pages, and where tables are: `beside` them; `among` them, in one memory with room for as many as there will
 * be; or `pageable`, where memory has room for a part of them and the rest goes to swap.
 */
export interface Size {
  readonly pages: number;
  readonly tables: 'beside' | 'among' | 'pageable';
}

/** `one` of one process each; `many` of several processes or threads. */
export type Kind = 'one' | 'many';

const POLICIES =
  'fifo random lru clock clock-clean mru aging lfu lru-k 2q arc car clock-pro lirs sieve s3-fifo w-tinylfu working-set wsclock sampled-lru vms'.split(
    ' ',
  );

/** Those whose tables may go to swap. */
const WITH_LEVELS = ['sv39', 'sv39', 'sv48', 'two-level', 'x86-64', 'vax'];
const SCHEMES = [...WITH_LEVELS, 'linear', 'hybrid', 'inverted', 'inverted:scan', 'hashed'];

const PLACEMENTS = 'first-fit best-fit worst-fit next-fit segregated buddy'.split(' ');

const choose = <T>(random: RandomState, values: readonly T[]): T => values[nextBelow(random, values.length)]!;

/** Families that there are; so few that what is expected of each can be kept. */
const FAMILIES = 500;

function drawParties(random: RandomState, kind: Kind): Party[] {
  const count = choose(random, [1, 1, 1, 2, 3]);
  const alone = () => choose(random, SHIPPED);
  if (kind === 'one') return Array.from({ length: count }, alone);
  // One of the tested ones, or one server, is enough: lines in pieces, and one address.
  const first = choose(random, ['kin', 'kin', 'kin', 'tested', 'server'] as const);
  if (first === 'tested') return [choose(random, TESTED)];
  const family = () => kin(1 + nextBelow(random, FAMILIES));
  const others = Array.from({ length: count - 1 }, () => (nextBelow(random, 2) === 0 ? family() : alone()));
  return [first === 'kin' ? family() : choose(random, SERVERS), ...others];
}

function drawPages(random: RandomState, kind: Kind, parties: readonly Party[]): number {
  return kind === 'one'
    ? (8 + nextBelow(random, 60)) * parties.length
    : 12 + nextBelow(random, choose(random, [30, 100, 250]));
}

function drawTables(random: RandomState, { translation, bits }: SystemOptions): Size['tables'] {
  // A linear table is as large as most memories here.
  if (translation === 'linear') return 'beside';
  const canGo = WITH_LEVELS.includes(translation as string) && bits !== 'stamps';
  return choose(random, [
    'beside',
    'beside',
    'among',
    canGo ? 'pageable' : 'beside',
    canGo ? 'pageable' : 'among',
  ]);
}

/** Tables of several schemes side by side stay in memory. */
function drawBeside(random: RandomState, parties: readonly Party[], { tables }: Size): string | undefined {
  if (parties.flat().length === 1 || tables === 'pageable' || nextBelow(random, 3) > 0) return undefined;
  const scheme = choose(random, SCHEMES);
  return scheme === 'linear' && tables !== 'beside' ? undefined : scheme;
}

function drawReplacement(random: RandomState): SystemOptions {
  const bits = choose(random, ['hardware', 'hardware', 'traps', 'stamps']);
  const replacement = choose(random, POLICIES);
  const sampled = bits === 'traps' && replacement === 'lru';
  return {
    replacement,
    bits,
    sampleEvery: sampled ? choose(random, ['50us', '1ms', undefined]) : undefined,
    replacementScope: choose(random, ['global', 'global', 'local', 'local:proportional']),
  };
}

function drawPaging(random: RandomState): SystemOptions {
  const low = 1 + nextBelow(random, 6);
  return {
    loading: choose(random, ['lazy', 'lazy', 'eager']),
    disk: choose(random, ['flat', 'arm', 'arm:order=elevator']),
    readAhead: choose(random, [0, 0, 1, 4, 15]),
    daemon: choose(random, ['off', 'off', `${low},${low + 1 + nextBelow(random, 6)}`, '5%,10%,clean-first']),
    cluster: choose(random, [1, 1, 3, 16]),
    cleanEvery: choose(random, [undefined, undefined, '1ms', '30ms']),
    swap: 'memory,64M',
    costs: { diskPage: choose(random, [10_000, 300_000]) },
  };
}

function drawTranslation(random: RandomState): SystemOptions {
  return {
    translation: choose(random, SCHEMES),
    refill: choose(random, [undefined, undefined, 'software', 'software:handler']),
    placement: choose(random, PLACEMENTS),
    tlb: choose(random, ['64x4:lru', '4x4:fifo', '16x2:random']),
    asids: choose(random, [undefined, undefined, 'none', 2, 5]),
  };
}

function drawProcesses(random: RandomState): SystemOptions {
  return {
    scheduler: choose(random, 'rr:100us rr:1ms rr:10ms fifo sjf stcf lottery mlfq decay stride'.split(' ')),
    fork: choose(random, ['copy-on-write', 'copy-on-write', 'eager']),
    admission: choose(random, ['off', 'off', 'watch:20ms', 'fault-rate:20ms', 'working-set:20ms']),
    swapping: choose(random, ['suspended', 'off', 'suspended', 'switch']),
    outOfMemory: choose(random, ['largest', 'asker']),
  };
}

/** @param index which of the combinations of a seed */
export function combination(seed: number, index: number, kind: Kind): Combination {
  const random = randomState(seed * 1_000_003 + index);
  const parties = drawParties(random, kind);
  const options: SystemOptions = {
    ...drawReplacement(random),
    ...drawTranslation(random),
    ...drawPaging(random),
    ...drawProcesses(random),
    seed: nextBelow(random, 1000),
    maxInstructions: '400m',
  };
  const size = { pages: drawPages(random, kind, parties), tables: drawTables(random, options) };
  const watched = nextBelow(random, 4) > 0;
  return { parties, size, options, watched, beside: drawBeside(random, parties, size) };
}
