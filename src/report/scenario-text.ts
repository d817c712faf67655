/** The answer of `pagewalk scenario` for people: the point, a table, a row a run. */
import { PAGE_SIZE } from '../base/numbers.ts';
import { formatSize } from '../base/sizes.ts';
import { duration, grouped, percent } from './format.ts';
import type { Plot, Series } from './plot/contract.ts';
import type { ScenarioReport, ValueForm } from './scenario-schema.ts';
import { tableText } from './table.ts';

const WIDTH = 100;

const forms: Readonly<Record<ValueForm, (value: number) => string>> = {
  count: grouped,
  time: duration,
  share: (value) => percent(value, 1),
  times: (value) => value.toFixed(2),
  pages: (value) => formatSize(value * PAGE_SIZE),
};

/**
 * Lines that end in a line feed.
 * @param outputs `free`: that runs differ in their output is no news
 */
export function scenarioText(report: ScenarioReport, outputs: 'same' | 'free'): string {
  const { title, point, axes, columns, rows, identicalOutput } = report;
  const head = [...axes, ...columns.map(({ name }) => name)];
  const cells = rows.map(({ names, values }) => [
    ...names,
    ...values.map((value, i) => forms[columns[i]!.as](value)),
  ]);
  const same = `All ${rows.length} runs gave the same output.\n`;
  const different = outputs === 'free' ? '' : 'The runs did NOT all give the same output.\n';
  return `${title}\n${wrapped(point)}\n\n${tableText(head, cells, axes.length)}\n${identicalOutput ? same : different}`;
}

function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

const units = { count: 'count', time: 'ns', share: 'ratio', times: 'count', pages: 'count' } as const;

/**
 * One column over the last axis, whose names are numbers; a line for each name of the first one, if there are two.
 * `undefined` when the names are none.
 */
export function scenarioPlot(report: ScenarioReport, column: string): Plot | undefined {
  const { title, axes, columns, rows } = report;
  const index = columns.findIndex(({ name }) => name === column);
  const lines = new Map<string, [number, number][]>();
  for (const { names, values } of rows) {
    const x = Number.parseFloat(names.at(-1)!);
    if (Number.isNaN(x) || index < 0) return undefined;
    const label = names.length > 1 ? names[0]! : column;
    lines.set(label, [...(lines.get(label) ?? []), [x, values[index]!]]);
  }
  const series: Series[] = [...lines].map(([label, points]) => ({ label, points }));
  return {
    title,
    x: { label: axes.at(-1)!, scale: 'linear' },
    y: { label: column, scale: 'linear', unit: units[columns[index]!.as] },
    series,
  };
}
