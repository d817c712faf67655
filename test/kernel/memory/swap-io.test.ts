/** Pages to the store and back, in runs: which slots failed, and that damage below is noticed. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, type Slot, slot } from '../../../src/base/numbers.ts';
import { initialMemoryState, type MemoryState } from '../../../src/kernel/memory/state.ts';
import { type Failures, SwapIo } from '../../../src/kernel/memory/swap-io.ts';
import { lru } from '../../../src/policies/replacement/lru.ts';
import type { PageStore } from '../../../src/stores/contract.ts';
import { parseFaults } from '../../../src/stores/fault-syntax.ts';
import { FaultyStore } from '../../../src/stores/faulty.ts';
import { FileStore } from '../../../src/stores/file.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { join, testPage } from '../../stores/store.conformance.ts';
import { LateStore } from '../../support/stores.ts';
import { testRoot } from '../root.ts';

const CAPACITY = 16;

function ioOver(store: PageStore, checksums: 'on' | 'off' = 'on') {
  const memory: MemoryState = initialMemoryState({
    frames: 8,
    sizing: { mode: 'memory' },
    policyDefinition: lru,
    swapCapacity: CAPACITY,
    random: testRoot().root.random,
  });
  memory.swap.checksums = new Uint32Array(CAPACITY);
  memory.swap.references = new Uint32Array(CAPACITY).fill(1);
  const events = { watched: false, emit: () => {} };
  const io = new SwapIo({ state: memory.swap, store, counters: memory.counters, events, checksums });
  return { io, memory };
}

/** A store in a file whose bytes can be changed behind its back. */
function fileStore() {
  const bytes = new Uint8Array((CAPACITY + 1) * PAGE_SIZE);
  const store = new FileStore(
    {
      path: 'test',
      readAt: (position, into) => {
        into.set(bytes.subarray(position, position + into.length));
        return into.length;
      },
      writeAt: (position, from) => bytes.set(from, position),
      close: () => {},
    },
    CAPACITY,
  );
  return { store, bytes };
}

const slots = (...numbers: number[]): Slot[] => numbers.map(slot);
const brief = (failures: Failures) => failures.map(({ kind, slot }) => `${kind} ${slot}`);

async function readBack(io: SwapIo, ...numbers: number[]) {
  const into = new Uint8Array(numbers.length * PAGE_SIZE);
  return { failed: brief(await io.read(slots(...numbers), into)), into };
}

describe('damage below', () => {
  it('is noticed in the page that has it, alone and in a run', async () => {
    const { store, bytes } = fileStore();
    const { io, memory } = ioOver(store);
    expect(io.write(slots(0, 1, 2), join([0, 1, 2].map(testPage)))).toEqual([]);
    // Slot 1 lies in the third page of the file.
    bytes[2 * PAGE_SIZE + 77]! ^= 0x10;
    for (const one of [0, 2]) expect((await readBack(io, one)).failed).toEqual([]);
    expect((await readBack(io, 1)).failed).toEqual(['corrupt 1']);
    const { failed, into } = await readBack(io, 0, 1, 2);
    expect(failed).toEqual(['corrupt 1']);
    expect(into.subarray(0, PAGE_SIZE)).toEqual(testPage(0));
    expect(into.subarray(2 * PAGE_SIZE)).toEqual(testPage(2));
    expect(memory.counters.swapErrors).toEqual({ read: 0, corrupt: 2, write: 0, short: 0, full: 0 });
    expect(memory.counters.swapReads).toBe(4);
    // Writing the page again heals it.
    io.write(slots(1), testPage(1));
    expect((await readBack(io, 1)).failed).toEqual([]);
  });

  it('any one bit is noticed', async () => {
    const { store, bytes } = fileStore();
    const { io } = ioOver(store);
    io.write(slots(3), testPage(3));
    for (let bit = 0; bit < 8 * PAGE_SIZE; bit += 37) {
      const at = 4 * PAGE_SIZE + (bit >> 3);
      bytes[at]! ^= 1 << (bit & 7);
      expect((await readBack(io, 3)).failed).toEqual(['corrupt 3']);
      bytes[at]! ^= 1 << (bit & 7);
    }
    expect((await readBack(io, 3)).failed).toEqual([]);
  });

  it('two pages exchanged are noticed', async () => {
    const { store, bytes } = fileStore();
    const { io } = ioOver(store);
    io.write(slots(0, 1), join([0, 1].map(testPage)));
    bytes.set(join([1, 0].map(testPage)), PAGE_SIZE);
    expect((await readBack(io, 0, 1)).failed).toEqual(['corrupt 0', 'corrupt 1']);
  });

  it('is not noticed when nobody checks', async () => {
    const { store, bytes } = fileStore();
    const { io } = ioOver(store, 'off');
    io.write(slots(0), testPage(0));
    bytes[PAGE_SIZE] ^= 1;
    expect((await readBack(io, 0)).failed).toEqual([]);
  });
});

describe.each(['at once', 'late'])('a run with a store that answers %s', (when) => {
  const over = (faults: string) => {
    const store = new FaultyStore(new MemoryStore(CAPACITY), parseFaults(faults, ''), 1);
    return ioOver(when === 'late' ? new LateStore(store) : store);
  };

  it('is read but for the pages that fail', async () => {
    const { io } = over('read:slot=5-6');
    io.write(slots(4, 5, 6, 7), join([4, 5, 6, 7].map(testPage)));
    await io.settle();
    const { failed, into } = await readBack(io, 4, 5, 6, 7);
    expect(failed).toEqual(['input-output 5', 'input-output 6']);
    for (const index of [0, 3])
      expect(into.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE)).toEqual(testPage(4 + index));
  });

  it('is written but for the pages that fail; a late answer loses none', async () => {
    const { io, memory } = over('write:slot=5');
    const failed = brief(io.write(slots(4, 5, 6), join([4, 5, 6].map(testPage))));
    expect(failed).toEqual(when === 'late' ? [] : ['input-output 5']);
    await io.settle();
    const kept = when === 'late' ? [4, 5, 6] : [4, 6];
    const { failed: unread, into } = await readBack(io, ...kept);
    expect(unread).toEqual([]);
    expect(into).toEqual(join(kept.map(testPage)));
    // All of a run that failed late are kept in memory: which of them the store has is not known.
    expect([...memory.swap.bad]).toEqual(when === 'late' ? [4, 5, 6] : []);
  });
});

it('goes by the delays of the store', () => {
  const store = new FaultyStore(new MemoryStore(CAPACITY), parseFaults('slow:10ms', ''), 1);
  expect(ioOver(store).io.delay('read', slots(1, 2))).toBe(2e7);
  expect(ioOver(new MemoryStore(CAPACITY)).io.delay('write', slots(1))).toBe(0);
});
