/** A run's report for people: compact, one subject a line. */
import { formatSize } from '../base/sizes.ts';
import { failuresLine, sufferersLine } from './failures-text.ts';
import { counted, duration, grouped, meanDuration, percent } from './format.ts';
import { killedLines, loadLine } from './load-text.ts';
import { pagingRows } from './paging-text.ts';
import { forksLine, processLines, schedulingLine, watchLines } from './process-text.ts';
import type { RunReport } from './schema.ts';
import { segmentLines, segmentRows } from './segment-text.ts';
import { whereLines } from './where-text.ts';

const PAGE_SIZE = 4096;
const LABEL_WIDTH = 13;

const size = (pages: number): string => formatSize(pages * PAGE_SIZE);
const join = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined).join(' · ');

/** @returns lines that end in a line feed */
export function reportText(report: RunReport): string {
  const rows: [label: string, text: string | undefined][] = [
    ['end', endLine(report)],
    ['ran', ranLine(report)],
    ['memory', memoryLine(report)],
    ['least', leastLine(report)],
    ['references', referencesLine(report)],
    ['TLB', tlbLine(report)],
    ['misses', missesLine(report)],
    ['cache', cacheLine(report)],
    ['stale', staleLine(report)],
    ['spaces', spacesLine(report)],
    ['walks', walksLine(report)],
    ['faults', faultsLine(report)],
    ['evictions', evictionsLine(report)],
    ['second chance', chancesLine(report)],
    ['swap', swapLine(report)],
    ['failures', failuresLine(report)],
    ['suffering', sufferersLine(report)],
    ...pagingRows(report),
    ...segmentRows(report),
    ['access time', accessLine(report)],
    ['time', timeLine(report)],
    ['scheduling', schedulingLine(report)],
    ['forks', forksLine(report)],
    ['load', loadLine(report)],
    ['system calls', callsLine(report)],
    ['unknown', unknownLine(report)],
    ...report.notes.map((note): [string, string] => ['note', note]),
  ];
  const lines = rows.flatMap(([label, text]) =>
    text === undefined ? [] : [`  ${label.padEnd(LABEL_WIDTH)} ${text}`],
  );
  const title = `pagewalk: ${[report.program.path, ...report.program.arguments.slice(1)].join(' ')}`;
  return `${[title, ...lines, ...watchLines(report), ...killedLines(report), ...processLines(report), ...segmentLines(report), ...areaLines(report), ...whereLines(report)].join('\n')}\n`;
}

function endLine({ end }: RunReport): string {
  switch (end.kind) {
    case 'exited':
      return `exited with status ${end.status}`;
    case 'killed':
      return `killed by ${end.signal}${end.reason === undefined ? '' : `: ${end.reason}`} (status ${end.status})`;
    case 'deadlock':
      return `dead-locked (status ${end.status}): ${end.waiting.map(({ pid, name, waitsFor }) => `${pid} ${name} waits for ${waitsFor}`).join('; ')}`;
    case 'stopped':
      return `stopped when --max-${end.limit} was reached (status ${end.status})`;
  }
}

function ranLine({ instructions, time }: RunReport): string {
  const each = instructions === 0 ? '' : `, ${meanDuration(time.total / instructions)} each`;
  return `${counted(instructions, 'instruction')} in ${duration(time.total)} of virtual time${each}`;
}

function memoryLine({ configuration, resident, segments }: RunReport): string {
  const { sizing, frames, replacement, replacementScope, bits, loading } = configuration;
  const what = sizing === 'memory' ? `${size(frames)} with its tables` : `${size(frames)} for pages`;
  return join([
    `${counted(frames, 'frame')}, ${segments === undefined ? what : `${size(frames)} in pieces`}`,
    segments !== undefined
      ? undefined
      : `${replacement} replacement${replacementScope === 'global' ? '' : `, ${replacementScope}`}`,
    bits === 'hardware' ? undefined : `bits by ${bits}`,
    loading === 'eager' ? 'loaded eagerly' : undefined,
    `resident peak ${counted(resident.peak, 'page')} (${size(resident.peak)})`,
  ]);
}

function referencesLine({ accesses }: RunReport): string {
  const { fetches, loads, stores } = accesses;
  return `${grouped(fetches + loads + stores)}: ${counted(fetches, 'fetch', 'fetches')} · ${counted(loads, 'load')} · ${counted(stores, 'store')}`;
}

function tlbLine({ tlb }: RunReport): string {
  if (tlb === undefined) return 'none: every reference walks the table';
  const one = (name: string, { shape, lookUps, hits, misses }: NonNullable<RunReport['tlb']>['data']) =>
    `${name} ${shape} ${percent(hits, lookUps)} hits, ${counted(misses, 'miss', 'misses')}`;
  return join([one('instructions', tlb.instructions), one('data', tlb.data)]);
}

/** Only when misses were told apart. */
function missesLine({ tlb }: RunReport): string | undefined {
  if (tlb?.data.classes === undefined) return undefined;
  const one = (name: string, { classes }: NonNullable<RunReport['tlb']>['data']) => {
    const { compulsory = 0, capacity = 0, conflict = 0, flushed = 0 } = classes ?? {};
    return `${name} ${grouped(compulsory)} compulsory, ${grouped(capacity)} capacity, ${grouped(conflict)} conflict, ${grouped(flushed)} after a flush`;
  };
  return join([one('instructions', tlb.instructions), one('data', tlb.data)]);
}

const CACHES = {
  physical: 'translation first',
  vipt: 'translation beside the index',
  virtual: 'translation at a miss',
} as const;

function cacheLine({ configuration, cache }: RunReport): string | undefined {
  if (cache === undefined) return undefined;
  const { accesses, hits, misses, writeBacks, flushed, kind, time } = cache;
  const each = (of: keyof typeof CACHES) => `${meanDuration(time[of] / accesses)} with ${CACHES[of]}`;
  const others = (Object.keys(CACHES) as (keyof typeof CACHES)[]).filter((other) => other !== kind);
  return join([
    `${configuration.cache} ${percent(hits, accesses)} hits, ${counted(misses, 'miss', 'misses')}`,
    `${counted(writeBacks, 'line')} written back`,
    flushed === 0 ? undefined : `${grouped(flushed)} flushed`,
    accesses === 0 ? undefined : `${each(kind)} (${others.map(each).join(', ')})`,
  ]);
}

/** Only where lines had several copies. */
function staleLine({ cache }: RunReport): string | undefined {
  if (cache === undefined || cache.synonyms === 0) return undefined;
  const { synonyms, staleStores, staleLoads } = cache;
  return join([
    `${counted(synonyms, 'line')} brought in beside another copy`,
    `${counted(staleStores, 'store')} left another copy as it was`,
    `${counted(staleLoads, 'load')} would have got old data`,
  ]);
}

/** Only when there was more than one space to run. */
function spacesLine({ configuration, asids, tlb }: RunReport): string | undefined {
  if (asids === undefined) return undefined;
  const { switches, flushes, rollOvers, dropped } = asids;
  if (switches < 2 || tlb === undefined) return undefined;
  const identifiers =
    configuration.asids === 'none' ? 'no identifiers' : counted(configuration.asids, 'identifier');
  return join([
    `${identifiers}: ${counted(switches, 'change')} of spaces`,
    configuration.asids === 'none' ? undefined : counted(rollOvers, 'roll-over'),
    `${counted(flushes, 'flush', 'flushes')} of the TLB, ${counted(dropped, 'entry', 'entries')} dropped`,
  ]);
}

function walksLine({ walks, refills, segments, configuration }: RunReport): string | undefined {
  if (segments !== undefined) return undefined;
  const loads = `${counted(walks.loads, 'table load')}`;
  if (refills === undefined)
    return `${configuration.translation} by hardware: ${loads}, ${counted(walks.dirty, 'walk')} only to set a dirty bit`;
  const { misses, modifies, byHandler } = refills;
  return join([
    `${configuration.translation} by software: ${counted(misses, 'refill trap')}, ${loads}`,
    `${counted(modifies, 'trap')} for first stores`,
    byHandler === 0 ? undefined : `${counted(byHandler, 'entry', 'entries')} put in by fault handlers`,
  ]);
}

function faultsLine({ faults }: RunReport): string {
  const cases = Object.entries(faults.cases).filter(([, n]) => n > 0);
  const shown = cases.map(([name, n]) => `${name} ${grouped(n)}`).join(' · ');
  return `${grouped(faults.total)}, ${grouped(faults.major)} with a transfer${shown === '' ? '' : `: ${shown}`}`;
}

function evictionsLine({ evictions }: RunReport): string {
  const { clean, dirty, writesSaved } = evictions;
  if (clean + dirty === 0) return 'none';
  return `${grouped(clean + dirty)}: clean ${grouped(clean)} · dirty ${grouped(dirty)} · writes saved ${grouped(writesSaved)}`;
}

function chancesLine({ secondChances }: RunReport): string | undefined {
  if (secondChances === undefined) return undefined;
  const { setAside, rescues, cleaned, batches } = secondChances;
  const written = `${grouped(cleaned)} cleaned in ${counted(batches, 'batch', 'batches')}`;
  return join([`${counted(setAside, 'page')} set aside`, `${grouped(rescues)} rescued`, written]);
}

function swapLine({ configuration, swap }: RunReport): string {
  if (configuration.swapPages === 0) return 'none';
  const use = `${counted(swap.reads, 'read')} · ${counted(swap.writes, 'write')} · peak ${counted(swap.peak, 'page')}`;
  const failures = swap.failures === 0 ? undefined : counted(swap.failures, 'failure');
  return join([use, `${size(configuration.swapPages)} in ${configuration.swap}`, failures]);
}

const leastLine = ({ leastMemory }: RunReport): string | undefined =>
  leastMemory &&
  `${formatSize(leastMemory.bytes)} (${counted(leastMemory.frames, 'frame')}) is the least memory for this run`;

function accessLine({ accessTime }: RunReport): string {
  const { average, hitRatio, memory, disk } = accessTime;
  return `${meanDuration(average)} on average: ${percent(hitRatio, 1)} × ${duration(memory)} + ${percent(1 - hitRatio, 1)} × ${duration(disk)}`;
}

function timeLine({ time }: RunReport): string {
  const parts: [string, number][] = [
    ['instructions', time.instructions],
    ['memory', time.memory],
    ['walks', time.walks],
    ['stamps', time.stamps],
    ['traps', time.traps],
    ['TLB refills', time.refills],
    ['faults', time.faults],
    ['system calls', time.systemCalls],
    ['switches', time.switches],
    ['forks', time.forks],
    ['moves', time.moves],
    ['jobs', time.jobs],
    ['waiting', time.idle],
  ];
  return join(parts.filter(([, ns]) => ns > 0).map(([name, ns]) => `${name} ${percent(ns, time.total)}`));
}

function callsLine({ systemCalls }: RunReport): string {
  const shown = systemCalls.calls.slice(0, 6).map(({ name, count }) => `${name} ${grouped(count)}`);
  const more = systemCalls.calls.length > shown.length ? '…' : undefined;
  return `${grouped(systemCalls.total)}: ${join([...shown, more])}`;
}

function unknownLine({ systemCalls }: RunReport): string | undefined {
  if (systemCalls.unknown.length === 0) return undefined;
  const shown = systemCalls.unknown.map(({ name, count }) => `${name} × ${grouped(count)}`);
  return `calls answered ENOSYS: ${shown.join(', ')}`;
}

function areaLines({ areas }: RunReport): string[] {
  if (areas.length === 0) return [];
  const rows = areas.map(({ start, end, protection, pages, resident, swapped, name }) => [
    `${start}-${end}`,
    protection,
    grouped(pages),
    grouped(resident),
    grouped(swapped),
    name,
  ]);
  const table = [['area', '', 'pages', 'resident', 'swapped', ''], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const aligned = (row: string[]) =>
    row
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : i < 5 ? cell.padStart(widths[i]!) : cell))
      .join('  ');
  return table.map((row) => `  ${aligned(row)}`.trimEnd());
}
