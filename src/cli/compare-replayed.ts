/** `pagewalk compare` of a trace, or of a program with pages of other sizes than the machine's: everything is replayed. */
import { UserError } from '../base/errors.ts';
import { parseSize } from '../base/sizes.ts';
import type { ReplayComparison } from '../report/compare-replay-schema.ts';
import { replayComparisonText } from '../report/compare-replay-text.ts';
import {
  DEFAULT_ACCESS_COSTS,
  inProcess,
  loadPolicy,
  type ReadTrace,
  replayTrace,
} from '../system/replaying.ts';
import { isTrace } from './compared-kind.ts';
import { policyChoice } from './policy-choice.ts';
import { recordedTraces } from './recorded-trace.ts';
import {
  checkTranslated,
  schemesOf,
  type TranslationChoice,
  translated,
  translationChoice,
} from './replayed-translation.ts';
import { readTraceInput } from './trace-input.ts';
import { parseFrames, traceOptions } from './trace-options.ts';

export interface ReplayedFlags {
  readonly translation?: string;
  readonly tlb?: string;
  readonly asids?: string;
  readonly pageSize?: string;
  readonly format?: string;
  readonly kinds?: string;
  readonly frames?: string;
  readonly memory?: string;
  readonly replacement?: string;
  readonly seed?: string;
  readonly root?: string;
  readonly json?: boolean;
}

const DEFAULT_SCHEME = 'sv39';
const DEFAULT_POLICY = 'lru';

/** @throws UserError when a flag is wrong, or the trace or the program can't be read */
export async function compareReplayed(
  path: string,
  args: readonly string[],
  given: ReplayedFlags,
): Promise<number> {
  const flags = { ...given, translation: given.translation ?? DEFAULT_SCHEME };
  const choice = (await translationChoice(flags))!;
  const sizes = (choice.pageSize ?? '4K').split(',').map((one) => parseSize(one.trim(), '--page-size'));
  for (const size of sizes) schemesOf(choice.wanted, size);
  const policies = (flags.replacement ?? DEFAULT_POLICY).split(',').map((one) => policyChoice(one));
  await Promise.all(policies.map((policy) => loadPolicy(policy)));
  const source = isTrace(path) ? 'trace' : 'run';
  const reads =
    source === 'run' ? await recordedOf(path, args, flags, sizes) : await tracesOf(path, flags, sizes);
  const smallest = reads[sizes.indexOf(Math.min(...sizes))]!;
  const rows: ReplayComparison['rows'] = [];
  for (const [i, read] of reads.entries()) {
    const pageSize = sizes[i]!;
    const schemes = schemesOf(choice.wanted, pageSize);
    const traceFlags = { ...flags, pageSize: String(pageSize), cache: true };
    await checkTranslated(source === 'run' ? undefined : path, read, schemes, traceFlags);
    const results = await resultsOf(read, { choice, schemes, policies }, flags);
    const { pages } = read.trace;
    const unusedBytes = pages * pageSize - smallest.trace.pages * Math.min(...sizes);
    rows.push(...results.map((result) => ({ ...result, pages, unusedBytes: Math.max(0, unusedBytes) })));
  }
  const report: ReplayComparison = {
    schema: 'pagewalk.compare-replay/1',
    name: smallest.trace.name,
    source,
    references: smallest.trace.entries - smallest.trace.counts[3],
    granule: Math.min(...sizes),
    rows,
  };
  process.stdout.write(
    flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : replayComparisonText(report),
  );
  return 0;
}

async function resultsOf(
  read: ReadTrace,
  {
    choice,
    schemes,
    policies,
  }: {
    choice: TranslationChoice;
    schemes: ReturnType<typeof schemesOf>;
    policies: ReturnType<typeof policyChoice>[];
  },
  flags: ReplayedFlags,
) {
  const costs = DEFAULT_ACCESS_COSTS;
  const seed = Number(flags.seed ?? 1);
  const counted = await replayTrace(
    read,
    { policies, frames: framesOf(read, flags), seed, costs },
    inProcess,
  );
  const plan = { schemes, tlbs: choice.tlbs, asids: choice.asids, costs, seed };
  return (await translated(read, counted, plan, policies)).translation!;
}

/** As many as there are pages, unless fewer are asked for; memory of the same size has fewer frames the larger they are. */
function framesOf({ trace }: ReadTrace, { frames, memory }: ReplayedFlags): number[] {
  if (frames !== undefined) return frames.split(',').map((one) => parseFrames(one, '--frames'));
  if (memory === undefined) return [trace.pages];
  if (trace.pageSize === 0)
    throw new UserError('--memory', 'the trace names pages, not addresses: give --frames');
  return memory.split(',').map((one) => {
    const count = Math.floor(parseSize(one, '--memory') / trace.pageSize);
    if (count >= 1) return count;
    throw new UserError('--memory', `'${one}' holds no page of ${trace.pageSize} bytes`);
  });
}

/** Frames and TLB of the run do not matter: the record of a program is that of its references. */
function recordedOf(path: string, args: readonly string[], flags: ReplayedFlags, sizes: readonly number[]) {
  const { kinds, root = '.' } = flags;
  const options = traceOptions({ ...(kinds === undefined ? {} : { kinds }), cache: false });
  return recordedTraces(path, args, root, options, sizes);
}

async function tracesOf(path: string, flags: ReplayedFlags, sizes: readonly number[]): Promise<ReadTrace[]> {
  if (path === '-' && sizes.length > 1)
    throw new UserError('--page-size', 'standard input is read once: give one size, or a file');
  const reads: ReadTrace[] = [];
  for (const size of sizes) {
    const read = await readTraceInput(path, { ...flags, pageSize: String(size), cache: false });
    if (read.trace.pageSize === 0 && sizes.length > 1)
      throw new UserError(
        '--page-size',
        `${path} names pages, not addresses, which have the size that they have`,
      );
    reads.push(read);
  }
  return reads;
}
