/**
 * What a fault means. Pure: decided from the area, the entry and where the page's object has it.
 *
 *   no area                                  ─▶ SIGSEGV, MAPERR
 *   the area does not allow the access       ─▶ SIGSEGV, ACCERR
 *   the entry's table is in swap             ─▶ table
 *   entry valid     allows the access        ─▶ spurious
 *                   store, no copy needed    ─▶ first-write
 *                   store to a private page  ─▶ copy-on-write
 *   entry invalid   swapped                  ─▶ swapped
 *                   page in its frame        ─▶ first-use, or rescue when the policy had set it aside
 *                   else, by backing:
 *                   none, or bss after it    ─▶ zero
 *                   beyond the object's end  ─▶ SIGBUS
 *                   resident                 ─▶ mapped, or copy-on-write for a private store
 *                   evicted to swap          ─▶ swapped
 *                   shared anonymous memory  ─▶ zero
 *                   else                     ─▶ file
 */
import { assert } from '../../base/errors.ts';
import type { Access } from '../../machine/contract.ts';
import type { FaultCase } from '../events.ts';
import { type Area, PROT_EXEC, PROT_READ, PROT_WRITE } from '../state.ts';
import { type ExecuteRule, granted } from './execute-rule.ts';

export const SIGBUS = 7;
export const SIGSEGV = 11;
export const SEGV_MAPERR = 1;
export const SEGV_ACCERR = 2;
export const BUS_ADRERR = 2;

/** What the leaf entry says. */
export type EntryView =
  | {
      readonly kind: 'valid';
      readonly read: boolean;
      readonly write: boolean;
      readonly execute: boolean;
      /** Whether W is missing only because nothing has been written yet; no otherwise. */
      readonly unmodified?: boolean;
    }
  /** In its frame; `copied`: a store needs a copy, as a store to a valid entry would. */
  | { readonly kind: 'unused' | 'aside'; readonly copied?: boolean }
  | { readonly kind: 'nothing' | 'dropped' | 'swapped' | 'hidden' }
  /** What it says is known when its table is in memory again. */
  | { readonly kind: 'table swapped' };

/** Where a page of the backing object is. `beyond`: past the object's end. `past-length`: zeros of the area. */
export type ObjectPage = 'past-length' | 'beyond' | 'resident' | 'in-swap' | 'untouched' | 'in-file';

/** Faults after which the access can be made. */
export type ResolvedCase = Exclude<FaultCase, 'invalid' | 'protection'>;

export type Verdict =
  | {
      readonly kind: 'case';
      readonly case: ResolvedCase;
    }
  | { readonly kind: 'signal'; readonly signal: number; readonly code: number };

const zero: Verdict = { kind: 'case', case: 'zero' };
const file: Verdict = { kind: 'case', case: 'file' };
const swapped: Verdict = { kind: 'case', case: 'swapped' };
const copyOnWrite: Verdict = { kind: 'case', case: 'copy-on-write' };
const mapped: Verdict = { kind: 'case', case: 'mapped' };
const spurious: Verdict = { kind: 'case', case: 'spurious' };
const firstUse: Verdict = { kind: 'case', case: 'first-use' };
const firstWrite: Verdict = { kind: 'case', case: 'first-write' };
const rescue: Verdict = { kind: 'case', case: 'rescue' };
const table: Verdict = { kind: 'case', case: 'table' };
const unmapped: Verdict = { kind: 'signal', signal: SIGSEGV, code: SEGV_MAPERR };
const forbidden: Verdict = { kind: 'signal', signal: SIGSEGV, code: SEGV_ACCERR };
const beyondEnd: Verdict = { kind: 'signal', signal: SIGBUS, code: BUS_ADRERR };

/**
 * @param area the area that holds the address, if any
 * @param entry the leaf entry of its page
 * @param objectPage where the backing object has the page; asked only when the entry does not decide
 * @param execute which pages may be fetched from
 */
export function classify(
  area: Area | undefined,
  entry: EntryView,
  access: Access,
  objectPage: () => ObjectPage,
  execute: ExecuteRule = 'nx',
): Verdict {
  if (area === undefined) return unmapped;
  if (!allows(granted(area.protection, execute), access)) return forbidden;
  switch (entry.kind) {
    case 'valid':
      return classifyValid(area, entry, access);
    case 'swapped':
      return swapped;
    case 'table swapped':
      return table;
    case 'unused':
    case 'aside':
      if (access === 'store' && entry.copied) return copyOnWrite;
      return entry.kind === 'unused' ? firstUse : rescue;
    case 'hidden':
      throw new Error('invariant broken: a hidden page lies in an area that allows no access');
    default:
      return area.backing === undefined ? zero : classifyBacked(area, access, objectPage());
  }
}

/**
 * What protection allows, as Linux does on RISC-V: writable pages are readable.
 * (Linux 6.6, arch/riscv/mm/fault.c, access_error.)
 */
export function allows(protection: number, access: Access): boolean {
  if (access === 'load') return (protection & (PROT_READ | PROT_WRITE)) !== 0;
  return (protection & (access === 'store' ? PROT_WRITE : PROT_EXEC)) !== 0;
}

function classifyValid(area: Area, entry: EntryView & { kind: 'valid' }, access: Access): Verdict {
  const granted = access === 'fetch' ? entry.execute : access === 'load' ? entry.read : entry.write;
  if (granted) return spurious;
  if (access === 'store' && entry.unmodified) return firstWrite;
  assert(
    access === 'store' && !area.shared,
    'only a private page is less accessible than its area, for stores',
  );
  return copyOnWrite;
}

function classifyBacked(area: Area, access: Access, page: ObjectPage): Verdict {
  switch (page) {
    case 'past-length':
    case 'untouched':
      return zero;
    case 'beyond':
      return beyondEnd;
    case 'in-swap':
      return swapped;
    case 'in-file':
      return file;
    case 'resident':
      return access === 'store' && !area.shared ? copyOnWrite : mapped;
  }
}
