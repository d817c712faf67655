/** What load control did, and who was killed for memory, for people. */
import { counted, duration, grouped, percent } from './format.ts';
import type { RunReport } from './schema.ts';

type Killed = NonNullable<RunReport['load']>['killed'][number];

/** Scores that are shown of one decision. */
const MOST_SCORES = 5;

export function loadLine({ load, configuration }: RunReport): string | undefined {
  if (load === undefined || (load.admission === 'off' && load.swappedOut === 0)) return undefined;
  const { looks, thrashing, suspended, resumed, swappedOut } = load;
  const out = `${counted(swappedOut, 'page')} swapped out with their processes`;
  if (load.admission === 'off') return `${configuration.swapping}: ${out}`;
  return [
    `${load.admission}: ${counted(looks, 'look')}`,
    `thrashing at ${percent(thrashing, looks)} of them`,
    `${counted(suspended, 'suspension')}, ${counted(resumed, 'resumption')}`,
    ...(swappedOut > 0 ? [out] : []),
  ].join(' · ');
}

/** One paragraph for each process that was killed. */
export const killedLines = ({ load }: RunReport): string[] => (load?.killed ?? []).flatMap(linesOf);

function linesOf({ time, asker, victim, detail, scores }: Killed): string[] {
  const shown = [...scores].sort((a, b) => b.score - a.score || b.pid - a.pid);
  const rows = shown
    .slice(0, MOST_SCORES)
    .map(
      ({ pid, name, score, resident, swapped, tables, adjust }) =>
        `    ${pid} ${name}: score ${grouped(score)} = ${grouped(resident)} in memory + ${grouped(swapped)} in swap + ` +
        `${grouped(tables)} of tables${adjust === 0 ? '' : `, adjusted by ${adjust} thousandths`}`,
    );
  const more =
    shown.length > MOST_SCORES ? [`    and ${counted(shown.length - MOST_SCORES, 'more', 'more')}`] : [];
  const who = victim === asker ? `killed ${victim}, which asked` : `killed ${victim} for ${asker}`;
  return [`  out of memory at ${duration(time)}: ${who}; ${detail}`, ...rows, ...more];
}
