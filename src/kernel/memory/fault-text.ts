/** An access that can't be made, in words: for whoever reads why a program was killed. */
import type { Access } from '../../machine/contract.ts';
import type { Area } from '../state.ts';
import { SEGV_MAPERR, SIGSEGV } from './classify.ts';

/** What the words are made of. */
export interface RefusedAccess {
  readonly address: number;
  readonly access: Access;
  readonly pc: number;
}

const accessText: Record<Access, string> = { load: 'load from', store: 'store to', fetch: 'fetch from' };
const permission: Record<Access, string> = { load: 'read', store: 'written', fetch: 'executed' };

/** `fetch from 0x3ffffffe80 in [stack], which may not be executed (pc 0x3ffffffe80)` */
export function refusalText(
  refused: RefusedAccess,
  area: Area | undefined,
  signal: number,
  code: number,
): string {
  if (area === undefined || (signal === SIGSEGV && code === SEGV_MAPERR))
    return accessLine(refused, ', where nothing is mapped');
  if (signal === SIGSEGV)
    return accessLine(refused, ` in ${nameOf(area)}, which may not be ${permission[refused.access]}`);
  return accessLine(refused, ` in ${nameOf(area)}, past the end of what it maps`);
}

/** `load from 0x12000 in [heap], a page that could not be read back from swap (pc 0x10154)` */
export const lostPageText = (refused: RefusedAccess, area: Area, what: string): string =>
  accessLine(refused, ` in ${nameOf(area)}, ${what}`);

const accessLine = ({ access, address, pc }: RefusedAccess, rest: string): string =>
  `${accessText[access]} 0x${address.toString(16)}${rest} (pc 0x${pc.toString(16)})`;

const nameOf = ({ name }: Area): string => (name === '' ? 'anonymous memory' : name);
