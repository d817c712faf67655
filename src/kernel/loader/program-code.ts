/** What a program's file tells about its instructions: functions and source lines. Read when first asked for. */
import { LineTable, type SourceLine } from './dwarf-lines.ts';
import { contentsOf, type ElfSection, SHF_COMPRESSED, sectionsOf, viewOf, wide } from './sections.ts';
import { type FunctionSymbol, FunctionTable } from './symbols.ts';

/** Undoes zlib's compression; `undefined` when that does not give exactly `size` bytes. */
export type Inflate = (compressed: Uint8Array, size: number) => Uint8Array | undefined;

/** Before the bytes of a compressed section: type, size; and where they begin. */
const COMPRESSION = { type: 0, size: 8, end: 24 } as const;
const ELFCOMPRESS_ZLIB = 1;
const compressions: Readonly<Record<number, string>> = { 1: 'zlib', 2: 'zstd' };
/** More than any program's lines, and little enough to hold. */
const MOST_INFLATED = 2 ** 30;
const NOTHING = new Uint8Array(0);

export class ProgramCode {
  readonly #bytes: Uint8Array;
  readonly #inflate: Inflate | undefined;
  readonly #notes: string[] = [];
  #functions: FunctionTable | undefined;
  #lines: LineTable | 'none' | undefined;

  /** @param bytes the whole ELF file @param inflate for compressed sections; they are reported as such without it */
  constructor(bytes: Uint8Array, inflate?: Inflate) {
    this.#bytes = bytes;
    this.#inflate = inflate;
  }

  /** @param address as linked */
  functionAt(address: number): FunctionSymbol | undefined {
    if (this.#functions === undefined) {
      this.#functions = new FunctionTable(this.#bytes);
      if (this.#functions.isEmpty) this.#notes.push('it has no symbols: do not strip it');
    }
    return this.#functions.at(address);
  }

  /** `undefined` as well where the compiler names no line. @param address as linked */
  lineAt(address: number): SourceLine | undefined {
    this.#lines ??= this.#readLines() ?? 'none';
    const found = this.#lines === 'none' ? undefined : this.#lines.at(address);
    return found === undefined || found.line <= 0 || found.file === '' ? undefined : found;
  }

  /** Why functions or lines that were asked for are missing. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  #readLines(): LineTable | undefined {
    const sections = sectionsOf(this.#bytes);
    const lines = this.#section(sections, '.debug_line');
    if (lines === 'absent') {
      this.#notes.push('it has no debug lines: compile it with -g');
      return undefined;
    }
    const lineStrings = this.#section(sections, '.debug_line_str');
    const strings = this.#section(sections, '.debug_str');
    if (lines === 'unreadable') return undefined;
    const table = new LineTable({ lines, lineStrings: textOf(lineStrings), strings: textOf(strings) });
    if (table.damage !== undefined) this.#notes.push(`.debug_line is damaged, ${table.damage}`);
    return table;
  }

  /** A section's bytes, inflated if need be; of one that can't be read a note tells why. */
  #section(sections: readonly ElfSection[], name: string): Uint8Array | 'absent' | 'unreadable' {
    const section = sections.find((one) => one.name === name);
    if (section === undefined) return 'absent';
    const bytes = contentsOf(this.#bytes, section);
    if (bytes === undefined) return this.#unreadable(`${name} is damaged: it ends beyond the file`);
    return (section.flags & SHF_COMPRESSED) === 0 ? bytes : this.#inflated(name, bytes);
  }

  #inflated(name: string, bytes: Uint8Array): Uint8Array | 'unreadable' {
    if (bytes.length < COMPRESSION.end) return this.#unreadable(`${name} is damaged: it is cut off`);
    const view = viewOf(bytes);
    const type = view.getUint32(COMPRESSION.type, true);
    const size = wide(view, COMPRESSION.size);
    if (type !== ELFCOMPRESS_ZLIB || this.#inflate === undefined) {
      const how = compressions[type] ?? `type ${type}`;
      return this.#unreadable(`${name} is compressed (${how}): link it with -gz=none`);
    }
    const inflated = size > MOST_INFLATED ? undefined : this.#inflate(bytes.subarray(COMPRESSION.end), size);
    return inflated ?? this.#unreadable(`${name} is damaged: it can't be inflated`);
  }

  #unreadable(note: string): 'unreadable' {
    this.#notes.push(note);
    return 'unreadable';
  }
}

const textOf = (section: Uint8Array | string): Uint8Array =>
  typeof section === 'string' ? NOTHING : section;
