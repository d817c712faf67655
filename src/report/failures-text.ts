/** What a report says of transfers that failed, and of who suffered from it. */
import { counted, grouped } from './format.ts';
import type { RunReport } from './schema.ts';

/** `undefined` when nothing failed and nothing was to fail. */
export function failuresLine({ failures }: RunReport): string | undefined {
  if (failures === undefined) return undefined;
  const { injected = {}, swap, files, retries, badSlots, lostPages } = failures;
  const parts = [
    listed('injected', injected),
    listed('swap', swap),
    listed('files', files),
    retries > 0 ? counted(retries, 'write made again elsewhere', 'writes made again elsewhere') : '',
    badSlots > 0 ? counted(badSlots, 'bad slot') : '',
    lostPages > 0 ? counted(lostPages, 'lost page') : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'none' : parts.join(' · ');
}

/** Who wanted a page that could not be had. */
export function sufferersLine({ failures }: RunReport): string | undefined {
  if (failures === undefined || failures.processes.length === 0) return undefined;
  const each = failures.processes.map(({ pid, signals, calls }) => {
    const told = [
      signals > 0 ? `SIGBUS${signals === 1 ? '' : ` × ${grouped(signals)}`}` : '',
      calls > 0 ? `EFAULT${calls === 1 ? '' : ` × ${grouped(calls)}`}` : '',
    ];
    return `${pid} (${told.filter((part) => part !== '').join(', ')})`;
  });
  return `of process ${each.join(', ')}: pages that could not be had`;
}

function listed(what: string, counts: Readonly<Record<string, number>>): string {
  const found = Object.entries(counts).filter(([, n]) => n > 0);
  return found.length === 0 ? '' : `${what}: ${found.map(([kind, n]) => `${kind} ${grouped(n)}`).join(', ')}`;
}
