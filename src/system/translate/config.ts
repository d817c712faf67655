/**
 * What `translate` translates under: a scheme, its registers and tables, as a file or as flags give them. docs/translate.md
 * describes it for users. Names and types are checked here; what the values mean, where they are used.
 */
import { z } from 'zod';
import { UserError } from '../../base/errors.ts';

const amount = z.union([z.int().nonnegative(), z.string()], {
  error: 'expected a number, or text such as "0x1000" or "16K"',
});
const bits = z.int().min(1).max(52);
const access = z.string().describe('letters of rwx');
const frame = z.int().nonnegative();

const mapping = z
  .strictObject({
    virtual: amount.describe('address of the first page'),
    pages: z.int().min(1).max(1_000_000).optional().describe('default 1'),
    frame: frame.describe('of the first page; the others follow'),
    access: access.optional().describe('default rw'),
    space: z.int().min(0).max(65_535).optional().describe('of tables that spaces share; default 1'),
  })
  .describe('pages in a row that lie in frames in a row');

const tableEntry = z
  .union(
    [
      z.null(),
      z.strictObject({ table: frame }),
      z.strictObject({
        frame,
        access: access.optional(),
        owner: z.enum(['program', 'kernel']).optional().describe('default program'),
      }),
      z.string().regex(/^0x[0-9a-f]+$/i),
    ],
    { error: 'expected null, {"table": …}, {"frame": …, "access": …, "owner": …} or bits such as "0x801"' },
  )
  .describe('null: not valid; the frame of a table; the frame of a page; or the bits themselves, as "0x…"');

const general = {
  title: z.string().optional().describe('shown above what is printed'),
  memory: amount.optional().describe('bytes of physical memory; default: as much as there has to be'),
};
const paged = {
  ...general,
  addressBits: bits.optional().describe('default 32'),
  offsetBits: bits.optional().describe('of an address inside its page; default 12'),
  mappings: z.array(mapping).optional(),
};
const entryBytes = z.union([z.literal(4), z.literal(8)]).optional();
const base = amount.optional().describe('physical address of the table; default: behind the pages');
const space = z.int().min(0).max(65_535).optional().describe('whose addresses they are; default 1');

const radix = {
  ...general,
  mappings: paged.mappings,
  firstTable: frame
    .optional()
    .describe('the root lies there, other tables follow; default: behind the pages'),
  root: frame.optional().describe('frame of the root, when tables are given'),
  tables: z
    .record(z.string(), z.record(z.string(), tableEntry))
    .optional()
    .describe('instead of mappings: entries by the frame of the table and their index'),
};
const named = <const Name extends string>(name: Name) =>
  z.strictObject({ scheme: z.literal(name), ...radix });

/** A schema for each scheme. */
export const translateSchemas = {
  'base-bounds': z.strictObject({
    scheme: z.literal('base-bounds'),
    ...general,
    addressBits: bits.optional().describe('default 32'),
    base: amount.describe('base register'),
    bounds: amount.describe('bounds register: bytes'),
  }),
  segments: z.strictObject({
    scheme: z.literal('segments'),
    ...general,
    addressBits: bits,
    segmentBits: z.int().min(1).max(4).describe('top bits that select the segment'),
    segments: z.array(
      z
        .strictObject({
          name: z.string().optional(),
          base: amount.describe('of one that grows down, the address behind its last byte'),
          size: amount,
          grows: z.enum(['up', 'down']).optional(),
          access: access.optional().describe('default rw'),
          shared: z.boolean().optional().describe('its memory may be that of other shared segments'),
        })
        .nullable(),
    ),
  }),
  linear: z.strictObject({
    scheme: z.literal('linear'),
    ...paged,
    entryBytes,
    base,
    length: amount.optional().describe('length register: entries; default: all'),
    entries: z.array(tableEntry).optional().describe('of the table, from page 0 on'),
  }),
  hybrid: z.strictObject({
    scheme: z.literal('hybrid'),
    ...paged,
    entryBytes,
    base,
    segmentBits: z.int().min(1).max(4),
    segments: z
      .array(
        z
          .strictObject({
            base,
            length: amount.optional().describe('entries; default: as many as the mappings need'),
            grows: z.enum(['up', 'down']).optional(),
          })
          .nullable(),
      )
      .optional(),
  }),
  inverted: z.strictObject({
    scheme: z.literal('inverted'),
    ...paged,
    memory: amount.describe('its frames have one entry each'),
    entryBytes: z
      .union([z.literal(4), z.literal(16)])
      .optional()
      .describe('default 16; tables of 4 are described, and hold no pages'),
    base,
    search: z.enum(['scan', 'hash']).optional(),
    anchors: amount.optional().describe('a power of two; default: as many as frames, or more'),
    space,
  }),
  hashed: z.strictObject({
    scheme: z.literal('hashed'),
    ...paged,
    base,
    buckets: amount.optional().describe('a power of two; default 16'),
    space,
  }),
  vax: z.strictObject({
    scheme: z.literal('vax'),
    ...paged,
    base: base.describe('physical address of the system table; default: behind the pages'),
    firstTable: frame
      .optional()
      .describe('of the first page of a table; others follow; default: behind the system table'),
    p0Length: amount
      .optional()
      .describe('P0LR: entries of the table of P0; default: as many as the mappings need'),
    p1Length: amount
      .optional()
      .describe('P1LR: pages of P1 that have no entry; default: all before the first mapped one'),
    swapped: z.array(frame).optional().describe('pages of S, which tables lie in, that are not in memory'),
  }),
  'two-level': named('two-level'),
  sv39: named('sv39'),
  sv48: named('sv48'),
  'x86-64': named('x86-64'),
  'multi-level': z.strictObject({
    scheme: z.literal('multi-level'),
    ...radix,
    addressBits: bits.optional().describe('the sum of the others'),
    indexBits: z.array(z.int().min(1).max(20)).min(1).max(8).describe('of each level, the root first'),
    offsetBits: bits,
    entryBytes,
  }),
} as const;

export type SchemeName = keyof typeof translateSchemas;
export const schemeNames = Object.keys(translateSchemas) as SchemeName[];

export type ConfigOf<Name extends SchemeName> = z.infer<(typeof translateSchemas)[Name]>;
export type TranslateConfig = { [Name in SchemeName]: ConfigOf<Name> }[SchemeName];
export type Mapping = z.infer<typeof mapping>;
export type TableEntry = z.infer<typeof tableEntry>;
/** What configurations of radix tables have in common. */
export type RadixConfig = ConfigOf<'two-level' | 'sv39' | 'sv48' | 'x86-64' | 'multi-level'>;

/** Names the place of a key for messages: `FILE: mappings.0.frame`, or a flag. */
export type Place = (key: string) => string;

/** What a file may hold. */
export const translateFileSchema = z.union(Object.values(translateSchemas));

/**
 * @throws UserError naming the place of the first key that is wrong
 */
export function parseTranslateConfig(value: unknown, place: Place): TranslateConfig {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(
      place('scheme'),
      `expected an object with a scheme; known: ${schemeNames.join(', ')}`,
    );
  const name = 'scheme' in value ? value.scheme : undefined;
  const scheme = schemeNames.find((one) => one === name);
  if (scheme === undefined) {
    const found = name === undefined ? 'no scheme' : `unknown scheme '${String(name)}'`;
    throw new UserError(place('scheme'), `${found}; known: ${schemeNames.join(', ')}`);
  }
  const schema = translateSchemas[scheme];
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const unknown = [key, issue.keys[0]].filter(Boolean).join('.');
    const known = key === '' ? `; ${scheme} has: ${Object.keys(schema.shape).join(', ')}` : '';
    throw new UserError(place(unknown), `unknown key${known}`);
  }
  const message = issue.message.replace(/^Invalid input: /, '');
  const text = message.endsWith('received undefined') ? `is missing, ${message.split(',')[0]}` : message;
  throw new UserError(place(key === '' ? 'scheme' : key), text);
}
