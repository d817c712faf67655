/** The options that make a system, shared by the commands that run programs. */
import { type Command, Option } from 'commander';
import { UserError } from '../base/errors.ts';
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import type { SchedulingDefinition } from '../policies/scheduling/contract.ts';
import {
  ADMISSION_SYNTAX,
  ASIDS_SYNTAX,
  CACHE_SYNTAX,
  DAEMON_SYNTAX,
  DEFAULT_OPTIONS,
  DISK_SYNTAX,
  type PlaceOf,
  parseCosts,
  REFILL_SYNTAX,
  SCOPE_SYNTAX,
  type SystemConfig,
  type SystemOptions,
  systemConfig,
  TLB_SYNTAX,
} from '../system/running.ts';
import { policyChoice } from './policy-choice.ts';

/** As commander gives them. */
export interface RunFlags {
  readonly memory?: string;
  readonly frames?: string;
  readonly translation?: string;
  readonly refill?: string;
  readonly placement?: string;
  readonly segments?: string;
  readonly addressBits?: string;
  readonly room?: string;
  readonly stack?: string;
  readonly loadAt?: string;
  readonly moveEvery?: string;
  readonly tlb?: string;
  readonly asids?: string;
  readonly tlbClasses?: boolean;
  readonly cache?: string;
  readonly replacement?: string;
  readonly swap?: string;
  readonly storeFaults?: string;
  readonly swapChecksums?: string;
  readonly loading?: string;
  readonly writeXorExecute?: boolean;
  readonly execute?: string;
  readonly bits?: string;
  readonly sampleEvery?: string;
  readonly replacementScope?: string;
  readonly seed?: string;
  readonly costs?: string;
  readonly maxTime?: string;
  readonly maxInstructions?: string;
  readonly scheduler?: string;
  readonly timer?: string;
  readonly fork?: string;
  readonly admission?: string;
  readonly swapping?: string;
  readonly outOfMemory?: string;
  readonly disk?: string;
  readonly readAhead?: string;
  readonly daemon?: string;
  readonly cluster?: string;
  readonly cleanEvery?: string;
  readonly pageTables?: string;
  readonly superpages?: string;
  readonly root?: string;
  readonly env: readonly string[];
  readonly config?: string;
}

/** What a configuration file may hold: the options of a system, and the program's surroundings. */
export interface FileOptions extends SystemOptions {
  programs?: readonly ProgramOptions[] | undefined;
  jobs?: string | undefined;
  root?: string | undefined;
  env?: Record<string, string> | undefined;
}

/** A program of a configuration file, as it is written. */
export interface ProgramOptions {
  readonly run: readonly string[];
  readonly copies?: number | undefined;
  readonly arrive?: string | undefined;
  readonly tickets?: number | undefined;
  readonly currency?: string | undefined;
  readonly nice?: number | undefined;
  readonly length?: string | undefined;
  readonly memoryLimit?: string | undefined;
  readonly translation?: string | undefined;
  readonly memoryAdjust?: number | undefined;
}

const collect = (value: string, previous: readonly string[]): string[] => [...previous, value];

/** Adds the options to a command. */
export function addSystemOptions(command: Command): Command {
  const d = DEFAULT_OPTIONS;
  return command
    .option('--memory <size>', `all memory, page tables included (default: ${d.memory})`)
    .option('--frames <n>', 'instead: frames for pages alone, tables beside them')
    .option(
      '--translation <scheme>',
      `how addresses are translated, see 'pagewalk list', or a geometry: ./mine.json (default: ${d.translation})`,
    )
    .option(
      '--placement <policy>',
      `which hole a piece of memory goes into, see 'pagewalk list' (default: ${d.placement})`,
    )
    .option('--refill <who>', `the TLB is filled by ${REFILL_SYNTAX} (default: hardware where it can)`)
    .option('--segments <n>', '2, 4, 8 or 16, selected by the top bits of an address (default: 16)')
    .option('--address-bits <n>', 'bits of an address of a program in pieces (default: 32)')
    .option('--room <size>', 'what a piece with a heap has to grow into (default: 1M, segmented: 64K)')
    .option('--stack <size>', 'most bytes of a stack in pieces (default: 128K, segmented: 8M)')
    .option('--load-at <size>', 'physical address of a relocated program (default: 1M)')
    .option('--move-every <duration>', 'move a piece so often, for no other reason, e.g. 1ms')
    .option('--tlb <shape>', `${TLB_SYNTAX} (default: ${d.tlb})`)
    .option(
      '--asids <n|none>',
      `address-space identifiers, ${ASIDS_SYNTAX}: flush the TLB at each change of spaces (default: ${d.asids})`,
    )
    .option('--tlb-classes', 'tell compulsory, capacity and conflict misses of the TLB apart (slower)')
    .option('--cache <shape>', `model a data cache beside the TLB (slower): ${CACHE_SYNTAX}`)
    .option(
      '--replacement <policy>',
      `page replacement, see 'pagewalk list', or a file: ./mine.js (default: ${d.replacement})`,
    )
    .option(
      '--replacement-scope <scope>',
      `whose pages may be evicted: ${SCOPE_SYNTAX} (default: ${d.replacementScope})`,
    )
    .option(
      '--bits <who>',
      `referenced and dirty bits are kept by hardware, or traps; stamps: and the times of last uses (default: ${d.bits})`,
    )
    .option('--sample-every <duration>', 'processor time between samples of referenced bits, e.g. 1ms')
    .option(
      '--scheduler <policy>',
      `who runs next, see 'pagewalk list', or a file: ./mine.js (default: ${d.scheduler})`,
    )
    .option('--timer <on|off>', `off: nothing takes the processor from a program (default: ${d.timer})`)
    .option('--fork <how>', `address spaces are copied copy-on-write or eager (default: ${d.fork})`)
    .option(
      '--swap <store>',
      `memory,SIZE, file:PATH,SIZE, file,SIZE (temporary) or none (default: ${d.swap})`,
    )
    .option(
      '--store-faults <list>',
      'faults to inject into swap, e.g. read:slot=17,write:p=0.01 (docs/formats.md)',
    )
    .option('--swap-checksums <on|off>', `check pages that come back from swap (default: ${d.swapChecksums})`)
    .option(
      '--loading <how>',
      `read the program's pages lazy (when touched) or eager (default: ${d.loading})`,
    )
    .option('--write-xor-execute', 'refuse pages that are writable and executable')
    .option(
      '--execute <nx|readable>',
      `pages that may be executed: marked ones, or all (default: ${d.execute})`,
    )
    .option(
      '--admission <policy>',
      `who may compete for memory: ${ADMISSION_SYNTAX} (default: ${d.admission})`,
    )
    .option(
      '--swapping <when>',
      `whole processes go to swap: suspended, at each switch, or off (default: ${d.swapping})`,
    )
    .option('--out-of-memory <who>', `kill the largest process, or the asker (default: ${d.outOfMemory})`)
    .option('--disk <model>', `what a transfer takes: ${DISK_SYNTAX} (default: ${d.disk})`)
    .option(
      '--read-ahead <n>',
      `read so many more pages with each that is asked for (default: ${d.readAhead})`,
    )
    .option('--daemon <marks>', `free frames before they are wanted: ${DAEMON_SYNTAX} (default: ${d.daemon})`)
    .option('--cluster <n>', `write up to so many pages at once (default: ${d.cluster})`)
    .option('--clean-every <duration>', `write dirty pages so often, e.g. 1s (default: ${d.cleanEvery})`)
    .option(
      '--page-tables <how>',
      `page tables stay in memory, resident, or may go to swap, pageable (default: ${d.pageTables})`,
    )
    .option(
      '--superpages <whose>',
      `one entry maps 2 MiB of large areas: off, madvise (where asked for) or anonymous (default: ${d.superpages})`,
    )
    .option('--seed <n>', `seed of everything random (default: ${d.seed})`)
    .option('--costs <k=ns,…>', 'virtual time that things cost, e.g. memory=100,diskPage=10000000')
    .option('--max-time <duration>', 'stop after this much virtual time, e.g. 10s')
    .option('--max-instructions <n>', 'stop after this many instructions, e.g. 100m')
    .option('--root <dir>', "the guest's / and working directory; DIR:rw to let it write (default: .)")
    .addOption(
      new Option('--env <K=V>', 'an environment variable of the guest; repeatable')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--config <file>', 'options from a JSON file; flags come before it');
}

/** A configuration and the program's surroundings. */
export interface ChosenOptions {
  readonly config: SystemConfig;
  /** When `--replacement` names a file. */
  readonly policy: PolicyDefinition | undefined;
  /** When `--scheduler` does. */
  readonly scheduling: SchedulingDefinition | undefined;
  readonly root: string;
  readonly env: readonly string[];
  /** Of the configuration file. */
  readonly programs: readonly ProgramOptions[];
  readonly jobs: string | undefined;
}

/** Names of schemes have no such characters. */
const isFile = (text: string): boolean => text.includes('/') || text.endsWith('.json');

/** What a program finds when nothing is said. */
const PLAIN_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  HOME: '/',
};

/**
 * Flags, then the configuration file, then defaults.
 * @throws UserError naming the flag, or the file and its key
 */
export async function chooseOptions(flags: RunFlags): Promise<ChosenOptions> {
  const file = flags.config === undefined ? {} : await readConfigFile(flags.config);
  const given = givenOptions(flags);
  // A size on the command line replaces the file's, also when it is of the other kind.
  if (given.memory !== undefined) file.frames = undefined;
  if (given.frames !== undefined) file.memory = undefined;
  const flagPlaces = placesOf(given, flags.config);
  const { programs, jobs, ...fromFile } = file;
  const { translation } = flags;
  const geometry = translation !== undefined && isFile(translation) ? translation : undefined;
  if (geometry !== undefined) {
    const { loadGeometry } = await import('./geometry-file.ts');
    given.translation = loadGeometry(geometry);
  }
  const places: PlaceOf = (option) =>
    option === 'translation' && geometry !== undefined ? geometry : flagPlaces(option);
  const translations = (programs ?? []).flatMap(({ translation }) => translation ?? []);
  const options = { ...fromFile, ...given, translations };
  const env = { ...PLAIN_ENVIRONMENT, ...file.env, ...environmentOf(flags.env) };
  return {
    ...(await systemChoice(options, places)),
    root: flags.root ?? file.root ?? '.',
    programs: programs ?? [],
    jobs,
    env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
  };
}

/**
 * A configuration, with the policies that it names files for.
 * @throws UserError naming the place of the option
 */
export async function systemChoice(
  options: SystemOptions,
  places: PlaceOf,
): Promise<Pick<ChosenOptions, 'config' | 'policy' | 'scheduling'>> {
  const policy = await ownPolicy(options.replacement, places('replacement'));
  const scheduling = await ownScheduling(options.scheduler, places('scheduler'));
  return { config: systemConfig(options, places, policy, scheduling), policy, scheduling };
}

/** The definition in the file that is named; `undefined` when it is the name of a policy. Loaded only then. */
async function ownPolicy(text: string | undefined, place: string): Promise<PolicyDefinition | undefined> {
  if (text === undefined) return undefined;
  const choice = policyChoice(text, place);
  if (choice.module === undefined) return undefined;
  const { loadPolicy } = await import('../system/load-policy.ts');
  return loadPolicy(choice, place);
}

async function ownScheduling(
  text: string | undefined,
  place: string,
): Promise<SchedulingDefinition | undefined> {
  if (text === undefined) return undefined;
  const choice = policyChoice(text, place);
  if (choice.module === undefined) return undefined;
  const { loadSchedulingPolicy } = await import('../system/load-policy.ts');
  return loadSchedulingPolicy(choice, place);
}

function placesOf(given: SystemOptions, file: string | undefined): PlaceOf {
  return (option) => {
    if (file !== undefined && !(option in given)) return `${file}: ${option}`;
    return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  };
}

function givenOptions(flags: RunFlags): SystemOptions {
  const options: SystemOptions = {
    memory: flags.memory,
    frames: flags.frames,
    translation: flags.translation,
    refill: flags.refill,
    placement: flags.placement,
    segments: flags.segments,
    addressBits: flags.addressBits,
    room: flags.room,
    stack: flags.stack,
    loadAt: flags.loadAt,
    moveEvery: flags.moveEvery,
    tlb: flags.tlb,
    asids: flags.asids,
    tlbClasses: flags.tlbClasses,
    cache: flags.cache,
    replacement: flags.replacement,
    scheduler: flags.scheduler,
    timer: flags.timer,
    fork: flags.fork,
    swap: flags.swap,
    storeFaults: flags.storeFaults,
    swapChecksums: flags.swapChecksums,
    loading: flags.loading,
    writeXorExecute: flags.writeXorExecute,
    execute: flags.execute,
    bits: flags.bits,
    sampleEvery: flags.sampleEvery,
    replacementScope: flags.replacementScope,
    admission: flags.admission,
    swapping: flags.swapping,
    outOfMemory: flags.outOfMemory,
    disk: flags.disk,
    readAhead: flags.readAhead,
    daemon: flags.daemon,
    cluster: flags.cluster,
    cleanEvery: flags.cleanEvery,
    pageTables: flags.pageTables,
    superpages: flags.superpages,
    seed: flags.seed,
    maxTime: flags.maxTime,
    maxInstructions: flags.maxInstructions,
    costs: flags.costs === undefined ? undefined : parseCosts(flags.costs, '--costs'),
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function environmentOf(settings: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    if (at <= 0) throw new UserError('--env', `'${setting}' is not NAME=VALUE`);
    env[setting.slice(0, at)] = setting.slice(at + 1);
  }
  return env;
}

/** The schema library takes time to load, so only runs with a file pay for it. */
async function readConfigFile(path: string): Promise<FileOptions> {
  const { loadConfigFile } = await import('./config-file.ts');
  return loadConfigFile(path);
}
