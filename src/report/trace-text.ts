/** What a trace holds, for people. */
import { formatSize } from '../base/sizes.ts';
import { counted } from './format.ts';
import type { TraceSummary } from './replay-schema.ts';

/** One line about the trace, and one for each thing to know about it. */
export function traceText(trace: TraceSummary): string {
  const { references, pages, pageSize, fetches, loads, stores, owners } = trace;
  const footprint = pageSize > 0 ? ` of ${formatSize(pageSize)} (${formatSize(pages * pageSize)})` : '';
  const kinds = [
    fetches > 0 ? counted(fetches, 'fetch', 'fetches') : undefined,
    stores > 0 || fetches > 0 ? counted(loads, 'load') : undefined,
    stores > 0 ? counted(stores, 'store') : undefined,
  ].filter((text) => text !== undefined);
  const parts = [
    `${trace.name} (${trace.format}): ${counted(references, 'reference')} to ${counted(pages, 'page')}${footprint}`,
    ...(kinds.length > 0 ? [kinds.join(', ')] : []),
    ...(owners.length > 1 ? [counted(owners.length, 'process', 'processes')] : []),
  ];
  return [parts.join(' · '), ...trace.notes.map((text) => `note: ${text}`)].join('\n');
}
