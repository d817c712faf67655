/** What every page store has to do. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { PAGE_SIZE, type Slot, slot } from '../../src/base/numbers.ts';
import type { PageStore } from '../../src/stores/contract.ts';

const capacity = 200;

/** A page that tells its number apart from every other, in every byte range. */
export function testPage(number: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  for (let at = 0; at < PAGE_SIZE; at++) page[at] = (number * 31 + at * 7 + (at >> 8)) & 0xff;
  new DataView(page.buffer).setUint32(0, number);
  return page;
}

/** Pages one after another. */
export function join(pages: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pages.length * PAGE_SIZE);
  for (const [index, page] of pages.entries()) bytes.set(page, index * PAGE_SIZE);
  return bytes;
}

type Step =
  | { readonly kind: 'write'; readonly slots: number[]; readonly number: number }
  | { readonly kind: 'read' | 'free'; readonly slots: number[] }
  | { readonly kind: 'copy' };

// Few slots, so that they are written again and again; some far apart, some side by side.
const slots = fc.uniqueArray(fc.constantFrom(0, 1, 2, 3, 63, 64, 65, 100, 198, 199), {
  minLength: 1,
  maxLength: 6,
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('write' as const), slots, number: fc.nat(1e6) }),
    fc.record({ kind: fc.constantFrom('read' as const, 'free' as const), slots }),
    fc.record({ kind: fc.constant('copy' as const) }),
  ),
  { maxLength: 30 },
);

/** Registers the suite for stores that `open` makes. */
export function storeConformance(name: string, open: (capacity: number) => PageStore): void {
  describe(`store ${name}`, () => {
    const opened: PageStore[] = [];
    const make = (size = capacity) => {
      const store = open(size);
      opened.push(store);
      return store;
    };
    afterEach(() => {
      for (const store of opened.splice(0)) store.close();
    });

    it('has its capacity and a name', () => {
      const store = make(7);
      expect(store.capacity).toBe(7);
      expect(store.name).not.toBe('');
    });

    it('gives back what was written, like a map', async () => {
      const property = fc.asyncProperty(steps, async (script) => {
        const model = new Map<number, Uint8Array>();
        let store = make();
        for (const step of script) {
          if (step.kind === 'copy') {
            const contents = structuredClone(await store.save());
            if (contents === undefined) continue;
            expect([...contents.slots]).toEqual([...model.keys()].sort((a, b) => a - b));
            store.close();
            store = make();
            expect(await store.load(contents)).toBeUndefined();
          } else await apply(step, store, model);
        }
      });
      await fc.assert(property, { numRuns: 60 });
    });

    it('takes a copy: the bytes may be used again once a write has been called', async () => {
      const store = make();
      const bytes = testPage(1);
      const written = store.write([slot(5)], bytes);
      bytes.fill(0);
      expect(await written).toBeUndefined();
      const into = new Uint8Array(PAGE_SIZE);
      expect(await store.read([slot(5)], into)).toBeUndefined();
      expect(into).toEqual(testPage(1));
    });

    it('reads into a part of a larger memory and touches nothing else', async () => {
      const store = make();
      await store.write([slot(9), slot(8)], join([testPage(9), testPage(8)]));
      const memory = new Uint8Array(4 * PAGE_SIZE).fill(0xee);
      await store.read([slot(8), slot(9)], memory.subarray(PAGE_SIZE, 3 * PAGE_SIZE));
      const around = new Uint8Array(PAGE_SIZE).fill(0xee);
      expect(memory).toEqual(join([around, testPage(8), testPage(9), around]));
    });

    it('says corrupt for a slot never written, and for one freed', async () => {
      const store = make();
      const into = new Uint8Array(PAGE_SIZE);
      expect(await store.read([slot(3)], into)).toMatchObject({ kind: 'corrupt', slot: 3 });
      await store.write([slot(3)], testPage(3));
      store.free([slot(3)]);
      expect(await store.read([slot(3)], into)).toMatchObject({ kind: 'corrupt', slot: 3 });
    });

    it('load replaces everything, and refuses what does not fit', async () => {
      const store = make();
      await store.write([slot(1), slot(2)], join([testPage(1), testPage(2)]));
      const contents = { slots: Uint32Array.of(2, 150), pages: join([testPage(22), testPage(150)]) };
      expect(await store.load(contents)).toBeUndefined();
      const into = new Uint8Array(2 * PAGE_SIZE);
      expect(await store.read([slot(2), slot(150)], into)).toBeUndefined();
      expect(into).toEqual(contents.pages);
      expect(await store.read([slot(1)], new Uint8Array(PAGE_SIZE))).toMatchObject({ kind: 'corrupt' });
      const beyond = { slots: Uint32Array.of(capacity), pages: testPage(1) };
      expect(await store.load(beyond)).toMatchObject({ kind: 'full', slot: capacity });
    });

    it('can be closed twice', () => {
      const store = make();
      store.close();
      store.close();
    });
  });
}

/** Does the step on the store and on the model, and compares the answers. */
async function apply(
  step: Exclude<Step, { kind: 'copy' }>,
  store: PageStore,
  model: Map<number, Uint8Array>,
): Promise<void> {
  const at = step.slots.map(slot);
  if (step.kind === 'write') {
    const pages = step.slots.map((number) => testPage(number + step.number));
    expect(await store.write(at, join(pages))).toBeUndefined();
    step.slots.forEach((number, index) => void model.set(number, pages[index] as Uint8Array));
  } else if (step.kind === 'free') {
    store.free(at);
    for (const number of step.slots) model.delete(number);
  } else await compareRead(at, store, model);
}

async function compareRead(
  at: readonly Slot[],
  store: PageStore,
  model: Map<number, Uint8Array>,
): Promise<void> {
  const into = new Uint8Array(at.length * PAGE_SIZE);
  const result = await store.read(at, into);
  const missing = at.find((one) => !model.has(one));
  if (missing !== undefined) {
    expect(result).toMatchObject({ kind: 'corrupt', slot: missing });
    return;
  }
  expect(result).toBeUndefined();
  expect(Buffer.compare(into, join(at.map((one) => model.get(one) as Uint8Array)))).toBe(0);
}
