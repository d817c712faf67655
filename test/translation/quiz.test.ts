/** Exercises: the same from a seed, answers that a naive reading of the configuration gives, and marks. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { randomState } from '../../src/base/random.ts';
import { translateCheckSchema, translateQuizSchema } from '../../src/report/translate-schema.ts';
import { translateCheckText, translateQuizText } from '../../src/report/translate-text.ts';
import {
  buildScheme,
  checkQuiz,
  drawQuestions,
  parseAnswers,
  parseTranslateConfig,
  type Quiz,
  quizConfig,
  quizSheet,
  type SchemeName,
  schemeNames,
} from '../../src/system/translate.ts';

function makeQuiz(scheme: SchemeName, seed: number, count = 20): Quiz {
  const random = randomState(seed);
  const config = quizConfig(scheme, random);
  const built = buildScheme(config, (key) => `drawn: ${key}`);
  return { seed, built, config, questions: drawQuestions(built, count, random) };
}

const seeds = Array.from({ length: 25 }, (_, seed) => seed);

/** Answers as one writes them down. */
const solutions = (quiz: Quiz): string[] =>
  quizSheet(quiz, 'shown').questions.map(({ answer }) =>
    answer!.fault === null ? String(answer!.physical) : `fault ${answer!.fault.rule}`,
  );

const marks = (quiz: Quiz, text: string): string[] =>
  checkQuiz(quiz, parseAnswers(text, 'file', quiz.questions.length)).results.map(({ verdict }) => verdict);

describe('a quiz', () => {
  it.each(schemeNames)('on %s is the same from a seed, and another from another', (scheme) => {
    const sheets = seeds.map((seed) => JSON.stringify(quizSheet(makeQuiz(scheme, seed), 'shown').questions));
    expect(sheets).toEqual(
      seeds.map((seed) => JSON.stringify(quizSheet(makeQuiz(scheme, seed), 'shown').questions)),
    );
    expect(new Set(sheets).size).toBe(seeds.length);
  });

  it.each(schemeNames)('on %s has both kinds of answers, and hides them', (scheme) => {
    const all = seeds.flatMap((seed) => quizSheet(makeQuiz(scheme, seed), 'shown').questions);
    const faults = all.filter(({ answer }) => answer!.fault !== null).length;
    expect(faults).toBeGreaterThan(all.length / 10);
    expect(faults).toBeLessThan((all.length * 9) / 10);
    const sheet = quizSheet(makeQuiz(scheme, 1), 'hidden');
    expect(JSON.stringify(sheet.questions)).not.toContain('answer');
    expect(translateQuizSchema.parse(sheet)).toEqual(sheet);
    // What is drawn can be given as a configuration.
    expect(parseTranslateConfig(JSON.parse(JSON.stringify(sheet.configuration)), (key) => key)).toEqual(
      sheet.configuration,
    );
    expect(translateQuizText(sheet)).not.toMatch(/physical address 0x|undefined|NaN/);
  });

  it('on base and bounds asks for a comparison and a sum', () => {
    for (const seed of seeds) {
      const quiz = makeQuiz('base-bounds', seed);
      const { base, bounds } = quiz.config as { base: number; bounds: number };
      const naive = quiz.questions.map(({ address }) =>
        address < bounds ? String(base + address) : 'fault bounds',
      );
      expect(solutions(quiz)).toEqual(naive);
    }
  });

  it('on segments asks for the segment, the offset and the direction', () => {
    for (const seed of seeds) {
      const quiz = makeQuiz('segments', seed);
      const { segments } = quiz.config as {
        segments: ({ base: number; size: number; grows?: string; access?: string } | null)[];
      };
      const naive = quiz.questions.map(({ address, access }) => {
        const segment = segments[address >> 6];
        const offset = address & 63;
        if (segment == null) return 'fault segment';
        const back = 64 - offset;
        const isInside = segment.grows === 'down' ? back <= segment.size : offset < segment.size;
        if (!isInside) return 'fault segment size';
        const letter = { load: 'r', store: 'w', fetch: 'x' }[access];
        if (!(segment.access ?? 'rw').includes(letter)) return 'fault permission';
        return String(segment.grows === 'down' ? segment.base - back : segment.base + offset);
      });
      expect(solutions(quiz)).toEqual(naive);
    }
  });

  it.each([
    'two-level',
    'sv39',
    'sv48',
    'multi-level',
    'inverted',
    'hashed',
    'hybrid',
    'vax',
  ] as const)('on %s asks where the page lies', (scheme) => {
    for (const seed of seeds) {
      const quiz = makeQuiz(scheme, seed);
      const size = quiz.built.scheme.granule;
      const { mappings } = quiz.config as {
        mappings: { virtual: string; frame: number; access?: string; space?: number }[];
      };
      const naive = quiz.questions.map(({ address, access }) => {
        const offset = address % size;
        const page = mappings.find(
          (one) => Number(one.virtual) === address - offset && (one.space ?? 1) === 1,
        );
        const letter = { load: 'r', store: 'w', fetch: 'x' }[access];
        if (page === undefined) return 'fault';
        return page.access!.includes(letter) ? String(page.frame * size + offset) : 'fault permission';
      });
      expect(marks(quiz, naive.join('\n'))).toEqual(naive.map(() => 'right'));
    }
  });
});

describe('answers', () => {
  const quiz = makeQuiz('segments', 3, 6);
  const right = solutions(quiz);

  it.each(schemeNames)('that the sheet shows are right: %s', (scheme) => {
    const made = makeQuiz(scheme, 11, 40);
    const check = checkQuiz(made, parseAnswers(solutions(made).join('\n'), 'file', 40));
    expect(check).toMatchObject({ right: 40, wrong: 0, missing: 0 });
    expect(translateCheckSchema.parse(check)).toEqual(check);
  });

  it('may be numbered, in any order, with comments, hexadecimal, or JSON', () => {
    const all = ['right', 'right', 'right', 'right', 'right', 'right'];
    const hex = right.map((one) => (/^\d+$/.test(one) ? `0x${Number(one).toString(16)}` : one));
    expect(marks(quiz, `# mine\n\n${hex.join(' # sure\n')}\n`)).toEqual(all);
    const numbered = hex.map((one, i) => `${i + 1}: ${one}`).reverse();
    expect(marks(quiz, numbered.join('\r\n'))).toEqual(all);
    expect(marks(quiz, JSON.stringify(right.map((one) => (/^\d+$/.test(one) ? Number(one) : one))))).toEqual(
      all,
    );
    expect(marks(quiz, right.map((one) => one.replace(/fault.*/, 'FAULT')).join('\n'))).toEqual(all);
    expect(marks(quiz, '3) -\n6. - ')).toEqual(all.map(() => 'missing'));
    expect(marks(quiz, '[null]')).toEqual(all.map(() => 'missing'));
  });

  it('that are wrong get what is right, and why', () => {
    const check = checkQuiz(quiz, parseAnswers(right.map(() => '1').join('\n'), 'file', 6));
    expect(check).toMatchObject({ right: 0, wrong: 6, missing: 0 });
    for (const { why, answer } of check.results) {
      if (answer.fault === null) expect(why).toContain(`it translates to 0x`);
      else expect(why).toBe(`it faults by the rule '${answer.fault.rule}': ${answer.fault.why}`);
    }
    const virtual = quiz.questions.map(({ address }) => String(address)).join('\n');
    const text = translateCheckText(checkQuiz(quiz, parseAnswers(virtual, 'file', 6)));
    expect(text).toContain('that is the virtual address; it translates to');
    expect(text).toMatch(/\n0 right, 6 wrong, 0 missing\n$/);
    const faulted = makeQuiz('base-bounds', 7, 10);
    const given = solutions(faulted).map((one) => (one.startsWith('fault') ? 'fault valid' : one));
    expect(marks(faulted, given.join('\n')).filter((one) => one === 'wrong').length).toBe(
      given.filter((one) => one === 'fault valid').length,
    );
    expect(given).toContain('fault valid');
  });

  it.each([
    ['12\nabc', "file:2: 'abc' is no answer; expected a physical address, fault, fault RULE, or -"],
    ['fault by chance', "file:1: unknown rule 'by chance'; known: "],
    ['7: 12', 'file:1: an answer to question 7; there are 6'],
    ['0: 12', 'file:1: an answer to question 0; there are 6'],
    ['1\n2\n3\n4\n5\n6\n7', 'file:7: an answer to question 7; there are 6'],
    ['[1, 2', 'file: begins as JSON does, and is none'],
    ['[1, 2, 3, 4, 5, 6, 7]', 'file: 7 answers to 6 questions'],
    ['[1, {}]', 'file[1]: expected a number, a text or null'],
    ['[1, -3]', "file[1]: '-3' is no answer"],
    ['0xfffffffffffffffffff', 'is no answer'],
  ])('that are malformed: %j', (text, message) => {
    expect(() => parseAnswers(text, 'file', 6)).toThrow(UserError);
    expect(() => parseAnswers(text, 'file', 6)).toThrow(message);
  });
});
