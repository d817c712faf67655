/** Writes line programs for tests: the reverse of what src/kernel/loader/dwarf-lines.ts does, from the standard alone. */

export interface UnitShape {
  readonly version: number;
  readonly format: 32 | 64;
  readonly lineBase: number;
  readonly lineRange: number;
  /** From 5 on: opcodes 1 to 4 are needed. */
  readonly opcodeBase: number;
  readonly leastInstruction: number;
  readonly mostOperations?: number;
}

export interface RowModel {
  readonly address: number;
  readonly line: number;
  /** 1 to 3. */
  readonly file: number;
  /** Chooses among the ways to say it. */
  readonly how: number;
}

/** Operands of the standard opcodes, from 1 on. */
const OPERANDS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

const uleb = (n: number): number[] => (n < 128 ? [n] : [(n % 128) | 128, ...uleb(Math.floor(n / 128))]);

function sleb(n: number): number[] {
  const low = ((n % 128) + 128) % 128;
  const rest = Math.floor(n / 128);
  const isLast = (rest === 0 && low < 64) || (rest === -1 && low >= 64);
  return isLast ? [low] : [low | 128, ...sleb(rest)];
}

function fixed(n: number, bytes: number): number[] {
  const out: number[] = [];
  for (let i = 0, rest = BigInt(n); i < bytes; i++, rest >>= 8n) out.push(Number(rest & 255n));
  return out;
}

const text = (name: string): number[] => [...new TextEncoder().encode(name), 0];

/**
 * A unit with the files d/f1.c to d/f3.c.
 * @param sequences the last row of each is its end
 * @param junk columns, blocks and unknown extended opcodes between rows, so many
 * @param more instructions after them
 */
export function encodeUnit(
  shape: UnitShape,
  sequences: readonly (readonly RowModel[])[],
  junk: number,
  more: readonly (readonly number[])[] = [],
): Uint8Array {
  const width = shape.format === 64 ? 8 : 4;
  const program = [...sequences.flatMap((rows) => encodeSequence(shape, rows, junk)), ...more.flat()];
  const { version, lineBase, lineRange, opcodeBase, leastInstruction, mostOperations = 1 } = shape;
  const tail = [
    leastInstruction,
    ...(version >= 4 ? [mostOperations] : []),
    1,
    lineBase & 255,
    lineRange,
    opcodeBase,
    // Opcodes that nobody knows have two operands.
    ...Array.from({ length: opcodeBase - 1 }, (_, i) => OPERANDS[i] ?? 2),
    ...(version >= 5 ? tables() : oldTables()),
  ];
  const sizes = version >= 5 ? [8, 0] : [];
  const body = [...fixed(version, 2), ...sizes, ...fixed(tail.length, width), ...tail, ...program];
  const length =
    shape.format === 64 ? [...fixed(0xffffffff, 4), ...fixed(body.length, 8)] : fixed(body.length, 4);
  return Uint8Array.from([...length, ...body]);
}

/** Path as text, directory as udata; a checksum of 16 bytes in between, as clang(1) has it. */
const tables = (): number[] => [
  ...[1, ...uleb(1), ...uleb(0x08)],
  ...[2, ...text('/home'), ...text('/home/d')],
  ...[3, ...uleb(1), ...uleb(0x08), ...uleb(5), ...uleb(0x1e), ...uleb(2), ...uleb(0x0f)],
  ...[4, ...['f0.c', 'f1.c', 'f2.c', 'f3.c'].flatMap((name) => [...text(name), ...fixed(7, 16), 1])],
];

const oldTables = (): number[] => [
  ...[...text('d'), 0],
  ...[
    ...['f1.c', 'f2.c', 'f3.c'].flatMap((name) => [...text(name), ...uleb(1), ...uleb(300), ...uleb(9)]),
    0,
  ],
];

function encodeSequence(shape: UnitShape, rows: readonly RowModel[], junk: number): number[] {
  const out: number[] = [];
  const { leastInstruction: least, opcodeBase } = shape;
  const knows = (opcode: number): boolean => opcode < opcodeBase;
  const now = { address: 0, line: 1, file: 1 };
  rows.forEach((row, i) => {
    const isEnd = i === rows.length - 1;
    if (i === 0 || row.how % 7 === 0 || !knows(9)) {
      out.push(0, 9, 2, ...fixed(row.address, 8));
      now.address = row.address;
    }
    out.push(...noise(junk, row.how, knows));
    if (row.file !== now.file) out.push(4, ...uleb(row.file));
    now.file = row.file;
    const steps = (row.address - now.address) / least;
    const lines = row.line - now.line;
    const special = specialFor(shape, steps, lines);
    if (!isEnd && special !== undefined && row.how % 3 !== 0) {
      out.push(special);
    } else {
      out.push(...advancePc(shape, steps, row.how));
      out.push(...(lines === 0 ? [] : [3, ...sleb(lines)]));
      out.push(...(isEnd ? [0, 1, 1] : [1]));
    }
    now.address = row.address;
    now.line = row.line;
  });
  return out;
}

function specialFor(
  { lineBase, lineRange, opcodeBase }: UnitShape,
  steps: number,
  lines: number,
): number | undefined {
  const off = lines - lineBase;
  if (off < 0 || off >= lineRange) return undefined;
  const opcode = off + lineRange * steps + opcodeBase;
  return opcode > 255 ? undefined : opcode;
}

function advancePc(
  { leastInstruction, lineRange, opcodeBase }: UnitShape,
  steps: number,
  how: number,
): number[] {
  if (steps === 0) return [];
  const constant = Math.floor((255 - opcodeBase) / lineRange);
  if (opcodeBase > 9 && how % 2 === 0 && steps * leastInstruction < 65_536)
    return [9, ...fixed(steps * leastInstruction, 2)];
  if (opcodeBase > 8 && steps >= constant && how % 5 === 0) {
    return steps === constant ? [8] : [8, 2, ...uleb(steps - constant)];
  }
  return [2, ...uleb(steps)];
}

function noise(count: number, how: number, knows: (opcode: number) => boolean): number[] {
  const kinds: number[][] = [
    [5, ...uleb(300)],
    [6],
    [7],
    [10],
    [11],
    [12, 3],
    [0, 3, 4, ...uleb(200)], // discriminator
    [0, 5, 0x80, 1, 2, 3, 4], // a vendor's
    [14, ...uleb(1000), 5], // unknown, with two operands
  ];
  const usable = kinds.filter(([opcode]) => opcode === 0 || knows(opcode!));
  return Array.from({ length: count }, (_, i) => usable[(how + i) % usable.length]!).flat();
}
