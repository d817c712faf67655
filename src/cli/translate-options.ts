/** Options of `translate` that say what to translate under, as one configuration: flags before the file. */
import { type Command, Option } from 'commander';
import { UserError } from '../base/errors.ts';
import { parseSize } from '../base/sizes.ts';
import { type Place, parseTranslateConfig, schemeNames, type TranslateConfig } from '../system/translate.ts';
import { reasonOf } from './failures.ts';
import { readText } from './text-file.ts';

/** As commander gives them. */
export interface SchemeFlags {
  readonly config?: string;
  readonly scheme?: string;
  readonly addressBits?: string;
  readonly page?: string;
  readonly entryBytes?: string;
  readonly indexBits?: string;
  readonly segmentBits?: string;
  readonly memory?: string;
  readonly base?: string;
  readonly bounds?: string;
  readonly length?: string;
  readonly firstTable?: string;
  readonly search?: string;
  readonly anchors?: string;
  readonly buckets?: string;
  readonly space?: string;
  readonly map: readonly string[];
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export function addSchemeOptions(command: Command): Command {
  return command
    .option('--config <file>', 'the scheme, its registers and tables, as JSON (docs/translate.md)')
    .option('--scheme <name>', schemeNames.join(', '))
    .option('--address-bits <n>', 'of a virtual address (default: 32)')
    .option('--page <size>', 'page size (default: 4K)')
    .option('--entry-bytes <n>', 'of a table entry: 4 or 8')
    .option('--index-bits <list>', 'multi-level: of each level, the root first, e.g. 10,10')
    .option('--segment-bits <n>', 'hybrid: top bits that select the segment')
    .option('--memory <size>', 'physical memory')
    .option('--base <address>', 'base register, or where the table lies')
    .option('--bounds <size>', 'bounds register')
    .option('--length <n>', 'linear: entries of the table')
    .option('--first-table <frame>', 'radix tables: frame of the root; others follow')
    .option('--search <how>', 'inverted: scan, or hash')
    .option('--anchors <n>', 'inverted: heads of chains')
    .option('--buckets <n>', 'hashed: heads of chains')
    .option('--space <n>', 'inverted, hashed: whose addresses they are')
    .addOption(
      new Option('--map <pages=frame>', 'VIRTUAL[+PAGES]=FRAME[:ACCESS], e.g. 0x403000+2=3:rw; repeatable')
        .argParser(collect)
        .default([], 'none'),
    );
}

/** Whether anything says what to translate under. */
export const hasScheme = (flags: SchemeFlags): boolean =>
  flags.config !== undefined || flags.scheme !== undefined;

/** Whether `--scheme` is all that is said. */
export const isSchemeAlone = (flags: SchemeFlags): boolean =>
  flags.config === undefined && flags.map.length === 0 && Object.keys(givenKeys(flags)).length === 1;

/** A configuration, and the places of its keys for messages. */
export interface ChosenScheme {
  readonly config: TranslateConfig;
  readonly place: Place;
}

/** @throws UserError naming the flag, or the file and its key */
export function chooseScheme(flags: SchemeFlags): ChosenScheme {
  const file = flags.config === undefined ? {} : readJson(flags.config);
  const given = givenKeys(flags);
  const maps = flags.map.map(parseMap);
  const before = Array.isArray(file.mappings) ? (file.mappings as unknown[]) : [];
  const place = placesOf(given, flags.config, before.length);
  const value = { ...file, ...given, ...(maps.length === 0 ? {} : { mappings: [...before, ...maps] }) };
  return { config: parseTranslateConfig(value, place), place };
}

function readJson(path: string): Record<string, unknown> {
  const { name, text } = readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new UserError(name, `not JSON: ${reasonOf(error)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new UserError(name, `expected an object with a scheme; known: ${schemeNames.join(', ')}`);
}

/** Keys of the configuration that flags give; `page` is the flag of `offsetBits`. */
function givenKeys(flags: SchemeFlags): Record<string, unknown> {
  const count = (key: 'addressBits' | 'entryBytes' | 'segmentBits' | 'firstTable' | 'space') =>
    flags[key] === undefined ? undefined : wholeNumber(flags[key], flagOf(key));
  const keys = {
    scheme: flags.scheme,
    addressBits: count('addressBits'),
    offsetBits: flags.page === undefined ? undefined : offsetBitsOf(flags.page),
    entryBytes: count('entryBytes'),
    indexBits: flags.indexBits?.split(',').map((one) => wholeNumber(one, '--index-bits')),
    segmentBits: count('segmentBits'),
    memory: flags.memory,
    base: flags.base,
    bounds: flags.bounds,
    length: flags.length,
    firstTable: count('firstTable'),
    search: flags.search,
    anchors: flags.anchors,
    buckets: flags.buckets,
    space: count('space'),
  };
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}

function wholeNumber(text: string, place: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UserError(place, `'${text}' is not a whole number`);
}

function offsetBitsOf(text: string): number {
  const bits = Math.log2(parseSize(text, '--page'));
  if (Number.isInteger(bits) && bits >= 1) return bits;
  throw new UserError('--page', `'${text}' is no power of two from 2 on`);
}

function parseMap(text: string): object {
  const [, virtual, pages, frame, access] =
    /^(0x[0-9a-f]+|\d+)(?:\+(\d+))?=(\d+)(?::([rwx-]+))?$/i.exec(text) ?? [];
  if (virtual === undefined)
    throw new UserError('--map', `'${text}' is not VIRTUAL[+PAGES]=FRAME[:ACCESS], e.g. 0x403000+2=3:rw`);
  return {
    virtual,
    frame: Number(frame),
    ...(pages === undefined ? {} : { pages: Number(pages) }),
    ...(access === undefined ? {} : { access }),
  };
}

const flagOf = (key: string): string =>
  key === 'offsetBits' ? '--page' : `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** @param before mappings of the file, which those of flags follow */
function placesOf(given: object, path: string | undefined, before: number): Place {
  const name = path === '-' ? 'standard input' : path;
  return (key) => {
    const [first = '', index] = key.split('.');
    if (first === 'mappings' && (name === undefined || Number(index) >= before)) return '--map';
    return name !== undefined && !(first in given) ? `${name}: ${key}` : flagOf(first);
  };
}
