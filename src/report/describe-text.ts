/** The answer of `pagewalk describe` for people. */
import { formatSize } from '../base/sizes.ts';
import type { Description } from './describe-schema.ts';
import { counted, grouped, percent } from './format.ts';
import type { Plot } from './plot/contract.ts';
import { traceText } from './trace-text.ts';

const BAR = 40;

/** Everything but the plot; lines that end in a line feed. */
export function describeText(description: Description): string {
  const { trace, footprint, workingSets } = description;
  const { byKind, once, neverStored, byOwner } = footprint;
  const memory = (pages: number): string =>
    trace.pageSize > 0 ? ` (${formatSize(Math.round(pages) * trace.pageSize)})` : '';
  const lines = [
    traceText(trace),
    `pages     ${grouped(byKind.fetch)} fetched from · ${grouped(byKind.load)} loaded from · ${grouped(byKind.store)} stored to · ` +
      `${grouped(neverStored)} never stored to · ${grouped(once)} used once`,
    ...(byOwner.length > 1
      ? [
          `owners    ${byOwner.map((pages, i) => `${trace.owners[i]}: ${counted(pages, 'page')}`).join(' · ')}`,
        ]
      : []),
    ...workingSets.map(
      ({ window, mean, largest }) =>
        `working set of ${counted(window, 'reference')}: ${mean.toFixed(1)} pages on average${memory(mean)}, ` +
        `at most ${grouped(largest)}${memory(largest)}`,
    ),
    '',
    'reuse distance: different pages since the last use, so the frames with which LRU keeps it',
    ...histogramLines(description.reuseDistances, trace.references),
    '',
    'reuse time: references since the last use',
    ...histogramLines(description.reuseTimes, trace.references),
  ];
  return `${lines.join('\n')}\n`;
}

function histogramLines({ buckets, none }: Description['reuseTimes'], references: number): string[] {
  const most = Math.max(...buckets, none, 1);
  const line = (label: string, count: number): string =>
    `${label.padStart(24)}  ${percent(count, references).padStart(10)}  ${'█'.repeat(Math.round((count / most) * BAR))}`.trimEnd();
  const ranges = buckets.map((count, b) => {
    const [from, to] = [2 ** b, 2 ** (b + 1) - 1];
    return line(from === to ? grouped(from) : `${grouped(from)} – ${grouped(to)}`, count);
  });
  return [...ranges, line('never before', none)];
}

/** Working-set sizes over time. */
export function workingSetPlot({ trace, workingSets }: Description): Plot {
  const unit = trace.pageSize > 0 ? trace.pageSize : 1;
  return {
    title: `Working set of ${trace.name}`,
    x: { label: 'references', scale: 'linear', unit: 'count' },
    y: { label: 'working set', scale: 'linear', unit: trace.pageSize > 0 ? 'bytes' : 'frames' },
    series: workingSets.map(({ window, times, sizes }) => ({
      label: `last ${grouped(window)} references`,
      points: times.map((time, i) => [time, sizes[i]! * unit] as const),
    })),
  };
}
