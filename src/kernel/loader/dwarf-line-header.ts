/**
 * The header of a line program: how its instructions are encoded, and the names of its files.
 *
 * Source: DWARF 5, section 6.2.4; DWARF 4, section 6.2.4 (versions 2 to 4).
 */
import { DamagedDebugging, type DwarfBytes } from './dwarf-bytes.ts';
import { stringAt } from './sections.ts';

/** Sections that a line program needs, not compressed. */
export interface LineSections {
  /** `.debug_line`. */
  readonly lines: Uint8Array;
  /** `.debug_line_str` and `.debug_str`; empty when there is none. */
  readonly lineStrings: Uint8Array;
  readonly strings: Uint8Array;
}

export interface LineHeader {
  readonly leastInstruction: number;
  /** Operations in an instruction, 1 unless it is a very long one. */
  readonly mostOperations: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Operands of standard opcode `i + 1`. */
  readonly operands: readonly number[];
  readonly directories: readonly string[];
  /** Paths by the number that the program knows them by; see `pathOf`. */
  readonly files: string[];
  readonly version: number;
}

/** A file or directory as its table describes it. */
interface Entry {
  readonly path: string;
  readonly directory: number;
}

/** Content types and forms of version 5. */
const DW_LNCT = { path: 1, directory: 2 } as const;
const DW_FORM = {
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  strp: 0x0e,
  udata: 0x0f,
  data16: 0x1e,
  lineStrp: 0x1f,
} as const;

const OLDEST = 2;
const NEWEST = 5;
const LONGEST_PATH = 4096;

/**
 * Reads a header; `bytes` stands behind the unit's length, ends with the unit, and stands at the program afterwards.
 * @throws DamagedDebugging
 */
export function readLineHeader(bytes: DwarfBytes, format: 32 | 64, sections: LineSections): LineHeader {
  const at = bytes.at;
  const version = bytes.u16();
  if (version < OLDEST || version > NEWEST)
    throw new DamagedDebugging(at, `version ${OLDEST} to ${NEWEST} of a line table, found ${version}`);
  // Sizes of addresses and segments; addresses carry their own.
  if (version >= 5) bytes.skip(2);
  const length = bytes.offset(format);
  const end = bytes.at + length;
  if (!(end <= bytes.end)) bytes.refuse(`a header of ${length} bytes, of ${bytes.left}`);
  const leastInstruction = bytes.u8();
  const mostOperations = version >= 4 ? bytes.u8() : 1;
  bytes.skip(1);
  const lineBase = bytes.i8();
  const lineRange = bytes.u8();
  const opcodeBase = bytes.u8();
  if (lineRange === 0 || opcodeBase === 0 || mostOperations === 0)
    bytes.refuse('a line range, an opcode base and operations above 0');
  const operands = Array.from({ length: opcodeBase - 1 }, bytes.u8);
  const { directories, files } = version >= 5 ? tables(bytes, format, sections) : oldTables(bytes);
  if (bytes.at > end) bytes.refuse(`the header's end ${bytes.at - end} bytes earlier`);
  bytes.at = end;
  const header = { leastInstruction, mostOperations, lineBase, lineRange, opcodeBase, operands };
  return { ...header, version, directories, files: files.map((file) => pathOf(directories, file)) };
}

/** Versions 2 to 4: lists that an empty name ends; what is numbered 0 is known to the compiler only. */
function oldTables(bytes: DwarfBytes): { directories: string[]; files: Entry[] } {
  const directories = [''];
  for (let name = bytes.string(); name !== ''; name = bytes.string()) directories.push(name);
  const files: Entry[] = [{ path: '', directory: 0 }];
  for (let path = bytes.string(); path !== ''; path = bytes.string()) files.push(oldFile(bytes, path));
  return { directories, files };
}

/** The rest of a file's entry: its directory, when it was changed, and its size. */
export function oldFile(bytes: DwarfBytes, path: string): Entry {
  const directory = bytes.unsigned();
  bytes.unsigned();
  bytes.unsigned();
  return { path, directory };
}

function tables(
  bytes: DwarfBytes,
  format: 32 | 64,
  sections: LineSections,
): { directories: string[]; files: Entry[] } {
  const directories = entries(bytes, format, sections).map(({ path }) => path);
  return { directories, files: entries(bytes, format, sections) };
}

function entries(bytes: DwarfBytes, format: 32 | 64, sections: LineSections): Entry[] {
  const described = Array.from({ length: bytes.u8() }, () => [bytes.unsigned(), bytes.unsigned()] as const);
  const count = bytes.unsigned();
  // Each takes a byte at the least.
  if (count > bytes.left || (count > 0 && described.length === 0))
    bytes.refuse(`${count} entries of a table, in ${bytes.left} bytes`);
  return Array.from({ length: count }, () => {
    let path = '';
    let directory = 0;
    for (const [content, form] of described) {
      const value = readForm(bytes, form, format, sections);
      if (content === DW_LNCT.path && typeof value === 'string') path = value;
      if (content === DW_LNCT.directory && typeof value === 'number') directory = value;
    }
    return { path, directory };
  });
}

/** A value that may describe a file; of blocks nothing is wanted but that they are skipped. */
function readForm(
  bytes: DwarfBytes,
  form: number,
  format: 32 | 64,
  sections: LineSections,
): string | number | undefined {
  switch (form) {
    case DW_FORM.string:
      return shortText(bytes, bytes.string());
    case DW_FORM.lineStrp:
      return shortText(bytes, stringAt(sections.lineStrings, bytes.offset(format)));
    case DW_FORM.strp:
      return shortText(bytes, stringAt(sections.strings, bytes.offset(format)));
    case DW_FORM.udata:
      return bytes.unsigned();
    case DW_FORM.data1:
      return bytes.u8();
    case DW_FORM.data2:
      return bytes.u16();
    case DW_FORM.data4:
      return bytes.u32();
    case DW_FORM.data8:
      return bytes.u64();
    case DW_FORM.data16:
      bytes.skip(16);
      return undefined;
    case DW_FORM.block:
      bytes.skip(bytes.unsigned());
      return undefined;
    case DW_FORM.block1:
      bytes.skip(bytes.u8());
      return undefined;
    case DW_FORM.block2:
      bytes.skip(bytes.u16());
      return undefined;
    case DW_FORM.block4:
      bytes.skip(bytes.u32());
      return undefined;
    default:
      return bytes.refuse(`a form that describes files, found 0x${form.toString(16)}`);
  }
}

function shortText(bytes: DwarfBytes, text: string): string {
  if (text.length > LONGEST_PATH) bytes.refuse(`a path of at most ${LONGEST_PATH} characters`);
  return text;
}

/**
 * A file's path as the compiler was given it: absolute, or relative to the directory that the compiler ran in.
 * Directory 0 is that one, which versions before 5 do not name here.
 */
export function pathOf(directories: readonly string[], { path, directory }: Entry): string {
  const folder = directories[directory] ?? '';
  if (path.startsWith('/') || directory === 0 || folder === '') return path;
  const home = directories[0]!;
  if (home !== '' && folder === home) return path;
  const inside = home !== '' && folder.startsWith(`${home}/`) ? folder.slice(home.length + 1) : folder;
  return `${inside}/${path}`;
}
