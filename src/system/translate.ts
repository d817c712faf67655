/** What the command `translate` takes of the system; nothing of it runs programs. */
export { UserError } from '../base/errors.ts';
export { randomState } from '../base/random.ts';
export { parseAddress } from './translate/amounts.ts';
export { describeScheme, type Request, translateAll } from './translate/answer.ts';
export { buildScheme } from './translate/build.ts';
export type { Built } from './translate/built.ts';
export {
  type Mapping,
  type Place,
  parseTranslateConfig,
  type SchemeName,
  schemeNames,
  type TranslateConfig,
  translateFileSchema,
} from './translate/config.ts';
export {
  checkQuiz,
  drawQuestions,
  MOST_QUESTIONS,
  parseAnswers,
  type Quiz,
  quizSheet,
} from './translate/quiz.ts';
export { quizConfig } from './translate/quiz-configs.ts';
