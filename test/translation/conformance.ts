/**
 * What every translation scheme has to do: after any changes it translates as a naive map of pages does, for each kind
 * of access and each space, with the loads and the bytes that its structure says.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FAULT_REASONS,
  newWalk,
  type PagedScheme,
  type SchemeFault,
  type TranslationScheme,
  type Walk,
} from '../../src/translation/contract.ts';
import type { AccessKind, Permissions } from '../../src/translation/radix.ts';

/** Where a page, or a byte, leads. */
export interface Mapped {
  readonly physical: number;
  readonly allowed: Permissions;
}

/** What a space has, by address / granule. */
export type Twin = Map<number, Mapped>;

/** A change, which each subject reads in its own way. */
export interface Step {
  readonly space: 0 | 1;
  readonly kind: 'map' | 'unmap' | 'protect';
  readonly pick: number;
  readonly number: number;
  readonly allowed: Permissions;
}

/** A scheme with two spaces, and what is known of it without looking at its structure. */
export interface Fixture {
  readonly spaces: readonly TranslationScheme[];
  /** Physical memory, when the scheme keeps anything there. */
  readonly ram: DataView | undefined;
  change(step: Step, twins: readonly Twin[]): void;
  /** Addresses worth a look. */
  readonly addresses: readonly number[];
  /** Rules by which an address that leads nowhere may fault. */
  readonly absent: readonly SchemeFault[];
  /** Least and most loads that a walk to an address may take. */
  loads(space: number, address: number, twins: readonly Twin[]): readonly [least: number, most: number];
  footprint(space: number, twins: readonly Twin[]): number;
  /** The same scheme on a copy of memory and of its state; absent where state is no plain record. */
  copy?(): Fixture;
}

const ACCESSES: readonly AccessKind[] = ['fetch', 'load', 'store'];

const rights = (text: string): Permissions => ({
  read: text.includes('r'),
  write: text.includes('w'),
  execute: text.includes('x'),
});

const stepsOf = (allowed: readonly string[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      space: fc.constantFrom(0 as const, 1 as const),
      kind: fc.constantFrom('map' as const, 'map' as const, 'unmap' as const, 'protect' as const),
      pick: fc.nat(1000),
      number: fc.nat(10_000),
      allowed: fc.constantFrom(...allowed).map(rights),
    }),
    { maxLength: 40 },
  );

/** Changes pages of a scheme and its twin alike. @param hasRoom whether the structure can hold one more page */
export function changePages(
  scheme: PagedScheme,
  twin: Twin,
  page: number,
  frame: number,
  step: Step,
  hasRoom: () => boolean,
): void {
  const before = twin.get(page);
  if (step.kind === 'map') {
    if (before !== undefined) return;
    const fits = hasRoom();
    const outcome = scheme.map(page, frame, step.allowed);
    if ((outcome === 'mapped') !== fits)
      throw new Error(`'${outcome}', and there is ${fits ? '' : 'no '}room`);
    if (fits) twin.set(page, { physical: frame * scheme.granule, allowed: step.allowed });
  } else if (before !== undefined && step.kind === 'unmap') {
    scheme.unmap(page);
    twin.delete(page);
  } else if (before !== undefined) {
    scheme.protect(page, step.allowed);
    twin.set(page, { ...before, allowed: step.allowed });
  }
}

const isAllowed = ({ allowed }: Mapped, access: AccessKind): boolean =>
  access === 'fetch' ? allowed.execute : access === 'load' ? allowed.read : allowed.write;

function isAnswer(out: Walk, mapped: Mapped, access: AccessKind, offset: number): boolean {
  if (!isAllowed(mapped, access)) return out.fault === 'permission' && out.physical === 0;
  return out.fault === undefined && out.physical === mapped.physical + offset;
}

/** Compares every address, access and space with the twins. One expectation for all: each costs more than many walks. */
function compare(fixture: Fixture, twins: readonly Twin[]): void {
  const out = newWalk();
  const wrong: unknown[] = [];
  fixture.spaces.forEach((scheme, space) => {
    const footprint = fixture.footprint(space, twins);
    if (scheme.footprint() !== footprint) wrong.push({ footprint, found: scheme.footprint() });
    for (const address of fixture.addresses) {
      const mapped = twins[space]!.get(Math.floor(address / scheme.granule));
      const [least, most] = fixture.loads(space, address, twins);
      for (const access of ACCESSES) {
        scheme.walk(address, access, out);
        const isRight =
          mapped === undefined
            ? fixture.absent.includes(out.fault!)
            : isAnswer(out, mapped, access, address % scheme.granule);
        if (!isRight || out.loads < least || out.loads > most)
          wrong.push({ space, address, access, mapped, least, most, out: { ...out } });
      }
    }
  });
  expect(wrong).toEqual([]);
}

/** Registers the suite. @param allowed permissions that the scheme can express, each as letters of rwx */
export function schemeConformance(
  name: string,
  make: () => Fixture,
  allowed: readonly string[] = ['r', 'rw', 'rx', 'rwx', 'x'],
): void {
  const steps = stepsOf(allowed);
  const grown = (list: readonly Step[]) => {
    const fixture = make();
    const twins: Twin[] = fixture.spaces.map(() => new Map());
    for (const step of list) fixture.change(step, twins);
    return { fixture, twins };
  };
  const property = (check: (list: Step[]) => void, runs = 40) =>
    fc.assert(fc.property(steps, check), { numRuns: runs });

  describe(`scheme ${name}`, () => {
    it('translates as a map of pages does, before and after any changes', () => {
      property((list) => {
        const { fixture, twins } = grown([]);
        compare(fixture, twins);
        for (const step of list) fixture.change(step, twins);
        compare(fixture, twins);
      });
    });

    it('tells of each load once, where it lies in memory, and changes nothing', () => {
      property((list) => {
        const { fixture } = grown(list);
        const out = newWalk();
        const before = fixture.ram === undefined ? undefined : new Uint8Array(fixture.ram.buffer.slice(0));
        const wrong: unknown[] = [];
        for (const scheme of fixture.spaces) {
          for (const address of fixture.addresses) {
            const told: number[] = [];
            let isInside = true;
            scheme.walk(address, 'load', out, (_, index, at, bytes) => {
              isInside &&= index >= 0 && at >= 0 && at + bytes <= fixture.ram!.byteLength;
              told.push(at);
            });
            const isOnce = told.length === out.loads && new Set(told).size === told.length;
            const isLast = out.entryAddress === -1 || told.at(-1) === out.entryAddress;
            const isExplained = out.fault === undefined || FAULT_REASONS[out.fault] !== '';
            if (!isInside || !isOnce || !isLast || !isExplained)
              wrong.push({ address, told, out: { ...out } });
          }
        }
        expect(wrong).toEqual([]);
        if (before !== undefined) expect(Buffer.compare(before, new Uint8Array(fixture.ram!.buffer))).toBe(0);
      }, 15);
    });

    it('splits addresses into fields that make them up again', () => {
      const { fixture } = grown([]);
      for (const scheme of fixture.spaces) {
        for (const address of fixture.addresses.filter((one) => one < 2 ** scheme.addressBits)) {
          const fields = scheme.fields(address);
          expect(fields.reduce((sum, { bits }) => sum + bits, 0)).toBe(scheme.addressBits);
          expect(fields.reduce((whole, { bits, value }) => whole * 2 ** bits + value, 0)).toBe(address);
        }
      }
    });

    it('faults outside of its address space, whatever is mapped', () => {
      property((list) => {
        const { fixture } = grown(list);
        const out = newWalk();
        for (const scheme of fixture.spaces) {
          for (const address of [2 ** scheme.addressBits, 2 ** 52 + 1, Number.MAX_SAFE_INTEGER]) {
            scheme.walk(address, 'load', out);
            expect(out.fault).toBe('canonical address');
            expect(out.loads).toBe(0);
          }
        }
      }, 5);
    });

    it('goes on from a copy of its state as the original does', () => {
      if (make().copy === undefined) return;
      fc.assert(
        fc.property(steps, steps, (first, second) => {
          const { fixture, twins } = grown(first);
          const copy = fixture.copy!();
          const copied: Twin[] = twins.map((twin) => new Map(twin));
          for (const step of second) copy.change(step, copied);
          compare(copy, copied);
          compare(fixture, twins);
        }),
        { numRuns: 15 },
      );
    });
  });
}
