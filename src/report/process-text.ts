/** Processes in a run's report for people. */
import { counted, duration, grouped, percent } from './format.ts';
import { plainText } from './plot/label.ts';
import type { RunReport } from './schema.ts';

type ProcessReport = RunReport['processes'][number];

/** More processes than this are not listed one by one. */
const MOST_LISTED = 30;
const COMMAND_WIDTH = 40;

/** Only when there was more than one process or thread: a single one says nothing. */
export function schedulingLine({ configuration, scheduling, time }: RunReport): string | undefined {
  const { created, switches, expired } = scheduling;
  if (created < 2) return undefined;
  const timer = configuration.timer === 'off' ? ', no timer' : '';
  const made = counted(created, 'process or thread', 'processes and threads');
  const ended = counted(expired, 'quantum ended by the timer', 'quanta ended by the timer');
  const use = `CPU in use ${percent(time.total - time.idle, time.total)}`;
  return `${configuration.scheduler}${timer}: ${made} · ${counted(switches, 'switch', 'switches')} · ${ended} · ${use}`;
}

export function forksLine({ forks }: RunReport): string | undefined {
  const { copyOnWrite, eager, shared, copied, copiedLater, takenOver, tables } = forks;
  if (copyOnWrite + eager === 0) return undefined;
  const modes = [
    ...(copyOnWrite === 0 ? [] : [`${grouped(copyOnWrite)} copy-on-write`]),
    ...(eager === 0 ? [] : [`${grouped(eager)} eager`]),
  ];
  return [
    modes.join(', '),
    counted(tables, 'table frame'),
    `${counted(shared, 'page')} shared`,
    `${grouped(copied)} copied at once`,
    `${grouped(copiedLater)} copied on write`,
    `${grouped(takenOver)} taken over`,
  ].join(' · ');
}

/** Who read and wrote what was watched, where an update was lost. */
export function watchLines({ watch }: RunReport): string[] {
  if (watch === undefined) return [];
  const { name, address, loads, stores, lostUpdates, lost } = watch;
  const accesses = `${counted(loads, 'load')} · ${counted(stores, 'store')}`;
  const head = `watch  ${name} at 0x${address}: ${accesses} · ${counted(lostUpdates, 'lost update')}`;
  const examples = lost.map(({ time, pid, updates, turns }) => {
    const steps = turns.map(({ pid: of, loads, stores }, i) => {
      // What came before the load, and is after the store, does not matter.
      if (i === 0) return `${of} loads`;
      if (i === turns.length - 1) return `${of} stores`;
      return `${of} loads and stores (${grouped(loads)}, ${grouped(stores)})`;
    });
    return `  ${duration(time)}: ${steps.join(', ')}: ${counted(updates, 'update')} of others lost by ${pid}`;
  });
  const more = lostUpdates > 0 && lost.length === 10 ? ['  …'] : [];
  return [head, ...examples, ...more].map((line) => `  ${line}`);
}

/** A table like that of ps(1); `major`: faults with a transfer, `peak`: most pages in memory at once. */
export function processLines({ processes }: RunReport): string[] {
  if (processes.length < 2) return [];
  const head = [
    'pid',
    'parent',
    'end',
    'CPU',
    'ready',
    'instructions',
    'faults',
    'major',
    'peak',
    'switches',
    'command',
  ];
  const rows = processes.slice(0, MOST_LISTED).map(row);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]!.length)));
  const lines = [head, ...rows].map((cells) =>
    cells.map((cell, i) => (i === head.length - 1 ? cell : cell.padStart(widths[i]!))).join('  '),
  );
  const left = processes.length - MOST_LISTED;
  if (left > 0)
    lines.push(`and ${counted(left, 'more process', 'more processes')} (all of them with --json)`);
  return lines.map((line) => `  ${line}`.trimEnd());
}

function row(process: ProcessReport): string[] {
  const { pid, parent, cpu, ready, instructions, faults, residentPeak, switches, command } = process;
  const text = plainText(command.join(' '));
  return [
    String(pid),
    String(parent),
    endOf(process),
    duration(cpu.user + cpu.system),
    duration(ready),
    grouped(instructions),
    grouped(faults.minor + faults.major),
    grouped(faults.major),
    grouped(residentPeak),
    grouped(switches.voluntary + switches.involuntary),
    text.length > COMMAND_WIDTH ? `${text.slice(0, COMMAND_WIDTH - 1)}…` : text,
  ];
}

const endOf = ({ state, status }: ProcessReport): string => (status === undefined ? state : String(status));
