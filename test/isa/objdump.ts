/** Disassembles words with binutils, in the notation that `disassemble` follows. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const OBJDUMP = 'riscv64-linux-gnu-objdump';
export const ENABLE_OBJDUMP = 'apt-get install binutils-riscv64-linux-gnu';

const ARCHITECTURE = 'rv64imafdc_zicsr_zifencei_zba_zbb_zbs';

const PROGBITS = 1;
const STRINGS = 3;
const ATTRIBUTES = 0x70000003;
const EXECUTABLE = 6;
const HEADER_BYTES = 64;

const ascii = (text: string): Buffer => Buffer.from(`${text}\0`, 'ascii');
const word = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);

/**
 * The attributes section, which tells objdump the extensions: a raw binary is always taken for RV64GC.
 *
 * Source: RISC-V ABIs Specification 1.0, section 8.5 (attributes).
 */
function attributesOf(architecture: string): Buffer {
  const arch = Buffer.concat([Buffer.of(5), ascii(architecture)]);
  const file = Buffer.concat([Buffer.of(1), word(5 + arch.length), arch]);
  const vendor = ascii('riscv');
  return Buffer.concat([Buffer.from('A'), word(4 + vendor.length + file.length), vendor, file]);
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
}

function sectionHeader({ type, flags, bytes }: Section, name: number, offset: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(name, 0);
  header.writeUInt32LE(type, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(offset, 24);
  header.writeUInt32LE(bytes.length, 32);
  header.writeUInt32LE(4, 48);
  return header;
}

/** A relocatable ELF object that holds `code` at address 0. */
function objectOf(code: Uint8Array): Buffer {
  const names = ['', '.text', '.riscv.attributes', '.shstrtab'];
  const nameAt = names.map((_, i) => names.slice(0, i).reduce((sum, name) => sum + name.length + 1, 0));
  const sections: readonly Section[] = [
    { name: '', type: 0, flags: 0, bytes: Buffer.alloc(0) },
    { name: '.text', type: PROGBITS, flags: EXECUTABLE, bytes: code },
    { name: '.riscv.attributes', type: ATTRIBUTES, flags: 0, bytes: attributesOf(ARCHITECTURE) },
    { name: '.shstrtab', type: STRINGS, flags: 0, bytes: ascii(names.join('\0')) },
  ];
  let end = HEADER_BYTES;
  const headers = sections.map((section, i) => {
    const header = sectionHeader(section, nameAt[i]!, end);
    end += section.bytes.length;
    return header;
  });
  const header = Buffer.alloc(HEADER_BYTES);
  // 64 bits, little-endian, version 1; relocatable, RISC-V, version 1.
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(1, 16);
  header.writeUInt16LE(243, 18);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(end, 40);
  header.writeUInt16LE(HEADER_BYTES, 52);
  header.writeUInt16LE(HEADER_BYTES, 58);
  header.writeUInt16LE(sections.length, 60);
  header.writeUInt16LE(sections.length - 1, 62);
  return Buffer.concat([header, ...sections.map(({ bytes }) => bytes), ...headers]);
}

/** What binutils decoded at an address, with one space behind the mnemonic and without comments. */
export interface Line {
  readonly address: number;
  readonly text: string;
}

const LINE = /^\s*([0-9a-f]+):\s+[0-9a-f]{4,16}\s+(.*)$/;

function parse(line: string): Line | undefined {
  const parts = LINE.exec(line);
  if (parts === null) return undefined;
  const text = parts[2]!
    .replace(/\s+#.*$/, '')
    .replace(/\s*<.*>$/, '')
    .trim()
    .replace(/\s+/, ' ');
  return { address: Number.parseInt(parts[1]!, 16), text };
}

/** Disassembles `code`, loaded at address 0. */
export function objdump(code: Uint8Array): readonly Line[] {
  const folder = mkdtempSync(join(tmpdir(), 'pagewalk-objdump-'));
  try {
    const file = join(folder, 'words.o');
    writeFileSync(file, objectOf(code));
    const options = ['-d', '-z', '-M', 'no-aliases', file];
    const output = execFileSync(OBJDUMP, options, { encoding: 'utf8', maxBuffer: 2 ** 30 });
    return output.split('\n').flatMap((line) => parse(line) ?? []);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
