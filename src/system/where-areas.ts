/** What a part of an address space is for, as far as its area tells. */
import type { VirtualAddress } from '../base/numbers.ts';
import { findArea } from '../kernel/memory/areas.ts';
import { type Area, PROT_EXEC, PROT_WRITE, type SpaceState } from '../kernel/state.ts';
import type { WhereReport } from '../report/where-schema.ts';

type AreaRow = NonNullable<WhereReport['areas']>['rows'][number];

export interface AreaLabel {
  readonly area: AreaRow['area'];
  /** Path of a mapping's file; otherwise empty. */
  readonly name: string;
}

const named: Readonly<Record<string, AreaLabel['area']>> = {
  '[heap]': 'heap',
  '[stack]': 'stack',
  '[vdso]': 'vdso',
};

/** @param program path of the program that the space is for, or the name of the scripted job */
export function areaLabel(space: SpaceState, address: VirtualAddress, program: string): AreaLabel {
  const area = findArea(space.areas, address);
  if (area === undefined) return { area: 'none', name: '' };
  const own = named[area.name];
  if (own !== undefined) return { area: own, name: '' };
  if (area.backing === undefined) return { area: withoutFile(space, area, program), name: '' };
  if (area.name === program && area.start < space.brkStart) return { area: partOf(area), name: '' };
  // Shared memory without a name is shown as this file, as in Linux.
  if (area.name === '/dev/zero (deleted)') return { area: 'shared memory', name: '' };
  return { area: 'mapping', name: area.name };
}

function partOf({ protection }: Area): AreaLabel['area'] {
  if ((protection & PROT_EXEC) !== 0) return 'text';
  return (protection & PROT_WRITE) !== 0 ? 'data' : 'read-only data';
}

/** Zeros behind the program's data, or memory that was asked for. */
function withoutFile({ areas, brkStart }: SpaceState, area: Area, program: string): AreaLabel['area'] {
  if (area.name === program) return 'job';
  const isBehind = areas.some(({ name, start }) => name === program && start < area.start);
  return isBehind && area.end <= brkStart ? 'bss' : 'anonymous';
}
