/** A replay step by step, for people: one line a reference, as lecture notes draw it. */

/** What is shown of a step; see `ReplayStep`. */
export interface ShownStep {
  readonly position: number;
  readonly kind: string;
  readonly page: string;
  readonly outcome: string;
  readonly frame: number;
  readonly victim?: { readonly page: string; readonly written: boolean } | undefined;
  readonly considered: readonly {
    readonly frame: number;
    readonly page: string;
    readonly known: Readonly<Record<string, number | boolean | string>>;
  }[];
  readonly frames: readonly string[];
}

/** More frames than this are not drawn. */
const MOST_DRAWN = 16;
/** Longest lists of what a victim was chosen from. */
const MOST_CONSIDERED = 8;

export interface StepWidths {
  readonly position: number;
  readonly page: number;
  readonly kinds: 'shown' | 'left out';
}

/** The heading of the columns. */
export function stepsHeading(frames: number, widths: StepWidths): string {
  const drawn = frames <= MOST_DRAWN;
  const columns = drawn
    ? Array.from({ length: frames }, (_, f) => `f${f}`.padStart(widths.page))
    : ['frame'.padStart(widths.page)];
  return [
    '#'.padStart(widths.position),
    ...(widths.kinds === 'shown' ? ['kind '] : []),
    'page'.padStart(widths.page),
    'result',
    ...columns,
    'why',
  ].join('  ');
}

/** A line, without its line feed. */
export function stepText(step: ShownStep, widths: StepWidths): string {
  const drawn = step.frames.length <= MOST_DRAWN;
  const cells = drawn
    ? step.frames.map((page) => (page === '' ? '·' : page).padStart(widths.page))
    : [String(step.frame).padStart(widths.page)];
  return [
    String(step.position + 1).padStart(widths.position),
    ...(widths.kinds === 'shown' ? [step.kind.padEnd(5)] : []),
    step.page.padStart(widths.page),
    (step.outcome === 'released' ? 'gone' : step.outcome).padEnd(6),
    ...cells,
    why(step),
  ]
    .join('  ')
    .trimEnd();
}

function why({ victim, frame, considered, outcome }: ShownStep): string {
  if (outcome !== 'fault') return '';
  if (victim === undefined) return `frame ${frame} was free`;
  const written = victim.written ? ', written back' : '';
  const looked = considered.slice(-MOST_CONSIDERED).map(({ page, known }) => `${page} (${knownText(known)})`);
  const left = considered.length - looked.length;
  const list =
    looked.length === 0 ? '' : `: looked at ${left > 0 ? `${left} more, ` : ''}${looked.join(', ')}`;
  return `evicts ${victim.page}${written}${list}`;
}

const knownText = (known: ShownStep['considered'][number]['known']): string =>
  Object.entries(known)
    .filter(([, value]) => value !== false)
    .map(([key, value]) => (value === true ? key : `${key} ${value}`))
    .join(' ') || 'none';
