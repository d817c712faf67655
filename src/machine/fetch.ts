/**
 * Fetches: the look-up of an instruction's page, and of the next one for the second half of an instruction that lies
 * in both. A fetch leads to the page's predecoded records, not to its bytes.
 */

import type { RiscvLayout } from '../translation/radix.ts';
import {
  choose,
  give,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  nothing,
  type Statement,
  select,
  sequence,
  when,
} from '../wasm/expressions.ts';
import { type Frame as Body, call, type FunctionReference, type ModuleBuilder } from '../wasm/module.ts';
import { cell32, cell64, increase64, pageOffset, setCell32, setCell64 } from './cells.ts';
import type { MachineConfig } from './contract.ts';
import { isCut, isOutside } from './cut-pages.ts';
import { ACCESS, EXIT } from './exits.ts';
import { fillInstructionSlot, forgetInstructionSlot } from './fast-slots.ts';
import { codeMapAt, frameAddress, frameOf, hasBit, stampAddress } from './frames.ts';
import { AT, type Layout } from './layout.ts';
import type { Ring } from './ring.ts';
import type { LookUp } from './tlb.ts';

export interface FetchEnvironment {
  readonly module: ModuleBuilder;
  readonly layout: Layout;
  readonly config: MachineConfig;
  /** Where the entries of the TLB have their bits. */
  readonly bits: RiscvLayout;
  readonly look: LookUp;
  readonly ring: Ring;
}

export interface Fetches {
  /**
   * (pc) → exit code; on `none` the place of the page's records is in `AT.entry`, and the instruction fast slot of
   * pc's set is filled, unless the page is cut.
   */
  readonly fetch: FunctionReference<'i32'>;
  /** (pc) → exit code; leaves the place of the half-word at pc in `AT.entry`. */
  readonly fetchSecondHalf: FunctionReference<'i32'>;
}

export const defineFetches = (environment: FetchEnvironment): Fetches => ({
  fetch: environment.module.add(['i64'], 'i32', (body) => fetchBody(body, environment)),
  fetchSecondHalf: environment.module.add(['i64'], 'i32', (body) => secondHalfBody(body, environment)),
});

const SECOND_HALF = 2;

interface InstructionLookUp {
  readonly entry: Local<'i64'>;
  /** Looks up; leaves the function when the fetch fails. */
  readonly statement: Statement;
}

function lookUpInstruction(
  body: Body,
  environment: FetchEnvironment,
  half: 'first' | 'second',
): InstructionLookUp {
  return environment.config.refill === 'hardware'
    ? lookUpWalking(body, environment, half)
    : lookUpRefilled(body, environment, half);
}

const noteFetch = (ring: Ring, pc: I64, half: 'first' | 'second', failed: I32): Statement =>
  ring.noteFetch(pc, half === 'first' ? AT.fetchRecorded : AT.crossingRecorded, failed);

const failWith = (address: I64, exit: I32): Statement =>
  sequence(
    setCell64(AT.trapAddress, address),
    setCell32(AT.trapAccess, i32.const(ACCESS.fetch)),
    setCell32(AT.failed, exit),
    give(exit),
  );

function lookUpWalking(
  body: Body,
  { bits, look, ring }: FetchEnvironment,
  half: 'first' | 'second',
): InstructionLookUp {
  const pc = body.parameter('i64', 0);
  const entry = body.local('i64');
  const refused = i32.or(i64.eqz(entry), i32.eqz(hasBit(entry, bits.execute)));
  return {
    entry,
    statement: sequence(
      entry.set(call(look, pc, i32.const(ACCESS.fetch))),
      noteFetch(ring, pc, half, refused),
      when(refused, failWith(pc, i32.const(EXIT.pageFault))),
    ),
  };
}

/** The TLB may hold, for instructions, a page that can't be executed, and a page that is cut. */
function lookUpRefilled(
  body: Body,
  { layout, config, bits, look, ring }: FetchEnvironment,
  half: 'first' | 'second',
): InstructionLookUp {
  const pc = body.parameter('i64', 0);
  const entry = body.local('i64');
  const exit = body.local('i32');
  const bytes = half === 'first' ? bytesInPage(layout, pc, entry) : i32.const(SECOND_HALF);
  const executable = hasBit(entry, bits.execute);
  const outside = choose(
    select(executable, isCut(entry), i32.const(0)),
    isOutside(entry, pageOffset(pc), bytes),
    i32.const(0),
  );
  const start = half === 'first' ? pc : i64.sub(pc, i64.const(SECOND_HALF));
  const mayNot = i32.or(i32.eqz(executable), outside);
  const why = choose(
    i64.eqz(entry),
    i32.const(EXIT.tlbMiss),
    choose(mayNot, i32.const(EXIT.pageFault), i32.const(EXIT.none)),
  );
  // A hit that comes to nothing is a use all the same.
  const forget = config.tlb.kind === 'split' ? forgetInstructionSlot(layout, pc) : nothing;
  return {
    entry,
    statement: sequence(
      entry.set(call(look, pc, i32.const(ACCESS.fetch))),
      exit.set(why),
      noteFetch(ring, pc, half, exit),
      when(
        exit,
        sequence(
          when(i32.eq(exit, i32.const(EXIT.pageFault)), forget),
          failWith(choose(outside, start, pc), exit),
        ),
      ),
    ),
  };
}

/** How many bytes of the instruction at pc lie in its page, of which `entry` says the frame. */
function bytesInPage(layout: Layout, pc: I64, entry: I64): I32 {
  const half = i32.load16u(i32.add(frameAddress(layout, frameOf(entry)), pageOffset(pc)));
  const isWhole = i32.and(
    i32.eq(i32.and(half, i32.const(3)), i32.const(3)),
    i32.ne(pageOffset(pc), i32.const(4094)),
  );
  return i32.shl(i32.add(isWhole, i32.const(1)), i32.const(1));
}

function fetchBody(body: Body, environment: FetchEnvironment): Statement {
  const { layout, config } = environment;
  const pc = body.parameter('i64', 0);
  const frame = body.local('i32');
  const records = body.local('i32');
  const { entry, statement } = lookUpInstruction(body, environment, 'first');
  return sequence(
    when(
      cell32(AT.fetchDone),
      sequence(entry.set(cell64(AT.fetchedEntry)), setCell32(AT.fetchDone, i32.const(0))),
      sequence(statement, setCell64(AT.fetchedEntry, entry)),
    ),
    frame.set(frameOf(entry)),
    setCell32(AT.stampAt, stampAddress(layout, frame)),
    records.set(i32.load(codeMapAt(layout, frame))),
    when(
      i32.eqz(records),
      sequence(
        setCell32(AT.wantedFrame, frame),
        setCell32(AT.fetchDone, i32.const(1)),
        give(i32.const(EXIT.codePage)),
      ),
    ),
    setCell32(AT.entry, records),
    config.tlb.kind === 'split' ? fillSlot(config, layout, { pc, entry, frame, records }) : nothing,
    give(i32.const(EXIT.none)),
  );
}

function fillSlot(
  { refill }: MachineConfig,
  layout: Layout,
  { pc, entry, frame, records }: { pc: I64; entry: I64; frame: I32; records: I32 },
): Statement {
  const fill = fillInstructionSlot(layout, pc, frame, records);
  return refill === 'hardware' ? fill : when(isCut(entry), forgetInstructionSlot(layout, pc), fill);
}

function secondHalfBody(body: Body, environment: FetchEnvironment): Statement {
  const { layout, config } = environment;
  const pc = body.parameter('i64', 0);
  const frame = body.local('i32');
  const { entry, statement } = lookUpInstruction(body, environment, 'second');
  const retiring = i64.or(i64.shl(i64.shrU(cell64(AT.counter), i64.const(20)), i64.const(20)), i64.const(1));
  return sequence(
    increase64(AT.extraFetches, 1),
    statement,
    frame.set(frameOf(entry)),
    config.stamps === 'on'
      ? i64.store(stampAddress(layout, frame), i64.add(retiring, cell64(AT.stampBias)))
      : nothing,
    // The way used last in this set is another one now: its fast slot must not be taken for it any more.
    config.tlb.kind === 'split' ? forgetInstructionSlot(layout, pc) : nothing,
    setCell32(AT.entry, i32.add(frameAddress(layout, frame), pageOffset(pc))),
    give(i32.const(EXIT.none)),
  );
}
