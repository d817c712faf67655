/**
 * The schemes that paged memory can translate by: for each the tables that it keeps. One registration line a scheme.
 */
import type { MachinePort } from '../../machine/contract.ts';
import type { PlacementDefinition } from '../../policies/placement/contract.ts';
import {
  type EntryFormat,
  type RadixFormat,
  type RadixGeometry,
  userLimit,
} from '../../translation/radix.ts';
import { sv39 } from '../../translation/sv39.ts';
import { sv48 } from '../../translation/sv48.ts';
import { twoLevel } from '../../translation/two-level.ts';
import { vaxFormat } from '../../translation/vax.ts';
import { x86 } from '../../translation/x86-64.ts';
import type { EventSink } from '../events.ts';
import type { SpaceState } from '../state.ts';
import type { FrameTable } from './frames.ts';
import { HashedTables } from './hashed-tables.ts';
import { InvertedTables } from './inverted-tables.ts';
import type { LeafTables } from './leaf-tables.ts';
import { MixedTables } from './mixed-tables.ts';
import type { PageTables } from './page-tables.ts';
import { PieceTables } from './piece-tables.ts';
import type { Pins } from './pins.ts';
import type { MemoryState } from './state.ts';
import { SuperpageTables } from './superpage-tables.ts';
import { RadixTables, type StampFrames } from './tables.ts';
import { VaxTables } from './vax-tables.ts';

/** What tables are made from. */
export interface TableParts {
  readonly pins: Pins;
  /** `undefined`: all tables stay in memory. */
  readonly leaves: LeafTables | undefined;
  readonly state: MemoryState;
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly events: EventSink;
  /** Where tables of all sizes go. */
  readonly placement: PlacementDefinition;
  /** With times of last use in the entries; see tables.ts. */
  readonly stamps: StampFrames | undefined;
  /** All spaces, where these may have superpages; absent: none may. Only radix tables go by it. */
  readonly superpages?: readonly (SpaceState | undefined)[] | undefined;
}

export interface PagingScheme {
  /** As `--translation` names it. */
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  /** First address that programs can't have. */
  readonly end: number;
  /** Where mmap begins, downward, if that is not to be below the stack. */
  readonly mmapEnd?: number;
  /** Where leaf tables have frames of their own: the form of their entries. Only such tables may go to swap. */
  readonly framed?: EntryFormat;
  /** Where tables have levels: their format. An entry above the last level may then map what a table would. */
  readonly radix?: RadixFormat;
  /** The format that the machine's walker knows; `undefined`: the TLB has to be refilled by software. */
  readonly walked: RadixGeometry | undefined;
  /** Frames for tables beside those of pages (`--frames`), where more than the usual are needed. */
  readonly tableFrames?: number;
  readonly build: (parts: TableParts) => PageTables;
}

/** The tables of one scheme, or of several side by side. */
export function buildTables(schemes: readonly PagingScheme[], parts: TableParts): PageTables {
  if (schemes.length === 1) return schemes[0]!.build(parts);
  return new MixedTables(new Map(schemes.map((scheme) => [scheme.name, scheme.build(parts)])));
}

/** Tables of a radix format, which the hardware may walk or not. */
export const radixScheme = (
  format: RadixFormat,
  summary: string,
  source: string,
  walked?: RadixGeometry,
): PagingScheme => ({
  name: format.name,
  summary,
  source,
  end: userLimit(format),
  framed: format,
  radix: format,
  walked,
  build: (parts) => radixTables(parts, format),
});

function radixTables(parts: TableParts, radix: RadixFormat): RadixTables {
  const { superpages: spaces, state } = parts;
  if (spaces === undefined) return new RadixTables({ ...parts, radix });
  const { superpages, counters } = state;
  return new SuperpageTables({ ...parts, radix, spaces, superpages, counters });
}

const vax = vaxFormat();
/** 128 MiB of tables in S, for which the system table takes 128 KiB: two tables of full length for 64 spaces. */
const VAX_SYSTEM_PAGES = 2 ** 15;

const RISCV = 'RISC-V Instruction Set Manual, volume II, version 20240411';

export const pagingSchemes: readonly PagingScheme[] = [
  radixScheme(sv39, 'three levels, 9/9/9/12', `${RISCV}, section 12.4`, sv39),
  radixScheme(sv48, 'four levels, 9/9/9/9/12', `${RISCV}, section 12.5`, sv48),
  radixScheme(twoLevel, 'two levels in 32 bits, 10/10/12', 'lecture on page tables; entries of Sv32'),
  {
    name: 'linear',
    summary: 'one table of 4 MiB for each space of 32 bits',
    source: 'the lectures on page tables and on the granularity issue',
    end: 2 ** 32,
    walked: undefined,
    tableFrames: 16 * 1024,
    build: (parts) => new PieceTables(parts, { format: twoLevel, segmentBits: 0 }),
  },
  {
    name: 'hybrid',
    summary: 'four segments of 1 GiB, each with a linear table as long as it needs',
    source: 'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 20',
    end: 2 ** 32,
    walked: undefined,
    build: (parts) => new PieceTables(parts, { format: twoLevel, segmentBits: 2 }),
  },
  {
    name: 'inverted',
    summary: 'an entry for each frame, found by a hash',
    source: 'the lecture on inverted page tables',
    end: 2 ** 47,
    walked: undefined,
    build: (parts) => new InvertedTables(parts, 'hash'),
  },
  {
    name: 'inverted:scan',
    summary: 'an entry for each frame, all of which are looked at',
    source: 'the lecture on inverted page tables',
    end: 2 ** 47,
    walked: undefined,
    build: (parts) => new InvertedTables(parts, 'scan'),
  },
  {
    name: 'hashed',
    summary: 'one table of chains for all spaces, an entry for each page that is anywhere',
    source: 'Silberschatz, Galvin and Gagne, "Operating System Concepts", section 9.4.2',
    end: 2 ** 47,
    walked: undefined,
    build: (parts) => new HashedTables(parts),
  },
  {
    name: 'vax',
    summary: 'two regions of 1 GiB, each with a linear table in virtual memory',
    source: 'VAX Architecture Reference Manual, chapter 5; lecture on VAX/VMS',
    end: 2 ** 31,
    mmapEnd: 2 ** 30,
    framed: vax,
    walked: undefined,
    build: (parts) => new VaxTables(parts, { format: vax, systemPages: VAX_SYSTEM_PAGES }),
  },
  radixScheme(x86, 'four levels, with entries as Intel has them', 'Intel SDM, volume 3A, section 4.5'),
];
