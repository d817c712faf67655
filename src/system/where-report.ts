/** From counted faults to the lists of a report. Symbols and source lines are looked up here, and not before. */
import { addressOf } from '../base/numbers.ts';
import type { WhereReport } from '../report/where-schema.ts';
import type { Breakdown, WhereChoice } from './where-choice.ts';
import type { FaultOrigins, Life, SiteTally } from './where-faults.ts';
import { addTally, byWeight, emptyTally, type Tally } from './where-tally.ts';

type Lists = Required<Pick<WhereReport, Breakdown>>;
type Row<Name extends Breakdown> = NonNullable<Lists[Name]>['rows'][number];
type Origins = Pick<Row<'functions'>, 'faults' | 'major' | 'refaults' | 'kernel' | 'cases'>;
type Places = Origins & { evictions: number };

/** Something that has a row of its own: what it is, and its counts. */
interface Counted<Identity> {
  readonly identity: Identity;
  readonly tally: Tally;
}

export function whereReport(origins: FaultOrigins, { breakdowns, top }: WhereChoice): WhereReport {
  const { faults, major, refaults, kernel, evictions } = origins.total;
  const report: WhereReport = { faults, major, refaults, kernel, evictions, notes: [] };
  const sites = origins.sites.filter(({ tally }) => !isEmpty(tally));
  for (const which of breakdowns) {
    switch (which) {
      case 'functions':
        report.functions = ranked(merged(sites, functionOf), top, originsOf);
        break;
      case 'lines':
        report.lines = ranked(merged(sites, lineOf), top, originsOf);
        break;
      case 'instructions':
        report.instructions = ranked(merged(sites, instructionOf), top, originsOf);
        break;
      case 'areas':
        report.areas = ranked(areasOf(origins), top, placesOf);
        break;
      case 'pages':
        report.pages = ranked(pagesOf(origins.lives), top, placesOf);
        break;
      case 'processes':
        report.processes = ranked(merged(origins.lives, processOf), top, placesOf);
        break;
    }
  }
  report.notes = notesOf(sites);
  return report;
}

/** The first rows, and the sum of the others. */
function ranked<Identity, Counts extends object>(
  counted: readonly Counted<Identity>[],
  top: number,
  countsOf: (tally: Tally) => Counts,
): { rows: (Identity & Counts)[]; others?: Counts & { rows: number } } {
  // The order is stable: equals stay as they came.
  const sorted = [...counted].sort((a, b) => byWeight(a.tally, b.tally));
  const rows = sorted.slice(0, top).map(({ identity, tally }) => ({ ...identity, ...countsOf(tally) }));
  const rest = sorted.slice(rows.length);
  if (rest.length === 0) return { rows };
  const sum = emptyTally();
  for (const { tally } of rest) addTally(sum, tally);
  return { rows, others: { rows: rest.length, ...countsOf(sum) } };
}

/** Adds up what has the same identity. */
function merged<Item extends { readonly tally: Tally }, Identity>(
  items: readonly Item[],
  identityOf: (item: Item) => Identity,
): Counted<Identity>[] {
  const found = new Map<string, Counted<Identity>>();
  for (const item of items) {
    const identity = identityOf(item);
    const key = JSON.stringify(identity);
    let counted = found.get(key);
    if (counted === undefined) {
      counted = { identity, tally: emptyTally() };
      found.set(key, counted);
    }
    addTally(counted.tally, item.tally);
  }
  return [...found.values()];
}

const originsOf = ({ faults, major, refaults, kernel, cases }: Tally): Origins => ({
  faults,
  major,
  refaults,
  kernel,
  cases: { ...cases },
});
const placesOf = (tally: Tally): Places => ({ ...originsOf(tally), evictions: tally.evictions });

const isEmpty = ({ faults, major, refaults, evictions }: Tally): boolean =>
  faults + major + refaults + evictions === 0;

function functionOf(site: SiteTally): Pick<Row<'functions'>, 'program' | 'function'> {
  const name = symbolOf(site).function;
  return { program: site.image.path, ...(name === undefined ? {} : { function: name }) };
}

/** Names in parentheses are no functions of the program. */
function symbolOf({ image, pc }: SiteTally): Pick<Row<'instructions'>, 'function' | 'offset'> {
  if (typeof pc === 'string') return { function: `(${pc})` };
  if (pc >= image.trampoline) return { function: '(vdso)', offset: pc - image.trampoline };
  const linked = pc - image.bias;
  const found = image.code?.functionAt(linked);
  return found === undefined ? {} : { function: found.name, offset: linked - found.address };
}

const lineOf = (site: SiteTally): Pick<Row<'lines'>, 'program' | 'file' | 'line'> => ({
  program: site.image.path,
  ...sourceOf(site),
});

function sourceOf({ image, pc }: SiteTally): Pick<Row<'lines'>, 'file' | 'line'> {
  return typeof pc === 'string' ? {} : { ...image.code?.lineAt(pc - image.bias) };
}

function instructionOf(site: SiteTally): Omit<Row<'instructions'>, keyof Origins> {
  const { image, pc, by } = site;
  return {
    program: image.path,
    address: (typeof pc === 'string' ? 0 : pc >= image.trampoline ? pc : pc - image.bias).toString(16),
    by: by === 'guest' ? 'program' : 'kernel',
    ...symbolOf(site),
    ...sourceOf(site),
  };
}

function areasOf({ areas }: FaultOrigins): Counted<Omit<Row<'areas'>, keyof Places>>[] {
  return areas
    .filter(({ tally }) => !isEmpty(tally))
    .map(({ program, area, name, pages, tally }) => {
      let from = Number.POSITIVE_INFINITY;
      let to = 0;
      for (const { page } of pages) {
        from = Math.min(from, addressOf(page));
        to = Math.max(to, addressOf(page));
      }
      const range = { from: from.toString(16), to: to.toString(16), pages: pages.size };
      return { identity: { program, area, name, ...range }, tally };
    });
}

function pagesOf(lives: readonly Life[]): Counted<Omit<Row<'pages'>, keyof Places>>[] {
  return lives.flatMap(({ pid, program, pages }) =>
    [...pages.values()]
      .filter(({ tally }) => !isEmpty(tally))
      .map(({ page, label, tally }) => ({
        identity: { pid, program, address: addressOf(page).toString(16), ...label },
        tally,
      })),
  );
}

const processOf = ({ pid, program, command }: Life): Omit<Row<'processes'>, keyof Places> => ({
  pid,
  program,
  command: [...command],
});

/** Once for each program. */
function notesOf(sites: readonly SiteTally[]): string[] {
  const images = new Set(sites.filter(({ pc }) => pc !== 'job').map(({ image }) => image));
  return [...images].flatMap(({ path, code }) =>
    code === undefined
      ? [`${path}: it can't be read any more`]
      : code.notes.map((note) => `${path}: ${note}`),
  );
}
