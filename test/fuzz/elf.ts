/** Writes static ELF executables for RV64: a header, a program header for each segment, and their bytes. */
import type { Program, Segment } from '../support/bare-machine.ts';

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PAGE = 4096;
const LOAD = 1;
const FLAG = { execute: 1, write: 2, read: 4 } as const;
/** Compressed instructions, double-precision floating-point ABI. */
const FLAGS = 0x5;

function programHeader({ address, bytes, size, write, execute }: Segment, offset: number): Buffer {
  const header = Buffer.alloc(PROGRAM_HEADER_BYTES);
  header.writeUInt32LE(LOAD, 0);
  header.writeUInt32LE(FLAG.read | (write ? FLAG.write : 0) | (execute ? FLAG.execute : 0), 4);
  header.writeBigUInt64LE(BigInt(offset), 8);
  header.writeBigUInt64LE(BigInt(address), 16);
  header.writeBigUInt64LE(BigInt(address), 24);
  header.writeBigUInt64LE(BigInt(bytes.length), 32);
  header.writeBigUInt64LE(BigInt(size), 40);
  header.writeBigUInt64LE(BigInt(PAGE), 48);
  return header;
}

/** The file for a program. Segments must start at multiples of 4096. */
export function elfOf({ entry, segments }: Program): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  // 64 bits, little-endian, version 1; executable, RISC-V, version 1.
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(243, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(entry), 24);
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  header.writeUInt32LE(FLAGS, 48);
  header.writeUInt16LE(HEADER_BYTES, 52);
  header.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  header.writeUInt16LE(segments.length, 56);
  const parts: Uint8Array[] = [];
  let offset = PAGE;
  const headers = segments.map((segment) => {
    const programHeaderOfIt = programHeader(segment, offset);
    const padding = (PAGE - (segment.bytes.length % PAGE)) % PAGE;
    parts.push(segment.bytes, Buffer.alloc(padding));
    offset += segment.bytes.length + padding;
    return programHeaderOfIt;
  });
  const first = Buffer.alloc(PAGE);
  Buffer.concat([header, ...headers]).copy(first);
  return Buffer.concat([first, ...parts]);
}
