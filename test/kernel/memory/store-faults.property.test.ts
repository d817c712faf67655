/**
 * Random faults, random programs: whoever is not signalled reads what it wrote, whoever is signalled is counted, a page
 * that is lost stays so, and the invariants hold after each step.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { isOutOfMemory } from '../../../src/kernel/memory/contract.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { clock } from '../../../src/policies/replacement/clock.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { lru } from '../../../src/policies/replacement/lru.ts';
import { parseFaults } from '../../../src/stores/fault-syntax.ts';
import { FaultyStore } from '../../../src/stores/faulty.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { LateStore } from '../../support/stores.ts';
import { anonymous, World } from './harness.ts';

const BASE = 0x10000;
const SHARED = 0x80000;
const PRIVATE_PAGES = 6;
const SHARED_PAGES = 3;
const addressOf = (page: number) =>
  page < PRIVATE_PAGES ? BASE + page * PAGE_SIZE : SHARED + (page - PRIVATE_PAGES) * PAGE_SIZE;

const who = fc.nat(3);
const page = fc.nat(PRIVATE_PAGES + SHARED_PAGES - 1);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('store' as const), who, page, value: fc.nat(255) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('load' as const), who, page }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('call' as const), who, page }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('copy-on-write' as const, 'eager' as const), who }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('renew' as const), who, page: fc.nat(PRIVATE_PAGES - 1) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), who }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const chance = fc.constantFrom('0', '0.05', '0.2', '0.5');
const faults = fc.record({ read: chance, write: chance, short: chance, corrupt: chance }).map((all) =>
  Object.entries(all)
    .map(([kind, p]) => `${kind}:p=${p}`)
    .join(','),
);

/** A process as it should be: what its pages hold, and those that it was signalled for. */
interface Model {
  readonly space: SpaceState;
  readonly pages: number[];
  readonly missed: Set<number>;
}

class Trial {
  readonly world: World;
  readonly #shared = Array<number>(SHARED_PAGES).fill(0);
  readonly #object: number;
  readonly #told: Record<number, { signals: number; calls: number }> = {};
  #models: Model[] = [];

  constructor(world: World) {
    this.world = world;
    this.#object = world.objects.add(new Uint8Array(SHARED_PAGES * PAGE_SIZE), true);
    const space = world.memory.createSpace();
    world.memory.addArea(space, anonymous(BASE, PRIVATE_PAGES));
    const backing = { object: this.#object, offset: 0, length: SHARED_PAGES * PAGE_SIZE };
    world.map(space, SHARED, SHARED_PAGES, { shared: true, backing });
    this.#models.push({ space, pages: Array<number>(PRIVATE_PAGES).fill(0), missed: new Set() });
  }

  get left(): number {
    return this.#models.length;
  }

  async step(step: Step): Promise<void> {
    const model = this.#models[step.who % this.#models.length];
    if (model === undefined) return;
    if (step.kind === 'store' || step.kind === 'load') await this.#access(model, step);
    else if (step.kind === 'call') await this.#call(model, step.page);
    else if (step.kind === 'renew') this.#renew(model, step.page);
    else if (step.kind === 'end') this.#end(model);
    else await this.#fork(model, step.kind);
    this.world.memory.checkInvariants();
    expect(this.world.memory.counters.refused).toEqual(this.#told);
  }

  finish(): void {
    for (const model of [...this.#models]) this.#end(model);
    this.world.memory.checkInvariants();
    const { counters } = this.world.memory;
    expect([counters.swapUsed, counters.residentPages]).toEqual([0, 0]);
  }

  async #access(model: Model, step: Step & { kind: 'store' | 'load' }): Promise<void> {
    const { world } = this;
    const outcome = await world.access(model.space, addressOf(step.page), step.kind);
    if (outcome.kind === 'out-of-memory') this.#end(model);
    else if (outcome.kind === 'signal') {
      expect(outcome).toEqual({ kind: 'signal', signal: 7, code: 2 });
      this.#tell(model, step.page, 'signals');
    } else {
      expect(model.missed.has(step.page), 'a page that is lost stays so').toBe(false);
      // All bytes of it: a page that was damaged is so in one bit somewhere.
      const bytes = world.machine.ram.subarray(outcome.physical, outcome.physical + PAGE_SIZE);
      if (step.kind === 'store') this.#set(model, step.page, step.value);
      if (step.kind === 'store') bytes.fill(step.value);
      this.#compare(model, step.page, bytes);
    }
  }

  /** The kernel's access: EFAULT and no signal. */
  async #call(model: Model, page: number): Promise<void> {
    const bytes = new Uint8Array(PAGE_SIZE);
    try {
      await this.world.call(model.space, (user) => user.read(virtualAddress(addressOf(page)), bytes));
    } catch (error) {
      if (String(error).includes('out-of-memory')) this.#end(model);
      else if (String(error).includes('swap')) this.#tell(model, page, 'calls');
      else throw error;
      return;
    }
    expect(model.missed.has(page), 'a page that is lost stays so').toBe(false);
    this.#compare(model, page, bytes);
  }

  async #fork(model: Model, mode: 'copy-on-write' | 'eager'): Promise<void> {
    if (this.#models.length > 3) return;
    try {
      const space = await this.world.fork(model.space, mode);
      if (isOutOfMemory(space)) return;
      this.#models.push({ space, pages: [...model.pages], missed: new Set(model.missed) });
    } catch (error) {
      if (!String(error).includes('out-of-memory')) throw error;
      this.#end(model);
    }
  }

  #renew(model: Model, page: number): void {
    this.world.memory.unmap(model.space, virtualAddress(addressOf(page)), PAGE_SIZE);
    this.world.map(model.space, addressOf(page), 1);
    model.pages[page] = 0;
    model.missed.delete(page);
  }

  #end(model: Model): void {
    this.#models = this.#models.filter((other) => other !== model);
    this.world.end(model.space);
  }

  #tell(model: Model, page: number, how: 'signals' | 'calls'): void {
    model.missed.add(page);
    const { pid } = this.world.run(model.space);
    this.#told[pid] ??= { signals: 0, calls: 0 };
    this.#told[pid][how]++;
    expect(this.world.memory.counters.lostPages).toBeGreaterThan(0);
  }

  #compare({ pages }: Model, page: number, bytes: Uint8Array): void {
    const value = page < PRIVATE_PAGES ? pages[page] : this.#shared[page - PRIVATE_PAGES];
    expect(
      bytes.every((byte) => byte === value),
      `every byte of page ${page} is ${value}`,
    ).toBe(true);
  }

  #set({ pages }: Model, page: number, value: number): void {
    if (page < PRIVATE_PAGES) pages[page] = value;
    else this.#shared[page - PRIVATE_PAGES] = value;
  }
}

const steps = fc.array(step, { minLength: 20, maxLength: 120, size: 'max' });
const policies = [fifo, lru, clock];

describe.each(['at once', 'late'])('with a store that answers %s', (when) => {
  it('only who touches a lost page suffers, and every other byte is right', async () => {
    let told = 0;
    await fc.assert(
      fc.asyncProperty(
        steps,
        faults,
        fc.nat(1e6),
        fc.nat(2),
        fc.integer({ min: 3, max: 8 }),
        async (script, text, seed, policy, frames) => {
          const faulty = new FaultyStore(new MemoryStore(60), parseFaults(text, ''), seed);
          const store = when === 'late' ? new LateStore(faulty) : faulty;
          const sizing = { mode: 'frames', frames } as const;
          const trial = new Trial(new World({ frames: 60, sizing, policy: policies[policy]!, store }));
          for (const one of script) if (trial.left > 0) await trial.step(one);
          told += Object.keys(trial.world.memory.counters.refused).length;
          trial.finish();
        },
      ),
      { numRuns: 150 },
    );
    // The faults did strike.
    expect(told).toBeGreaterThan(10);
  });

  it('writes that fail alone make nobody suffer', async () => {
    let failed = 0;
    await fc.assert(
      fc.asyncProperty(steps, chance, chance, fc.nat(1e6), async (script, write, short, seed) => {
        const faulty = new FaultyStore(
          new MemoryStore(200),
          parseFaults(`write:p=${write},short:p=${short}`, ''),
          seed,
        );
        const store = when === 'late' ? new LateStore(faulty) : faulty;
        const sizing = { mode: 'frames', frames: 4 } as const;
        const trial = new Trial(new World({ frames: 60, sizing, policy: clock, store }));
        for (const one of script) if (trial.left > 0) await trial.step(one);
        expect(trial.world.memory.counters).toMatchObject({ refused: {}, lostPages: 0 });
        failed += trial.world.memory.counters.storeFailures;
        trial.finish();
      }),
      { numRuns: 60 },
    );
    expect(failed).toBeGreaterThan(100);
  });
});
