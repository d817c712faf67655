/** The examples of `translate`, and schemes built from configurations. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildScheme, parseTranslateConfig } from '../../src/system/translate.ts';

const folder = fileURLToPath(new URL('../../examples/translate/', import.meta.url));
export const names = readdirSync(folder).sort();
export const example = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

export const build = (value: unknown) => {
  const place = (key: string) => `file: ${key}`;
  return buildScheme(parseTranslateConfig(value, place), place);
};
