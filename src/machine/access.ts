/**
 * Memory accesses that may do anything: miss, walk, fault, cross a page, touch code. Generated code calls these
 * where its inlined check failed. A failed access leaves its exit code in `AT.failed` and changes nothing.
 */
import { sv39 } from '../translation/sv39.ts';
import {
  branchIf,
  give,
  type I32,
  type I64,
  i32,
  i64,
  loop,
  type Statement,
  select,
  sequence,
  when,
} from '../wasm/expressions.ts';
import type { Frame as Body, FunctionReference, ModuleBuilder } from '../wasm/module.ts';
import { cell32, pageBase, pageOffset, setCell32, setCell64 } from './cells.ts';
import type { MachineConfig } from './contract.ts';
import { ACCESS, EXIT } from './exits.ts';
import { defineFetches, type Fetches } from './fetch.ts';
import { stampNow } from './frames.ts';
import { AT, type Layout } from './layout.ts';
import { defineRing, RING_FLAG, type Ring } from './ring.ts';
import { defineSuperpages } from './superpages.ts';
import { defineLookUp } from './tlb.ts';
import { defineTranslate, type Translate } from './translate.ts';
import { defineWalker } from './walker.ts';

export interface Accesses extends Fetches {
  /** (address, bytes) → value, zero-extended. */
  readonly load: FunctionReference<'i64'>;
  /** (address, bytes, value). */
  readonly store: FunctionReference<undefined>;
  /** (address, bytes) → place in this memory of an aligned word, for reading or for writing it. */
  readonly placeToLoad: FunctionReference<'i32'>;
  readonly placeToStore: FunctionReference<'i32'>;
}

export interface AccessEnvironment {
  readonly module: ModuleBuilder;
  readonly layout: Layout;
  readonly config: MachineConfig;
}

/** Defines the functions for a configuration. */
export function defineAccesses(environment: AccessEnvironment): Accesses {
  const { module, layout, config } = environment;
  const { geometry } = config;
  const walk = config.refill === 'hardware' ? defineWalker(module, layout, geometry) : undefined;
  // What software puts in has its bits where Sv39 has them.
  const bits = (walk === undefined ? sv39 : geometry).entry;
  const [superpages, superpagesOfCode] = [layout.data, layout.instructions].map((tlb) =>
    defineSuperpages(module, tlb?.superpages),
  );
  const data = defineLookUp(module, layout.data, { walk, geometry, superpages }, AT.dataMisses);
  const instructions = defineLookUp(
    module,
    layout.instructions,
    { walk, geometry, superpages: superpagesOfCode },
    AT.instructionMisses,
  );
  const ring = defineRing(module, layout);
  const translate = defineTranslate({ ...environment, bits, walk, superpages }, data);
  const shared = { config, translate, ring };
  return {
    load: module.add(['i64', 'i32'], 'i64', (body) => loadBody(body, shared)),
    store: module.add(['i64', 'i32', 'i64'], undefined, (body) => storeBody(body, shared)),
    placeToLoad: module.add(['i64', 'i32'], 'i32', (body) => placeBody(body, shared, ACCESS.load)),
    placeToStore: module.add(['i64', 'i32'], 'i32', (body) => placeBody(body, shared, ACCESS.store)),
    ...defineFetches({ ...environment, bits, look: instructions, ring }),
  };
}

interface Shared {
  readonly config: MachineConfig;
  readonly translate: Translate;
  readonly ring: Ring;
}

export const fail = (address: I64, access: number, exit: number): Statement =>
  sequence(
    setCell64(AT.trapAddress, address),
    setCell32(AT.trapAccess, i32.const(access)),
    setCell32(AT.failed, i32.const(exit)),
  );

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
  const inSecond = i32.sub(bytes, inFirst);
  const { ring, translate, config } = shared;
  return {
    first,
    second,
    translate: (failed) =>
      sequence(
        first.set(translate({ address, access, bytes: inFirst, first: address })),
        ring.note(address, access, inFirst, i32.eqz(first)),
        when(i32.eqz(first), failed),
        firstStamp.set(cell32(AT.stampAt)),
        second.set(translate({ address: next, access, bytes: inSecond, first: address })),
        when(i32.eqz(second), ring.flagLast(RING_FLAG.halved)),
        ring.note(next, access, inSecond, i32.eqz(second)),
        when(i32.eqz(second), failed),
        stampNow(config, firstStamp, 'first'),
        stampNow(config, cell32(AT.stampAt)),
      ),
  };
}

function loadBody(body: Body, shared: Shared): Statement {
  const address = body.parameter('i64', 0);
  const bytes = body.parameter('i32', 1);
  const place = body.local('i32');
  const value = body.local('i64');
  const index = body.local('i32');
  const { ring, translate, config } = shared;
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
    place.set(translate({ address, access: ACCESS.load, bytes, first: address })),
    ring.note(address, ACCESS.load, bytes, i32.eqz(place)),
    when(i32.eqz(place), give(i64.const(0))),
    stampNow(config, cell32(AT.stampAt)),
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
  const { ring, translate, config } = shared;
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
    place.set(translate({ address, access: ACCESS.store, bytes, first: address })),
    ring.note(address, ACCESS.store, bytes, i32.eqz(place)),
    when(i32.eqz(place), give()),
    stampNow(config, cell32(AT.stampAt)),
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
    place.set(shared.translate({ address, access, bytes, first: address })),
    shared.ring.note(address, access, bytes, i32.eqz(place)),
    when(place, stampNow(shared.config, cell32(AT.stampAt))),
    give(place),
  );
}
