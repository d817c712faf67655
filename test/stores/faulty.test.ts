import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, type Slot, slot } from '../../src/base/numbers.ts';
import type { StoreResult } from '../../src/stores/contract.ts';
import { parseFaults } from '../../src/stores/fault-syntax.ts';
import { FaultyStore } from '../../src/stores/faulty.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { LateStore } from '../support/stores.ts';
import { join, storeConformance, testPage } from './store.conformance.ts';

const faulty = (text: string, seed = 1, inner = new MemoryStore(64)) =>
  new FaultyStore(inner, parseFaults(text, ''), seed);
const never = parseFaults('read:p=0,write:p=0,short:p=0,corrupt:p=0,full:after=1000', '');

storeConformance(
  'faulty, that never fails',
  (capacity) => new FaultyStore(new MemoryStore(capacity), never, 1),
);
storeConformance(
  'faulty, that never fails, around one that answers late',
  (capacity) => new FaultyStore(new LateStore(new MemoryStore(capacity)), never, 1),
);

const write = (store: FaultyStore, at: number, page = testPage(at)) =>
  store.write([slot(at)], page) as StoreResult;
const read = (store: FaultyStore, at: number) => {
  const into = new Uint8Array(PAGE_SIZE);
  const result = store.read([slot(at)], into) as StoreResult;
  return { result, page: into };
};

describe('faults', () => {
  it('a read of the slot named fails, and no other', () => {
    const store = faulty('read:slot=2-3');
    for (let at = 0; at < 5; at++) expect(write(store, at)).toBeUndefined();
    for (const at of [0, 1, 4]) expect(read(store, at)).toEqual({ result: undefined, page: testPage(at) });
    for (const at of [2, 3]) expect(read(store, at).result).toMatchObject({ kind: 'input-output', slot: at });
    expect(store.injected).toMatchObject({ read: 2, write: 0 });
  });

  it('the third write fails, and what was there stays', () => {
    const store = faulty('write:nth=3');
    write(store, 0);
    write(store, 1);
    expect(write(store, 0, testPage(9))).toMatchObject({ kind: 'input-output', slot: 0 });
    expect(write(store, 2)).toBeUndefined();
    expect(read(store, 0).page).toEqual(testPage(0));
  });

  it('a short write says so, and leaves the beginning of the page', () => {
    const store = faulty('short:times=1', 5);
    const failure = write(store, 1, new Uint8Array(PAGE_SIZE).fill(7));
    expect(failure).toMatchObject({ kind: 'short', slot: 1 });
    const bytes = Number.parseInt(failure!.detail, 10);
    expect(bytes % 512).toBe(0);
    const { page } = read(store, 1);
    expect(page.subarray(0, bytes).every((byte) => byte === 7)).toBe(true);
    expect(page.subarray(bytes).every((byte) => byte === 0)).toBe(true);
  });

  it('a corrupt write says nothing, and changes one bit', () => {
    const store = faulty('corrupt:slot=4');
    const page = testPage(4);
    expect(write(store, 4, page)).toBeUndefined();
    expect(page).toEqual(testPage(4));
    const stored = read(store, 4).page;
    let bits = 0;
    for (let at = 0; at < PAGE_SIZE; at++)
      for (let differ = stored[at]! ^ page[at]!; differ > 0; differ &= differ - 1) bits++;
    expect(bits).toBe(1);
  });

  it('is full of so many pages, and has room again when one is freed', () => {
    const store = faulty('full:after=2');
    write(store, 10);
    write(store, 11);
    expect(write(store, 12)).toMatchObject({ kind: 'full', slot: 12 });
    expect(write(store, 10, testPage(1))).toBeUndefined();
    store.free([slot(11)]);
    expect(write(store, 12)).toBeUndefined();
  });

  it('is slow in virtual time, asked for once a transfer', () => {
    const store = faulty('slow:10ms:after=1:times=2');
    const one = [slot(1)];
    expect([0, 1, 2, 3].map(() => store.delay('read', one))).toEqual([0, 1e7, 1e7, 0]);
    expect(faulty('slow:1ms').delay('write', [1, 2, 3].map(slot))).toBe(3e6);
  });

  it('a run of pages fails at the first that does: those before it are written', () => {
    const store = faulty('write:slot=6');
    const slots = [4, 5, 6, 7].map(slot);
    expect(store.write(slots, join(slots.map(testPage)))).toMatchObject({ slot: 6 });
    for (const at of [4, 5]) expect(read(store, at)).toEqual({ result: undefined, page: testPage(at) });
    for (const at of [6, 7]) expect(read(store, at).result).toMatchObject({ kind: 'corrupt' });
  });
});

/** What 300 transfers come to, and the store afterwards. */
async function play(store: FaultyStore, from = 0, to = 300): Promise<string[]> {
  const said: string[] = [];
  for (let i = from; i < to; i++) {
    const at = [slot((i * 7) % 40)] as readonly Slot[];
    const result =
      i % 3 === 0 ? await store.read(at, new Uint8Array(PAGE_SIZE)) : await store.write(at, testPage(i));
    said.push(result === undefined ? 'ok' : `${result.kind} ${result.slot}`);
  }
  return said;
}

describe('chance', () => {
  const text = 'read:p=0.2,write:p=0.1,short:p=0.1,corrupt:p=0.1';

  it('is the same for the same seed, and another for another', async () => {
    const first = await play(faulty(text, 3));
    expect(await play(faulty(text, 3))).toEqual(first);
    expect(await play(faulty(text, 4))).not.toEqual(first);
  });

  it('is about what was said', async () => {
    const store = faulty('write:p=0.25', 1, new MemoryStore(8));
    let failed = 0;
    for (let i = 0; i < 4000; i++) if (write(store, i % 8) !== undefined) failed++;
    // Four standard deviations: 1000 ± 4 √(4000 × 0.25 × 0.75).
    expect(Math.abs(failed - 1000)).toBeLessThan(110);
    expect(store.injected.write).toBe(failed);
  });

  it('goes on in a copy as it would have', async () => {
    const whole = await play(faulty(text, 8));
    const store = faulty(text, 8);
    await play(store, 0, 150);
    const copy = faulty(text, 8);
    expect(await copy.load(structuredClone((await store.save())!))).toBeUndefined();
    expect(await play(copy, 150)).toEqual(whole.slice(150));
    expect(copy.injected).not.toEqual(store.injected);
    await play(store, 150);
    expect(copy.injected).toEqual(store.injected);
  });
});
