/** Reads `--config FILE`: JSON, checked against the schema of the options. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { costNames, systemOptionsSchema } from '../system/options-schema.ts';
import { reasonOf } from './failures.ts';
import type { FileOptions } from './options.ts';

const isText = (text: string): boolean => !text.includes('\0');

/** What a configuration file may hold. */
export const configFileSchema = systemOptionsSchema.extend({
  programs: z
    .array(
      z.strictObject({
        run: z.array(z.string()).min(1).describe('a program and its arguments'),
        copies: z.int().min(1).max(1000).optional().describe('how many of it run; default 1'),
        arrive: z.string().optional().describe('virtual time at which it starts, e.g. 10ms'),
        tickets: z.int().min(1).max(1_000_000).optional(),
        currency: z.string().optional().describe('what its tickets are of'),
        nice: z.int().min(-20).max(19).optional(),
        length: z.string().optional().describe('CPU time that scheduling policies are told it will take'),
        memoryAdjust: z
          .int()
          .min(-1000)
          .max(1000)
          .optional()
          .describe(
            'thousandths of all memory added to its score when one has to be killed; -1000: never it',
          ),
        translation: z.string().optional().describe('scheme of its addresses, if not that of all'),
        memoryLimit: z.string().optional().describe('most of its address space, e.g. 8M'),
      }),
    )
    .optional()
    .describe('programs that run at once; one on the command line comes before them'),
  jobs: z.string().optional().describe('a file of scripted jobs that run beside them'),
  root: z.string().optional().describe("the guest's / and working directory; DIR:rw to let it write"),
  env: z
    .record(
      z
        .string()
        .refine((name) => name !== '' && !/=/.test(name) && isText(name), 'a name without = is expected'),
      z.string().refine(isText, 'a value without a zero byte is expected'),
    )
    .optional()
    .describe('environment variables of the guest'),
});

/** @throws UserError naming the file and the key, for the first one that is wrong */
export const loadConfigFile = (path: string): FileOptions =>
  checkedFile(path, `--config ${path}`, configFileSchema, (key) =>
    key === 'costs' ? costNames : Object.keys(configFileSchema.shape),
  );

/**
 * A JSON file that a schema holds for.
 * @param place to name when it can't be read
 * @param known gives the keys that there are where an unknown one is found
 * @throws UserError naming the file and the key
 */
export function checkedFile<T>(
  path: string,
  place: string,
  schema: z.ZodType<T>,
  known: (key: string) => readonly string[],
): T {
  const result = schema.safeParse(parseJson(readText(path, place), path));
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    throw new UserError(
      `${path}: ${[key, issue.keys[0]].filter(Boolean).join('.')}`,
      `unknown key; known: ${known(key).join(', ')}`,
    );
  }
  throw new UserError(key === '' ? path : `${path}: ${key}`, issue.message);
}

function readText(path: string, place: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(place, `can't be read: ${reasonOf(error)}`);
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new UserError(path, `not JSON: ${reasonOf(error)}`);
  }
}
