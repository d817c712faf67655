/** What `pagewalk translate --json` prints, in each of its forms; docs/translate.md explains each field. */
import { z } from 'zod';

const whole = z.int().nonnegative();
const accessKind = z.enum(['fetch', 'load', 'store']);

const field = z.object({ name: z.string(), bits: whole, value: whole });

const loadedValue = z.object({
  value: z.string().describe('the bits that were read, hexadecimal, the highest first'),
  meaning: z.string(),
});

const load = loadedValue.extend({
  what: z.enum(['table entry', 'page entry', 'frame entry', 'anchor', 'bucket', 'node']),
  index: whole.describe('in its table; of a node, its address'),
  address: whole.describe('physical'),
  bytes: whole,
});

const fault = z.object({ rule: z.string(), why: z.string() });

const translation = z.object({
  address: whole,
  access: accessKind,
  fields: z.array(field).describe('of the address, the highest bits first'),
  loads: whole.describe('of the walk'),
  shown: z.array(load).describe('the first 1000 of the loads, in order'),
  physical: whole.nullable(),
  fault: fault.nullable(),
});

const scheme = z.object({
  name: z.string(),
  title: z.string(),
  addressBits: whole,
  physicalBits: whole.describe('with which physical addresses are printed'),
  granule: whole.describe('page size; 1 where there are no pages'),
});

export const translateReportSchema = z.object({
  schema: z.literal('pagewalk.translate/1'),
  scheme,
  translations: z.array(translation),
});

const figure = z.object({
  name: z.string(),
  value: z.number(),
  unit: z.enum(['bytes', 'count', 'bits', 'mean']),
  note: z.string(),
});

const range = z.object({
  by: z.string().describe('what maps it: an entry of the root table, a segment; empty for none'),
  from: whole,
  to: whole.describe('the last address'),
  state: z.enum(['mapped', 'not mapped']),
});

const contents = z.object({
  title: z.string(),
  head: z.array(z.string()),
  rows: z.array(z.array(z.string())),
});

export const translateDescriptionSchema = z.object({
  schema: z.literal('pagewalk.translate-describe/1'),
  scheme,
  figures: z.array(figure),
  ranges: z.array(range).describe('of the address space, in order and without gaps'),
  contents: z.array(contents).describe('registers and tables'),
});

const question = z.object({ number: whole, address: whole, access: accessKind });
const answer = z.object({ physical: whole.nullable(), fault: fault.nullable() });

export const translateQuizSchema = z.object({
  schema: z.literal('pagewalk.translate-quiz/1'),
  seed: z.int(),
  scheme,
  configuration: z.unknown().describe('as --config takes it'),
  contents: z.array(contents),
  questions: z.array(question.extend({ answer: answer.optional().describe('with --answers') })),
});

export const translateCheckSchema = z.object({
  schema: z.literal('pagewalk.translate-check/1'),
  seed: z.int(),
  scheme,
  right: whole,
  wrong: whole,
  missing: whole,
  results: z.array(
    question.extend({
      given: z.string().nullable(),
      verdict: z.enum(['right', 'wrong', 'missing']),
      why: z.string().describe('empty when it is right'),
      answer,
    }),
  ),
});

export type TranslateReport = z.infer<typeof translateReportSchema>;
export type TranslateDescription = z.infer<typeof translateDescriptionSchema>;
export type TranslateQuiz = z.infer<typeof translateQuizSchema>;
export type TranslateCheck = z.infer<typeof translateCheckSchema>;
export type SchemeSummary = z.infer<typeof scheme>;
export type Translation = z.infer<typeof translation>;
export type LoadedValue = z.infer<typeof loadedValue>;
export type Figure = z.infer<typeof figure>;
export type Range = z.infer<typeof range>;
export type Contents = z.infer<typeof contents>;
export type Question = z.infer<typeof question>;
export type QuizAnswer = z.infer<typeof answer>;
