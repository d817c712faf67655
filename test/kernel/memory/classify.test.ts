import { describe, expect, it } from 'vitest';
import { virtualAddress } from '../../../src/base/numbers.ts';
import { allows, classify, type EntryView, type ObjectPage } from '../../../src/kernel/memory/classify.ts';
import type { Area } from '../../../src/kernel/state.ts';
import type { Access } from '../../../src/machine/contract.ts';

const area = (text: string): Area => ({
  start: virtualAddress(0x10000),
  end: virtualAddress(0x20000),
  protection: (text.includes('r') ? 1 : 0) | (text.includes('w') ? 2 : 0) | (text.includes('x') ? 4 : 0),
  shared: text.includes('s'),
  growLimit: 0,
  backing: text.includes('f') ? { object: 1, offset: 0, length: 0x10000 } : undefined,
  name: '',
});

const nothing: EntryView = { kind: 'nothing' };
const dropped: EntryView = { kind: 'dropped' };
const swapped: EntryView = { kind: 'swapped' };
const valid = (text: string): EntryView => ({
  kind: 'valid',
  read: text.includes('r'),
  write: text.includes('w'),
  execute: text.includes('x'),
});

const clean: EntryView = { kind: 'valid', read: true, write: false, execute: false, unmodified: true };
const unused: EntryView = { kind: 'unused', copied: false };
const sharedUnused: EntryView = { kind: 'unused', copied: true };
const aside: EntryView = { kind: 'aside', copied: false };
const sharedAside: EntryView = { kind: 'aside', copied: true };

/** Area (r w x, s shared, f file), entry, access, where the object has the page, expected. */
type Row = [string, EntryView, Access, ObjectPage | '-', string];

const rows: Row[] = [
  ['', nothing, 'load', '-', 'SIGSEGV 2'],
  ['r', nothing, 'store', '-', 'SIGSEGV 2'],
  ['r', nothing, 'fetch', '-', 'SIGSEGV 2'],
  ['x', nothing, 'load', '-', 'SIGSEGV 2'],
  ['w', nothing, 'load', '-', 'zero'],
  ['rw', nothing, 'load', '-', 'zero'],
  ['rw', nothing, 'store', '-', 'zero'],
  ['rw', dropped, 'load', '-', 'zero'],
  ['rw', swapped, 'load', '-', 'swapped'],
  ['rw', swapped, 'store', '-', 'swapped'],
  ['r', swapped, 'store', '-', 'SIGSEGV 2'],
  ['rw', valid('rw'), 'load', '-', 'spurious'],
  ['rw', valid('rw'), 'store', '-', 'spurious'],
  ['rwx', valid('rwx'), 'fetch', '-', 'spurious'],
  ['rw', valid('r'), 'store', '-', 'copy-on-write'],
  ['rwf', valid('r'), 'store', '-', 'copy-on-write'],
  ['rf', valid('r'), 'store', '-', 'SIGSEGV 2'],
  ['rw', clean, 'store', '-', 'first-write'],
  ['rws', clean, 'store', '-', 'first-write'],
  ['rw', clean, 'load', '-', 'spurious'],
  ['r', clean, 'store', '-', 'SIGSEGV 2'],
  ['rw', unused, 'load', '-', 'first-use'],
  ['rw', unused, 'store', '-', 'first-use'],
  ['rx', unused, 'fetch', '-', 'first-use'],
  ['r', unused, 'store', '-', 'SIGSEGV 2'],
  ['rw', sharedUnused, 'load', '-', 'first-use'],
  ['rw', sharedUnused, 'store', '-', 'copy-on-write'],
  ['rw', aside, 'store', '-', 'rescue'],
  ['rwf', sharedAside, 'load', '-', 'rescue'],
  ['rwf', sharedAside, 'store', '-', 'copy-on-write'],
  ['', aside, 'load', '-', 'SIGSEGV 2'],
  ['rf', nothing, 'load', 'in-file', 'file'],
  ['rwf', nothing, 'store', 'in-file', 'file'],
  ['rwf', dropped, 'load', 'in-file', 'file'],
  ['rf', nothing, 'load', 'resident', 'mapped'],
  ['rwf', nothing, 'load', 'resident', 'mapped'],
  ['rwf', nothing, 'store', 'resident', 'copy-on-write'],
  ['rwfs', nothing, 'store', 'resident', 'mapped'],
  ['rwf', nothing, 'load', 'past-length', 'zero'],
  ['rwf', nothing, 'load', 'beyond', 'SIGBUS 2'],
  ['rwf', swapped, 'load', 'beyond', 'swapped'],
  ['rwfs', nothing, 'load', 'beyond', 'SIGBUS 2'],
  ['rwfs', nothing, 'load', 'in-swap', 'swapped'],
  ['rwfs', nothing, 'store', 'untouched', 'zero'],
];

function outcome(row: Row): string {
  const [text, entry, access, page] = row;
  const asked = () => {
    if (page === '-') throw new Error('the entry decides');
    return page;
  };
  const verdict = classify(area(text), entry, access, asked);
  if (verdict.kind === 'case') return verdict.case;
  return `${verdict.signal === 7 ? 'SIGBUS' : 'SIGSEGV'} ${verdict.code}`;
}

describe('classify', () => {
  it.each(rows)('area %s, entry %o, %s, object %s: %s', (...row) => {
    expect(outcome(row)).toBe(row[4]);
  });

  it('answers an address in no area with MAPERR', () => {
    expect(classify(undefined, nothing, 'load', () => 'in-file')).toEqual({
      kind: 'signal',
      signal: 11,
      code: 1,
    });
  });

  it('takes a shared page that is less accessible than its area for a bug', () => {
    expect(() => classify(area('rws'), valid('r'), 'store', () => 'resident')).toThrow('invariant broken');
    expect(() => classify(area('rw'), { kind: 'hidden' }, 'load', () => 'resident')).toThrow(
      'invariant broken',
    );
  });

  it('lets writable pages be read, and nothing else than asked', () => {
    const table = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
      (['load', 'store', 'fetch'] as const).filter((a) => allows(bits, a)),
    );
    expect(table).toEqual([
      [],
      ['load'],
      ['load', 'store'],
      ['load', 'store'],
      ['fetch'],
      ['load', 'fetch'],
      ['load', 'store', 'fetch'],
      ['load', 'store', 'fetch'],
    ]);
  });
});
