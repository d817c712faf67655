/**
 * From a program's segments to the areas of its address space. Nothing is read here: an area says which bytes
 * of the file its pages hold, and the first touch brings them in.
 */
import { UserError } from '../../base/errors.ts';
import { roundDown, roundUp, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import { type AddressLayout, type Area, type ObjectId, PROT_EXEC, PROT_READ, PROT_WRITE } from '../state.ts';
import type { ElfImage, Segment } from './elf.ts';

/** The bytes of a program as pages can come from them. */
export interface ProgramFile {
  readonly object: ObjectId;
  /** Shown in the list of areas. */
  readonly path: string;
}

/** Addresses of a program at the place where it is loaded. */
export interface Placement {
  /** What is added to each linked address. */
  readonly bias: number;
  readonly entry: VirtualAddress;
  /** 0 when no segment holds the program headers. */
  readonly headersAddress: VirtualAddress;
  /** First address after the program, where the heap starts. */
  readonly end: VirtualAddress;
}

export function placementOf(image: ElfImage, layout: AddressLayout): Placement {
  const bias = image.kind === 'fixed' ? 0 : layout.pieBase;
  const last = image.segments[image.segments.length - 1]!;
  return {
    bias,
    entry: virtualAddress(image.entry + bias),
    headersAddress: virtualAddress(image.headersAddress === 0 ? 0 : image.headersAddress + bias),
    end: virtualAddress(roundUp(last.address + last.memoryBytes + bias)),
  };
}

/** Whether a space has the addresses that a program is linked at. */
export const fitsIn = (image: ElfImage, layout: AddressLayout): boolean =>
  placementOf(image, layout).end <= layout.mmapTop;

/** The program's areas, in order of address and disjoint. */
export function programAreas(image: ElfImage, layout: AddressLayout, file: ProgramFile): Area[] {
  const { bias } = placementOf(image, layout);
  const areas: Area[] = [];
  for (const segment of image.segments) {
    for (const area of segmentAreas(segment, file, bias)) {
      giveWay(areas, area.start);
      areas.push(area);
    }
  }
  return areas;
}

/** Where two segments meet in one page of the file, the later one's protection holds for it, as in Linux. */
function giveWay(areas: Area[], start: VirtualAddress): void {
  const last = areas[areas.length - 1];
  if (last === undefined || last.end <= start) return;
  last.end = start;
  if (last.end <= last.start) areas.pop();
}

function segmentAreas(segment: Segment, file: ProgramFile, bias: number): Area[] {
  const first = roundDown(segment.address + bias);
  const fileEnd = segment.address + bias + segment.fileBytes;
  const end = roundUp(segment.address + bias + segment.memoryBytes);
  const middle = segment.fileBytes === 0 ? first : roundUp(fileEnd);
  const common = { protection: segment.protection, shared: false, growLimit: 0 };
  const areas: Area[] = [];
  if (middle > first) {
    // With bss after it, the rest of the last page must be zeros; without, it shows the file's next bytes.
    const length = segment.memoryBytes > segment.fileBytes ? fileEnd - first : middle - first;
    const backing = { object: file.object, offset: roundDown(segment.offset), length };
    areas.push({
      ...common,
      start: virtualAddress(first),
      end: virtualAddress(middle),
      backing,
      name: file.path,
    });
  }
  if (end > middle) {
    areas.push({
      ...common,
      start: virtualAddress(middle),
      end: virtualAddress(end),
      backing: undefined,
      name: '',
    });
  }
  return areas;
}

/** A stack of `bytes` bytes so far, that grows down to its limit. */
export function stackArea({ stackTop, stackLimit }: AddressLayout, bytes: number, protection: number): Area {
  return {
    start: virtualAddress(stackTop - roundUp(bytes)),
    end: stackTop,
    protection,
    shared: false,
    growLimit: stackLimit,
    backing: undefined,
    name: '[stack]',
  };
}

/** The page that signal handlers return through. */
export function trampolineArea({ trampoline }: AddressLayout, object: ObjectId, bytes: number): Area {
  return {
    start: trampoline,
    end: virtualAddress(trampoline + roundUp(bytes)),
    protection: PROT_READ | PROT_EXEC,
    shared: false,
    growLimit: 0,
    backing: { object, offset: 0, length: bytes },
    name: '[vdso]',
  };
}

/** Refuses, under write-xor-execute, a program that asks for pages that are both. */
export function checkWriteXorExecute(image: ElfImage, name: string): void {
  const both = PROT_WRITE | PROT_EXEC;
  const bad = image.segments.find(({ protection }) => (protection & both) === both);
  if (bad === undefined && !image.executableStack) return;
  const what = bad === undefined ? 'its stack' : `the segment at 0x${bad.address.toString(16)}`;
  throw new UserError(name, `${what} is writable and executable, which --write-xor-execute forbids`);
}
