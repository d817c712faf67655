/** A scheme that was built from a configuration, and what there is to say of it. */
import { UserError } from '../../base/errors.ts';
import { formatSize } from '../../base/sizes.ts';
import type { Contents, Figure, LoadedValue, Range } from '../../report/translate-schema.ts';
import type { Loaded, TranslationScheme } from '../../translation/contract.ts';
import type { SchemeName } from './config.ts';

/** Addresses in a row that translate for some access. */
export interface Run {
  readonly from: number;
  readonly bytes: number;
}

export interface Built {
  readonly kind: SchemeName;
  readonly title: string;
  readonly scheme: TranslationScheme;
  /** Bits that physical addresses are printed with. */
  readonly physicalBits: number;
  /** What a walk read at an address. */
  value(what: Loaded, address: number): LoadedValue;
  /** In order, none beside another. */
  runs(): readonly Run[];
  figures(): readonly Figure[];
  /** What parts of the address space map, in order and without gaps. */
  ranges(): readonly Range[];
  /** Registers and tables, as one who translates by hand needs them. */
  contents(): readonly Contents[];
}

/** Bytes of tables that are held. */
const MOST_TABLES = 2 ** 28;

/**
 * Physical memory from address 0 to the end of all tables.
 * @param key of the configuration that says where they lie
 * @throws UserError when it is too much to hold
 */
export function tableMemory(bytes: number, place: string): DataView {
  if (bytes <= MOST_TABLES) return new DataView(new ArrayBuffer(bytes));
  throw new UserError(
    place,
    `tables end at byte ${bytes} of memory; those below ${formatSize(MOST_TABLES)} can be held`,
  );
}

/** Pages in order as runs of addresses. */
export function runsOf(pages: readonly number[], pageSize: number): Run[] {
  const runs: { from: number; bytes: number }[] = [];
  for (const page of pages) {
    const last = runs.at(-1);
    if (last !== undefined && last.from + last.bytes === page * pageSize) last.bytes += pageSize;
    else runs.push({ from: page * pageSize, bytes: pageSize });
  }
  return runs;
}

/** Runs, and the gaps between them, as ranges. */
export function rangesOf(runs: readonly Run[], addressBits: number, by: string): Range[] {
  const ranges: Range[] = [];
  let next = 0;
  const gap = (to: number) => {
    if (to > next) ranges.push({ by: '', from: next, to: to - 1, state: 'not mapped' });
  };
  for (const { from, bytes } of runs) {
    gap(from);
    ranges.push({ by, from, to: from + bytes - 1, state: 'mapped' });
    next = from + bytes;
  }
  gap(2 ** addressBits);
  return ranges;
}

/** Bits that the largest of these physical addresses needs; at least 16, a multiple of 4. */
export const bitsFor = (largest: number): number => Math.max(16, Math.ceil(Math.log2(largest + 1) / 4) * 4);
