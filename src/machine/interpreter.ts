/**
 * The interpreter, generated from the instruction table for one shape of machine (`interpreterShape`): its TLB,
 * whether it stamps, whether it records. Size of memory and seed are no part of it, so that modules for the usual
 * shapes can be made with the build and kept.
 *
 *   run(limit) ── dispatch loop: br_table over records, no calls ──┐ anything slow
 *        ▲                                                        ▼
 *        └────────────────────────── step(record, pc): one instruction, with every case
 *
 * The dispatch loop may use the fast slots only where they are exact: with a data and an instruction TLB apart
 * and no recording. Otherwise the *checked* loop looks up every fetch and steps every instruction.
 */
import { defineExactFloat, type ExactFloat } from '../isa/float/exact.ts';
import { roundingModeLegal } from '../isa/float/units.ts';
import type { Operands } from '../isa/operands.ts';
import { allRows, baseIndex, baseRows, hasRoundingMode, isCompressed } from '../isa/table.ts';
import type { Label } from '../wasm/code.ts';
import {
  block,
  branch,
  branchIf,
  branchTable,
  drop,
  give,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  loop,
  nothing,
  type Statement,
  sequence,
  when,
} from '../wasm/expressions.ts';
import { type Frame as Body, call, type FunctionReference, ModuleBuilder } from '../wasm/module.ts';
import { type Accesses, defineAccesses } from './access.ts';
import { cell32, cell64, increase64, pageBase, pageOffset, setCell32, setCell64 } from './cells.ts';
import type { MachineConfig, TlbShape } from './contract.ts';
import { EXIT } from './exits.ts';
import { instructionSlot } from './fast-slots.ts';
import {
  AT,
  COUNTER_SHIFT,
  CROSSING_RECORD,
  CROSSING_WORD_AT,
  type Layout,
  RECORD_BYTES,
  RING_MARGIN,
} from './layout.ts';
import { addressOfRecord, handlerBuilder, type LoopFrame, stepOperands } from './operands.ts';
import { FAST, type Handler, listHandlers, STEP } from './predecode.ts';
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
  return `tlb-${tlbs}-${filledFrom}-stamps-${stamps}-references-${references}`;
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

/** Nested blocks, one a case: branching to a case's label goes to its body, which lies behind its block. */
function cases(
  count: number,
  dispatch: (labels: readonly Label[]) => Statement,
  body: (index: number) => Statement,
): Statement {
  const labels: Label[] = [];
  const nest = (index: number): Statement =>
    index < 0
      ? dispatch(labels)
      : sequence(
          block((end) => {
            labels[index] = end;
            return nest(index - 1);
          }),
          body(index),
        );
  return nest(count - 1);
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

/**
 * Steps an instruction, and gives an exit code when it must not go on. The timer strikes where the dispatch loop
 * looks at it: behind a branch or jump, taken or not, and on the way to another page.
 */
function stepOrStop(
  step: FunctionReference<'i32'>,
  { record, pc, limit, exit }: { record: I32; pc: Local<'i64'>; limit: I64; exit: Local<'i32'> },
  timer: 'behind jumps' | 'at any instruction',
): Statement {
  const isOver = i64.geU(cell64(AT.counter), limit);
  const turnsPage = i64.ne(pageBase(pc), pageBase(cell64(AT.pc)));
  return sequence(
    exit.set(call(step, record, pc)),
    when(exit, sequence(setCell64(AT.pc, pc), give(exit))),
    when(
      timer === 'behind jumps' ? i32.and(i32.or(cell32(AT.jumped), turnsPage), isOver) : isOver,
      give(i32.const(EXIT.timer)),
    ),
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

interface LoopParts {
  readonly config: MachineConfig;
  readonly layout: Layout;
  readonly accesses: Accesses;
  readonly step: FunctionReference<'i32'>;
}

const instructionsOf = (counter: I64): I64 =>
  i64.shl(i64.shrU(counter, i64.const(COUNTER_SHIFT)), i64.const(COUNTER_SHIFT));
/** Stamp of the fetch of the instruction that is the next to retire, or of the one that retired last. */
const stampOfFetch = (counter: I64, bias: I64, which: 'next' | 'last'): I64 =>
  i64.add(
    which === 'next'
      ? instructionsOf(counter)
      : i64.sub(instructionsOf(counter), i64.const(2 ** COUNTER_SHIFT)),
    bias,
  );

/** Stamps the page of the instruction that was fetched. */
const stampFetch = ({ stamps }: MachineConfig): Statement =>
  stamps === 'on'
    ? i64.store(cell32(AT.stampAt), stampOfFetch(cell64(AT.counter), cell64(AT.stampBias), 'next'))
    : nothing;
/** The record of the instruction that was fetched. */
const fetchedRecord = (pc: I64): I32 =>
  i32.add(cell32(AT.entry), i32.shl(i32.and(i32.wrap(pc), i32.const(4094)), i32.const(3)));

/** Looks up every fetch and steps every instruction. Slow, and exact under any TLB and any recording. */
function checkedLoop(
  body: Body,
  { config, layout, accesses, step }: LoopParts,
  timer: 'behind jumps' | 'at any instruction',
): Statement {
  const limit = body.parameter('i64', 0);
  const pc = body.local('i64');
  const exit = body.local('i32');
  const full = i32.gtU(cell32(AT.ringUsed), i32.const(Math.max(layout.ringBytes - RING_MARGIN, 0)));
  const stop = sequence(setCell64(AT.pc, pc), give(exit));
  return sequence(
    pc.set(cell64(AT.pc)),
    loop((again) =>
      sequence(
        layout.ringBytes > 0
          ? when(full, sequence(setCell64(AT.pc, pc), give(i32.const(EXIT.ringFull))))
          : nothing,
        exit.set(call(accesses.fetch, pc)),
        when(exit, stop),
        stampFetch(config),
        stepOrStop(step, { record: fetchedRecord(pc), pc, limit, exit }, timer),
        pc.set(cell64(AT.pc)),
        branch(again),
      ),
    ),
    give(i32.const(EXIT.timer)),
  );
}

/** The loop that the time is spent in. */
function dispatchLoop(body: Body, parts: LoopParts & { readonly handlers: readonly Handler[] }): Statement {
  const { config, layout, accesses, step } = parts;
  const limit = body.parameter('i64', 0);
  const ip = body.local('i32');
  const counter = body.local('i64');
  const stores = body.local('i32');
  const records = body.local('i32');
  const page = body.local('i64');
  const target = body.local('i64');
  const bias = body.local('i64');
  const codeStamp = body.local('i32');
  const exit = body.local('i32');
  const locals = { ip, counter, limit, stores, records, page, target, bias };

  const keep = sequence(
    setCell64(AT.counter, counter),
    setCell64(AT.storesInRun, i64.add(cell64(AT.storesInRun), i64.extendU(stores))),
    stores.set(i32.const(0)),
  );
  const stampCode = (which: 'next' | 'last'): Statement =>
    config.stamps === 'on' ? i64.store(codeStamp, stampOfFetch(counter, bias, which)) : nothing;
  const slot = instructionSlot(layout, target);
  const isInSlot = i64.eq(i64.load(exit), pageBase(target));
  // One instruction of a page that has no slot.
  const stepCut = (outer: Label): Statement =>
    sequence(
      stampFetch(config),
      stepOrStop(step, { record: fetchedRecord(target), pc: target, limit, exit }, 'behind jumps'),
      counter.set(cell64(AT.counter)),
      target.set(cell64(AT.pc)),
      branch(outer),
    );
  const enterPage = (outer: Label): Statement =>
    sequence(
      exit.set(slot),
      when(
        i64.ne(i64.load(exit), pageBase(target)),
        sequence(
          missPage(accesses, { keep, target, exit, slot }),
          config.refill === 'software' ? when(i32.eqz(isInSlot), stepCut(outer)) : nothing,
        ),
      ),
      records.set(i32.load(exit, 8)),
      config.stamps === 'on' ? codeStamp.set(i32.load(exit, 12)) : nothing,
      page.set(pageBase(target)),
      ip.set(i32.add(records, i32.shl(i32.and(pageOffset(target), i32.const(4094)), i32.const(3)))),
    );
  const expiredExit = (pc: I64): Statement =>
    sequence(keep, setCell64(AT.pc, pc), give(i32.const(EXIT.timer)));

  return sequence(
    counter.set(cell64(AT.counter)),
    bias.set(cell64(AT.stampBias)),
    target.set(cell64(AT.pc)),
    loop((outer) =>
      sequence(
        enterPage(outer),
        block((leave) =>
          sequence(
            block((far) =>
              sequence(
                block((expired) =>
                  loop((dispatch) => dispatchBody(parts, { ...locals, dispatch, leave, far, expired })),
                ),
                stampCode('last'),
                expiredExit(addressOfRecord(page, ip, records)),
              ),
            ),
            stampCode('last'),
            branchIf(i64.ltU(counter, limit), outer),
            expiredExit(target),
          ),
        ),
        stampCode('next'),
        keep,
        target.set(addressOfRecord(page, ip, records)),
        stepOrStop(step, { record: ip, pc: target, limit, exit }, 'behind jumps'),
        counter.set(cell64(AT.counter)),
        target.set(cell64(AT.pc)),
        branch(outer),
      ),
    ),
    give(i32.const(EXIT.timer)),
  );
}

/** The page is not the one that its set used last: the full look-up, which fills the slot or ends the run. */
function missPage(
  accesses: Accesses,
  { keep, target, exit, slot }: { keep: Statement; target: I64; exit: Local<'i32'>; slot: I32 },
): Statement {
  return sequence(
    keep,
    setCell64(AT.pc, target),
    setCell32(AT.failed, i32.const(0)),
    exit.set(call(accesses.fetch, target)),
    when(exit, give(exit)),
    exit.set(slot),
  );
}

function dispatchBody(
  parts: LoopParts & { readonly handlers: readonly Handler[] },
  frame: LoopFrame,
): Statement {
  const { handlers, layout, config } = parts;
  const build = handlerBuilder({
    loop: frame,
    layout,
    stamps: config.stamps,
    count: { accesses: 0, ended: false },
  });
  return cases(
    FAST.first + handlers.length,
    (labels) => branchTable(i32.load16u(frame.ip), labels, labels[FAST.leave]!),
    (index) => {
      if (index === FAST.leave) return branch(frame.leave);
      if (index === FAST.pageEnd)
        return sequence(frame.target.set(i64.add(frame.page, i64.const(4096))), branch(frame.far));
      const { index: row, length, reach } = handlers[index - FAST.first]!;
      return build(baseRows[row]!.semantics, length, reach);
    },
  );
}
