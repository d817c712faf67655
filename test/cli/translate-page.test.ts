/** docs/translate.md: its commands print what it says, it names every field, rule and key, and its figures are right. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  translateCheckSchema,
  translateDescriptionSchema,
  translateQuizSchema,
  translateReportSchema,
} from '../../src/report/translate-schema.ts';
import { schemeNames, translateSchemas } from '../../src/system/translate/config.ts';
import { describeScheme } from '../../src/system/translate.ts';
import { FAULT_REASONS } from '../../src/translation/contract.ts';
import { build } from '../translation/examples.ts';
import { pagewalk, repository } from './cli.ts';

const page = readFileSync(join(repository, 'docs', 'translate.md'), 'utf8');

describe('the page on translate', () => {
  const commands = [...page.matchAll(/```console\n\$ pagewalk (.*)\n([\s\S]*?)```/g)].map(
    ([, command, lines]) => [command!, lines!] as const,
  );
  it('has three commands', () => expect(commands).toHaveLength(3));

  it.each(commands)('%s', (command, lines) => {
    const { out, status } = pagewalk(command.split(' '));
    expect(status).toBe(0);
    if (!lines.includes('…')) expect(out).toBe(lines);
    else expect(out).toContain(lines.replaceAll('…\n', ''));
  });

  it('names every field, rule, scheme and key', () => {
    const named = (name: string) => new RegExp(`\`([\\w.]+\\.)?${name}\``).test(page);
    const schemas = [
      translateReportSchema,
      translateDescriptionSchema,
      translateQuizSchema,
      translateCheckSchema,
    ];
    const fields = schemas.flatMap((schema: z.ZodObject) => Object.keys(schema.shape));
    const own = Object.keys(translateReportSchema.shape.translations.element.shape);
    const keys = Object.values(translateSchemas).flatMap((schema) => Object.keys(schema.shape));
    const all = [...fields, ...own, ...keys, ...schemeNames, ...Object.keys(FAULT_REASONS)];
    expect(all.filter((name) => !named(name))).toEqual([]);
  });

  it.each([
    ['64K', 16],
    ['4K', 12],
    ['256', 8],
  ])('has the figures of pages of %s', (size, offsetBits) => {
    const { figures } = describeScheme(build({ scheme: 'linear', offsetBits, memory: '4G', base: 0 }));
    const of = (name: string) => figures.find((one) => one.name === name)!;
    const share = of('tables of 100 processes').note.split('; ')[1]!;
    const table = of('page table').value / 1024;
    const hundred = of('tables of 100 processes').value / 2 ** 20;
    const row = [
      size,
      table < 1024 ? `${table}K` : `${table / 1024}M`,
      of('pages that 2M takes').value.toLocaleString('en-US'),
      `${hundred}M, ${share}`,
    ];
    expect(page).toContain(`| ${row.join(' | ')} |`);
  });
});
