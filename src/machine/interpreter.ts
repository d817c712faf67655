/**
 * The interpreter, generated from the instruction table for one shape of machine (`interpreterShape`): its TLB
 * and who refills it, whether it stamps, whether it records. Size of memory and seed are no part of it, so that modules for the usual
 * shapes can be made with the build and kept.
 *
 *   run(limit) ── dispatch loop: br_table over records, no calls ──┐ anything slow
 *        ▲                                                        ▼
 *        └────────────────────────── step(record, pc): one instruction, with every case
 */
import { defineExactFloat, type ExactFloat } from '../isa/float/exact.ts';
import { roundingModeLegal } from '../isa/float/units.ts';
import type { Operands } from '../isa/operands.ts';
import { allRows, baseIndex, baseRows, hasRoundingMode, isCompressed } from '../isa/table.ts';
import {
  branchTable,
  drop,
  give,
  i32,
  i64,
  type Local,
  nothing,
  type Statement,
  sequence,
  when,
} from '../wasm/expressions.ts';
import { type Frame as Body, call, type FunctionReference, ModuleBuilder } from '../wasm/module.ts';
import { type Accesses, defineAccesses } from './access.ts';
import { cell32, increase64, setCell32, setCell64 } from './cells.ts';
import type { MachineConfig, TlbShape } from './contract.ts';
import { EXIT } from './exits.ts';
import { AT, COUNTER_SHIFT, CROSSING_RECORD, CROSSING_WORD_AT, type Layout, RECORD_BYTES } from './layout.ts';
import { cases, checkedLoop, dispatchLoop, stepOrStop } from './loops.ts';
import { stepOperands } from './operands.ts';
import { type Handler, listHandlers, STEP } from './predecode.ts';
import { defineFill, type FillFunction } from './refill.ts';
import { defineUses } from './uses.ts';

const MOST_MEMORY_PAGES = 65_536;

/** Rows that a 16-bit encoding expands to. */
const twoByteRows: ReadonlySet<number> = new Set(allRows.filter(isCompressed).map(baseIndex));

/** Name of the custom section that tells which shape a module is for. */
export const SHAPE_SECTION = 'pagewalk.shape';

/** All that the generated module depends on, as a word that can be a file's name. */
export function interpreterShape({ tlb, refill, geometry, stamps, references }: MachineConfig): string {
  const words = ({ entries, ways, replacement }: TlbShape): string => `${entries}x${ways}-${replacement}`;
  const tlbs =
    tlb.kind === 'split'
      ? `split-${words(tlb.data)}-${words(tlb.instructions)}`
      : tlb.kind === 'unified'
        ? `unified-${words(tlb.shape)}`
        : 'none';
  const filledFrom = refill === 'hardware' ? geometry.name : refill;
  const larger = tlb.kind === 'none' ? undefined : tlb.superpages;
  const superpages = larger === undefined ? '' : `-super-${words(larger)}`;
  return `tlb-${tlbs}${superpages}-${filledFrom}-stamps-${stamps}-references-${references}`;
}

const isDirect = ({ tlb, references }: MachineConfig): boolean =>
  tlb.kind === 'split' && references === 'off';

/** Handlers of the dispatch loop, none when it is not used. */
export const handlersFor = (config: MachineConfig): readonly Handler[] =>
  isDirect(config) ? listHandlers(twoByteRows) : [];

/** What the module exports. */
export interface InterpreterExports {
  /** Runs from the pc cell until an exit; `limit` is the counter's value at which the timer is due. */
  run(limit: bigint): number;
  /** As `run`, but the timer strikes behind any instruction; slower. */
  walk(limit: bigint): number;
  /** Runs one predecoded instruction, and says when the timer is due behind it. */
  step(record: number, pc: bigint, limit: bigint): number;
  /** Lists the frames whose stamp is later than `since`; gives their number. See uses.ts. */
  uses(since: bigint, stampsEnd: number): number;
  /** Only with refill by software: see refill.ts. */
  readonly fillData?: FillFunction;
  readonly fillInstructions?: FillFunction;
}

/** Generates the module for a configuration: bytes of WebAssembly. */
export function generateInterpreter(config: MachineConfig, layout: Layout): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ minimum: layout.ram / 65536, maximum: MOST_MEMORY_PAGES });
  module.note(SHAPE_SECTION, interpreterShape(config));
  const floats = defineExactFloat(module, AT.status);
  const accesses = defineAccesses({ module, layout, config });
  const step = defineStep(module, accesses, floats);
  const run = module.add(['i64'], 'i32', (body) =>
    isDirect(config)
      ? dispatchLoop(body, { config, layout, accesses, step, handlers: handlersFor(config) })
      : checkedLoop(body, { config, layout, accesses, step }, 'behind jumps'),
  );
  module.export('run', run);
  module.export(
    'walk',
    module.add(['i64'], 'i32', (body) =>
      checkedLoop(body, { config, layout, accesses, step }, 'at any instruction'),
    ),
  );
  module.export(
    'step',
    module.add(['i32', 'i64', 'i64'], 'i32', (body) => singleStep(body, step)),
  );
  module.export('uses', defineUses(module, layout));
  if (config.refill === 'software') exportFills(module, layout, config);
  return module.bytes();
}

function exportFills(module: ModuleBuilder, { data, instructions }: Layout, { tlb }: MachineConfig): void {
  const slots = tlb.kind === 'split' ? 'fast slots' : 'none';
  const fillData = defineFill(module, data!, slots);
  module.export('fillData', fillData);
  module.export(
    'fillInstructions',
    instructions === data ? fillData : defineFill(module, instructions!, slots),
  );
}

const SECOND_HALF = 2;

/** (record, pc) → exit code. On `none` the pc cell is the next instruction's and the instruction is counted. */
function defineStep(module: ModuleBuilder, accesses: Accesses, floats: ExactFloat): FunctionReference<'i32'> {
  const step = module.declare(['i32', 'i64'], 'i32');
  const count = STEP.firstRow + baseRows.length * 2;
  module.define(step, (body) => {
    const ip = body.parameter('i32', 0);
    const pc = body.parameter('i64', 1);
    const operands = {
      2: stepOperands({ ip, pc, accesses, floats, length: 2 }),
      4: stepOperands({ ip, pc, accesses, floats, length: 4 }),
    };
    const retired = sequence(increase64(AT.counter, 2 ** COUNTER_SHIFT), give(i32.const(EXIT.none)));
    const caseBody = (index: number): Statement => {
      if (index === STEP.undecoded) return sequence(setCell32(AT.stepped, ip), give(i32.const(EXIT.decode)));
      if (index === STEP.crossing) return crossingCase(step, accesses, ip, pc);
      if (index < STEP.firstRow) return give(i32.const(EXIT.illegal));
      const length = index & 1 ? 4 : 2;
      return sequence(rowCase((index - STEP.firstRow) >> 1, length, operands[length], { ip, pc }), retired);
    };
    return sequence(
      setCell32(AT.failed, i32.const(0)),
      setCell32(AT.jumped, i32.const(0)),
      cases(count, (labels) => branchTable(i32.load16u(ip, 2), labels, labels[STEP.illegal]!), caseBody),
      give(i32.const(EXIT.illegal)),
    );
  });
  return step;
}

function rowCase(
  index: number,
  length: 2 | 4,
  operands: Operands,
  { ip, pc }: { ip: Local<'i32'>; pc: Local<'i64'> },
): Statement {
  const row = baseRows[index]!;
  if (length === 2 && !twoByteRows.has(index)) return give(i32.const(EXIT.illegal));
  const legal = hasRoundingMode(row)
    ? when(
        i32.eqz(roundingModeLegal({ roundingMode: i32.load(ip, 12), statusAddress: AT.status })),
        give(i32.const(EXIT.illegal)),
      )
    : nothing;
  return sequence(legal, setCell64(AT.pc, i64.add(pc, i64.const(length))), row.semantics(operands));
}

/**
 * An instruction whose second half lies in the next page: looks that page up as well. Its decoded form is kept
 * with the first page and used as long as the word is the same.
 */
function crossingCase(
  step: FunctionReference<'i32'>,
  accesses: Accesses,
  ip: Local<'i32'>,
  pc: Local<'i64'>,
): Statement {
  const records = i32.sub(ip, i32.const(2047 * RECORD_BYTES));
  const secondAddress = i64.add(pc, i64.const(SECOND_HALF));
  const word = i32.or(i32.load16u(ip, 12), i32.shl(i32.load16u(cell32(AT.entry)), i32.const(16)));
  return sequence(
    drop(call(accesses.fetchSecondHalf, secondAddress)),
    when(cell32(AT.failed), give(cell32(AT.failed))),
    setCell32(AT.crossingWord, word),
    when(
      i32.ne(i32.load(records, CROSSING_WORD_AT), cell32(AT.crossingWord)),
      sequence(setCell32(AT.stepped, ip), give(i32.const(EXIT.decodeCrossing))),
    ),
    give(call(step, i32.add(records, i32.const(CROSSING_RECORD * RECORD_BYTES)), pc)),
  );
}

/** (record, pc, limit) → exit code; the step function for the machine's own use. */
function singleStep(body: Body, step: FunctionReference<'i32'>): Statement {
  const [record, pc, limit] = [body.parameter('i32', 0), body.parameter('i64', 1), body.parameter('i64', 2)];
  return sequence(
    stepOrStop(step, { record, pc, limit, exit: body.local('i32') }, 'behind jumps'),
    give(i32.const(EXIT.none)),
  );
}
