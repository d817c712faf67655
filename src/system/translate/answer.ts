/** Translations as the report has them: each field of the address, each load of the walk, and what came of it. */
import type {
  QuizAnswer,
  TranslateDescription,
  TranslateReport,
  Translation,
} from '../../report/translate-schema.ts';
import { FAULT_REASONS, newWalk } from '../../translation/contract.ts';
import type { AccessKind } from '../../translation/radix.ts';
import { summaryOf } from './build.ts';
import type { Built } from './built.ts';

/** An address to translate. */
export interface Request {
  readonly address: number;
  readonly access: AccessKind;
}

/** Loads of one walk that are shown: a search of a whole inverted table has millions. */
const MOST_SHOWN = 1000;

/** Shows the way of one access. The address lies in the space. */
export function translateOne(built: Built, { address, access }: Request): Translation {
  const out = newWalk();
  const shown: Translation['shown'] = [];
  built.scheme.walk(address, access, out, (what, index, at, bytes) => {
    if (shown.length < MOST_SHOWN) shown.push({ what, index, address: at, bytes, ...built.value(what, at) });
  });
  const { fault, physical, loads } = out;
  const way = { address, access, fields: [...built.scheme.fields(address)], loads, shown };
  if (fault === undefined) return { ...way, physical, fault: null };
  return { ...way, physical: null, fault: { rule: fault, why: FAULT_REASONS[fault] } };
}

/** The answer alone. */
export function answerOf(built: Built, request: Request): QuizAnswer {
  const { physical, fault } = translateOne(built, request);
  return { physical, fault };
}

export const translateAll = (built: Built, requests: readonly Request[]): TranslateReport => ({
  schema: 'pagewalk.translate/1',
  scheme: summaryOf(built),
  translations: requests.map((request) => translateOne(built, request)),
});

/** Sizes, ranges and contents of a scheme's structures. */
export const describeScheme = (built: Built): TranslateDescription => ({
  schema: 'pagewalk.translate-describe/1',
  scheme: summaryOf(built),
  figures: [...built.figures()],
  ranges: [...built.ranges()],
  contents: [...built.contents()],
});
