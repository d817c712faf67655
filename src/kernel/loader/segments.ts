/** What has to hold of a program's segments before any of them is mapped. Part of reading an ELF file. */
import { UserError } from '../../base/errors.ts';
import { PAGE_SIZE, roundDown, roundUp } from '../../base/numbers.ts';
import type { ElfImage, Segment } from './elf.ts';
import { SV39_LAYOUT, USER_START } from './layout.ts';

interface FileFacts {
  readonly name: string;
  readonly fileBytes: number;
  readonly kind: ElfImage['kind'];
}

/** A mistake at byte `at` of file `name`. */
export function refusal(name: string, at: number, message: string): UserError {
  // Values of 64 bits that numbers do not hold are read as Infinity.
  return new UserError(`${name}+0x${at.toString(16)}`, message.replace(/(0x)?Infinity/g, '2^53 or more'));
}

const hex = (n: number) => `0x${n.toString(16)}`;

/**
 * @returns the segments in order of address, empty ones left out
 * @throws UserError when one is truncated, misplaced, misaligned, too large or overlaps another
 */
export function checkSegments(found: readonly Segment[], file: FileFacts): Segment[] {
  for (const segment of found) checkSegment(segment, file);
  const segments = found.filter(({ memoryBytes }) => memoryBytes > 0).sort((a, b) => a.address - b.address);
  for (let i = 1; i < segments.length; i++) checkNeighbours(segments[i - 1]!, segments[i]!, file.name);
  return segments;
}

function checkSegment(segment: Segment, { name, fileBytes, kind }: FileFacts): void {
  const { header, offset, address, memoryBytes, alignment } = segment;
  const refuse = (at: number, message: string) => {
    throw refusal(name, header + at, message);
  };
  if (segment.fileBytes > memoryBytes) {
    refuse(40, `segment of ${memoryBytes} bytes in memory but ${segment.fileBytes} in the file`);
  }
  if (segment.fileBytes > 0 && offset + segment.fileBytes > fileBytes) {
    refuse(32, `truncated: segment ends at byte ${offset + segment.fileBytes}, the file at ${fileBytes}`);
  }
  const least = kind === 'fixed' ? USER_START : 0;
  const { mmapTop, pieBase } = SV39_LAYOUT;
  const most = kind === 'fixed' ? mmapTop : mmapTop - pieBase;
  if (address < least) refuse(16, `segment at ${hex(address)}; page zero is kept unmapped`);
  if (address + memoryBytes > most) {
    refuse(
      40,
      `segment of ${memoryBytes} bytes at ${hex(address)} ends beyond ${hex(most)}, the end of user space`,
    );
  }
  if (!Number.isInteger(Math.log2(alignment)) || alignment > 2 ** 30) {
    refuse(48, `alignment ${alignment}, expected a power of two up to 1 GiB`);
  }
  // Without bytes in the file there is nothing whose place in a page could disagree.
  if (segment.fileBytes > 0 && offset % PAGE_SIZE !== address % PAGE_SIZE) {
    refuse(8, `misaligned: offset ${hex(offset)} and address ${hex(address)} differ modulo ${PAGE_SIZE}`);
  }
}

/** Two segments may meet in a page only when it holds the same page of the file for both. */
function checkNeighbours(low: Segment, high: Segment, name: string): void {
  const end = low.address + low.memoryBytes;
  if (end > high.address) {
    throw refusal(
      name,
      high.header + 16,
      `segment at ${hex(high.address)} overlaps the one that ends at ${hex(end)}`,
    );
  }
  if (roundUp(end) <= roundDown(high.address)) return;
  const samePage = high.offset - high.address === low.offset - low.address;
  if (samePage && low.fileBytes === low.memoryBytes && high.fileBytes > 0) return;
  throw refusal(
    name,
    high.header + 16,
    `segment at ${hex(high.address)} shares a page with the one that ends at ${hex(end)}`,
  );
}
