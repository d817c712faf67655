/**
 * The words that a loader has to rewrite in a position-independent program: those that hold addresses, for which the
 * linker left R_RISCV_RELATIVE entries in .rela.dyn.
 *
 *   word at offset + bias  =  addend + bias
 *
 * Programs that are started by themselves do this to themselves, in their first instructions; what they write then is
 * what is there already.
 *
 * Source: System V gABI chapter 5, dynamic section and relocation; RISC-V ELF psABI 1.0, section 8.3.
 */
import type { ElfImage, Segment } from './elf.ts';

/** Plain data: element i of `values` goes to the 8 bytes at element i of `at`. */
export interface Relocations {
  readonly at: Float64Array;
  readonly values: Float64Array;
}

const PT_DYNAMIC = 2;
const PROGRAM_HEADER_BYTES = 56;
const DT_NULL = 0;
const DT_RELA = 7;
const DT_RELASZ = 8;
const DT_RELAENT = 9;
const DT_RELR = 36;
const RELA_BYTES = 24;
const R_RISCV_NONE = 0;
const R_RISCV_RELATIVE = 3;

/**
 * @param bytes the file that `image` was read from
 * @returns the words, or why they can't be known
 */
export function relocationsOf(image: ElfImage, bytes: Uint8Array, bias: number): Relocations | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tags = dynamicTags(image, view);
  if (tags.has(DT_RELR)) return 'has packed relocations (DT_RELR); link it with -z nopack-relative-relocs';
  const address = tags.get(DT_RELA);
  const size = tags.get(DT_RELASZ) ?? 0;
  if (address === undefined || size === 0) return { at: new Float64Array(0), values: new Float64Array(0) };
  if (tags.get(DT_RELAENT) !== RELA_BYTES) return `has relocations that are not ${RELA_BYTES} bytes long`;
  const offset = offsetOf(image.segments, address, size);
  if (offset === undefined) return 'has relocations that lie in no segment of the file';
  return readEntries(image, view, { offset, count: Math.floor(size / RELA_BYTES), bias });
}

function dynamicTags({ programHeaders: { offset, count } }: ElfImage, view: DataView): Map<number, number> {
  const tags = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const header = offset + i * PROGRAM_HEADER_BYTES;
    if (view.getUint32(header, true) !== PT_DYNAMIC) continue;
    const from = wordAt(view, header + 8);
    const end = Math.min(view.byteLength, from + wordAt(view, header + 32));
    for (let at = from; at + 16 <= end; at += 16) {
      const tag = wordAt(view, at);
      if (tag === DT_NULL) break;
      tags.set(tag, wordAt(view, at + 8));
    }
  }
  return tags;
}

const wordAt = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** Where the file has the bytes at an address as linked. */
function offsetOf(segments: readonly Segment[], address: number, bytes: number): number | undefined {
  const home = segments.find(
    (segment) => address >= segment.address && address + bytes <= segment.address + segment.fileBytes,
  );
  return home && home.offset + address - home.address;
}

function readEntries(
  image: ElfImage,
  view: DataView,
  { offset, count, bias }: { offset: number; count: number; bias: number },
): Relocations | string {
  const at: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const entry = offset + i * RELA_BYTES;
    const where = wordAt(view, entry);
    const type = view.getUint32(entry + 8, true);
    if (type === R_RISCV_NONE) continue;
    if (type !== R_RISCV_RELATIVE)
      return `has a relocation of type ${type} at 0x${where.toString(16)}; only R_RISCV_RELATIVE (${R_RISCV_RELATIVE}) is applied`;
    const isInside = image.segments.some(
      ({ address, memoryBytes }) => where >= address && where + 8 <= address + memoryBytes,
    );
    if (!isInside) return `has a relocation at 0x${where.toString(16)}, which lies in no segment`;
    at.push(where + bias);
    values.push(wordAt(view, entry + 16) + bias);
  }
  return { at: Float64Array.from(at), values: Float64Array.from(values) };
}
