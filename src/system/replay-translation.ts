/** A trace under translation schemes and TLBs: beside the faults of a policy, what its pages cost to be found. */
import { UserError } from '../base/errors.ts';
import type { AsidChoice } from '../kernel/memory/asids.ts';
import type { TlbConfig } from '../machine/contract.ts';
import { type DenseTrace, referencesOf } from '../replay/dense.ts';
import { NextUses, nextUses } from '../replay/next-use.ts';
import { Simulation } from '../replay/simulate.ts';
import { Identifiers } from '../replay/translation/identifiers.ts';
import { PagingLog } from '../replay/translation/paging-log.ts';
import { TranslationPass } from '../replay/translation/pass.ts';
import { pagesOf, type ReplayedScheme, schemesFor } from '../replay/translation/schemes.ts';
import type { ReplayedTables } from '../replay/translation/tables.ts';
import type { ReplayResult, TranslationResult } from '../report/replay-schema.ts';
import { loadPolicy, type PolicyChoice } from './load-policy.ts';
import type { AccessCosts } from './replay.ts';
import { PIECE } from './replay-task.ts';
import { formatTlb } from './tlb-syntax.ts';

export interface TranslationPlan {
  readonly schemes: readonly ReplayedScheme[];
  readonly tlbs: readonly TlbConfig[];
  readonly asids: AsidChoice;
  readonly costs: AccessCosts;
  readonly seed: number;
}

/** A policy's faults at one size, which were counted already. */
export interface CountedRun {
  readonly policy: PolicyChoice;
  readonly result: ReplayResult;
}

/** Why a trace can't be replayed under a scheme that has no address for one of its pages. */
export function outsideText(scheme: ReplayedScheme, { names }: DenseTrace, page: number): string {
  const [low, high] = [names.low[page]!, names.high[page]!];
  const address = ((BigInt(high) << 32n) | BigInt(low)) << BigInt(scheme.offsetBits);
  const fitting = schemesFor(2 ** scheme.offsetBits, low, high);
  const fits = fitting.length === 0 ? 'no scheme has it' : `it fits ${fitting.join(', ')}`;
  const space = `the ${scheme.addressBits} bits of ${scheme.name}`;
  return `address 0x${address.toString(16)} lies outside of ${space}; ${fits}`;
}

/** A TLB for pages of one size. @throws UserError when it has another for superpages */
export function checkTlb(tlb: TlbConfig, place: string): void {
  if (tlb.kind !== 'none' && tlb.superpages !== undefined)
    throw new UserError(place, `a replay has pages of one size: leave out +super=, and give --page-size`);
}

/** Replays what was counted once more, under every scheme and TLB. */
export async function replayTranslation(
  trace: DenseTrace,
  plan: TranslationPlan,
  runs: readonly CountedRun[],
): Promise<TranslationResult[]> {
  const results: TranslationResult[] = [];
  for (const { policy, result } of runs) {
    const definition = await loadPolicy(policy);
    const { frames } = result;
    const log = new PagingLog();
    const passes = plan.tlbs.map((tlb) => passOf(trace, plan, tlb, frames));
    const simulation =
      frames >= trace.pages
        ? undefined
        : new Simulation({
            definition,
            frames,
            pages: trace.pages,
            owners: trace.owners.length > 1 ? trace.names.owner : undefined,
            seed: plan.seed,
            nextUses: definition.needs === 'the future' ? new NextUses(trace, nextUses(trace)) : undefined,
            listener: log,
          });
    for (const [piece, from, to] of piecesOf(trace)) {
      log.clear();
      simulation?.feed(piece, from, to);
      for (const { pass } of passes) pass.feed(piece, from, to, log);
    }
    for (const one of passes) results.push(...resultsOf(one, plan, trace, result));
  }
  return results;
}

function* piecesOf({ chunks }: DenseTrace): Generator<[Uint32Array, number, number]> {
  for (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += PIECE) yield [chunk, at, Math.min(chunk.length, at + PIECE)];
}

interface Running {
  readonly tlb: TlbConfig;
  readonly tables: readonly ReplayedTables[];
  readonly pass: TranslationPass;
}

function passOf(trace: DenseTrace, plan: TranslationPlan, tlb: TlbConfig, frames: number): Running {
  const { names, owners, remarks } = trace;
  const tables = plan.schemes.map((scheme) => scheme.tables(pagesOf(scheme, trace), frames));
  const pass = new TranslationPass({
    tlb,
    tables,
    numbers: names.low,
    spaceOf: owners.length > 1 ? names.owner : undefined,
    spaces: owners.length,
    identifiers: new Identifiers(plan.asids, owners.length),
    remarks,
    seed: plan.seed,
  });
  return { tlb, tables, pass };
}

function resultsOf(
  { tlb, tables, pass }: Running,
  plan: TranslationPlan,
  trace: DenseTrace,
  { policy, frames, faults, hits }: ReplayResult,
): TranslationResult[] {
  const { counts } = pass;
  const lookUps = referencesOf(trace) - counts.kernelReferences + counts.faults + counts.refused;
  const misses = counts.instructionMisses + counts.dataMisses;
  return plan.schemes.map((scheme, i) => {
    const table = tables[i]!;
    const { chains } = table;
    const loads = pass.loads[i]!;
    return {
      policy,
      frames,
      faults,
      scheme: scheme.name,
      widths: [...scheme.widths],
      pageSize: 2 ** scheme.offsetBits,
      tlb: formatTlb(tlb),
      lookUps,
      misses,
      instructionMisses: counts.instructionMisses,
      dataMisses: counts.dataMisses,
      walks: { count: counts.walks, loads, dirty: counts.dirtyWalks },
      tables: {
        peakBytes: table.peakBytes,
        endBytes: table.bytes,
        levels: table.levels.map(({ bits, tableBytes, tables: end, peak }) => ({
          bits,
          tableBytes,
          end,
          peak,
        })),
      },
      ...(chains === undefined ? {} : { chains: { probes: chains.probes, longest: chains.longest } }),
      switches: counts.switches,
      flushes: counts.flushes,
      dropped: counts.dropped,
      time: (hits + loads) * plan.costs.memory + faults * plan.costs.disk,
    };
  });
}

/** What pages take beyond what is touched of them, as far as smaller pages can tell. */
export const unusedBytes = (trace: DenseTrace, smaller: DenseTrace): number =>
  trace.pages * trace.pageSize - smaller.pages * smaller.pageSize;
