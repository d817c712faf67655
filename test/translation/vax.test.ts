/** The VAX's layout by hand: where both loads fall, which lengths they are checked against, and what is nobody's. */
import { describe, expect, it } from 'vitest';
import { newWalk } from '../../src/translation/contract.ts';
import type { AccessKind } from '../../src/translation/radix.ts';
import { CountedFrames } from '../../src/translation/radix-tables.ts';
import { noRegisters, VaxScheme, vaxFormat, vaxWalk } from '../../src/translation/vax.ts';

const K = 1024;
const rw = { read: true, write: true, execute: false };

/** Answers of a walk, and the addresses of its loads. */
function asker(walk: (address: number, access: AccessKind, told: number[]) => ReturnType<typeof newWalk>) {
  return (address: number, access: AccessKind = 'load') => {
    const told: number[] = [];
    const { fault, physical } = walk(address, access, told);
    return [fault ?? physical, told];
  };
}

describe('vax', () => {
  // 4 KiB pages: 1,024 entries in a page of a table. The system table is at 0x100, tables go to frames 4 and 5.
  const format = vaxFormat();
  const ram = new DataView(new ArrayBuffer(64 * K));
  const system = { base: 0x100, length: 4 };
  // P0: 1,500 entries in pages 0 and 1 of S. P1: the last 3 in page 3, whose end is where its table ends.
  const registers = {
    p0Base: 0x8000_0000,
    p0Length: 1500,
    p1Base: 0x8000_4000 - 4 * 2 ** 18,
    p1Length: 2 ** 18 - 3,
  };
  const scheme = new VaxScheme(format, ram, system, registers, new CountedFrames(4, 2));
  const ask = asker((address, access, told) => {
    const out = newWalk();
    scheme.walk(address, access, out, (_what, _index, at) => void told.push(at));
    return out;
  });

  it('maps pages in the tables of both regions', () => {
    // P0's page 1,025 is entry 1 of page 1 of S; P1's last page is the last entry of page 3 of S.
    expect(scheme.map(1025, 9, rw)).toBe('mapped');
    expect(scheme.map(2 ** 19 - 1, 10, rw)).toBe('mapped');
    // The third page of a table finds no frame.
    expect(scheme.map(0, 11, rw)).toBe('no room');
    expect(scheme.map(1500, 11, rw)).toBe('no room');
    expect(scheme.map(2 ** 19 - 4, 11, rw)).toBe('no room');
    expect(scheme.footprint()).toBe(8 * K);
    // V R W and U of Sv32, and the frame from bit 10 on; an entry that leads to a table has V alone.
    expect(ram.getUint32(0x104, true)).toBe((4 << 10) | 1);
    expect(ram.getUint32(0x10c, true)).toBe((5 << 10) | 1);
    expect(ram.getUint32(0x4004, true)).toBe((9 << 10) | 0x17);
    expect(ram.getUint32(0x5ffc, true)).toBe((10 << 10) | 0x17);
  });

  it('takes two loads, the first of the page of the table', () => {
    expect(ask(0x0040_1abc)).toEqual([0x9abc, [0x104, 0x4004]]);
    expect(ask(0x7fff_f008, 'store')).toEqual([0xa008, [0x10c, 0x5ffc]]);
    expect(ask(0x7fff_f008, 'fetch')).toEqual(['permission', [0x10c, 0x5ffc]]);
    expect(ask(0x0040_0000)).toEqual(['valid', [0x104, 0x4000]]);
  });

  it('faults at a page of a table that is not there, in one', () => {
    expect(ask(0x0000_1000)).toEqual(['table page', [0x100]]);
  });

  it('faults beyond the length of a table, in none', () => {
    expect(ask(1499 * 4096)).toEqual(['valid', [0x104, 0x4000 + (1499 - 1024) * 4]]);
    expect(ask(1500 * 4096)).toEqual(['table length', []]);
    expect(ask(0x7fff_cfff)).toEqual(['table length', []]);
    expect(ask(0x7fff_d000)).toEqual(['valid', [0x10c, 0x5ff4]]);
    expect(ask(0x4000_0000)).toEqual(['table length', []]);
  });

  it("does not let a program into the system's region, nor into the last", () => {
    expect(ask(0x8000_1004)).toEqual(['user page', [0x104]]);
    expect(ask(0x8000_2000)).toEqual(['valid', [0x108]]);
    expect(ask(0x8000_4000)).toEqual(['table length', []]);
    expect(ask(0xc000_0000)).toEqual(['segment', []]);
  });

  it('gives back a page of a table with its last entry', () => {
    scheme.unmap(1025);
    expect(ask(0x0040_1abc)).toEqual(['table page', [0x104]]);
    expect(scheme.footprint()).toBe(4 * K);
    expect(scheme.map(0, 11, rw)).toBe('mapped');
    expect(ask(0x10)).toEqual([0xb010, [0x100, 0x4000]]);
  });

  it('faults where a table leads beyond the length of the system table', () => {
    const answer = asker((address, access, told) => {
      const out = newWalk();
      const beyond = { ...noRegisters(format), p0Base: 0x8000_3000, p0Length: 2048, p1Length: 0 };
      vaxWalk(format, ram, system, beyond, address, access, out, (_what, _index, at) => void told.push(at));
      return out;
    });
    // The second page of P0's table would be page 4 of S; the last of P1's page 255.
    expect(answer(0x0040_0000)).toEqual(['table length', []]);
    expect(answer(0x7fff_f000)).toEqual(['table length', []]);
  });

  it("has the VAX's own figures with pages of 512 bytes", () => {
    const own = vaxFormat({ offsetBits: 9 });
    // 21 bits of the page; a table of full length is 8 MiB, and 128 entries share a page.
    expect(own).toMatchObject({ regionPages: 2 ** 21, tableEntries: 128, systemStart: 2 ** 31 });
  });
});
