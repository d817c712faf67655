/**
 * Memory accesses that may do anything: miss, walk, fault, cross a page, touch code. Generated code calls these
 * where its inlined check failed. A failed access leaves its exit code in `AT.failed` and changes nothing.
 */
import type { RadixGeometry } from '../translation/radix.ts';
import {
  bind,
  branchIf,
  give,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  loop,
  nothing,
  type Statement,
  select,
  sequence,
  when,
} from '../wasm/expressions.ts';
import {
  type Frame as Body,
  call,
  type FunctionReference,
  type ModuleBuilder,
  perform,
} from '../wasm/module.ts';
import { cell32, cell64, increase64, pageBase, pageOffset, setCell32, setCell64 } from './cells.ts';
import type { MachineConfig } from './contract.ts';
import { ACCESS, EXIT } from './exits.ts';
import { AT, DATA_SLOT_BYTES, INSTRUCTION_SLOT_BYTES, type Layout } from './layout.ts';
import { defineRing, RING_FLAG, type Ring } from './ring.ts';
import { defineLookUp } from './tlb.ts';
import { defineWalker, ENTRY_FRAME_SHIFT } from './walker.ts';

export interface Accesses {
  /** (address, bytes) → value, zero-extended. */
  readonly load: FunctionReference<'i64'>;
  /** (address, bytes, value). */
  readonly store: FunctionReference<undefined>;
  /** (address) → place in this memory of an aligned word, for reading or for writing it. */
  readonly placeToLoad: FunctionReference<'i32'>;
  readonly placeToStore: FunctionReference<'i32'>;
  /** (pc) → exit code; on `none` the instruction fast slot of pc's set is filled. */
  readonly fetch: FunctionReference<'i32'>;
  /** (pc) → exit code; leaves the place of the half-word at pc in `AT.entry`. */
  readonly fetchSecondHalf: FunctionReference<'i32'>;
}

export interface AccessEnvironment {
  readonly module: ModuleBuilder;
  readonly layout: Layout;
  readonly geometry: RadixGeometry;
  readonly config: MachineConfig;
}

const INVALID_TAG = i64.const(-1);

/** Defines the functions for a configuration. */
export function defineAccesses(environment: AccessEnvironment): Accesses {
  const { module, layout, geometry, config } = environment;
  const walk = defineWalker(module, layout, geometry);
  const look = {
    data: defineLookUp(module, layout.data, walk, geometry, AT.dataMisses),
    instructions: defineLookUp(module, layout.instructions, walk, geometry, AT.instructionMisses),
  };
  const ring = defineRing(module, layout);
  const dropCode = module.add(['i32'], undefined, (body) => dropCodeBody(body, layout, config));
  const translate = module.add(['i64', 'i32'], 'i32', (body) =>
    translateBody(body, environment, { look: look.data, walk, dropCode }),
  );
  const shared = { environment, translate, ring };
  return {
    load: module.add(['i64', 'i32'], 'i64', (body) => loadBody(body, shared)),
    store: module.add(['i64', 'i32', 'i64'], undefined, (body) => storeBody(body, shared)),
    placeToLoad: module.add(['i64', 'i32'], 'i32', (body) => placeBody(body, shared, ACCESS.load)),
    placeToStore: module.add(['i64', 'i32'], 'i32', (body) => placeBody(body, shared, ACCESS.store)),
    fetch: module.add(['i64'], 'i32', (body) => fetchBody(body, environment, look.instructions, ring)),
    fetchSecondHalf: module.add(['i64'], 'i32', (body) =>
      secondHalfBody(body, environment, look.instructions, ring),
    ),
  };
}

interface Shared {
  readonly environment: AccessEnvironment;
  /** (address, access) → place in memory, or 0 with `AT.failed` set. Counts one look-up. */
  readonly translate: FunctionReference<'i32'>;
  readonly ring: Ring;
}

export const fail = (address: I64, access: number, exit: number): Statement =>
  sequence(
    setCell64(AT.trapAddress, address),
    setCell32(AT.trapAccess, i32.const(access)),
    setCell32(AT.failed, i32.const(exit)),
  );

export const frameOf = (entry: I64): I32 => i32.wrap(i64.shrU(entry, i64.const(ENTRY_FRAME_SHIFT)));
const hasBit = (entry: I64, bit: number): I32 =>
  i32.eqz(i64.eqz(i64.and(entry, i64.const(1n << BigInt(bit)))));
const codeMapAt = (layout: Layout, frame: I32): I32 =>
  i32.add(i32.const(layout.codeMap), i32.shl(frame, i32.const(2)));
const frameAddress = (layout: Layout, frame: I32): I32 =>
  i32.add(i32.const(layout.ram), i32.shl(frame, i32.const(12)));
const stampAddress = (layout: Layout, frame: I32): I32 =>
  i32.add(i32.const(layout.stamps), i32.shl(frame, i32.const(3)));

function translateBody(
  body: Body,
  { layout, geometry, config }: AccessEnvironment,
  use: {
    look: FunctionReference<'i64'>;
    walk: FunctionReference<'i64'>;
    dropCode: FunctionReference<undefined>;
  },
): Statement {
  const address = body.parameter('i64', 0);
  const access = body.parameter('i32', 1);
  const entry = body.local('i64');
  const frame = body.local('i32');
  const bits = geometry.entry;
  const isStore = i32.eq(access, i32.const(ACCESS.store));
  const allowed = select(isStore, hasBit(entry, bits.write), hasBit(entry, bits.read));
  const fault = sequence(
    setCell64(AT.trapAddress, address),
    setCell32(AT.trapAccess, access),
    setCell32(AT.failed, i32.const(EXIT.pageFault)),
    give(i32.const(0)),
  );
  // A hit that comes to nothing is a use all the same: the fast slot must not stand for the way used before it.
  const refuse = sequence(config.tlb.kind === 'split' ? forgetDataSlot(layout, address) : nothing, fault);
  // The entry is held but its page is clean: only the table's dirty bit has to be set.
  const setDirty = sequence(
    increase64(AT.dirtyWalks, 1),
    entry.set(call(use.walk, address, access)),
    when(i64.eqz(entry), refuse),
    when(cell32(AT.entry), i64.store(cell32(AT.entry), entry, 8)),
  );
  return sequence(
    setCell64(AT.counter, i64.add(cell64(AT.counter), i64.const(1))),
    when(isStore, increase64(AT.storesInRun, 1)),
    entry.set(call(use.look, address, access)),
    when(i64.eqz(entry), fault),
    when(i32.eqz(allowed), refuse),
    when(i32.and(isStore, i32.eqz(hasBit(entry, bits.dirty))), setDirty),
    frame.set(frameOf(entry)),
    when(
      i32.and(isStore, i32.ne(i32.load(codeMapAt(layout, frame)), i32.const(0))),
      perform(use.dropCode, frame),
    ),
    setCell32(AT.stampAt, stampAddress(layout, frame)),
    config.tlb.kind === 'split' ? fillDataSlot(layout, geometry, address, entry, frame) : nothing,
    give(i32.add(frameAddress(layout, frame), pageOffset(address))),
  );
}

function dataSlot(layout: Layout, address: I64): I32 {
  const tlb = layout.data!;
  const index = i32.and(i32.wrap(i64.shrU(address, i64.const(12))), i32.const(tlb.sets - 1));
  return i32.add(i32.const(tlb.fast), i32.mul(index, i32.const(DATA_SLOT_BYTES)));
}

function forgetDataSlot(layout: Layout, address: I64): Statement {
  return sequence(
    i64.store(dataSlot(layout, address), INVALID_TAG),
    i64.store(dataSlot(layout, address), INVALID_TAG, 8),
  );
}

function fillDataSlot(
  layout: Layout,
  geometry: RadixGeometry,
  address: I64,
  entry: I64,
  frame: I32,
): Statement {
  const bits = geometry.entry;
  // Write permission is withheld from clean pages and from pages with predecoded code: both take the slow path.
  const writable = i32.and(
    i32.and(hasBit(entry, bits.write), hasBit(entry, bits.dirty)),
    i32.eqz(i32.load(codeMapAt(layout, frame))),
  );
  return bind(dataSlot(layout, address), (at) =>
    sequence(
      i64.store(at, select(hasBit(entry, bits.read), pageBase(address), INVALID_TAG)),
      i64.store(at, select(writable, pageBase(address), INVALID_TAG), 8),
      i32.store(at, i32.sub(frameAddress(layout, frame), i32.wrap(pageBase(address))), 16),
      i32.store(at, stampAddress(layout, frame), 20),
      i32.store(at, frame, 24),
    ),
  );
}

/** Forgets a frame's predecoded page: its map entry and every instruction fast slot that leads to it. */
function dropCodeBody(body: Body, layout: Layout, config: MachineConfig): Statement {
  const frame = body.parameter('i32', 0);
  const slot = body.local('i32');
  const forget = i32.store(codeMapAt(layout, frame), i32.const(0));
  if (config.tlb.kind !== 'split') return forget;
  const tlb = layout.instructions!;
  const end = i32.const(tlb.fast + tlb.sets * INSTRUCTION_SLOT_BYTES);
  return sequence(
    forget,
    slot.set(i32.const(tlb.fast)),
    loop((next) =>
      sequence(
        when(i32.eq(i32.load(slot, 16), frame), i64.store(slot, INVALID_TAG)),
        slot.set(i32.add(slot, i32.const(INSTRUCTION_SLOT_BYTES))),
        branchIf(i32.ltU(slot, end), next),
      ),
    ),
  );
}

/**
 * Stamps a frame with the present. The fetch of an instruction has its number << 20, that of its second half one
 * more; then come its data accesses, each with the number of its look-up, from 2 on.
 */
const stampNow = (
  environment: AccessEnvironment,
  at: I32,
  half: 'first' | 'whole or second' = 'whole or second',
): Statement =>
  environment.config.stamps === 'on'
    ? i64.store(
        at,
        i64.add(i64.add(cell64(AT.counter), cell64(AT.stampBias)), i64.const(half === 'first' ? 0 : 1)),
      )
    : nothing;

/** Whether `bytes` bytes from `address` reach into the next page. */
const crosses = (address: I64, bytes: I32): I32 =>
  i32.gtU(i32.add(pageOffset(address), bytes), i32.const(4096));

/** Both halves' places; the second is translated only if the first could be. */
function bothPlaces(
  shared: Shared,
  body: Body,
  access: number,
): { first: I32; second: I32; translate: (failed: Statement) => Statement } {
  const address = body.parameter('i64', 0);
  const bytes = body.parameter('i32', 1);
  const first = body.local('i32');
  const second = body.local('i32');
  const firstStamp = body.local('i32');
  const next = i64.add(pageBase(address), i64.const(4096));
  const inFirst = i32.sub(i32.const(4096), pageOffset(address));
  const { ring, translate, environment } = shared;
  return {
    first,
    second,
    translate: (failed) =>
      sequence(
        first.set(call(translate, address, i32.const(access))),
        ring.note(address, access, inFirst, i32.eqz(first)),
        when(i32.eqz(first), failed),
        firstStamp.set(cell32(AT.stampAt)),
        second.set(call(translate, next, i32.const(access))),
        when(i32.eqz(second), ring.flagLast(RING_FLAG.failed)),
        ring.note(next, access, i32.sub(bytes, inFirst), i32.eqz(second)),
        when(i32.eqz(second), failed),
        stampNow(environment, firstStamp, 'first'),
        stampNow(environment, cell32(AT.stampAt)),
      ),
  };
}

function loadBody(body: Body, shared: Shared): Statement {
  const address = body.parameter('i64', 0);
  const bytes = body.parameter('i32', 1);
  const place = body.local('i32');
  const value = body.local('i64');
  const index = body.local('i32');
  const { ring, translate, environment } = shared;
  const halves = bothPlaces(shared, body, ACCESS.load);
  const inFirst = i32.sub(i32.const(4096), pageOffset(address));
  const byteAt = select(
    i32.ltU(index, inFirst),
    i32.add(halves.first, index),
    i32.add(halves.second, i32.sub(index, inFirst)),
  );
  const crossing = sequence(
    halves.translate(give(i64.const(0))),
    loop((next) =>
      sequence(
        value.set(i64.or(value, i64.shl(i64.load8u(byteAt), i64.extendU(i32.shl(index, i32.const(3)))))),
        index.set(i32.add(index, i32.const(1))),
        branchIf(i32.ltU(index, bytes), next),
      ),
    ),
    give(value),
  );
  return sequence(
    when(crosses(address, bytes), crossing),
    place.set(call(translate, address, i32.const(ACCESS.load))),
    ring.note(address, ACCESS.load, bytes, i32.eqz(place)),
    when(i32.eqz(place), give(i64.const(0))),
    stampNow(environment, cell32(AT.stampAt)),
    when(i32.eq(bytes, i32.const(8)), give(i64.load(place))),
    when(i32.eq(bytes, i32.const(4)), give(i64.load32u(place))),
    when(i32.eq(bytes, i32.const(2)), give(i64.load16u(place))),
    give(i64.load8u(place)),
  );
}

function storeBody(body: Body, shared: Shared): Statement {
  const address = body.parameter('i64', 0);
  const bytes = body.parameter('i32', 1);
  const value = body.parameter('i64', 2);
  const place = body.local('i32');
  const index = body.local('i32');
  const { ring, translate, environment } = shared;
  const halves = bothPlaces(shared, body, ACCESS.store);
  const inFirst = i32.sub(i32.const(4096), pageOffset(address));
  const byteAt = select(
    i32.ltU(index, inFirst),
    i32.add(halves.first, index),
    i32.add(halves.second, i32.sub(index, inFirst)),
  );
  const crossing = sequence(
    halves.translate(give()),
    loop((next) =>
      sequence(
        i64.store8(byteAt, i64.shrU(value, i64.extendU(i32.shl(index, i32.const(3))))),
        index.set(i32.add(index, i32.const(1))),
        branchIf(i32.ltU(index, bytes), next),
      ),
    ),
    give(),
  );
  return sequence(
    when(crosses(address, bytes), crossing),
    place.set(call(translate, address, i32.const(ACCESS.store))),
    ring.note(address, ACCESS.store, bytes, i32.eqz(place)),
    when(i32.eqz(place), give()),
    stampNow(environment, cell32(AT.stampAt)),
    when(i32.eq(bytes, i32.const(8)), sequence(i64.store(place, value), give())),
    when(i32.eq(bytes, i32.const(4)), sequence(i64.store32(place, value), give())),
    when(i32.eq(bytes, i32.const(2)), sequence(i64.store16(place, value), give())),
    i64.store8(place, value),
  );
}

/** An atomic access: one look-up of an aligned word, as a load for lr, as a store for all others. */
function placeBody(body: Body, shared: Shared, access: number): Statement {
  const address = body.parameter('i64', 0);
  const bytes = body.parameter('i32', 1);
  const place = body.local('i32');
  const misaligned = i32.and(i32.wrap(address), i32.sub(bytes, i32.const(1)));
  return sequence(
    when(misaligned, sequence(fail(address, access, EXIT.misaligned), give(i32.const(0)))),
    place.set(call(shared.translate, address, i32.const(access))),
    shared.ring.note(address, access, bytes, i32.eqz(place)),
    when(place, stampNow(shared.environment, cell32(AT.stampAt))),
    give(place),
  );
}

/** A look-up for an instruction; `failed` is what to do when it faults. */
function lookUpInstruction(
  body: Body,
  { geometry }: AccessEnvironment,
  look: FunctionReference<'i64'>,
  note: (failed: I32) => Statement,
): { entry: Local<'i64'>; statement: Statement } {
  const pc = body.parameter('i64', 0);
  const entry = body.local('i64');
  const refused = i32.or(i64.eqz(entry), i32.eqz(hasBit(entry, geometry.entry.execute)));
  const fault = sequence(fail(pc, ACCESS.fetch, EXIT.pageFault), give(i32.const(EXIT.pageFault)));
  return {
    entry,
    statement: sequence(
      entry.set(call(look, pc, i32.const(ACCESS.fetch))),
      note(refused),
      when(refused, fault),
    ),
  };
}

function fetchBody(
  body: Body,
  environment: AccessEnvironment,
  look: FunctionReference<'i64'>,
  ring: Ring,
): Statement {
  const { layout, config } = environment;
  const pc = body.parameter('i64', 0);
  const frame = body.local('i32');
  const records = body.local('i32');
  const { entry, statement } = lookUpInstruction(body, environment, look, (failed) =>
    ring.noteFetch(pc, AT.fetchRecorded, failed),
  );
  const slots = layout.instructions?.fast ?? 0;
  const sets = config.tlb.kind === 'split' ? layout.instructions!.sets : 1;
  const index = i32.and(i32.wrap(i64.shrU(pc, i64.const(12))), i32.const(sets - 1));
  const slot = i32.add(i32.const(slots), i32.mul(index, i32.const(INSTRUCTION_SLOT_BYTES)));
  const fill = bind(slot, (at) =>
    sequence(
      i64.store(at, pageBase(pc)),
      i32.store(at, records, 8),
      i32.store(at, stampAddress(layout, frame), 12),
      i32.store(at, frame, 16),
    ),
  );
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
    config.tlb.kind === 'split' ? fill : nothing,
    give(i32.const(EXIT.none)),
  );
}

function secondHalfBody(
  body: Body,
  environment: AccessEnvironment,
  look: FunctionReference<'i64'>,
  ring: Ring,
): Statement {
  const { layout, config } = environment;
  const pc = body.parameter('i64', 0);
  const frame = body.local('i32');
  const { entry, statement } = lookUpInstruction(body, environment, look, (failed) =>
    ring.noteFetch(pc, AT.crossingRecorded, failed),
  );
  const retiring = i64.or(i64.shl(i64.shrU(cell64(AT.counter), i64.const(20)), i64.const(20)), i64.const(1));
  return sequence(
    increase64(AT.extraFetches, 1),
    statement,
    frame.set(frameOf(entry)),
    config.stamps === 'on'
      ? i64.store(stampAddress(layout, frame), i64.add(retiring, cell64(AT.stampBias)))
      : nothing,
    // The way used last in this set is another one now: its fast slot must not be taken for it any more.
    config.tlb.kind === 'split' ? forgetSlot(layout, pc) : nothing,
    setCell32(AT.entry, i32.add(frameAddress(layout, frame), pageOffset(pc))),
    give(i32.const(EXIT.none)),
  );
}

function forgetSlot(layout: Layout, pc: I64): Statement {
  const tlb = layout.instructions!;
  const index = i32.and(i32.wrap(i64.shrU(pc, i64.const(12))), i32.const(tlb.sets - 1));
  return i64.store(
    i32.add(i32.const(tlb.fast), i32.mul(index, i32.const(INSTRUCTION_SLOT_BYTES))),
    INVALID_TAG,
  );
}
