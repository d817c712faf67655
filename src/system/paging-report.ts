/** The disk and the page daemon in a run's report. */
import { PAGE_SIZE } from '../base/numbers.ts';
import type { MemoryCounters } from '../kernel/memory/contract.ts';
import type { MemoryState } from '../kernel/memory/state.ts';
import type { SuperpageTables } from '../kernel/memory/superpage-tables.ts';
import type { RegionState } from '../kernel/memory/table-region.ts';
import { ENTRY_BYTES, systemFrames } from '../kernel/memory/vax-tables.ts';
import type { RootState } from '../kernel/state.ts';
import type { TlbConfig } from '../machine/contract.ts';
import type { PlacementDefinition } from '../policies/placement/contract.ts';
import { findPlacementPolicy } from '../policies/placement/registry.ts';
import type { RunReport } from '../report/schema.ts';
import type { SystemConfig } from './config.ts';
import { formatDisk } from './disk-syntax.ts';
import { formatDaemon } from './paging-options.ts';

export function pagingConfiguration({
  disk,
  paging,
  pageTables,
  superpages,
}: SystemConfig): Pick<
  RunReport['configuration'],
  'disk' | 'readAhead' | 'daemon' | 'cluster' | 'cleanEvery' | 'pageTables' | 'superpages'
> {
  const { readAhead, daemon, cluster, cleanEvery } = paging;
  return {
    disk: formatDisk(disk),
    readAhead,
    daemon: formatDaemon(daemon),
    cluster,
    ...(cleanEvery === undefined ? {} : { cleanEvery }),
    pageTables,
    superpages,
  };
}

export const pagingReport = (
  { disk }: RootState,
  { paging }: MemoryCounters,
): Pick<RunReport, 'disk' | 'paging'> => structuredClone({ disk: disk.counts, paging });

/** Frames of page tables, where they lie in adjacent ones, and what went to swap. */
export function tablesReport(
  { placement, segments }: SystemConfig,
  { memory }: RootState,
  { tableFrames: frames, tableFramesPeak: peak, tablePaging }: MemoryCounters,
): RunReport['tables'] {
  const { linear, hybrid, vax } = segments === undefined ? (memory as MemoryState).tables : {};
  const policy = findPlacementPolicy(placement, '--placement');
  const tables = { frames, peak, bytes: peak * PAGE_SIZE, ...tablePaging };
  if (vax !== undefined) {
    const unused = systemFrames(vax) * PAGE_SIZE - vax.system.usedPeak * ENTRY_BYTES;
    return { ...tables, bytes: tables.bytes - unused, systemTable: systemTableReport(vax.system, policy) };
  }
  const regions = [linear, hybrid].filter((region) => region !== undefined);
  if (regions.length === 0) return tables;
  const unused = regions.reduce((sum, { units, usedPeak }) => sum + units - usedPeak, 0);
  return { ...tables, bytes: (peak - unused) * PAGE_SIZE, region: regionReport(regions, policy) };
}

/** Of both regions together where linear and hybrid tables are side by side. */
function regionReport(
  regions: readonly RegionState[],
  policy: PlacementDefinition,
): RunReport['tables']['region'] {
  const figures = regions.map(({ placement }) => policy.attach(placement).figures());
  const total = <T>(items: readonly T[], of: (item: T) => number) =>
    items.reduce((sum, item) => sum + of(item), 0);
  const free = total(figures, (region) => region.free);
  const inHoles = total(figures, (region) => region.free * region.external);
  return {
    policy: policy.name,
    frames: total(regions, ({ units }) => units),
    free,
    largest: Math.max(...figures.map(({ largest }) => largest)),
    external: free === 0 ? 0 : inHoles / free,
    moves: total(regions, ({ moves }) => moves),
    movedBytes: total(regions, ({ movedBytes }) => movedBytes),
    compactions: total(regions, ({ compactions }) => compactions),
    refusals: total(regions, ({ refusals }) => refusals),
  };
}

function systemTableReport(
  { placement, units, usedPeak, moves, movedBytes, compactions }: RegionState,
  policy: PlacementDefinition,
): RunReport['tables']['systemTable'] {
  const { free, largest } = policy.attach(placement).figures();
  const bytes = units * ENTRY_BYTES;
  return {
    policy: policy.name,
    entries: units,
    bytes,
    peak: usedPeak,
    free,
    largest,
    moves,
    movedBytes,
    compactions,
  };
}

/** What came of superpages, and how much of memory the TLB holds the translation of. */
export function superpagesReport(
  config: SystemConfig,
  superpages: SuperpageTables | undefined,
  { superpages: counts }: MemoryCounters,
): Pick<RunReport, 'superpages'> {
  if (superpages === undefined) return {};
  const { split, zeroPages, ...rest } = structuredClone(counts);
  const bytes = superpages.span * PAGE_SIZE;
  return {
    superpages: {
      bytes,
      ...rest,
      split: { total: Object.values(split).reduce((sum, n) => sum + n, 0), ...split },
      left: superpages.count,
      zeroBytes: (zeroPages + superpages.zeroPages()) * PAGE_SIZE,
      reach: reachOf(config.tlb, bytes),
    },
  };
}

function reachOf(tlb: TlbConfig, bytes: number): NonNullable<RunReport['superpages']>['reach'] {
  if (tlb.kind === 'none') return { instructions: 0, data: 0 };
  const [instructions, data] = tlb.kind === 'split' ? [tlb.instructions, tlb.data] : [tlb.shape, tlb.shape];
  const more = (tlb.superpages?.entries ?? 0) * bytes;
  return { instructions: instructions.entries * PAGE_SIZE + more, data: data.entries * PAGE_SIZE + more };
}

/** What a transfer took, on average; where a page takes the same everywhere, that. ns */
export function transferTime({ disk, costs }: SystemConfig, root: RootState): number {
  const { reads, writes } = root.disk.counts;
  const requests = reads.requests + writes.requests;
  if (disk.kind === 'flat') return costs.diskPage;
  return requests === 0 ? 0 : root.clock.disk / requests;
}
