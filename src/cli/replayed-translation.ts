/** `--translation`, `--tlb` and `--asids` of the commands that replay. */
import { UserError } from '../base/errors.ts';
import { parseSize } from '../base/sizes.ts';
import {
  checkTlb,
  firstOutside,
  firstReference,
  outsideText,
  type PolicyChoice,
  parseAsids,
  parseTlb,
  type ReadTrace,
  type ReplayedGeometry,
  type ReplayedScheme,
  type ReplayReport,
  replayedGeometry,
  replayedScheme,
  replayTranslation,
  type TlbConfig,
} from '../system/replaying.ts';
import { type TraceFlags, traceOptions } from './trace-options.ts';
import { placeOfReference } from './trace-place.ts';

export interface TranslationFlags {
  readonly translation?: string;
  readonly tlb?: string;
  readonly asids?: string;
  readonly pageSize?: string;
}

/** What was asked for, with pages of any size. */
export interface TranslationChoice {
  readonly wanted: readonly (string | ReplayedGeometry)[];
  readonly tlbs: readonly TlbConfig[];
  readonly asids: number | 'none';
  /** As `--page-size` has it: given, or a geometry's own. */
  readonly pageSize: string | undefined;
}

const DEFAULT_TLB = '64x4:lru';

/** @throws UserError naming the flag; `undefined` without `--translation` */
export async function translationChoice(flags: TranslationFlags): Promise<TranslationChoice | undefined> {
  const { translation, tlb, asids } = flags;
  if (translation === undefined) {
    const lone = tlb !== undefined ? '--tlb' : asids !== undefined ? '--asids' : undefined;
    if (lone !== undefined) throw new UserError(lone, 'needs --translation: whose tables are walked?');
    return undefined;
  }
  const wanted = await Promise.all(translation.split(',').map((one) => wantedScheme(one.trim())));
  const tlbs = (tlb ?? DEFAULT_TLB).split(',').map((text) => {
    const one = parseTlb(text.trim(), '--tlb');
    checkTlb(one, '--tlb');
    return one;
  });
  const own = wanted.find((one): one is ReplayedGeometry => typeof one !== 'string');
  const pageSize = flags.pageSize ?? (own === undefined ? undefined : String(2 ** own.offsetBits));
  // Names and sizes that make no scheme should not be found out after the trace was read.
  schemesOf(wanted, parseSize((pageSize ?? '4K').split(',')[0]!, '--page-size'));
  return { wanted, tlbs, asids: parseAsids(asids, '--asids'), pageSize };
}

/** @throws UserError when a scheme has no room for pages of that size */
export const schemesOf = (wanted: TranslationChoice['wanted'], pageSize: number): ReplayedScheme[] =>
  wanted.map((one) => replayedScheme(one, pageSize, '--translation'));

async function wantedScheme(text: string): Promise<string | ReplayedGeometry> {
  if (!text.endsWith('.json') && !text.includes('/')) return text;
  const { loadGeometry } = await import('./geometry-file.ts');
  return replayedGeometry(loadGeometry(text), text);
}

/** @throws UserError when the trace has an address that a scheme has not, naming where it stands */
export async function checkTranslated(
  path: string | undefined,
  { trace, format }: ReadTrace,
  schemes: readonly ReplayedScheme[],
  flags: TraceFlags,
): Promise<void> {
  for (const scheme of schemes) {
    const page = firstOutside(scheme, trace);
    if (page < 0) continue;
    const reference = firstReference(trace, page);
    throw new UserError(await placeOf(path, format, flags, reference), outsideText(scheme, trace, page));
  }
}

async function placeOf(
  path: string | undefined,
  format: string,
  flags: TraceFlags,
  reference: number,
): Promise<string> {
  if (path === undefined) return '--references';
  if (path === '-') return `standard input: reference ${reference + 1}`;
  return placeOfReference(path, format, traceOptions(flags), reference);
}

/** A report with what translation comes to, beside the faults. */
export async function translated(
  { trace }: ReadTrace,
  report: ReplayReport,
  plan: Parameters<typeof replayTranslation>[1],
  policies: readonly PolicyChoice[],
): Promise<ReplayReport> {
  const sizes = report.results.length / policies.length;
  const runs = report.results.map((result, i) => ({ policy: policies[Math.floor(i / sizes)]!, result }));
  return { ...report, translation: await replayTranslation(trace, plan, runs) };
}
