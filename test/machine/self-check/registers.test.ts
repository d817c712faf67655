/** x0, the CSRs of the floating-point unit, the counters, and rounding modes that do not exist. */
import { describe, expect, it } from 'vitest';
import { virtualAddress } from '../../../src/base/numbers.ts';
import { encode } from '../../../src/isa/decode.ts';
import { formats } from '../../../src/isa/formats.ts';
import { allRows, hasRoundingMode } from '../../../src/isa/table.ts';
import { assemble } from '../../../src/isa/text.ts';
import { BareMachine, equivalentConfigs } from '../../support/bare-machine.ts';

const CODE = 0x200000;
const DATA = 0x300000;
const configs = Object.entries(equivalentConfigs);

/** Rows that write an integer register named in the word. */
const writers = allRows.filter((row) => {
  const { fields, text, forbidden } = formats[row.format];
  return (
    fields.rd?.base === 0 &&
    forbidden?.rd?.includes(0) !== true &&
    !text.startsWith('frd') &&
    row.extension !== 'Zicsr'
  );
});

describe.each(configs)('with %s', (_name, config) => {
  const bare = new BareMachine(config);
  const { machine } = bare;
  bare.map(CODE);
  bare.map(DATA);

  /** Runs lines of text or words, twice: decoded anew, and from what was decoded. */
  function runTwice(lines: readonly (string | number)[], prepare: () => void, check: () => void): void {
    const words = lines.map((line) => (typeof line === 'number' ? line : assemble(line, CODE)));
    let at = CODE;
    for (const word of [...words, assemble('ebreak', 0)]) {
      const length = (word & 3) === 3 ? 4 : 2;
      bare.write(at, new Uint8Array(Uint32Array.of(word).buffer, 0, length));
      at += length;
    }
    for (let time = 0; time < 2; time++) {
      machine.x.fill(0n);
      machine.f.fill(0n);
      machine.fcsr = 0;
      machine.pc = virtualAddress(CODE);
      prepare();
      check();
    }
  }

  it('x0 stays 0, whatever is written to it, and does not pass on what was', () => {
    for (const row of writers) {
      const jumps = row.name.startsWith('c.j') || row.name === 'jal' || row.name === 'jalr';
      const imm = formats[row.format].forbidden?.imm?.includes(0) ? 4096 : jumps ? 4 : 0;
      const word = encode(row, { rd: 0, rs1: 11, rs2: 12, imm, rm: 0 });
      runTwice(
        [word, 'c.mv a5,zero'].map((line) => (line === 'c.mv a5,zero' ? 'add a5,zero,zero' : line)),
        () => {
          machine.x[11] = row.name === 'jalr' ? BigInt(CODE) : BigInt(DATA);
          machine.x[12] = 0x1234n;
          machine.x[15] = 3n;
        },
        () => {
          expect([row.name, bare.runToTrap().cause]).toEqual([row.name, 'breakpoint']);
          expect([row.name, machine.x[0], machine.x[15]]).toEqual([row.name, 0n, 0n]);
        },
      );
    }
  });

  const FLAGS = 0x15;
  it.each([
    // Line, fcsr before, a1 before, fcsr after, a0 after.
    ['csrrw a0,fcsr,a1', 0x85, 0x42n, 0x42, 0x85n],
    ['csrrw a0,fcsr,a1', 0x85, 0xffffffffffffffffn, 0xff, 0x85n],
    ['csrrw a0,fflags,a1', 0x60 | FLAGS, 0xffn, 0x7f, 0x15n],
    ['csrrw a0,frm,a1', 0x60 | FLAGS, 0xfcn, 0x80 | FLAGS, 3n],
    ['csrrw zero,fcsr,a1', 0x11, 0x22n, 0x22, undefined],
    ['csrrs a0,fcsr,a1', 0x20, 0x05n, 0x25, 0x20n],
    ['csrrs a0,fcsr,zero', 0x47, 0n, 0x47, 0x47n],
    ['csrrs a0,fflags,a1', 0x42, 0x101n, 0x43, 2n],
    ['csrrs a0,frm,a1', 0x20, 0x2n, 0x60, 1n],
    ['csrrc a0,fcsr,a1', 0xff, 0x31n, 0xce, 0xffn],
    ['csrrc a0,fflags,a1', 0x7f, 0x3n, 0x7c, 0x1fn],
    ['csrrc a0,frm,a1', 0x7f, 0x1n, 0x5f, 3n],
    ['csrrwi a0,fcsr,31', 0xe0, 0n, 0x1f, 0xe0n],
    ['csrrwi a0,frm,4', 0x21, 0n, 0x81, 1n],
    ['csrrsi a0,fflags,16', 0x61, 0n, 0x71, 1n],
    ['csrrsi a0,fflags,0', 0x61, 0n, 0x61, 1n],
    ['csrrci a0,fflags,1', 0x63, 0n, 0x62, 3n],
    ['csrrci a0,frm,2', 0x63, 0n, 0x23, 3n],
  ])('%s with fcsr 0x%x', (line, before, operand, after, result) => {
    runTwice(
      [line],
      () => {
        machine.fcsr = before;
        machine.x[11] = operand;
      },
      () => {
        expect(bare.runToTrap().cause).toBe('breakpoint');
        expect([machine.fcsr, machine.x[10]]).toEqual([after, result ?? 0n]);
      },
    );
  });

  it('a CSR instruction may read and write the same register', () => {
    runTwice(
      ['csrrw a0,fcsr,a0'],
      () => {
        machine.fcsr = 0x41;
        machine.x[10] = 0x22n;
      },
      () => {
        expect(bare.runToTrap().cause).toBe('breakpoint');
        expect([machine.fcsr, machine.x[10]]).toEqual([0x22, 0x41n]);
      },
    );
  });

  it.each(['cycle', 'time', 'instret'])('%s counts the instructions retired before it', (name) => {
    runTwice(
      [`csrrs a0,${name},zero`, 'addi zero,zero,0', 'addi zero,zero,0', `csrrs a1,${name},zero`],
      () => {},
      () => {
        const before = machine.counters().instructions;
        expect(bare.runToTrap().cause).toBe('breakpoint');
        expect([machine.x[10], machine.x[11]]).toEqual([BigInt(before), BigInt(before + 3)]);
      },
    );
  });

  it.each([
    'csrrw a0,cycle,zero',
    'csrrw zero,instret,a1',
    'csrrs a0,time,a1',
    'csrrc a0,cycle,a1',
    'csrrwi a0,instret,0',
    'csrrsi a0,time,1',
    'csrrci a0,cycle,1',
    'csrrs a0,0x300,zero',
    'csrrs a0,0x0,zero',
    'csrrs a0,0x4,zero',
    'csrrs a0,0xc03,zero',
    'csrrs a0,0xbff,zero',
    'csrrw a0,0xf14,zero',
  ])('%s is illegal and changes nothing', (line) => {
    runTwice(
      [line],
      () => {
        machine.x[10] = 1n;
        machine.x[11] = 2n;
        machine.fcsr = 0x61;
      },
      () => {
        expect(bare.runToTrap()).toMatchObject({ cause: 'illegal-instruction', pc: CODE });
        expect([machine.x[10], machine.x[11], machine.fcsr]).toEqual([1n, 2n, 0x61]);
      },
    );
  });

  it('the counters may be read by set and clear of nothing', () => {
    for (const line of ['csrrsi a0,instret,0', 'csrrci a0,cycle,0', 'csrrc a0,time,zero']) {
      runTwice(
        [line],
        () => {},
        () => expect(bare.runToTrap().cause).toBe('breakpoint'),
      );
    }
  });

  it('reserved rounding modes are illegal, in the instruction and in frm', () => {
    for (const row of allRows.filter(hasRoundingMode)) {
      for (const rm of [0, 1, 2, 3, 4, 5, 6, 7]) {
        for (const frm of [0, 4, 5, 6, 7]) {
          const legal = rm < 5 || (rm === 7 && frm < 5);
          runTwice(
            [encode(row, { rd: 3, rs1: 1, rs2: 2, rs3: 4, rm })],
            () => {
              machine.fcsr = frm << 5;
            },
            () => {
              const name = `${row.name} rm ${rm} frm ${frm}`;
              expect([name, bare.runToTrap()]).toMatchObject([
                name,
                legal ? { cause: 'breakpoint' } : { cause: 'illegal-instruction', pc: CODE },
              ]);
              if (!legal) expect([machine.x[3], machine.f[3], machine.fcsr]).toEqual([0n, 0n, frm << 5]);
            },
          );
        }
      }
    }
  });
});
