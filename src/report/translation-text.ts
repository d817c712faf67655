/** What a replay comes to under translation schemes, for people: a row a policy, size, scheme and TLB. */
import { formatSize } from '../base/sizes.ts';
import { duration, grouped, percent } from './format.ts';
import type { TranslationResult } from './replay-schema.ts';
import { tableText } from './table.ts';

const columns: readonly [title: string, show: (result: TranslationResult) => string][] = [
  ['look-ups', ({ lookUps }) => grouped(lookUps)],
  ['TLB misses', ({ misses, lookUps }) => `${grouped(misses)} ${percent(misses, lookUps)}`],
  ['walks', ({ walks }) => grouped(walks.count)],
  ['walk loads', ({ walks }) => grouped(walks.loads)],
  ['table bytes', ({ tables }) => grouped(tables.peakBytes)],
  ['in the end', ({ tables }) => grouped(tables.endBytes)],
  [
    'probes',
    ({ chains }) => (chains === undefined ? '-' : `${grouped(chains.probes)}, most ${chains.longest}`),
  ],
  ['time', ({ time }) => duration(time)],
];

/** Lines without a line feed at the end. */
export function translationText(results: readonly TranslationResult[]): string {
  const differs = (of: (result: TranslationResult) => unknown) => new Set(results.map(of)).size > 1;
  const shown: [title: string, show: (result: TranslationResult) => string][] = [
    ['translation', ({ scheme, widths }) => `${scheme} (${widths.join('/')})`],
    ['TLB', ({ tlb }) => tlb],
  ];
  if (differs(({ policy }) => policy)) shown.push(['policy', ({ policy }) => policy]);
  const labels = shown.length;
  if (differs(({ frames }) => frames)) shown.push(['frames', ({ frames }) => grouped(frames)]);
  shown.push(
    ...columns.filter(([title]) => title !== 'probes' || results.some(({ chains }) => chains !== undefined)),
  );
  const rows = results.map((result) => shown.map(([, show]) => show(result)));
  const table = tableText(
    shown.map(([title]) => title),
    rows,
    labels,
  );
  return [table, ...levelLines(results)].join('\n');
}

/** The tables of each level, once for each scheme whose tables are the same in all rows. */
function levelLines(results: readonly TranslationResult[]): string[] {
  const lines = results.flatMap(({ scheme, tables: { levels } }) => {
    if (levels.length === 0) return [];
    const parts = levels.map(
      ({ bits, tableBytes, peak }) => `${grouped(peak)} of ${formatSize(tableBytes)} (2^${bits} entries)`,
    );
    return [`${scheme}: tables by level, root first: ${parts.join(' · ')}`];
  });
  return [...new Set(lines)];
}
