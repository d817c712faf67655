/** What `translate` prints for people. */
import { formatSize } from '../base/sizes.ts';
import { counted, grouped } from './format.ts';
import { tableText } from './table.ts';
import { hexAddress } from './translate-format.ts';
import type {
  Contents,
  Figure,
  Question,
  QuizAnswer,
  SchemeSummary,
  TranslateCheck,
  TranslateDescription,
  TranslateQuiz,
  TranslateReport,
  Translation,
} from './translate-schema.ts';

/** Rows of a table that are printed; JSON has all. */
const MOST_ROWS = 40;

/** Every translation with the fields of its address and the loads of its walk. */
export function translateText({ scheme, translations }: TranslateReport): string {
  const blocks = translations.map((one) => translationText(one, scheme));
  return `${[scheme.title, ...blocks].join('\n\n')}\n`;
}

function translationText(one: Translation, scheme: SchemeSummary): string {
  return [
    `${hexAddress(one.address, scheme.addressBits)} (${one.address})  ${one.access}`,
    fieldsText(one.fields),
    loadsText(one, scheme),
    outcomeText(one, scheme.physicalBits),
  ].join('\n\n');
}

/** The fields below each other: name, bits, value. */
function fieldsText(fields: Translation['fields']): string {
  const columns = fields.map(({ name, bits, value }) => [
    name,
    value.toString(2).padStart(bits, '0'),
    String(value),
  ]);
  const rows = [0, 1, 2].map((row) =>
    columns
      .map((column) => column[row]!.padStart(Math.max(...column.map((cell) => cell.length))))
      .join(' │ '),
  );
  return rows.map((row) => `  ${row}`).join('\n');
}

function loadsText({ loads, shown }: Translation, { physicalBits }: SchemeSummary): string {
  if (loads === 0) return '  no load';
  const rows = shown
    .slice(0, MOST_ROWS)
    .map(({ what, index, address, value, meaning }) => [
      what,
      what === 'node' ? '' : String(index),
      hexAddress(address, physicalBits),
      value,
      meaning,
    ]);
  const [head, ...body] = alignedLast([['load', 'index', 'address', 'value', 'meaning'], ...rows]);
  const table = tableText(head!, body, 1);
  const more = loads > rows.length ? `\n  … and ${grouped(loads - rows.length)} more` : '';
  return `${indented(table)}${more}`;
}

/** The last column is words, which begin below each other. */
function alignedLast(rows: readonly string[][]): string[][] {
  const width = Math.max(...rows.map((row) => row.at(-1)!.length));
  return rows.map((row) => [...row.slice(0, -1), row.at(-1)!.padEnd(width)]);
}

const indented = (text: string): string => text.replace(/^/gm, '  ');

function outcomeText({ physical, fault }: QuizAnswer, physicalBits: number): string {
  if (fault !== null) return `  fault: ${fault.rule}: ${fault.why}`;
  return `  physical address ${hexAddress(physical!, physicalBits)} (${physical})`;
}

/** One line an address. */
export function translateBrief({ scheme, translations }: TranslateReport): string {
  const names = translations[0]?.fields.map(({ name }) => name) ?? [];
  const rows = translations.map(({ address, access, fields, loads, physical, fault }) => [
    hexAddress(address, scheme.addressBits),
    access,
    ...fields.map(({ value }) => String(value)),
    String(loads),
    fault === null ? hexAddress(physical!, scheme.physicalBits) : `fault: ${fault.rule}`,
  ]);
  const head = ['address', 'access', ...names, 'loads', 'physical address'];
  return `${tableText(head, rows, 2)}\n`;
}

/** Figures, ranges, registers and tables. */
export function translateDescriptionText(description: TranslateDescription): string {
  const { scheme, figures, ranges, contents } = description;
  const width = Math.max(...figures.map(({ name }) => name.length));
  const values = figures.map(valueText);
  const valueWidth = Math.max(...values.map((value) => value.length));
  const lines = figures.map(({ name, note }, i) =>
    `  ${name.padEnd(width)}  ${values[i]!.padStart(valueWidth)}  ${note}`.trimEnd(),
  );
  const address = (n: number) => hexAddress(n, scheme.addressBits);
  const rangeLines = ranges
    .slice(0, MOST_ROWS)
    .map(({ by, from, to, state }) => `  ${address(from)} to ${address(to)}  ${by === '' ? state : by}`);
  const parts = [
    scheme.title,
    lines.join('\n'),
    ['address space', ...rangeLines, ...moreLine(ranges.length - MOST_ROWS)].join('\n'),
    ...contents.map(contentsText),
  ];
  return `${parts.join('\n\n')}\n`;
}

const moreLine = (more: number): string[] => (more > 0 ? [`  … and ${grouped(more)} more`] : []);

function valueText({ value, unit }: Figure): string {
  if (unit === 'bytes') {
    const size = formatSize(value);
    return /[KMG]$/.test(size) ? size : `${grouped(value)} bytes`;
  }
  return unit === 'mean' ? value.toFixed(2) : grouped(value);
}

function contentsText({ title, head, rows }: Contents): string {
  if (rows.length === 0) return `${title}\n  none`;
  const table = tableText(head, rows.slice(0, MOST_ROWS), head.length);
  return [title, indented(table), ...moreLine(rows.length - MOST_ROWS)].join('\n');
}

const questionText = ({ number, address, access }: Question, { addressBits }: SchemeSummary): string =>
  `${String(number).padStart(3)}. ${access.padEnd(5)} ${hexAddress(address, addressBits)} (${address})`;

/** The sheet; with answers where the data has them. */
export function translateQuizText({ seed, scheme, contents, questions }: TranslateQuiz): string {
  const size = scheme.granule === 1 ? '' : `, pages of ${formatSize(scheme.granule)}`;
  const lines = questions.map((question) => {
    const text = questionText(question, scheme);
    return question.answer === undefined
      ? `${text}:`
      : `${text}:${outcomeText(question.answer, scheme.physicalBits)}`;
  });
  const task =
    'Which physical address does each access reach, or by which fault does it end? Answers go to a file, one a line: a physical address, or fault, or fault and its rule; --check FILE marks them.';
  const parts = [
    `${scheme.title}: ${counted(questions.length, 'question')}, seed ${seed}`,
    `addresses of ${scheme.addressBits} bits${size}`,
    ...contents.map(contentsText),
    ...(questions.some(({ answer }) => answer !== undefined) ? [] : [task]),
    lines.join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Each question with its mark. */
export function translateCheckText({ scheme, right, wrong, missing, results }: TranslateCheck): string {
  const lines = results.map(({ given, verdict, why, ...question }) => {
    const said = given === null ? '' : ` ${given}`;
    return `${questionText(question, scheme)}:${said}  ${verdict}${verdict === 'wrong' ? `: ${why}` : ''}`;
  });
  return `${lines.join('\n')}\n\n${right} right, ${wrong} wrong, ${missing} missing\n`;
}
