/**
 * Reads the headers of an ELF file: 64 bits, little-endian, RISC-V, statically linked, at a fixed place or
 * position-independent. Nothing but headers is read; pages come on demand. Everything that would later go
 * wrong is refused here, with the file, the byte and what was expected there.
 *
 * Source: System V gABI chapters 4 and 5; RISC-V ELF psABI 1.0, chapter 8.
 */
import { UserError } from '../../base/errors.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../state.ts';
import { SV39_LAYOUT } from './layout.ts';
import { checkSegments, refusal } from './segments.ts';

/** A PT_LOAD entry: `memoryBytes` at `address`, the first `fileBytes` of them from `offset` of the file. */
export interface Segment {
  readonly offset: number;
  /** As linked; a position-independent program is moved as a whole. */
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  /** PROT_READ, PROT_WRITE, PROT_EXEC. */
  readonly protection: number;
  /** Power of two, 1 for none. */
  readonly alignment: number;
  /** Where in the file its header is, for messages. */
  readonly header: number;
}

/** What the loader needs to know of a program. */
export interface ElfImage {
  readonly kind: 'fixed' | 'position-independent';
  /** Address of the first instruction, as linked. */
  readonly entry: number;
  /** In order of address, disjoint, inside the user space. */
  readonly segments: readonly Segment[];
  readonly programHeaders: { readonly offset: number; readonly count: number };
  /** Address of the program headers as linked, where a segment holds them; else 0. */
  readonly headersAddress: number;
  readonly executableStack: boolean;
}

export const HEADER_BYTES = 64;
export const PROGRAM_HEADER_BYTES = 56;
/** Linux refuses more than 64 KiB of program headers. */
const MOST_HEADERS = Math.floor(65536 / PROGRAM_HEADER_BYTES);

const ET_EXEC = 2;
const ET_DYN = 3;
const EM_RISCV = 243;
const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_PHDR = 6;
const PT_GNU_STACK = 0x6474e551;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;
const EF_FLOAT_ABI = 6;
const EF_QUAD = 6;
const EF_RVE = 8;
const EF_ILP32 = 0x20;

const typeNames = ['none', 'relocatable (.o)', 'executable', 'shared object', 'core dump'];
const machineNames: Record<number, string> = {
  3: 'i386',
  40: 'ARM',
  62: 'x86-64',
  183: 'AArch64',
  247: 'BPF',
};

/** Little-endian fields of a file, by byte offset; 64-bit values beyond 2^53 read as Infinity. */
class Fields {
  readonly #view: DataView;
  readonly #name: string;
  readonly length: number;

  constructor(bytes: Uint8Array, name: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
    this.length = bytes.byteLength;
  }
  u8 = (at: number): number => this.#view.getUint8(at);
  u16 = (at: number): number => this.#view.getUint16(at, true);
  u32 = (at: number): number => this.#view.getUint32(at, true);
  u64(at: number): number {
    const value = Number(this.#view.getBigUint64(at, true));
    return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
  }
  /** Throws the user's mistake at byte `at`. */
  refuse(at: number, message: string): never {
    throw refusal(this.#name, at, message);
  }
}

/**
 * @param bytes the whole file
 * @param name as the user typed it, for messages
 * @throws UserError when the program can't be run
 */
export function parseElf(bytes: Uint8Array, name: string): ElfImage {
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw new UserError(name, `not an ELF file: ${startOf(bytes)}`);
  }
  const fields = new Fields(bytes, name);
  checkIdentification(fields);
  const kind = checkHeader(fields);
  const programHeaders = headerTable(fields);
  const found = scanHeaders(fields, programHeaders);
  const entry = fields.u64(24);
  const segments = checkSegments(found.segments, { name, fileBytes: bytes.length, kind });
  checkEntry(fields, entry, segments);
  return {
    kind,
    entry,
    segments,
    programHeaders,
    headersAddress: found.headersAddress ?? addressOfOffset(segments, programHeaders.offset),
    executableStack: found.executableStack,
  };
}

function startOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'it is empty';
  if (bytes[0] === 0x23 && bytes[1] === 0x21)
    return 'it is a script (#!); give the interpreter as the program';
  const shown = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return `it starts with ${shown}, expected 7f 45 4c 46`;
}

function checkIdentification(fields: Fields): void {
  if (fields.length < HEADER_BYTES) {
    fields.refuse(fields.length, `truncated: the header takes ${HEADER_BYTES} bytes`);
  }
  const word = fields.u8(4);
  if (word === 1) fields.refuse(4, 'a 32-bit program; expected class 2 (64 bits): compile for rv64gc');
  if (word !== 2) fields.refuse(4, `class ${word}, expected 2 (64 bits)`);
  if (fields.u8(5) !== 1) fields.refuse(5, `byte order ${fields.u8(5)}, expected 1 (little-endian)`);
  if (fields.u8(6) !== 1) fields.refuse(6, `ELF version ${fields.u8(6)}, expected 1`);
  const system = fields.u8(7);
  if (system !== 0 && system !== 3) {
    fields.refuse(7, `for operating system ${system}, expected 0 (System V) or 3 (Linux)`);
  }
}

function checkHeader(fields: Fields): ElfImage['kind'] {
  const machine = fields.u16(18);
  if (machine !== EM_RISCV) {
    const shown = machineNames[machine] ?? 'unknown';
    fields.refuse(18, `machine ${machine} (${shown}), expected 243 (RISC-V)`);
  }
  const type = fields.u16(16);
  if (type !== ET_EXEC && type !== ET_DYN) {
    fields.refuse(
      16,
      `type ${type} (${typeNames[type] ?? 'unknown'}), expected 2 or 3: link it, with -static`,
    );
  }
  if (fields.u32(20) !== 1) fields.refuse(20, `object file version ${fields.u32(20)}, expected 1`);
  const flags = fields.u32(48);
  if ((flags & EF_FLOAT_ABI) === EF_QUAD)
    fields.refuse(48, 'quad-precision float ABI; compile with -mabi=lp64d');
  if (flags & EF_RVE) fields.refuse(48, 'RV64E (16 registers); compile with -march=rv64gc -mabi=lp64d');
  if (flags & EF_ILP32) fields.refuse(48, 'ILP32 ABI; compile with -mabi=lp64d');
  if (fields.u16(52) !== HEADER_BYTES)
    fields.refuse(52, `header of ${fields.u16(52)} bytes, expected ${HEADER_BYTES}`);
  return type === ET_EXEC ? 'fixed' : 'position-independent';
}

function headerTable(fields: Fields): ElfImage['programHeaders'] {
  const offset = fields.u64(32);
  const count = fields.u16(56);
  if (count === 0) fields.refuse(56, 'no program headers, so nothing to load');
  if (fields.u16(54) !== PROGRAM_HEADER_BYTES) {
    fields.refuse(54, `program headers of ${fields.u16(54)} bytes, expected ${PROGRAM_HEADER_BYTES}`);
  }
  if (count > MOST_HEADERS) fields.refuse(56, `${count} program headers, at most ${MOST_HEADERS}`);
  const end = offset + count * PROGRAM_HEADER_BYTES;
  if (offset < HEADER_BYTES) fields.refuse(32, `program headers at ${offset}, inside the header`);
  if (end > fields.length) {
    fields.refuse(32, `truncated: program headers end at byte ${end}, the file at ${fields.length}`);
  }
  return { offset, count };
}

interface FoundHeaders {
  segments: Segment[];
  headersAddress: number | undefined;
  executableStack: boolean;
}

function scanHeaders(fields: Fields, table: ElfImage['programHeaders']): FoundHeaders {
  const found: FoundHeaders = { segments: [], headersAddress: undefined, executableStack: false };
  for (let i = 0; i < table.count; i++) {
    const at = table.offset + i * PROGRAM_HEADER_BYTES;
    const type = fields.u32(at);
    if (type === PT_INTERP)
      fields.refuse(at, 'dynamically linked (it names an interpreter): link it with -static');
    if (type === PT_LOAD) found.segments.push(segmentAt(fields, at));
    if (type === PT_PHDR) found.headersAddress = headersAddress(fields, at);
    if (type === PT_GNU_STACK) found.executableStack = (fields.u32(at + 4) & PF_X) !== 0;
  }
  if (found.segments.length === 0) fields.refuse(table.offset, 'no PT_LOAD segment, so nothing to load');
  return found;
}

function headersAddress(fields: Fields, at: number): number {
  const address = fields.u64(at + 16);
  if (address >= SV39_LAYOUT.end)
    fields.refuse(at + 16, 'program headers at an address beyond the user space');
  return address;
}

function segmentAt(fields: Fields, at: number): Segment {
  const flags = fields.u32(at + 4);
  return {
    header: at,
    protection:
      (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0),
    offset: fields.u64(at + 8),
    address: fields.u64(at + 16),
    fileBytes: fields.u64(at + 32),
    memoryBytes: fields.u64(at + 40),
    alignment: Math.max(1, fields.u64(at + 48)),
  };
}

function checkEntry(fields: Fields, entry: number, segments: readonly Segment[]): void {
  const home = segments.find(({ address, memoryBytes }) => entry >= address && entry < address + memoryBytes);
  const shown = `entry 0x${entry.toString(16)}`;
  if (home === undefined) fields.refuse(24, `${shown} lies in no segment`);
  if ((home.protection & PROT_EXEC) === 0)
    fields.refuse(24, `${shown} lies in a segment that is not executable`);
  if (entry % 2 !== 0) fields.refuse(24, `${shown} is odd; instructions lie at even addresses`);
}

function addressOfOffset(segments: readonly Segment[], offset: number): number {
  const home = segments.find(
    (segment) => offset >= segment.offset && offset < segment.offset + segment.fileBytes,
  );
  return home === undefined ? 0 : home.address + offset - home.offset;
}
