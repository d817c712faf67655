/** The answer of `pagewalk servers` for people: a row a server. */
import { formatSize } from '../base/sizes.ts';
import { counted, duration, grouped, percent } from './format.ts';
import type { ServerRun, ServersReport } from './servers-schema.ts';
import { tableText } from './table.ts';

const PAGE_SIZE = 4096;
/** Processes of a run that failed. */
const MOST_NAMED = 8;

const columns: readonly [title: string, show: (run: ServerRun) => string][] = [
  ['children', ({ children }) => grouped(children)],
  ['pages shared', ({ report }) => grouped(report.forks.shared)],
  ['copied', ({ report }) => grouped(report.forks.copied)],
  ['copied later', ({ report }) => grouped(report.forks.copiedLater)],
  ['fork time', ({ forkTime }) => duration(forkTime)],
  ['server time', ({ serverTime }) => duration(serverTime)],
  ["fork's share", ({ forkTime, serverTime }) => percent(forkTime, serverTime)],
  ['mean answer', (run) => answerTime(run, 'mean')],
  ['worst', (run) => answerTime(run, 'worst')],
  ['in all', ({ report }) => duration(report.time.total)],
];

const answerTime = ({ requests, answer }: ServerRun, which: 'mean' | 'worst'): string =>
  requests === 0 ? '–' : duration(answer[which]);

/** @returns lines that end in a line feed */
export function serversText(report: ServersReport): string {
  const head = ['server', 'fork', ...columns.map(([title]) => title)];
  const rows = report.runs.map((run) => [
    run.style,
    run.fork === 'none' ? '–' : run.fork,
    ...columns.map(([, show]) => show(run)),
  ]);
  return `${loadText(report)}\n\n${tableText(head, rows, 2)}\n\n${endText(report)}\n`;
}

function loadText({ load, runs }: ServersReport): string {
  const { clients, connections, requests, think, heap, writes, workers } = load;
  return [
    `${counted(clients, 'client')} with ${counted(connections, 'connection')} each`,
    `${counted(requests, 'request')} a connection, ${duration(think)} after each answer`,
    `a heap of ${formatSize(heap * PAGE_SIZE)} (${counted(heap, 'page')}), of which a connection writes ${grouped(writes)}`,
    ...(runs.some(({ style }) => style === 'prefork') ? [counted(workers, 'preforked worker')] : []),
  ].join(' · ');
}

function endText({ runs, identicalOutput }: ServersReport): string {
  if (!identicalOutput) return ['THE RUNS DIFFER, OR FAILED:', ...runs.map(whatCame)].join('\n');
  const requests = counted(runs[0]!.requests, 'request');
  return runs.length === 1
    ? `All ${requests} were answered rightly.`
    : `All ${runs.length} runs gave the same answers to ${requests}.`;
}

function whatCame({ style, fork, output, complaints, report }: ServerRun): string {
  const { end, processes } = report;
  const reason = end.kind === 'killed' && end.reason !== undefined ? `: ${end.reason}` : '';
  const failed = processes
    .filter(({ status }) => status !== 0)
    .map(({ command, pid, state, status }) => `${command[0]} ${pid} ${status ?? state}`);
  const parts = [
    `${end.kind} with status ${end.status}${reason}`,
    `not ended with 0: ${failed.slice(0, MOST_NAMED).join(', ') || 'none'}`,
    [...output, ...complaints.split('\n')].filter((line) => line !== '').join('; '),
  ];
  return `  ${style} ${fork}: ${parts.filter((part) => part !== '').join(' · ')}`;
}
