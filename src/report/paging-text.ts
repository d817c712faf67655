/** Lines of a run's report about the disk and the page daemon. */
import { formatSize } from '../base/sizes.ts';
import { counted, duration, grouped, percent } from './format.ts';
import type { RunReport } from './schema.ts';

const join = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined).join(' · ');

/** Label and text; no text where there is nothing to tell. */
export function pagingRows(report: RunReport): [label: string, text: string | undefined][] {
  return [
    ['disk', diskLine(report)],
    ['read-ahead', readAheadLine(report)],
    ['daemon', daemonLine(report)],
    ['clusters', clustersLine(report)],
    ['cleaning', cleaningLine(report)],
    ['laziness', lazinessLine(report)],
    ['tables', tablesLine(report)],
    ['superpages', superpagesLine(report)],
  ];
}

function diskLine({ configuration, disk, time }: RunReport): string | undefined {
  const { reads, writes, seeks, distance, sequential } = disk;
  const requests = reads.requests + writes.requests;
  if (requests === 0) return undefined;
  const transfers = ({ requests: n, pages }: typeof reads, name: string) =>
    `${counted(n, name)} of ${counted(pages, 'page')}`;
  const arm = `${counted(seeks, 'seek')} over ${counted(distance, 'track')}, ${grouped(sequential)} sequential`;
  return join([
    transfers(reads, 'read'),
    transfers(writes, 'write'),
    configuration.disk === 'flat' ? undefined : arm,
    `busy ${duration(time.disk)}, ${duration(time.disk / requests)} each`,
  ]);
}

function readAheadLine({ configuration, paging }: RunReport): string | undefined {
  if (configuration.readAhead === 0) return undefined;
  const { read, useful, useless, late } = paging.readAhead;
  const share = read === 0 ? '' : ` (${percent(useful, read)})`;
  return `${counted(read, 'page')}: useful ${grouped(useful)}${share} · late ${grouped(late)} · useless ${grouped(useless)}`;
}

function daemonLine({ configuration, paging }: RunReport): string | undefined {
  if (configuration.daemon === 'off') return undefined;
  const { wakeUps, dropped, written, found, missed } = paging.daemon;
  return join([
    `woke ${counted(wakeUps, 'time')}`,
    `${grouped(dropped)} pages dropped, ${grouped(written)} written`,
    `${percent(found, found + missed)} of ${counted(found + missed, 'page')} found a free frame`,
  ]);
}

function clustersLine({ paging }: RunReport): string | undefined {
  const { writes, pages } = paging.clusters;
  if (writes === 0) return undefined;
  return `${counted(writes, 'write')} of ${grouped(pages)} pages together: ${grouped(pages - writes)} writes saved`;
}

function cleaningLine({ configuration, paging }: RunReport): string | undefined {
  if (configuration.cleanEvery === undefined) return undefined;
  const { runs, pages, dirtyPeak } = paging.cleaning;
  return `${counted(pages, 'page')} in ${counted(runs, 'run')}, ${grouped(dirtyPeak)} dirty at most`;
}

function lazinessLine({ disk, paging }: RunReport): string | undefined {
  const { swap, file } = paging.neverWritten;
  const { pages } = disk.cancelled;
  if (swap + file + pages === 0) return undefined;
  const never = `${counted(swap + file, 'dirty page')} given up before they had to be written`;
  return join([never, pages === 0 ? undefined : `${counted(pages, 'queued page write')} taken back`]);
}

function tablesLine({ configuration, tables }: RunReport): string {
  const { frames, peak, evicted, returned, swapped, swappedPeak } = tables;
  const memory = `${counted(frames, 'frame')} at the end, ${grouped(peak)} at the peak`;
  if (configuration.pageTables === 'resident') return join([memory, regionText(tables), systemText(tables)]);
  return join([
    memory,
    `${grouped(evicted)} evicted, ${grouped(returned)} brought back`,
    `in swap ${grouped(swapped)} at the end, ${grouped(swappedPeak)} at the peak`,
    systemText(tables),
  ]);
}

const CAUSES = {
  unmap: 'unmapped',
  protect: 'protected',
  fork: 'fork',
  copyOnWrite: 'copied on write',
  evict: 'evicted',
  move: 'moved',
  setAside: 'set aside',
} as const;

function superpagesLine({ superpages }: RunReport): string | undefined {
  if (superpages === undefined) return undefined;
  const { bytes, mapped, joined, fellBack, split, freed, left, zeroBytes, reach } = superpages;
  const causes = Object.entries(CAUSES)
    .filter(([cause]) => split[cause as keyof typeof CAUSES] > 0)
    .map(([cause, name]) => `${name} ${grouped(split[cause as keyof typeof CAUSES])}`);
  const why = causes.length === 0 ? '' : ` (${causes.join(', ')})`;
  const all = (mapped + joined) * bytes;
  return join([
    `${grouped(mapped)} of ${formatSize(bytes)} mapped${joined === 0 ? '' : `, ${grouped(joined)} joined again`}`,
    `${grouped(split.total)} split${why}`,
    `${grouped(freed)} freed whole, ${grouped(left)} left`,
    fellBack === 0 ? undefined : `${counted(fellBack, 'range')} without adjacent frames`,
    `${formatSize(zeroBytes)} of zeros (${percent(zeroBytes, all)})`,
    `data TLB reaches ${formatSize(reach.data)}`,
  ]);
}

function regionText({ bytes, region }: RunReport['tables']): string | undefined {
  if (region === undefined) return undefined;
  const { policy, frames, free, largest, external, moves, compactions, refusals } = region;
  return join([
    `${formatSize(bytes)} used of a region of ${counted(frames, 'frame')}, ${policy}`,
    `${grouped(free)} free, the largest hole ${grouped(largest)} (${percent(external, 1)} external fragmentation)`,
    moves === 0 ? undefined : `${counted(moves, 'move')}, ${counted(compactions, 'compaction')}`,
    refusals === 0 ? undefined : `no room ${counted(refusals, 'time')}`,
  ]);
}

function systemText({ bytes, systemTable }: RunReport['tables']): string | undefined {
  if (systemTable === undefined) return undefined;
  const { entries, peak, moves, compactions } = systemTable;
  return join([
    `${formatSize(bytes)} used, for ${counted(peak, 'page')} of tables in S at the peak of ${grouped(entries)}`,
    moves === 0 ? undefined : `${counted(moves, 'move')}, ${counted(compactions, 'compaction')}`,
  ]);
}
