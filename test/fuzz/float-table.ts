/**
 * Every floating-point instruction on every combination of special values, in every rounding mode, given in the
 * instruction and in frm, with the inexact flag clear and set before (with it set, other code may be used). Each
 * case is a loop over the combinations, which writes all results and all flags.
 */
import { nextBelow, randomState } from '../../src/base/random.ts';
import { encode } from '../../src/isa/decode.ts';
import { formats } from '../../src/isa/formats.ts';
import type { Row } from '../../src/isa/row.ts';
import { allRows, hasRoundingMode } from '../../src/isa/table.ts';
import { BareMachine, equivalentConfigs, type Program } from '../support/bare-machine.ts';
import { assembleLines, type Line } from './image.ts';
import { runQemu } from './qemu.ts';
import { doubles, integers, randomDouble, randomInteger, randomSingle, singles } from './values.ts';

const CODE = 0x10000;
const TABLES = 0x10000000;
const RESULTS = 0x20000000;

type ValueKind = 'single' | 'double' | 'integer';

/** How many values of each kind to combine. */
export interface TableSize {
  /** For instructions of one and of two operands; undefined: all special values. */
  readonly pairs: number | undefined;
  /** For those of three. */
  readonly triples: number | undefined;
  /** Random values besides. */
  readonly random: number;
  readonly seed: number;
}

interface Case {
  readonly row: Row;
  /** The instruction's own rounding mode; 0 where it has none. */
  readonly rm: number;
  readonly fcsr: number;
  /** Values of each operand, by name. */
  readonly operands: readonly ('rs1' | 'rs2' | 'rs3')[];
  readonly kind: ValueKind;
  readonly values: readonly bigint[];
}

/** Floating-point rows that are no loads or stores. */
const tableRows = allRows.filter(
  ({ extension, format }) => (extension === 'F' || extension === 'D') && !/load|store/.test(format),
);

function kindOf({ format, name }: Row): ValueKind {
  if (/(^|,)rs1(,|$)/.test(formats[format].text)) return 'integer';
  // The last letter says what the source is: fcvt.d.s, fmv.x.w.
  return /\.[sw]$/.test(name) ? 'single' : 'double';
}

const specials: Readonly<Record<ValueKind, readonly bigint[]>> = {
  single: singles,
  double: doubles,
  integer: integers,
};
const randomOf = { single: randomSingle, double: randomDouble, integer: randomInteger } as const;

function valuesFor(kind: ValueKind, most: number | undefined, size: TableSize): readonly bigint[] {
  const random = randomState(size.seed);
  const chosen = [...specials[kind]];
  while (chosen.length > (most ?? chosen.length)) chosen.splice(nextBelow(random, chosen.length), 1);
  return [...chosen, ...Array.from({ length: size.random }, () => randomOf[kind](random))];
}

const INEXACT = 1;
const DYNAMIC = 7;
const MODES = [0, 1, 2, 3, 4];

/** Each rounding mode in the instruction, with another one in frm, and each in frm. */
const roundings = (row: Row): readonly (readonly [rm: number, frm: number])[] =>
  hasRoundingMode(row)
    ? [
        ...MODES.map((mode) => [mode, (mode + 2) % 5] as const),
        ...MODES.map((mode) => [DYNAMIC, mode] as const),
      ]
    : [
        [0, 0],
        [0, 3],
      ];

function casesOf(row: Row, size: TableSize): readonly Case[] {
  const operands = (['rs1', 'rs2', 'rs3'] as const).filter(
    (name) => formats[row.format].fields[name] !== undefined,
  );
  const kind = kindOf(row);
  const values = valuesFor(kind, operands.length === 3 ? size.triples : size.pairs, size);
  return roundings(row).flatMap(([rm, frm]) =>
    [0, INEXACT].map((flags): Case => ({ row, rm, fcsr: (frm << 5) | flags, operands, kind, values })),
  );
}

const combinations = ({ operands, values }: Case): number => values.length ** operands.length;

const address32 = (register: string, value: number): readonly Line[] => [
  `lui ${register},0x${((value + 0x800) >>> 12).toString(16)}`,
  `addi ${register},${register},${(value << 20) >> 20}`,
];

const FLAGS_AT = 2 ** 26;
const system = (number: number): Line => `addi a7,zero,${number}`;

function write(address: number, bytes: number): readonly Line[] {
  return [system(64), 'addi a0,zero,1', ...address32('a1', address), ...address32('a2', bytes), 'ecall'];
}

/** Loops nested in each other, one an operand, and in the middle the instruction. */
function caseLines(one: Case, table: number): readonly Line[] {
  const { row, operands, kind, values, fcsr, rm } = one;
  const word = encode(row, { rd: 13, rs1: 10, rs2: 11, rs3: 12, rm });
  const bytes = values.length * 8;
  const intoFloat = formats[row.format].text.startsWith('frd');
  const load = (i: number): string =>
    kind === 'integer' ? `ld x${10 + i},0(x${20 + i})` : `fld f${10 + i},0(x${20 + i})`;
  const body: readonly Line[] = [
    'csrrw zero,fcsr,x9',
    `.word ${word}`,
    intoFloat ? 'fsd f13,0(x18)' : 'sd x13,0(x18)',
    'csrrs x5,fcsr,zero',
    'sb x5,0(x19)',
    'addi x18,x18,8',
    'addi x19,x19,1',
  ];
  // From the inside out: the last operand changes fastest.
  let nested = body;
  for (let i = operands.length - 1; i >= 0; i--) {
    const pointer = `x${20 + i}`;
    const looped: readonly Line[] = [load(i), ...nested, `addi ${pointer},${pointer},8`];
    nested = [...address32(pointer, table), ...looped, (at) => `bne ${pointer},x8,${at - looped.length * 4}`];
  }
  const count = combinations(one);
  return [
    `addi x9,zero,${fcsr}`,
    ...address32('x8', table + bytes),
    ...address32('x18', RESULTS),
    ...address32('x19', RESULTS + FLAGS_AT),
    'addi x13,zero,0',
    ...nested,
    ...write(RESULTS, count * 8),
    ...write(RESULTS + FLAGS_AT, count),
  ];
}

export interface TableProgram {
  readonly cases: readonly Case[];
  readonly program: Program;
  /** Instructions whose results and flags are compared. */
  readonly results: number;
}

/** The program of one row. */
export function tableProgram(row: Row, size: TableSize): TableProgram {
  const cases = casesOf(row, size);
  const values = cases[0]!.values;
  const lines = cases.flatMap((one) => caseLines(one, TABLES));
  const words = assembleLines([...lines, system(93), 'addi a0,zero,0', 'ecall'], CODE);
  const most = Math.max(...cases.map(combinations));
  const code = new Uint8Array(Uint32Array.from(words).buffer);
  return {
    cases,
    results: cases.reduce((sum, one) => sum + combinations(one), 0),
    program: {
      entry: CODE,
      segments: [
        { address: CODE, bytes: code, size: code.length, write: false, execute: true },
        {
          address: TABLES,
          bytes: new Uint8Array(BigUint64Array.from(values).buffer),
          size: values.length * 8,
          write: false,
          execute: false,
        },
        { address: RESULTS, bytes: new Uint8Array(), size: most * 8, write: true, execute: false },
        { address: RESULTS + FLAGS_AT, bytes: new Uint8Array(), size: most, write: true, execute: false },
      ],
    },
  };
}

export interface TableDifference {
  readonly row: string;
  readonly rm: number;
  readonly fcsr: number;
  readonly operands: readonly string[];
  readonly what: 'result' | 'flags' | 'end';
  readonly ours: string;
  readonly theirs: string;
}

const hexadecimal = (value: bigint): string => `0x${value.toString(16)}`;

/** The values that were combined at a position of the results: the last operand changes fastest. */
function operandsAt({ operands, values }: Case, position: number): readonly string[] {
  let rest = position;
  return operands
    .map(() => {
      const value = values[rest % values.length]!;
      rest = Math.floor(rest / values.length);
      return hexadecimal(value);
    })
    .reverse();
}

/** Up to `most` differences of two outputs. */
export function tableDifferences(
  cases: readonly Case[],
  ours: Buffer,
  theirs: Buffer,
  most: number,
): readonly TableDifference[] {
  const found: TableDifference[] = [];
  let at = 0;
  for (const one of cases) {
    const count = combinations(one);
    const same = ours.subarray(at, at + count * 9).equals(theirs.subarray(at, at + count * 9));
    for (let i = 0; !same && i < count && found.length < most; i++) {
      const position = { row: one.row.name, rm: one.rm, fcsr: one.fcsr, operands: operandsAt(one, i) };
      const [a, b] = [ours.readBigUInt64LE(at + i * 8), theirs.readBigUInt64LE(at + i * 8)];
      if (a !== b) found.push({ ...position, what: 'result', ours: hexadecimal(a), theirs: hexadecimal(b) });
      const [p, q] = [ours[at + count * 8 + i]!, theirs[at + count * 8 + i]!];
      if (p !== q)
        found.push({
          ...position,
          what: 'flags',
          ours: `0x${p.toString(16)}`,
          theirs: `0x${q.toString(16)}`,
        });
    }
    at += count * 9;
  }
  return found;
}

const FRAMES = 2048;
const machines = new Map<string, BareMachine>();

function emptyMachine(config: string): BareMachine {
  const made = machines.get(config) ?? new BareMachine({ ...equivalentConfigs[config], frames: FRAMES });
  machines.set(config, made);
  made.clear();
  return made;
}

export interface TableRun {
  readonly row: string;
  readonly results: number;
  readonly differences: readonly TableDifference[];
}

/** Runs the table row by row, on one configuration of the machine. */
export function* runTable(size: TableSize, config: string): Generator<TableRun> {
  for (const row of tableRows) {
    const { cases, program, results } = tableProgram(row, size);
    const bare = emptyMachine(config);
    bare.load(program, true);
    const ours = bare.run();
    const theirs = runQemu(program);
    const differences =
      ours.output.equals(theirs.output) && ours.end === theirs.end
        ? []
        : tableDifferences(cases, ours.output, theirs.output, 10);
    const isShort = ours.output.length !== theirs.output.length || ours.end !== theirs.end;
    const end: TableDifference = {
      row: row.name,
      rm: 0,
      fcsr: 0,
      operands: [],
      what: 'end',
      ours: JSON.stringify(ours.end),
      theirs: `${theirs.end}`,
    };
    yield { row: row.name, results, differences: isShort ? [end] : differences };
  }
}
