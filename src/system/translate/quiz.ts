/**
 * Exercises with hidden answers: addresses drawn at random, inside of what is mapped, at its edges, and anywhere. The same
 * seed gives the same exercises. As the homework of Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapters 15 to 20.
 */
import { UserError } from '../../base/errors.ts';
import { nextBelow, nextUint32, type RandomState } from '../../base/random.ts';
import { hexAddress } from '../../report/translate-format.ts';
import type { Question, QuizAnswer, TranslateCheck, TranslateQuiz } from '../../report/translate-schema.ts';
import { FAULT_REASONS } from '../../translation/contract.ts';
import type { AccessKind } from '../../translation/radix.ts';
import { answerOf } from './answer.ts';
import { summaryOf } from './build.ts';
import type { Built, Run } from './built.ts';
import type { TranslateConfig } from './config.ts';

/** Questions of one sheet. */
export const MOST_QUESTIONS = 10_000;

/** What a sheet is made of. */
export interface Quiz {
  readonly seed: number;
  readonly built: Built;
  readonly config: TranslateConfig;
  readonly questions: readonly Question[];
}

/** A random number below `bound`, which is 1 to 2^52. */
function anyBelow(random: RandomState, bound: number): number {
  if (bound <= 2 ** 32) return nextBelow(random, bound);
  const high = nextBelow(random, Math.ceil(bound / 2 ** 32));
  const drawn = high * 2 ** 32 + nextUint32(random);
  return drawn < bound ? drawn : anyBelow(random, bound);
}

function anyAddress(random: RandomState, runs: readonly Run[], bits: number): number {
  const kind = nextBelow(random, 8);
  if (runs.length === 0 || kind === 0) return anyBelow(random, 2 ** bits);
  const run = runs[nextBelow(random, runs.length)]!;
  if (kind > 2) return run.from + anyBelow(random, run.bytes);
  const reach = Math.max(1, Math.min(run.bytes, 2 ** (bits - 4)));
  const beside =
    kind === 1 ? run.from + run.bytes + anyBelow(random, reach) : run.from - 1 - anyBelow(random, reach);
  return beside >= 0 && beside < 2 ** bits ? beside : anyBelow(random, 2 ** bits);
}

const ACCESSES: readonly AccessKind[] = ['load', 'load', 'load', 'store', 'store', 'fetch'];

/** Questions on a configuration; advances `random`. */
export function drawQuestions(built: Built, count: number, random: RandomState): Question[] {
  const runs = built.runs();
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    address: anyAddress(random, runs, built.scheme.addressBits),
    // Nothing tells accesses apart where there are no permissions.
    access: built.kind === 'base-bounds' ? 'load' : ACCESSES[nextBelow(random, ACCESSES.length)]!,
  }));
}

/** The sheet. */
export const quizSheet = (
  { seed, built, config, questions }: Quiz,
  solutions: 'hidden' | 'shown',
): TranslateQuiz => ({
  schema: 'pagewalk.translate-quiz/1',
  seed,
  scheme: summaryOf(built),
  configuration: config,
  contents: [...built.contents()],
  questions: questions.map((question) =>
    solutions === 'hidden' ? question : { ...question, answer: answerOf(built, question) },
  ),
});

/** An answer as somebody gave it. */
interface Given {
  readonly text: string;
  readonly physical: number | undefined;
  /** Empty: some fault. */
  readonly rule: string | undefined;
}

const RULES = Object.keys(FAULT_REASONS);

function parseAnswer(text: string, place: string): Given | undefined {
  if (text === '-' || text === '') return undefined;
  const [, rule] = /^fault\b[\s:,]*(.*)$/i.exec(text) ?? [];
  if (rule !== undefined) {
    const name = rule.toLowerCase().trim();
    if (name !== '' && !RULES.includes(name))
      throw new UserError(place, `unknown rule '${rule}'; known: ${RULES.join(', ')}`);
    return { text, physical: undefined, rule: name };
  }
  const isNumber = /^(0x[0-9a-f]+|\d+)$/i.test(text) && Number.isSafeInteger(Number(text));
  if (isNumber) return { text, physical: Number(text), rule: undefined };
  throw new UserError(place, `'${text}' is no answer; expected a physical address, fault, fault RULE, or -`);
}

/**
 * Answers by question, from 0: one a line in order, each with its number before it or none (`3: 0x1f0`), `#` beginning a
 * comment; or a JSON array of numbers, texts and null.
 * @param name of the file, for messages
 * @throws UserError naming the file and the line, or the place in the array
 */
export function parseAnswers(text: string, name: string, questions: number): (Given | undefined)[] {
  const answers = new Array<Given | undefined>(questions).fill(undefined);
  if (text.trimStart().startsWith('[')) {
    const list = parseList(text, name);
    if (list.length > questions)
      throw new UserError(name, `${list.length} answers to ${questions} questions`);
    list.forEach((one, i) => {
      answers[i] = parseAnswer(one === null ? '-' : String(one).trim(), `${name}[${i}]`);
    });
    return answers;
  }
  let next = 0;
  text.split('\n').forEach((line, i) => {
    const place = `${name}:${i + 1}`;
    const content = line.replace(/#.*/, '').trim();
    if (content === '') return;
    const [, number, rest = content] = /^(\d+)\s*[:.)]\s*(.*)$/.exec(content) ?? [];
    if (number !== undefined) next = Number(number) - 1;
    if (next < 0 || next >= questions)
      throw new UserError(place, `an answer to question ${next + 1}; there are ${questions}`);
    answers[next++] = parseAnswer(rest.trim(), place);
  });
  return answers;
}

function parseList(text: string, name: string): (string | number | null)[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new UserError(name, 'begins as JSON does, and is none');
  }
  if (!Array.isArray(list)) throw new UserError(name, 'expected a JSON array of answers');
  list.forEach((one, i) => {
    if (one === null || typeof one === 'string' || typeof one === 'number') return;
    throw new UserError(`${name}[${i}]`, 'expected a number, a text or null');
  });
  return list;
}

/** Marks answers. */
export function checkQuiz(
  { seed, built, questions }: Quiz,
  given: readonly (Given | undefined)[],
): TranslateCheck {
  const results = questions.map((question, i): TranslateCheck['results'][number] => {
    const answer = answerOf(built, question);
    const one = given[i];
    if (one === undefined) return { ...question, given: null, verdict: 'missing', why: 'no answer', answer };
    const why = mistakeIn(one, answer, question, built.physicalBits);
    return { ...question, given: one.text, verdict: why === '' ? 'right' : 'wrong', why, answer };
  });
  const count = (verdict: string) => results.filter((one) => one.verdict === verdict).length;
  return {
    schema: 'pagewalk.translate-check/1',
    seed,
    scheme: summaryOf(built),
    right: count('right'),
    wrong: count('wrong'),
    missing: count('missing'),
    results,
  };
}

/** What is wrong with an answer; empty when nothing is. */
function mistakeIn(given: Given, { physical, fault }: QuizAnswer, question: Question, bits: number): string {
  if (fault !== null) {
    if (given.rule === '' || given.rule === fault.rule) return '';
    return `it faults by the rule '${fault.rule}': ${fault.why}`;
  }
  if (given.physical === physical) return '';
  const right = `it translates to ${hexAddress(physical!, bits)} (${physical})`;
  return given.physical === question.address ? `that is the virtual address; ${right}` : right;
}
