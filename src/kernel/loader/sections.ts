/**
 * The sections of an ELF file, which nothing is loaded from: symbol tables, strings, debugging information.
 * A damaged table has fewer sections, or none; nothing here throws.
 *
 * Source: System V gABI, chapter 4 (sections).
 */

export interface ElfSection {
  readonly name: string;
  /** SHT_PROGBITS, SHT_SYMTAB and so on. */
  readonly type: number;
  readonly flags: number;
  /** As linked; 0 for what is not loaded. */
  readonly address: number;
  /** Of its bytes in the file. */
  readonly offset: number;
  readonly size: number;
  /** Number of another section, e.g. that of a symbol table's strings. */
  readonly link: number;
}

export const SHT_SYMTAB = 2;
export const SHT_NOBITS = 8;
/** It holds instructions. */
export const SHF_EXECINSTR = 4;
/** Its bytes are compressed, behind a header that says how. */
export const SHF_COMPRESSED = 0x800;

/** Offsets in the file's header. */
const HEADER = { table: 0x28, bytes: 0x3a, count: 0x3c, names: 0x3e, end: 0x40 } as const;
/** Offsets in a section's header. */
const SECTION = { name: 0, type: 4, flags: 8, address: 16, offset: 24, size: 32, link: 40, end: 44 } as const;
/** `e_shstrndx` when the number is in the first section's `sh_link`. */
const SHN_XINDEX = 0xffff;

/** @param bytes of a 64-bit little-endian ELF file */
export function sectionsOf(bytes: Uint8Array): ElfSection[] {
  const view = viewOf(bytes);
  if (view.byteLength < HEADER.end) return [];
  const table = wide(view, HEADER.table);
  const each = view.getUint16(HEADER.bytes, true);
  if (table === 0 || each < SECTION.end || table + each > view.byteLength) return [];
  // More sections than 16 bits hold are counted in the first one.
  const count = view.getUint16(HEADER.count, true) || wide(view, table + SECTION.size);
  if (table + each * count > view.byteLength) return [];
  const named = Array.from({ length: count }, (_, i) => headerAt(view, table + i * each));
  const index = view.getUint16(HEADER.names, true);
  const names = named[index === SHN_XINDEX ? (named[0]?.link ?? 0) : index];
  const text = names === undefined ? undefined : contentsOf(bytes, names);
  return named.map(({ nameAt, ...section }) => ({
    ...section,
    name: text === undefined ? '' : stringAt(text, nameAt),
  }));
}

function headerAt(view: DataView, at: number): Omit<ElfSection, 'name'> & { readonly nameAt: number } {
  return {
    nameAt: view.getUint32(at + SECTION.name, true),
    type: view.getUint32(at + SECTION.type, true),
    flags: wide(view, at + SECTION.flags),
    address: wide(view, at + SECTION.address),
    offset: wide(view, at + SECTION.offset),
    size: wide(view, at + SECTION.size),
    link: view.getUint32(at + SECTION.link, true),
  };
}

/** The bytes of a section; `undefined` when the file does not hold all of them. */
export function contentsOf(
  bytes: Uint8Array,
  { type, offset, size }: Pick<ElfSection, 'type' | 'offset' | 'size'>,
): Uint8Array | undefined {
  if (type === SHT_NOBITS || offset + size > bytes.length) return undefined;
  return bytes.subarray(offset, offset + size);
}

/** The text from `start` to the next zero byte. */
export function stringAt(bytes: Uint8Array, start: number): string {
  if (start >= bytes.length) return '';
  const end = bytes.indexOf(0, start);
  return decoder.decode(bytes.subarray(start, end < 0 ? bytes.length : end));
}

const decoder = new TextDecoder();

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** 64 bits; what is beyond 2^53 is rounded. */
export const wide = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));
