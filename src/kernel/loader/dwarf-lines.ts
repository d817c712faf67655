/**
 * Source lines of a program's instructions, from `.debug_line`: each unit of it is a program for a small machine,
 * whose rows say from which address on which line counts.
 *
 *     row      0x10552  main.c:4      an address belongs to the last row at or before it,
 *     row      0x10558  main.c:5      of several rows at one address to the last
 *     end      0x10574                one sequence; nothing is said of what lies between sequences
 *
 * Source: DWARF 5, section 6.2 (line number information).
 */
import { DamagedDebugging, DwarfBytes } from './dwarf-bytes.ts';
import { type LineHeader, type LineSections, oldFile, pathOf, readLineHeader } from './dwarf-line-header.ts';

export type { LineSections } from './dwarf-line-header.ts';

export interface SourceLine {
  /** As given to the compiler: absolute, or relative to the directory that it ran in. */
  readonly file: string;
  /** From 1 on; 0: no line of the source. */
  readonly line: number;
}

export interface LineRow extends SourceLine {
  readonly address: number;
  /** First address behind a sequence. */
  readonly ends: boolean;
}

/** Standard opcodes (DW_LNS). */
const STANDARD = {
  extended: 0,
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  setColumn: 5,
  negateStatement: 6,
  basicBlock: 7,
  constAddPc: 8,
  fixedAdvancePc: 9,
} as const;
/** Extended opcodes (DW_LNE). */
const EXTENDED = { endSequence: 1, setAddress: 2, defineFile: 3 } as const;
/** In the place of a length: the 64-bit format follows. */
const FORMAT_64 = 0xffff_ffff;
const FIRST_RESERVED = 0xffff_fff0;

/** Rows from `first` up to `end`, of addresses from `low` up to `high`. */
interface Sequence {
  readonly low: number;
  readonly high: number;
  readonly first: number;
  readonly end: number;
}

/** All rows of a program, sequence by sequence. */
export class LineTable {
  /** What is wrong with the section and where, when something is; what was read of it counts all the same. */
  readonly damage: string | undefined;
  readonly #addresses: number[] = [];
  readonly #lines: number[] = [];
  readonly #files: number[] = [];
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #sequences: Sequence[] = [];

  constructor(sections: LineSections) {
    this.damage = this.#readUnits(sections);
    this.#sequences.sort((a, b) => a.low - b.low || a.first - b.first);
  }

  /** The line that the instruction at an address was made for. @param address as linked */
  at(address: number): SourceLine | undefined {
    const sequences = this.#sequences;
    const found = sequences[lastAtOrBefore(sequences.length, (i) => sequences[i]!.low, address)];
    if (found === undefined || address >= found.high) return undefined;
    const { first, end } = found;
    const row = first + lastAtOrBefore(end - first, (i) => this.#addresses[first + i]!, address);
    if (row < first) return undefined;
    return { file: this.#names[this.#files[row]!]!, line: this.#lines[row]! };
  }

  /** In order of address. */
  *rows(): Generator<LineRow> {
    for (const { first, end } of this.#sequences) {
      for (let i = first; i < end; i++) {
        const [address, file, line] = [this.#addresses[i]!, this.#names[this.#files[i]!]!, this.#lines[i]!];
        yield { address, file, line, ends: i === end - 1 };
      }
    }
  }

  /** @returns the first damage; units behind a damaged one are read */
  #readUnits(sections: LineSections): string | undefined {
    const bytes = new DwarfBytes(sections.lines);
    let damage: string | undefined;
    while (bytes.left > 0) {
      let next = bytes.end;
      try {
        let length = bytes.u32();
        const format = length === FORMAT_64 ? 64 : 32;
        if (format === 64) length = bytes.u64();
        else if (length >= FIRST_RESERVED) bytes.refuse('a length');
        if (length > bytes.left) bytes.refuse(`a unit of ${length} bytes, of ${bytes.left}`);
        next = bytes.at + length;
        this.#readUnit(new DwarfBytes(sections.lines, bytes.at, next), format, sections);
      } catch (error) {
        if (!(error instanceof DamagedDebugging)) throw error;
        damage ??= `byte ${error.at}: expected ${error.message}`;
      }
      bytes.at = next;
    }
    return damage;
  }

  #readUnit(bytes: DwarfBytes, format: 32 | 64, sections: LineSections): void {
    const header = readLineHeader(bytes, format, sections);
    const registers = new LineRegisters(header);
    let first = this.#addresses.length;
    const row = (): void => {
      this.#addresses.push(registers.address);
      this.#lines.push(registers.line);
      this.#files.push(this.#numberOf(header.files[registers.file] ?? ''));
    };
    try {
      while (bytes.left > 0) {
        const made = step(bytes, registers);
        if (made === 'nothing') continue;
        row();
        if (made === 'row') continue;
        this.#endSequence(first);
        first = this.#addresses.length;
        registers.reset();
      }
    } finally {
      // A sequence without an end says nothing.
      this.#forget(first);
    }
  }

  /** Code that the linker left out is said to be at 0, or at the highest addresses there are. */
  #endSequence(first: number): void {
    const end = this.#addresses.length;
    const low = this.#addresses[first]!;
    const high = this.#addresses[end - 1]!;
    if (low > 0 && high > low && Number.isSafeInteger(high)) this.#sequences.push({ low, high, first, end });
    else this.#forget(first);
  }

  #forget(first: number): void {
    this.#addresses.length = first;
    this.#lines.length = first;
    this.#files.length = first;
  }

  #numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }
}

/** The machine's registers, as far as rows are made of them. */
class LineRegisters {
  readonly header: LineHeader;
  address = 0;
  operation = 0;
  file = 1;
  line = 1;

  constructor(header: LineHeader) {
    this.header = header;
  }

  reset(): void {
    this.address = 0;
    this.operation = 0;
    this.file = 1;
    this.line = 1;
  }

  advance(operations: number): void {
    const { leastInstruction, mostOperations } = this.header;
    const all = this.operation + operations;
    this.address += leastInstruction * Math.floor(all / mostOperations);
    this.operation = all % mostOperations;
  }
}

type Made = 'nothing' | 'row' | 'end';

/** Executes one instruction. @returns what it adds to the table: the registers as they are now, as a row or an end */
function step(bytes: DwarfBytes, registers: LineRegisters): Made {
  const { header } = registers;
  const opcode = bytes.u8();
  if (opcode >= header.opcodeBase) {
    const adjusted = opcode - header.opcodeBase;
    registers.advance(Math.floor(adjusted / header.lineRange));
    registers.line += header.lineBase + (adjusted % header.lineRange);
    return 'row';
  }
  switch (opcode) {
    case STANDARD.extended:
      return extended(bytes, registers);
    case STANDARD.copy:
      return 'row';
    case STANDARD.advancePc:
      registers.advance(bytes.unsigned());
      break;
    case STANDARD.advanceLine:
      registers.line += bytes.signed();
      break;
    case STANDARD.setFile:
      registers.file = bytes.unsigned();
      break;
    case STANDARD.constAddPc:
      registers.advance(Math.floor((255 - header.opcodeBase) / header.lineRange));
      break;
    case STANDARD.fixedAdvancePc:
      registers.address += bytes.u16();
      registers.operation = 0;
      break;
    default:
      // Columns, statements, blocks, and what newer versions may bring: the header says how many operands to skip.
      for (let left = header.operands[opcode - 1]!; left > 0; left--) bytes.unsigned();
  }
  return 'nothing';
}

function extended(bytes: DwarfBytes, registers: LineRegisters): Made {
  const length = bytes.unsigned();
  const end = bytes.at + length;
  if (length === 0 || end > bytes.end) bytes.refuse(`an extended opcode of 1 to ${bytes.left} bytes`);
  const opcode = bytes.u8();
  let made: Made = 'nothing';
  if (opcode === EXTENDED.endSequence) made = 'end';
  else if (opcode === EXTENDED.setAddress) {
    if (length !== 9 && length !== 5) bytes.refuse('an address of 4 or 8 bytes');
    registers.address = length === 9 ? bytes.u64() : bytes.u32();
    registers.operation = 0;
  } else if (opcode === EXTENDED.defineFile) {
    const { directories, files } = registers.header;
    files.push(pathOf(directories, oldFile(bytes, bytes.string())));
  }
  bytes.at = end;
  return made;
}

/** Index of the last of `count` ascending values that is not above `value`, or -1. */
function lastAtOrBefore(count: number, valueAt: (i: number) => number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (valueAt(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
