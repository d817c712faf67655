/** Names of a program's variables and functions, from its symbol table if it was not stripped. */
import { contentsOf, SHF_EXECINSTR, SHT_SYMTAB, sectionsOf, stringAt, viewOf, wide } from './sections.ts';

export interface ProgramSymbol {
  /** As linked. */
  readonly address: number;
  /** 0 where the table does not say. */
  readonly bytes: number;
}

/** A function that an address lies in. */
export interface FunctionSymbol extends ProgramSymbol {
  readonly name: string;
}

/** Offsets in a symbol of 24 bytes. */
const SYMBOL = { name: 0, info: 4, section: 6, value: 8, size: 16, bytes: 24 } as const;
const STT_NOTYPE = 0;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
/** Sections from here on are none (SHN_ABS, SHN_COMMON). */
const SHN_LORESERVE = 0xff00;

interface TableEntry extends FunctionSymbol {
  readonly type: number;
  readonly section: number;
}

/**
 * The symbol called `name` that the program defines; `undefined` when there is none, or no symbol table.
 * Source: System V gABI, chapter 4 (symbol table).
 * @param bytes of a 64-bit little-endian ELF file
 */
export function findSymbol(bytes: Uint8Array, name: string): ProgramSymbol | undefined {
  for (const symbol of definedSymbols(bytes)) {
    if (symbol.name === name) return { address: symbol.address, bytes: symbol.bytes };
  }
  return undefined;
}

function* definedSymbols(bytes: Uint8Array): Generator<TableEntry> {
  const sections = sectionsOf(bytes);
  for (const section of sections) {
    const strings = sections[section.link];
    if (section.type !== SHT_SYMTAB || strings === undefined) continue;
    const table = contentsOf(bytes, section);
    const names = contentsOf(bytes, strings);
    if (table === undefined || names === undefined) continue;
    const view = viewOf(table);
    for (let at = 0; at + SYMBOL.bytes <= table.length; at += SYMBOL.bytes) {
      const home = view.getUint16(at + SYMBOL.section, true);
      if (home === 0) continue;
      yield {
        name: stringAt(names, view.getUint32(at + SYMBOL.name, true)),
        type: view.getUint8(at + SYMBOL.info) & 0xf,
        section: home,
        address: wide(view, at + SYMBOL.value),
        bytes: wide(view, at + SYMBOL.size),
      };
    }
  }
}

/** A program's functions by address. */
export class FunctionTable {
  /** In order of address; of those at one address the best first. */
  readonly #functions: readonly FunctionSymbol[];

  constructor(bytes: Uint8Array) {
    const sections = sectionsOf(bytes);
    const isCode = (index: number): boolean =>
      index < SHN_LORESERVE && ((sections[index]?.flags ?? 0) & SHF_EXECINSTR) !== 0;
    this.#functions = [...definedSymbols(bytes)]
      .filter(({ name, type, section }) => isFunction(name, type) && isCode(section))
      // The order is stable: of equals, the first of the table.
      .sort((a, b) => a.address - b.address || rank(a) - rank(b) || a.bytes - b.bytes);
  }

  get isEmpty(): boolean {
    return this.#functions.length === 0;
  }

  /**
   * The function that starts last at or before an address and reaches it; one whose size is not known reaches to the
   * next. Of several at one address a function comes before a mere label, the smaller before the larger, and then
   * the first of the table, as addr2line(1) has it.
   * @param address as linked
   */
  at(address: number): FunctionSymbol | undefined {
    const functions = this.#functions;
    let low = 0;
    let high = functions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (functions[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    const start = functions[low - 1]?.address;
    let label: FunctionSymbol | undefined;
    let found: FunctionSymbol | undefined;
    for (let i = low - 1; functions[i]?.address === start && functions[i] !== undefined; i--) {
      const { bytes } = functions[i]!;
      if (bytes === 0) label = functions[i];
      else if (address < start! + bytes) found = functions[i];
    }
    return found ?? label;
  }
}

/** Labels of assembly language count; those that assemblers and compilers make for themselves do not. */
const isFunction = (name: string, type: number): boolean =>
  (type === STT_FUNC || type === STT_GNU_IFUNC || type === STT_NOTYPE) &&
  name !== '' &&
  !name.startsWith('$') &&
  !name.startsWith('.L');

const rank = ({ type }: TableEntry): number => (type === STT_NOTYPE ? 1 : 0);
