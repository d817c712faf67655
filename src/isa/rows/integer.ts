/**
 * RV64I, Zicsr and Zifencei.
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapters 2, 4, 6 and 7.
 */

import type { Statement } from '../../wasm/expressions.ts';
import { type I32, type I64, i32, i64, sequence } from '../../wasm/expressions.ts';
import type { FormatName } from '../formats.ts';
import type { Operands } from '../operands.ts';
import type { Row } from '../row.ts';

type Semantics = (o: Operands) => Statement;

const OP_MASK = 0x7f;
const F3_MASK = 0x707f;
const F7_MASK = 0xfe00707f;
const F6_MASK = 0xfc00707f;

const row = (
  name: string,
  format: FormatName,
  match: number,
  mask: number,
  semantics: Semantics,
  extension = 'I',
): Row => ({
  name,
  format,
  match: match >>> 0,
  mask: mask >>> 0,
  extension,
  semantics,
});
const withF3 = (opcode: number, f3: number) => opcode | (f3 << 12);
const withF7 = (opcode: number, f3: number, f7: number) => withF3(opcode, f3) | (f7 << 25);

/** Sign-extends a 32-bit result to the register. */
const word = (value: I32): I64 => i64.extendS(value);
const flag = (value: I32): I64 => i64.extendU(value);
const low = (value: I64): I32 => i32.wrap(value);
const address = (o: Operands): I64 => i64.add(o.rs1, o.imm);

const immediate = (name: string, f3: number, value: (o: Operands) => I64): Row =>
  row(name, 'i', withF3(0x13, f3), F3_MASK, (o) => o.setRd(value(o)));
const register = (name: string, opcode: number, f3: number, f7: number, value: (o: Operands) => I64): Row =>
  row(name, 'r', withF7(opcode, f3, f7), F7_MASK, (o) => o.setRd(value(o)));
const branch = (name: string, f3: number, condition: (a: I64, b: I64) => I32): Row =>
  row(name, 'b', withF3(0x63, f3), F3_MASK, (o) => o.branch(condition(o.rs1, o.rs2)));
const load = (name: string, f3: number, width: Parameters<Operands['load']>[0]): Row =>
  row(name, 'load', withF3(0x03, f3), F3_MASK, (o) => o.setRd(o.load(width, address(o))));
const store = (name: string, f3: number, width: Parameters<Operands['store']>[0]): Row =>
  row(name, 'store', withF3(0x23, f3), F3_MASK, (o) => o.store(width, address(o), o.rs2));

const arithmetic: readonly Row[] = [
  row('lui', 'u', 0x37, OP_MASK, (o) => o.setRd(o.imm)),
  row('auipc', 'u', 0x17, OP_MASK, (o) => o.setRd(i64.add(o.pc, o.imm))),
  immediate('addi', 0, (o) => i64.add(o.rs1, o.imm)),
  immediate('slti', 2, (o) => flag(i64.ltS(o.rs1, o.imm))),
  immediate('sltiu', 3, (o) => flag(i64.ltU(o.rs1, o.imm))),
  immediate('xori', 4, (o) => i64.xor(o.rs1, o.imm)),
  immediate('ori', 6, (o) => i64.or(o.rs1, o.imm)),
  immediate('andi', 7, (o) => i64.and(o.rs1, o.imm)),
  row('slli', 'shift6', withF3(0x13, 1), F6_MASK, (o) => o.setRd(i64.shl(o.rs1, o.imm))),
  row('srli', 'shift6', withF3(0x13, 5), F6_MASK, (o) => o.setRd(i64.shrU(o.rs1, o.imm))),
  row('srai', 'shift6', withF7(0x13, 5, 0x20), F6_MASK, (o) => o.setRd(i64.shrS(o.rs1, o.imm))),
  register('add', 0x33, 0, 0, (o) => i64.add(o.rs1, o.rs2)),
  register('sub', 0x33, 0, 0x20, (o) => i64.sub(o.rs1, o.rs2)),
  register('sll', 0x33, 1, 0, (o) => i64.shl(o.rs1, o.rs2)),
  register('slt', 0x33, 2, 0, (o) => flag(i64.ltS(o.rs1, o.rs2))),
  register('sltu', 0x33, 3, 0, (o) => flag(i64.ltU(o.rs1, o.rs2))),
  register('xor', 0x33, 4, 0, (o) => i64.xor(o.rs1, o.rs2)),
  register('srl', 0x33, 5, 0, (o) => i64.shrU(o.rs1, o.rs2)),
  register('sra', 0x33, 5, 0x20, (o) => i64.shrS(o.rs1, o.rs2)),
  register('or', 0x33, 6, 0, (o) => i64.or(o.rs1, o.rs2)),
  register('and', 0x33, 7, 0, (o) => i64.and(o.rs1, o.rs2)),
];

const words: readonly Row[] = [
  row('addiw', 'i', withF3(0x1b, 0), F3_MASK, (o) => o.setRd(word(i32.add(low(o.rs1), low(o.imm))))),
  row('slliw', 'shift5', withF3(0x1b, 1), F7_MASK, (o) => o.setRd(word(i32.shl(low(o.rs1), low(o.imm))))),
  row('srliw', 'shift5', withF3(0x1b, 5), F7_MASK, (o) => o.setRd(word(i32.shrU(low(o.rs1), low(o.imm))))),
  row('sraiw', 'shift5', withF7(0x1b, 5, 0x20), F7_MASK, (o) =>
    o.setRd(word(i32.shrS(low(o.rs1), low(o.imm)))),
  ),
  register('addw', 0x3b, 0, 0, (o) => word(i32.add(low(o.rs1), low(o.rs2)))),
  register('subw', 0x3b, 0, 0x20, (o) => word(i32.sub(low(o.rs1), low(o.rs2)))),
  register('sllw', 0x3b, 1, 0, (o) => word(i32.shl(low(o.rs1), low(o.rs2)))),
  register('srlw', 0x3b, 5, 0, (o) => word(i32.shrU(low(o.rs1), low(o.rs2)))),
  register('sraw', 0x3b, 5, 0x20, (o) => word(i32.shrS(low(o.rs1), low(o.rs2)))),
];

const memory: readonly Row[] = [
  load('lb', 0, '8s'),
  load('lh', 1, '16s'),
  load('lw', 2, '32s'),
  load('ld', 3, '64'),
  load('lbu', 4, '8u'),
  load('lhu', 5, '16u'),
  load('lwu', 6, '32u'),
  store('sb', 0, '8'),
  store('sh', 1, '16'),
  store('sw', 2, '32'),
  store('sd', 3, '64'),
];

const control: readonly Row[] = [
  row('jal', 'j', 0x6f, OP_MASK, (o) => o.jumpAndLink()),
  row('jalr', 'load', 0x67, F3_MASK, (o) => o.jumpAndLinkTo(address(o))),
  branch('beq', 0, i64.eq),
  branch('bne', 1, i64.ne),
  branch('blt', 4, i64.ltS),
  branch('bge', 5, i64.geS),
  branch('bltu', 6, i64.ltU),
  branch('bgeu', 7, i64.geU),
];

const rare = (entry: Row): Row => ({ ...entry, rare: true });
/** Set and clear with x0 or a zero immediate do not write. */
const present = (value: I64): I32 => i32.eqz(i64.eqz(value));
const csr = (name: string, f3: number, operation: 'write' | 'set' | 'clear'): Row =>
  rare(
    row(
      name,
      f3 < 4 ? 'csr' : 'csri',
      withF3(0x73, f3),
      F3_MASK,
      (o) => {
        const value = f3 < 4 ? o.rs1 : o.rs1Number;
        return o.csr(operation, value, operation === 'write' ? i32.const(1) : present(o.rs1Number));
      },
      'Zicsr',
    ),
  );

const system: readonly Row[] = [
  // One hart sees its own accesses in order, so that fence has nothing to wait for.
  row('fence', 'fence', 0x0f, F3_MASK, () => sequence()),
  rare(row('fence.i', 'fence.i', 0x100f, F3_MASK, (o) => o.synchronizeCode(), 'Zifencei')),
  rare(row('ecall', 'bare', 0x73, -1, (o) => o.trap('system-call'))),
  rare(row('ebreak', 'bare', 0x100073, -1, (o) => o.trap('breakpoint'))),
  csr('csrrw', 1, 'write'),
  csr('csrrs', 2, 'set'),
  csr('csrrc', 3, 'clear'),
  csr('csrrwi', 5, 'write'),
  csr('csrrsi', 6, 'set'),
  csr('csrrci', 7, 'clear'),
];

export const integerRows: readonly Row[] = [...arithmetic, ...words, ...memory, ...control, ...system];
