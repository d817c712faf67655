/** `pagewalk translate`: where virtual addresses lead under a scheme, what the scheme costs, and exercises. */
import type { Command } from 'commander';
import { UserError } from '../base/errors.ts';
import {
  translateBrief,
  translateCheckText,
  translateDescriptionText,
  translateQuizText,
  translateText,
} from '../report/translate-text.ts';
import {
  type Built,
  buildScheme,
  checkQuiz,
  describeScheme,
  drawQuestions,
  MOST_QUESTIONS,
  parseAddress,
  parseAnswers,
  type Quiz,
  quizConfig,
  quizSheet,
  type Request,
  randomState,
  schemeNames,
  translateAll,
} from '../system/translate.ts';
import { readText } from './text-file.ts';
import {
  addSchemeOptions,
  chooseScheme,
  hasScheme,
  isSchemeAlone,
  type SchemeFlags,
} from './translate-options.ts';

interface Flags extends SchemeFlags {
  readonly addresses?: string;
  readonly access: string;
  readonly brief?: boolean;
  readonly describe?: boolean;
  readonly quiz?: string;
  readonly seed: string;
  readonly answers?: boolean;
  readonly check?: string;
  readonly json?: boolean;
}

const EXAMPLE = `
Examples:
  pagewalk translate --scheme base-bounds --base 16K --bounds 4K 0x0fff 0x1000
  pagewalk translate --scheme two-level --first-table 1 --map 0x403000+2=8:rw 0x403004
  pagewalk translate --config examples/translate/segments.json --addresses addresses.txt --brief
  pagewalk translate --scheme linear --page 256 --describe
  pagewalk translate --scheme segments --quiz 10 --seed 7 > sheet.txt
  pagewalk translate --scheme segments --quiz 10 --seed 7 --check mine.txt

A list of addresses has one a line, and may say load, store or fetch behind it. --check ends with status 1 unless
all answers are right.`;

export function addTranslateCommand(program: Command): void {
  const command = program
    .command('translate')
    .summary('translate addresses under a scheme: fields, loads, physical address or fault')
    .description(
      'Translates virtual addresses as a scheme does: base and bounds, segments, linear, hybrid, inverted, hashed or multi-level page tables. Prints the fields of each address, every load of the walk, and the physical address, or the fault and why.',
    )
    .argument('[addresses...]', 'decimal, or hexadecimal with 0x');
  addSchemeOptions(command)
    .option('--addresses <file>', 'a list of addresses; - for standard input')
    .option('--access <kind>', 'load, store or fetch', 'load')
    .option('--brief', 'one line an address')
    .option('--describe', 'sizes of the tables, what their entries map, what lies in them')
    .option(
      '--quiz <n>',
      'print so many exercises; with --scheme alone, on a small configuration drawn at random',
    )
    .option('--seed <n>', 'of the exercises', '1')
    .option('--answers', 'print the exercises with their answers')
    .option('--check <file>', 'mark answers to the exercises, one a line, or as JSON')
    .option('--json', 'print as JSON')
    .addHelpText('after', EXAMPLE)
    .action((addresses: string[], flags: Flags) => {
      process.exitCode = translate(addresses, flags);
    });
}

function translate(addresses: readonly string[], flags: Flags): number {
  if (!hasScheme(flags))
    throw new UserError('translate', `give --config FILE or --scheme, one of ${schemeNames.join(', ')}`);
  if (flags.quiz !== undefined) return quiz(flags.quiz, addresses, flags);
  for (const name of ['answers', 'check'] as const)
    if (flags[name] !== undefined) throw new UserError(`--${name}`, 'belongs to --quiz, which is not given');
  const { config, place } = chooseScheme(flags);
  const built = buildScheme(config, place);
  if (flags.describe) {
    const description = describeScheme(built);
    print(flags, description, () => translateDescriptionText(description));
    if (addresses.length === 0 && flags.addresses === undefined) return 0;
    if (flags.json) throw new UserError('--describe', 'with --json takes no addresses');
    process.stdout.write('\n');
  }
  const report = translateAll(built, requestsOf(built, addresses, flags));
  print(flags, report, () => (flags.brief ? translateBrief(report) : translateText(report)));
  return 0;
}

function print(flags: Flags, value: unknown, text: () => string): void {
  process.stdout.write(flags.json ? `${JSON.stringify(value, undefined, 2)}\n` : text());
}

const ACCESSES = ['load', 'store', 'fetch'] as const;

function accessOf(text: string, place: string): Request['access'] {
  const access = ACCESSES.find((one) => one === text);
  if (access !== undefined) return access;
  throw new UserError(place, `unknown access '${text}'; known: ${ACCESSES.join(', ')}`);
}

/** Addresses of the command line, then those of the list. */
function requestsOf(built: Built, addresses: readonly string[], flags: Flags): Request[] {
  const { addressBits } = built.scheme;
  const usual = accessOf(flags.access, '--access');
  const requests = addresses.map((text) => ({
    address: parseAddress(text, addressBits, '<addresses>'),
    access: usual,
  }));
  if (flags.addresses === undefined) {
    if (requests.length > 0) return requests;
    throw new UserError(
      '<addresses>',
      'no address is given; say --addresses FILE, --describe or --quiz otherwise',
    );
  }
  const { name, text } = readText(flags.addresses);
  text.split('\n').forEach((line, i) => {
    const [address, access = usual, ...more] = line.replace(/#.*/, '').trim().split(/\s+/);
    const place = `${name}:${i + 1}`;
    if (address === undefined || address === '') return;
    if (more.length > 0) throw new UserError(place, "expected 'ADDRESS', or 'ADDRESS load|store|fetch'");
    requests.push({ address: parseAddress(address, addressBits, place), access: accessOf(access, place) });
  });
  if (requests.length === 0) throw new UserError(name, 'holds no address');
  return requests;
}

function quiz(count: string, addresses: readonly string[], flags: Flags): number {
  if (addresses.length > 0 || flags.addresses !== undefined)
    throw new UserError('--quiz', 'draws its addresses itself; none can be given');
  if (flags.describe) throw new UserError('--quiz', 'give either --quiz or --describe');
  if (flags.answers && flags.check !== undefined)
    throw new UserError('--answers', 'give either --answers or --check');
  const made = makeQuiz(wholeNumber(count, 1, MOST_QUESTIONS, '--quiz'), flags);
  if (flags.check === undefined) {
    const sheet = quizSheet(made, flags.answers ? 'shown' : 'hidden');
    print(flags, sheet, () => translateQuizText(sheet));
    return 0;
  }
  const { name, text } = readText(flags.check);
  const check = checkQuiz(made, parseAnswers(text, name, made.questions.length));
  print(flags, check, () => translateCheckText(check));
  return check.right === made.questions.length ? 0 : 1;
}

/** Exercises on what is configured; on a configuration of their own, when nothing but the scheme is said. */
function makeQuiz(count: number, flags: Flags): Quiz {
  const seed = wholeNumber(flags.seed, 0, 2 ** 32 - 1, '--seed');
  const random = randomState(seed);
  const drawn = schemeNames.find((name) => name === flags.scheme && isSchemeAlone(flags));
  const { config, place } =
    drawn === undefined
      ? chooseScheme(flags)
      : { config: quizConfig(drawn, random), place: (key: string) => `a drawn configuration: ${key}` };
  const built = buildScheme(config, place);
  return { seed, built, config, questions: drawQuestions(built, count, random) };
}

function wholeNumber(text: string, least: number, most: number, place: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UserError(place, `'${text}' is not a whole number from ${least} to ${most}`);
}
