/** Schedules for people: a Gantt chart and a table of each policy, and one that compares them. */
import { counted, grouped, percent } from '../format.ts';
import { plainText } from '../plot/label.ts';
import { tableText } from '../table.ts';
import { GANTT_LEGEND, ganttLine, ganttText, unitOf } from './gantt-text.ts';
import type { JobMetrics, ScheduleReport, ScheduleResult } from './schema.ts';
import { inUnit, type TimeUnit } from './time-unit.ts';

/** More spans than this are not written out in one line. */
const MOST_SPANS = 40;
const ABSENT = '–';

/**
 * @param width of the Gantt charts in columns; lines and tables may be longer
 * @returns lines that end in a line feed
 */
export function scheduleText(report: ScheduleReport, width = 80): string {
  const sections = report.results.map((result) => resultText(result, width));
  if (report.results.length > 1) sections.push(comparison(report.results));
  return sections.join('\n');
}

function resultText(result: ScheduleResult, width: number): string {
  return [
    `${plainText(result.policy)}: ${summary(result)}`,
    ganttLine(result, MOST_SPANS),
    '',
    `${ganttText(result, width)}${GANTT_LEGEND}`,
    '',
    jobTable(result),
    '',
  ].join('\n');
}

function summary({ jobs, ended, cpu, span, switches, throughput, fairness }: ScheduleResult): string {
  const left = ended === jobs.length ? '' : ` of ${grouped(jobs.length)}`;
  return [
    `${counted(ended, 'job')}${left} ended, ${rate(throughput)}`,
    `CPU in use ${percent(cpu.busy, span.to - span.from)}`,
    ...(cpu.switching === 0 ? [] : [`switching ${percent(cpu.switching, span.to - span.from)}`]),
    counted(switches, 'switch', 'switches'),
    ...(fairness === undefined ? [] : [`fairness ${fairness.toFixed(3)}`]),
  ].join(' · ');
}

const rate = (throughput: number): string => `${Number(throughput.toPrecision(4))} a second`;

const timeText = (time: number | undefined, unit: TimeUnit): string =>
  time === undefined ? ABSENT : inUnit(time, unit);

function jobTable(result: ScheduleResult): string {
  const unit = unitOf(result);
  const { jobs, mean } = result;
  const hasTickets = jobs.some(({ tickets }) => tickets !== undefined);
  const times = ({ arrival, firstRun, end, turnaround, response, waiting, running, blocked }: JobMetrics) =>
    [arrival, firstRun, end, turnaround, response, waiting, running, blocked].map((time) =>
      timeText(time, unit),
    );
  const tickets = (text: string): string[] => (hasTickets ? [text] : []);
  const head = ['arrival', 'first run', 'end', 'turnaround', 'response', 'waiting', 'CPU', 'blocked'];
  return tableText(
    [`job (${unit.name})`, ...tickets('tickets'), ...head],
    [
      ...jobs.map((job) => [
        plainText(job.name),
        ...tickets(job.tickets === undefined ? ABSENT : grouped(job.tickets)),
        ...times(job),
      ]),
      [
        'mean',
        ...tickets(''),
        '',
        '',
        '',
        ...[mean.turnaround, mean.response, mean.waiting].map((time) => timeText(time, unit)),
        '',
        '',
      ],
    ],
    1,
  );
}

/** A row a policy, all times in the unit of the first. */
function comparison(results: readonly ScheduleResult[]): string {
  const unit = unitOf(results[0]!);
  const head = ['turnaround', 'response', 'waiting', 'jobs a second', 'CPU in use', 'switches', 'fairness'];
  const rows = results.map(({ policy, mean, throughput, cpu, span, switches, fairness }) => [
    plainText(policy),
    ...[mean.turnaround, mean.response, mean.waiting].map((time) => timeText(time, unit)),
    String(Number(throughput.toPrecision(4))),
    percent(cpu.busy, span.to - span.from),
    grouped(switches),
    fairness?.toFixed(3) ?? ABSENT,
  ]);
  return `${tableText([`policy (means in ${unit.name})`, ...head], rows, 1)}\n`;
}
