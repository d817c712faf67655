/**
 * C: 16-bit encodings. Each stands for a row of the base table, so it has no meaning of its own. Encodings that
 * the manual calls hints are executed as the instruction that they look like, which writes x0 and so does nothing.
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapter 28.
 */
import type { FormatName } from '../formats.ts';
import type { Row } from '../row.ts';

/** Quadrant and funct3 select most rows. */
const ANY = 0xe003;
const row = (name: string, format: FormatName, match: number, mask: number, expandsTo: string): Row => ({
  name,
  format,
  match,
  mask,
  extension: 'C',
  expandsTo,
});

export const compressedRows: readonly Row[] = [
  row('c.addi4spn', 'c.addi4spn', 0x0000, ANY, 'addi'),
  row('c.fld', 'c.fld', 0x2000, ANY, 'fld'),
  row('c.lw', 'c.lw', 0x4000, ANY, 'lw'),
  row('c.ld', 'c.ld', 0x6000, ANY, 'ld'),
  row('c.fsd', 'c.fsd', 0xa000, ANY, 'fsd'),
  row('c.sw', 'c.sw', 0xc000, ANY, 'sw'),
  row('c.sd', 'c.sd', 0xe000, ANY, 'sd'),
  row('c.addi', 'c.addi', 0x0001, ANY, 'addi'),
  row('c.addiw', 'c.addiw', 0x2001, ANY, 'addiw'),
  row('c.li', 'c.li', 0x4001, ANY, 'addi'),
  row('c.addi16sp', 'c.addi16sp', 0x6101, 0xef83, 'addi'),
  row('c.lui', 'c.lui', 0x6001, ANY, 'lui'),
  row('c.srli', 'c.shift', 0x8001, 0xec03, 'srli'),
  row('c.srai', 'c.shift', 0x8401, 0xec03, 'srai'),
  row('c.andi', 'c.andi', 0x8801, 0xec03, 'andi'),
  row('c.sub', 'c.two', 0x8c01, 0xfc63, 'sub'),
  row('c.xor', 'c.two', 0x8c21, 0xfc63, 'xor'),
  row('c.or', 'c.two', 0x8c41, 0xfc63, 'or'),
  row('c.and', 'c.two', 0x8c61, 0xfc63, 'and'),
  row('c.subw', 'c.two', 0x9c01, 0xfc63, 'subw'),
  row('c.addw', 'c.two', 0x9c21, 0xfc63, 'addw'),
  row('c.j', 'c.j', 0xa001, ANY, 'jal'),
  row('c.beqz', 'c.b', 0xc001, ANY, 'beq'),
  row('c.bnez', 'c.b', 0xe001, ANY, 'bne'),
  row('c.slli', 'c.slli', 0x0002, ANY, 'slli'),
  row('c.fldsp', 'c.fldsp', 0x2002, ANY, 'fld'),
  row('c.lwsp', 'c.lwsp', 0x4002, ANY, 'lw'),
  row('c.ldsp', 'c.ldsp', 0x6002, ANY, 'ld'),
  row('c.jr', 'c.jr', 0x8002, 0xf07f, 'jalr'),
  row('c.mv', 'c.mv', 0x8002, 0xf003, 'add'),
  row('c.ebreak', 'bare', 0x9002, 0xffff, 'ebreak'),
  row('c.jalr', 'c.jalr', 0x9002, 0xf07f, 'jalr'),
  row('c.add', 'c.add', 0x9002, 0xf003, 'add'),
  row('c.fsdsp', 'c.fsdsp', 0xa002, ANY, 'fsd'),
  row('c.swsp', 'c.swsp', 0xc002, ANY, 'sw'),
  row('c.sdsp', 'c.sdsp', 0xe002, ANY, 'sd'),
];
