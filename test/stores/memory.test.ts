import { expect, it } from 'vitest';
import { PAGE_SIZE, slot } from '../../src/base/numbers.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { LateStore } from '../support/stores.ts';
import { storeConformance, testPage } from './store.conformance.ts';

storeConformance('memory', (capacity) => new MemoryStore(capacity));
storeConformance('memory, answering late', (capacity) => new LateStore(new MemoryStore(capacity)));

it('takes no memory for slots that are not used', () => {
  const store = new MemoryStore(2 ** 32 - 1);
  expect(store.write([slot(2 ** 32 - 2)], testPage(1))).toBeUndefined();
  const into = new Uint8Array(PAGE_SIZE);
  expect(store.read([slot(2 ** 32 - 2)], into)).toBeUndefined();
  expect(into).toEqual(testPage(1));
});

it('a slot beyond its capacity is a bug of the caller', () => {
  const store = new MemoryStore(4);
  expect(() => store.write([slot(4)], testPage(1))).toThrow('invariant');
  expect(() => store.read([slot(-1)], testPage(1))).toThrow('invariant');
  expect(() => store.read([slot(1), slot(2)], testPage(1))).toThrow('invariant');
});
