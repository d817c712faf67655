/**
 * The hardware table walker, generated from a radix geometry. It reads entries from RAM, sets referenced and
 * dirty bits in them, and gives the leaf as `frame << 10 | low bits of the entry`, or 0 when the access faults.
 *
 * Source: RISC-V Privileged ISA 20240411, section 12.3.2 (virtual address translation), with the option that
 * hardware updates A and D (Svadu).
 */
import type { RadixGeometry } from '../translation/radix.ts';
import type { Label } from '../wasm/code.ts';
import {
  bind,
  block,
  branchIf,
  choose,
  give,
  type I32,
  type I64,
  i32,
  i64,
  nothing,
  type Statement,
  sequence,
  when,
} from '../wasm/expressions.ts';
import type { Frame as Body, FunctionReference, ModuleBuilder } from '../wasm/module.ts';
import { cell32, cell64, increase64, setCell32 } from './cells.ts';
import { ACCESS } from './exits.ts';
import { AT, type Layout } from './layout.ts';

export type Walk = FunctionReference<'i64'>;

/** Position of the bits below the frame number in what the walker gives; the same as in the entries of Sv39. */
export const ENTRY_FRAME_SHIFT = 10;

/** Whether an address is in the range that the geometry translates: upper bits all equal to the highest one. */
export const isCanonical = (geometry: RadixGeometry, address: I64): I32 => {
  const unused = i64.const(64 - geometry.addressBits);
  return i64.eq(i64.shrS(i64.shl(address, unused), unused), address);
};

export function defineWalker(module: ModuleBuilder, layout: Layout, geometry: RadixGeometry): Walk {
  return module.add(['i64', 'i32'], 'i64', (body) => walkBody(body, layout, geometry));
}

function walkBody(body: Body, layout: Layout, geometry: RadixGeometry): Statement {
  const address = body.parameter('i64', 0);
  const access = body.parameter('i32', 1);
  const at = body.local('i32');
  const entry = body.local('i64');
  const { entry: bits } = geometry;
  const tellsSize = layout.data?.superpages !== undefined;
  const bit = (n: number): I64 => i64.const(1n << BigInt(n));
  const has = (mask: I64): I32 => i32.eqz(i64.eqz(i64.and(entry, mask)));
  const lacks = (mask: I64): I32 => i64.eqz(i64.and(entry, mask));
  const frameOf = i64.and(
    i64.shrU(entry, i64.const(bits.ppnShift)),
    i64.const((1n << BigInt(bits.ppnBits)) - 1n),
  );

  const needed = choose(
    i32.eq(access, i32.const(ACCESS.fetch)),
    bit(bits.execute),
    choose(i32.eq(access, i32.const(ACCESS.load)), bit(bits.read), bit(bits.write)),
  );
  const wanted = choose(
    i32.eq(access, i32.const(ACCESS.store)),
    i64.const((1n << BigInt(bits.accessed)) | (1n << BigInt(bits.dirty))),
    bit(bits.accessed),
  );

  /** Sets A, and D for a store, in the table itself when they are not set yet. */
  const updateBits = bind(i64.or(entry, wanted), (updated) =>
    when(i64.ne(updated, entry), sequence(i64.store(at, updated), entry.set(updated))),
  );

  /** The page's place in a superpage, which is added to the superpage's frame. */
  const inside = (lowerBits: number): I64 =>
    i64.and(i64.shrU(address, i64.const(12)), i64.const((1n << BigInt(lowerBits)) - 1n));

  const leaf = (fault: Label, lowerBits: number): Statement =>
    sequence(
      lowerBits === 0
        ? sequence()
        : branchIf(has(i64.const(((1n << BigInt(lowerBits)) - 1n) << BigInt(bits.ppnShift))), fault),
      branchIf(lacks(bit(bits.user)), fault),
      branchIf(lacks(needed), fault),
      branchIf(i64.geU(i64.or(frameOf, inside(lowerBits)), cell64(AT.frames)), fault),
      updateBits,
      tellsSize ? setCell32(AT.leafIsSuperpage, i32.const(lowerBits === 0 ? 0 : 1)) : nothing,
      give(
        i64.or(
          i64.shl(i64.or(frameOf, inside(lowerBits)), i64.const(ENTRY_FRAME_SHIFT)),
          i64.and(entry, i64.const((1 << ENTRY_FRAME_SHIFT) - 1)),
        ),
      ),
    );

  return sequence(
    block((fault) =>
      sequence(
        branchIf(i32.eqz(isCanonical(geometry, address)), fault),
        at.set(cell32(AT.root)),
        ...geometry.indexBits.map((width, level) => {
          const lowerBits = geometry.indexBits.slice(level + 1).reduce((sum, n) => sum + n, 0);
          return sequence(
            at.set(i32.add(at, indexOffset(address, geometry, width, lowerBits))),
            entry.set(geometry.entryBytes === 8 ? i64.load(at) : i64.load32u(at)),
            increase64(AT.walkLoads, 1),
            branchIf(lacks(bit(bits.valid)), fault),
            branchIf(i32.and(lacks(bit(bits.read)), has(bit(bits.write))), fault),
            branchIf(has(i64.const(geometry.entry.reservedMask)), fault),
            when(has(i64.or(bit(bits.read), bit(bits.execute))), leaf(fault, lowerBits)),
            branchIf(has(i64.or(i64.or(bit(bits.user), bit(bits.accessed)), bit(bits.dirty))), fault),
            branchIf(i64.geU(frameOf, cell64(AT.frames)), fault),
            at.set(i32.add(i32.const(layout.ram), i32.shl(i32.wrap(frameOf), i32.const(12)))),
          );
        }),
      ),
    ),
    give(i64.const(0)),
  );
}

function indexOffset(address: I64, geometry: RadixGeometry, width: number, lowerBits: number): I32 {
  const shift = i64.const(geometry.offsetBits + lowerBits);
  return i32.mul(
    i32.and(i32.wrap(i64.shrU(address, shift)), i32.const(2 ** width - 1)),
    i32.const(geometry.entryBytes),
  );
}
