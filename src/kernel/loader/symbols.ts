/** Names of a program's variables and functions, from its symbol table if it was not stripped. */

export interface ProgramSymbol {
  /** As linked. */
  readonly address: number;
  /** 0 where the table does not say. */
  readonly bytes: number;
}

const SECTION_TABLE = 0x28;
const SECTION_BYTES = 0x3a;
const SECTION_COUNT = 0x3c;
const SHT_SYMTAB = 2;
/** Offsets in a section header, and in a symbol of 24 bytes. */
const SECTION = { type: 4, offset: 24, size: 32, link: 40 } as const;
const SYMBOL = { name: 0, section: 6, value: 8, size: 16, bytes: 24 } as const;

/**
 * The symbol called `name` that the program defines; `undefined` when there is none, or no symbol table.
 * Source: System V gABI, chapter 4 (symbol table).
 * @param bytes of a 64-bit little-endian ELF file
 */
export function findSymbol(bytes: Uint8Array, name: string): ProgramSymbol | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sections = sectionsOf(view);
  for (const { type, offset, size, link } of sections) {
    const strings = sections[link];
    if (type !== SHT_SYMTAB || strings === undefined || offset + size > bytes.length) continue;
    for (let at = offset; at + SYMBOL.bytes <= offset + size; at += SYMBOL.bytes) {
      if (view.getUint16(at + SYMBOL.section, true) === 0) continue;
      if (textAt(bytes, strings.offset + view.getUint32(at + SYMBOL.name, true)) !== name) continue;
      return { address: wide(view, at + SYMBOL.value), bytes: wide(view, at + SYMBOL.size) };
    }
  }
  return undefined;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function sectionsOf(view: DataView): Section[] {
  if (view.byteLength < SECTION_COUNT + 2) return [];
  const table = wide(view, SECTION_TABLE);
  const bytes = view.getUint16(SECTION_BYTES, true);
  const count = view.getUint16(SECTION_COUNT, true);
  if (bytes < SECTION.link + 4 || table + bytes * count > view.byteLength) return [];
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * bytes;
    return {
      type: view.getUint32(at + SECTION.type, true),
      offset: wide(view, at + SECTION.offset),
      size: wide(view, at + SECTION.size),
      link: view.getUint32(at + SECTION.link, true),
    };
  });
}

const wide = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

function textAt(bytes: Uint8Array, start: number): string {
  if (start >= bytes.length) return '';
  const end = bytes.indexOf(0, start);
  return new TextDecoder('latin1').decode(bytes.subarray(start, end < 0 ? bytes.length : end));
}
