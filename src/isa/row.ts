/**
 * One instruction of the table: how it is encoded and what it means. Everything else (decoder, assembler,
 * disassembler, interpreter, translator, generated tests) is derived from rows.
 */
import type { Statement } from '../wasm/expressions.ts';
import type { FormatName } from './formats.ts';
import type { Operands } from './operands.ts';

export interface Row {
  /** Mnemonic as binutils prints it, e.g. `amoadd.w`. */
  readonly name: string;
  readonly format: FormatName;
  /** The bits that identify it: `(word & mask) === match`. 16-bit encodings have `match & 3` other than 3. */
  readonly match: number;
  readonly mask: number;
  /** Section of the manual, e.g. `M`. */
  readonly extension: string;
  /**
   * Builds what it does. All loads come before the first write of a register, so that a fault leaves no trace.
   * Compressed rows have none: they name the row they expand to.
   */
  readonly semantics?: (operands: Operands) => Statement;
  /** For compressed rows: the row they stand for; their format gives its operands. */
  readonly expandsTo?: string;
  /** Runs only outside of the dispatch loop: rare, or needs a call. */
  readonly rare?: boolean;
}
