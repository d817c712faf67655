/**
 * The table's operands bound to fields of a predecoded record (predecode.ts), in two ways: for the dispatch loop,
 * which may call nothing and leaves for anything slow, and for the step function, which can do everything.
 */

import type { ExactFloat } from '../isa/float/exact.ts';
import { exactUnit, nativeUnit } from '../isa/float/units.ts';
import type { AtomicWidth, LoadWidth, Operands, StoreWidth } from '../isa/operands.ts';
import type { Label } from '../wasm/code.ts';
import {
  after,
  bind,
  bindIn,
  block,
  branch,
  branchIf,
  choose,
  type Expression,
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
import { call, perform } from '../wasm/module.ts';
import { type Accesses, fail } from './access.ts';
import { cell32, cell64, setCell32, setCell64 } from './cells.ts';
import { ACCESS, EXIT } from './exits.ts';
import { AT, COUNTER_SHIFT, DATA_SLOT_BYTES, type Layout, RECORD_BYTES } from './layout.ts';
import type { Reach } from './predecode.ts';

export const LOAD_BYTES: Readonly<Record<LoadWidth, number>> = {
  '8s': 1,
  '8u': 1,
  '16s': 2,
  '16u': 2,
  '32s': 4,
  '32u': 4,
  '64': 8,
};
const STORE_BYTES: Readonly<Record<StoreWidth, number>> = { '8': 1, '16': 2, '32': 4, '64': 8 };
const SINGLE_BOX = 0xffffffff00000000n;
const CANONICAL_NAN = 0x7fc00000;

const loadAt: Readonly<Record<LoadWidth, (address: I32) => I64>> = {
  '8s': i64.load8s,
  '8u': i64.load8u,
  '16s': i64.load16s,
  '16u': i64.load16u,
  '32s': i64.load32s,
  '32u': i64.load32u,
  '64': i64.load,
};
const storeAt: Readonly<Record<StoreWidth, (address: I32, value: I64) => Statement>> = {
  '8': i64.store8,
  '16': i64.store16,
  '32': i64.store32,
  '64': i64.store,
};

/** Fields of the record at `ip`. */
const fieldsAt = (ip: I32) => ({
  rd: i32.load16u(ip, 4),
  rs1: i32.load16u(ip, 6),
  rs2: i32.load16u(ip, 8),
  extra: i32.load16u(ip, 10),
  /** Of a near branch or jump, in records' bytes. */
  distance: i32.load16s(ip, 10),
  imm: i64.load32s(ip, 12),
  imm32: i32.load(ip, 12),
});

const singleAt = (register: I32): I32 =>
  bindIn(i64.load(register, AT.f), 'i32', (bits) =>
    select(i64.geU(bits, i64.const(SINGLE_BOX)), i32.wrap(bits), i32.const(CANONICAL_NAN)),
  );

/** What both bindings share: register and immediate fields. */
function recordOperands(ip: I32) {
  const field = fieldsAt(ip);
  return {
    rs1: i64.load(field.rs1, AT.x),
    rs2: i64.load(field.rs2, AT.x),
    imm: field.imm,
    rs1Number: i64.extendU(field.extra),
    setRd: (value: I64): Statement => i64.store(field.rd, value, AT.x),
    d1: i64.load(field.rs1, AT.f),
    d2: i64.load(field.rs2, AT.f),
    d3: i64.load(field.extra, AT.f),
    s1: singleAt(field.rs1),
    s2: singleAt(field.rs2),
    s3: singleAt(field.extra),
    setD: (value: I64): Statement => i64.store(field.rd, value, AT.f),
    setS: (value: I32): Statement =>
      i64.store(field.rd, i64.or(i64.extendU(value), i64.const(SINGLE_BOX)), AT.f),
  };
}

/** Locals and labels of the dispatch loop. */
export interface LoopFrame {
  readonly ip: Local<'i32'>;
  readonly counter: Local<'i64'>;
  readonly limit: Local<'i64'>;
  readonly stores: Local<'i32'>;
  readonly records: Local<'i32'>;
  readonly page: Local<'i64'>;
  readonly target: Local<'i64'>;
  readonly bias: Local<'i64'>;
  readonly dispatch: Label;
  /** Redo this record with the step function. */
  readonly leave: Label;
  /** Go to `target`, in another page. */
  readonly far: Label;
  /** The fuel is used up; `ip` is the next record. */
  readonly expired: Label;
}

export interface FastBinding {
  readonly loop: LoopFrame;
  readonly layout: Layout;
  readonly stamps: 'off' | 'on';
  readonly length: 2 | 4;
  readonly reach: Reach;
  /** Told of each access, so that the handler counts it. */
  readonly count: { accesses: number; ended: boolean };
}

/** `instructions + 1`, and the accesses made. */
const retire = (counter: Local<'i64'>, accesses: number): Statement =>
  counter.set(i64.add(counter, i64.const((1n << BigInt(COUNTER_SHIFT)) | BigInt(accesses))));

export function addressOfRecord(page: I64, ip: I32, records: I32): I64 {
  return i64.add(page, i64.extendU(i32.shrU(i32.sub(ip, records), i32.const(3))));
}

/** Makes handlers: semantics, counters, next record. */
export type HandlerBuilder = (
  semantics: (operands: Operands) => Statement,
  length: 2 | 4,
  reach: Reach,
) => Statement;

/**
 * A builder of handlers for one loop. Operands are the same for all rows of one length and reach, and made once.
 * Anything that needs more than the loop can do leaves it before the first write.
 */
export function handlerBuilder(binding: Omit<FastBinding, 'length' | 'reach'>): HandlerBuilder {
  const { loop, count } = binding;
  const made = new Map<string, Operands>();
  const operandsFor = (length: 2 | 4, reach: Reach): Operands => {
    const key = `${length} ${reach}`;
    const operands = made.get(key) ?? fastOperands({ ...binding, length, reach });
    made.set(key, operands);
    return operands;
  };
  return (semantics, length, reach) => ({
    emit(out) {
      count.accesses = 0;
      count.ended = false;
      semantics(operandsFor(length, reach)).emit(out);
      if (count.ended) return;
      retire(loop.counter, count.accesses).emit(out);
      loop.ip.set(i32.add(loop.ip, i32.const((RECORD_BYTES / 2) * length))).emit(out);
      branch(loop.dispatch).emit(out);
    },
  });
}

function fastOperands(binding: FastBinding): Operands {
  const { loop, length } = binding;
  const base = recordOperands(loop.ip);
  const pc = addressOfRecord(loop.page, loop.ip, loop.records);
  const next = i64.add(pc, i64.const(length));
  const never = (): never => {
    throw new Error('a row that needs the step function is not marked rare');
  };
  return {
    ...base,
    pc,
    next,
    ...fastMemory(binding),
    ...fastJumps(binding, base, next),
    atomic: never,
    loadReserved: never,
    storeConditional: never,
    trap: never,
    synchronizeCode: never,
    csr: never,
    float: nativeUnit({
      roundingMode: fieldsAt(loop.ip).imm32,
      statusAddress: AT.status,
      leaveUnless: (condition) => branchIf(i32.eqz(condition), loop.leave),
    }),
  };
}

function fastMemory({ loop, layout, stamps, count }: FastBinding): Pick<Operands, 'load' | 'store'> {
  const tlb = layout.data!;
  const slotOf = (address: I64): I32 =>
    tlb.sets === 1
      ? i32.const(tlb.fast)
      : i32.add(
          i32.const(tlb.fast),
          // Page number × 32 and its set's bits, in one shift and one mask.
          i32.and(
            i32.shrU(i32.wrap(address), i32.const(12 - 5)),
            i32.const((tlb.sets - 1) * DATA_SLOT_BYTES),
          ),
        );
  const stamp = (slot: I32): Statement =>
    stamps === 'on'
      ? i64.store(i32.load(slot, 20), i64.add(i64.add(loop.counter, loop.bias), i64.const(1)))
      : nothing;
  // Bits of the offset that must be zero are compared too: misaligned accesses, and so all that cross, leave.
  const tagOf = (address: I64, bytes: number): I64 => i64.and(address, i64.const(-4096 | (bytes - 1)));
  const checked = (address: I64, bytes: number, tagAt: number, use: (place: I32) => Statement): Statement =>
    bind(address, (at) =>
      bind(slotOf(at), (slot) =>
        sequence(
          branchIf(i64.ne(i64.load(slot, tagAt), tagOf(at, bytes)), loop.leave),
          stamp(slot),
          use(i32.add(i32.wrap(at), i32.load(slot, 16))),
        ),
      ),
    );
  return {
    load: (width, address) => ({
      type: 'i64',
      emit(out) {
        count.accesses++;
        checked(address, LOAD_BYTES[width], 0, (place) => loadAt[width](place)).emit(out);
      },
    }),
    store: (width, address, value) => ({
      emit(out) {
        count.accesses++;
        checked(address, STORE_BYTES[width], 8, (place) => storeAt[width](place, value)).emit(out);
        loop.stores.set(i32.add(loop.stores, i32.const(1))).emit(out);
      },
    }),
  };
}

function fastJumps(
  { loop, length, reach, count }: FastBinding,
  base: { readonly imm: I64; readonly setRd: (value: I64) => Statement },
  next: I64,
): Pick<Operands, 'branch' | 'jumpAndLink' | 'jumpAndLinkTo'> {
  const step = (RECORD_BYTES / 2) * length;
  const distance = fieldsAt(loop.ip).distance;
  const pc = addressOfRecord(loop.page, loop.ip, loop.records);
  const ended = (statement: Statement): Statement => ({
    emit(out) {
      count.ended = true;
      statement.emit(out);
    },
  });
  const goOn = sequence(branchIf(i64.ltU(loop.counter, loop.limit), loop.dispatch), branch(loop.expired));
  const farJump = sequence(loop.target.set(i64.add(pc, base.imm)), branch(loop.far));
  return {
    branch: (condition) =>
      ended(
        reach === 'near'
          ? sequence(
              // A sum rather than a jump: the loop's own dispatch is the only thing left to mispredict.
              loop.ip.set(i32.add(loop.ip, select(condition, distance, i32.const(step)))),
              retire(loop.counter, 0),
              goOn,
            )
          : sequence(
              retire(loop.counter, 0),
              when(condition, farJump),
              loop.ip.set(i32.add(loop.ip, i32.const(step))),
              goOn,
            ),
      ),
    jumpAndLink: () =>
      ended(
        sequence(
          base.setRd(next),
          retire(loop.counter, 0),
          reach === 'near' ? sequence(loop.ip.set(i32.add(loop.ip, distance)), goOn) : farJump,
        ),
      ),
    jumpAndLinkTo: (target) =>
      ended(
        sequence(
          loop.target.set(i64.and(target, i64.const(-2))),
          base.setRd(next),
          retire(loop.counter, 0),
          branchIf(i64.ne(i64.and(loop.target, i64.const(-4096)), loop.page), loop.far),
          loop.ip.set(
            i32.add(loop.records, i32.shl(i32.and(i32.wrap(loop.target), i32.const(4094)), i32.const(3))),
          ),
          goOn,
        ),
      ),
  };
}

export interface StepBinding {
  readonly ip: Local<'i32'>;
  readonly pc: Local<'i64'>;
  readonly length: 2 | 4;
  readonly accesses: Accesses;
  readonly floats: ExactFloat;
}

/** Leaves the step function with the code of the access that failed. */
const leaveIfFailed: Statement = when(cell32(AT.failed), give(cell32(AT.failed)));

export function stepOperands(binding: StepBinding): Operands {
  const { ip, pc, length, floats } = binding;
  const base = recordOperands(ip);
  const next = i64.add(pc, i64.const(length));
  const goTo = (target: I64): Statement => setCell64(AT.pc, target);
  const jumped = setCell32(AT.jumped, i32.const(1));
  return {
    ...base,
    pc,
    next,
    ...stepMemory(binding, base.setRd),
    branch: (condition) => sequence(jumped, when(condition, goTo(i64.add(pc, base.imm)))),
    jumpAndLink: () => sequence(jumped, goTo(i64.add(pc, base.imm)), base.setRd(next)),
    jumpAndLinkTo: (target) => sequence(jumped, goTo(i64.and(target, i64.const(-2))), base.setRd(next)),
    trap: (cause) =>
      sequence(
        give(
          i32.const(
            cause === 'system-call'
              ? EXIT.systemCall
              : cause === 'breakpoint'
                ? EXIT.breakpoint
                : EXIT.illegal,
          ),
        ),
      ),
    synchronizeCode: () => nothing,
    csr: (operation, value, writes) => csrAccess(base, operation, value, writes),
    float: exactUnit(floats, { roundingMode: fieldsAt(ip).imm32, statusAddress: AT.status }),
  };
}

const bytesOfAtomic = (width: AtomicWidth): I32 => i32.const(width === '32' ? 4 : 8);
const readAtomic = (width: AtomicWidth, place: I32): I64 =>
  width === '32' ? i64.load32s(place) : i64.load(place);
const writeAtomic = (width: AtomicWidth, place: I32, value: I64): Statement =>
  width === '32' ? i64.store32(place, value) : i64.store(place, value);

function stepMemory(
  { accesses }: StepBinding,
  setRd: (value: I64) => Statement,
): Pick<Operands, 'load' | 'store' | 'atomic' | 'loadReserved' | 'storeConditional'> {
  const extend: Readonly<Record<LoadWidth, (value: I64) => I64>> = {
    '8s': i64.extend8s,
    '8u': (value) => value,
    '16s': i64.extend16s,
    '16u': (value) => value,
    '32s': i64.extend32s,
    '32u': (value) => value,
    '64': (value) => value,
  };
  const placed = (place: Expression<'i32'>, use: (place: Local<'i32'>) => Statement): Statement =>
    bind(place, (at) => sequence(leaveIfFailed, use(at)));
  return {
    load: (width, address) =>
      extend[width](
        bindIn(call(accesses.load, address, i32.const(LOAD_BYTES[width])), 'i64', (value) =>
          after(leaveIfFailed, value),
        ),
      ),
    store: (width, address, value) =>
      sequence(perform(accesses.store, address, i32.const(STORE_BYTES[width]), value), leaveIfFailed),
    atomic: (width, address, update) =>
      placed(call(accesses.placeToStore, address, bytesOfAtomic(width)), (place) =>
        bind(readAtomic(width, place), (old) => sequence(writeAtomic(width, place, update(old)), setRd(old))),
      ),
    loadReserved: (width, address) =>
      placed(call(accesses.placeToLoad, address, bytesOfAtomic(width)), (place) =>
        bind(readAtomic(width, place), (value) =>
          sequence(
            setCell64(AT.reservationAddress, address),
            setCell64(AT.reservationValue, value),
            setRd(value),
          ),
        ),
      ),
    storeConditional: (width, address, value) => {
      const misaligned = i32.and(i32.wrap(address), i32.sub(bytesOfAtomic(width), i32.const(1)));
      const forget = setCell64(AT.reservationAddress, i64.const(-1));
      return block((done) =>
        sequence(
          when(misaligned, sequence(fail(address, ACCESS.store, EXIT.misaligned), leaveIfFailed)),
          when(
            i64.ne(cell64(AT.reservationAddress), address),
            sequence(forget, setRd(i64.const(1)), branch(done)),
          ),
          placed(call(accesses.placeToStore, address, bytesOfAtomic(width)), (place) =>
            bind(i64.eq(readAtomic(width, place), cell64(AT.reservationValue)), (held) =>
              sequence(
                when(held, writeAtomic(width, place, value)),
                forget,
                setRd(i64.extendU(i32.eqz(held))),
              ),
            ),
          ),
        ),
      );
    },
  };
}

const FFLAGS = 1;
const FRM = 2;
const FCSR = 3;
/** cycle, time, instret: one instruction a cycle and a tick. */
const isCounter = (number: I64): I32 => i64.leU(i64.sub(number, i64.const(0xc00)), i64.const(2));

function csrAccess(
  base: { readonly imm: I64; readonly setRd: (value: I64) => Statement },
  operation: 'write' | 'set' | 'clear',
  value: I64,
  writes: I32,
): Statement {
  const flags = i64.load8u(i32.const(0), AT.status);
  const mode = i64.load8u(i32.const(0), AT.status + 1);
  const whole = i64.or(i64.shl(mode, i64.const(5)), flags);
  const is = (number: number): I32 => i64.eq(base.imm, i64.const(number));
  const counters = i64.shrU(cell64(AT.counter), i64.const(COUNTER_SHIFT));
  const old = choose(is(FFLAGS), flags, choose(is(FRM), mode, choose(is(FCSR), whole, counters)));
  const isFloat = i64.leU(i64.sub(base.imm, i64.const(1)), i64.const(2));
  const illegal = give(i32.const(EXIT.illegal));
  return bind(value, (operand) =>
    bind(old, (before) => {
      const updated =
        operation === 'write'
          ? operand
          : operation === 'set'
            ? i64.or(before, operand)
            : i64.and(before, i64.xor(operand, i64.const(-1)));
      const setFlags = (bits: I64): Statement =>
        i64.store8(i32.const(0), i64.and(bits, i64.const(31)), AT.status);
      const setMode = (bits: I64): Statement =>
        i64.store8(i32.const(0), i64.and(bits, i64.const(7)), AT.status + 1);
      return sequence(
        when(i32.and(i32.eqz(isFloat), i32.or(i32.eqz(isCounter(base.imm)), writes)), illegal),
        when(
          writes,
          bind(updated, (bits) =>
            when(
              is(FFLAGS),
              setFlags(bits),
              when(is(FRM), setMode(bits), sequence(setFlags(bits), setMode(i64.shrU(bits, i64.const(5))))),
            ),
          ),
        ),
        base.setRd(before),
      );
    }),
  );
}
