/**
 * The two loops. The *dispatch loop* is one br_table over records and calls nothing: a call inside it would cost the
 * whole loop its registers. It leaves for anything slow, and has one instruction stepped. It may use the fast slots only
 * where they are exact: with a data and an instruction TLB apart and no recording. The *checked* loop looks up every
 * fetch and steps every instruction.
 */
import { baseRows } from '../isa/table.ts';
import type { Label } from '../wasm/code.ts';
import {
  block,
  branch,
  branchIf,
  branchTable,
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
import { type Frame as Body, call, type FunctionReference } from '../wasm/module.ts';
import type { Accesses } from './access.ts';
import { cell32, cell64, pageBase, pageOffset, setCell32, setCell64 } from './cells.ts';
import type { MachineConfig } from './contract.ts';
import { EXIT } from './exits.ts';
import { instructionSlot } from './fast-slots.ts';
import { AT, COUNTER_SHIFT, type Layout, RING_MARGIN } from './layout.ts';
import { addressOfRecord, handlerBuilder, type LoopFrame } from './operands.ts';
import { FAST, type Handler } from './predecode.ts';

/** Nested blocks, one a case: branching to a case's label goes to its body, which lies behind its block. */
export function cases(
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

/**
 * Steps an instruction, and gives an exit code when it must not go on. The timer strikes where the dispatch loop
 * looks at it: behind a branch or jump, taken or not, and on the way to another page.
 */
export function stepOrStop(
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

export interface LoopParts {
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
export function checkedLoop(
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
export function dispatchLoop(
  body: Body,
  parts: LoopParts & { readonly handlers: readonly Handler[] },
): Statement {
  const { config, step } = parts;
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
  const stepOn = (outer: Label, record: I32): Statement =>
    sequence(
      stepOrStop(step, { record, pc: target, limit, exit }, 'behind jumps'),
      counter.set(cell64(AT.counter)),
      target.set(cell64(AT.pc)),
      branch(outer),
    );
  const stepCut = (outer: Label): Statement =>
    sequence(stampFetch(config), stepOn(outer, fetchedRecord(target)));
  const enterPage = (outer: Label): Statement =>
    sequence(
      findSlot(parts, { keep, target, exit, stepCut: stepCut(outer) }),
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
        stepOn(outer, ip),
      ),
    ),
    give(i32.const(EXIT.timer)),
  );
}

/**
 * Leaves the place of the fast slot of target's page in `exit`. When the page is not the one that its set used last,
 * the full look-up fills the slot, or ends the run; a page that is cut gets none, and one instruction of it is stepped.
 */
function findSlot(
  { config, layout, accesses }: LoopParts,
  { keep, target, exit, stepCut }: { keep: Statement; target: I64; exit: Local<'i32'>; stepCut: Statement },
): Statement {
  const slot = instructionSlot(layout, target);
  const isAnother = i64.ne(i64.load(exit), pageBase(target));
  const lookUp = sequence(
    keep,
    setCell64(AT.pc, target),
    setCell32(AT.failed, i32.const(0)),
    exit.set(call(accesses.fetch, target)),
    when(exit, give(exit)),
    exit.set(slot),
    config.refill === 'software' ? when(isAnother, stepCut) : nothing,
  );
  return sequence(exit.set(slot), when(isAnother, lookUp));
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
