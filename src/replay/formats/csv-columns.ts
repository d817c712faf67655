/** Which columns of a table hold what. */
import { UserError } from '../../base/errors.ts';
import { printable } from '../lines.ts';
import type { FormatContext } from './contract.ts';

type Role = keyof FormatContext['columns'];

/** Columns are numbered from 0; -1 is none. */
export interface Layout {
  readonly unit: 'address' | 'page';
  /** Of the address or page. */
  readonly where: number;
  readonly kind: number;
  readonly size: number;
  readonly process: number;
  /** The last one of them. */
  readonly last: number;
  /** Whether the first row is names. */
  readonly hasHeader: boolean;
}

/** Names that are understood without being told, in small letters without blanks and dashes. */
const usualNames: Readonly<Record<Role, readonly string[]>> = {
  address: ['address', 'addr', 'vaddr', 'virtualaddress', 'va', 'dataaddress', 'memaddr', 'memaddress'],
  page: ['page', 'vpn', 'pagenumber', 'pageno', 'pageid', 'block', 'object', 'objid', 'objectid', 'key'],
  kind: ['kind', 'type', 'op', 'operation', 'rw', 'access', 'accesstype'],
  size: ['size', 'bytes', 'length', 'len'],
  process: ['process', 'pid', 'processid', 'asid', 'space'],
};
const roles = Object.keys(usualNames) as Role[];

/** What a column of this name usually holds. */
export function usualRoleOf(name: string): Role | undefined {
  const plain = plainOf(name);
  return roles.find((role) => usualNames[role].includes(plain));
}

const plainOf = (name: string): string => name.toLowerCase().replace(/[\s_#-]/g, '');

/**
 * @param names of the columns: the cells of the first row
 * @param chosen names or numbers, from 1, of columns by role
 * @param place of the first row, for messages
 * @throws UserError when a chosen column is not there, or none has addresses or pages
 */
export function columnsOf(names: readonly string[], chosen: FormatContext['columns'], place: string): Layout {
  const found = new Map<Role, number>();
  for (const role of roles) {
    const name = chosen[role];
    if (name !== undefined) found.set(role, chosenColumn(names, name, role, place));
  }
  const isChosen = found.has('address') || found.has('page');
  for (const role of roles) {
    if (found.has(role) || (isChosen && (role === 'address' || role === 'page'))) continue;
    const column = names.findIndex((name) => usualNames[role].includes(plainOf(name)));
    if (column >= 0) found.set(role, column);
  }
  const unit = found.has('address') ? 'address' : 'page';
  const where = found.get(unit);
  if (where === undefined) {
    throw new UserError(
      place,
      `no column named address or page; ${listOf(names)}; choose some with --columns`,
    );
  }
  const [kind, size, process] = (['kind', 'size', 'process'] as const).map((role) => found.get(role) ?? -1);
  const last = Math.max(where, ...found.values());
  // A first row with a number where addresses are is no header; only columns chosen by number fit that.
  const hasHeader = !/^(0x[0-9a-f]+|\d+)$/i.test(names[where]!);
  return { unit, where, kind: kind!, size: size!, process: process!, last, hasHeader };
}

function chosenColumn(names: readonly string[], wanted: string, role: Role, place: string): number {
  const exact = names.indexOf(wanted);
  if (exact >= 0) return exact;
  const similar = names.findIndex((name) => plainOf(name) === plainOf(wanted));
  if (similar >= 0) return similar;
  const number = /^\d+$/.test(wanted) ? Number(wanted) : 0;
  if (number >= 1 && number <= names.length) return number - 1;
  throw new UserError(place, `no column '${wanted}' for ${role}; ${listOf(names)}`);
}

/** Names of a message have no more characters altogether. */
const SHOWN = 200;

function listOf(names: readonly string[]): string {
  const list = printable(names.join(', '));
  return `the columns are ${list.length > SHOWN ? `${list.slice(0, SHOWN)}…` : list}`;
}
