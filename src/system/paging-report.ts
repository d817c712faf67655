/** The disk and the page daemon in a run's report. */
import type { MemoryCounters } from '../kernel/memory/contract.ts';
import type { RootState } from '../kernel/state.ts';
import type { RunReport } from '../report/schema.ts';
import type { SystemConfig } from './config.ts';
import { formatDisk } from './disk-syntax.ts';
import { formatDaemon } from './paging-options.ts';

export function pagingConfiguration({
  disk,
  paging,
}: SystemConfig): Pick<
  RunReport['configuration'],
  'disk' | 'readAhead' | 'daemon' | 'cluster' | 'cleanEvery'
> {
  const { readAhead, daemon, cluster, cleanEvery } = paging;
  return {
    disk: formatDisk(disk),
    readAhead,
    daemon: formatDaemon(daemon),
    cluster,
    ...(cleanEvery === undefined ? {} : { cleanEvery }),
  };
}

export const pagingReport = (
  { disk }: RootState,
  { paging }: MemoryCounters,
): Pick<RunReport, 'disk' | 'paging'> => structuredClone({ disk: disk.counts, paging });

/** What a transfer took, on average; where a page takes the same everywhere, that. ns */
export function transferTime({ disk, costs }: SystemConfig, root: RootState): number {
  const { reads, writes } = root.disk.counts;
  const requests = reads.requests + writes.requests;
  if (disk.kind === 'flat') return costs.diskPage;
  return requests === 0 ? 0 : root.clock.disk / requests;
}
