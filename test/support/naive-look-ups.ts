/**
 * Every look-up of a run's programs, made anew in a TLB of lists: which of them miss, which store finds a clean entry,
 * how a run of the machine therefore ends, and that an instruction that was stopped is tried again from its first
 * fetch. Shares no code with the product. It is told what is looked up and whether that led to a page, which trap
 * came of it, and what the kernel drops from the TLB and puts into it; all else it works out.
 */
import type { System } from '../../src/system/index.ts';

export interface NaiveTlbShape {
  readonly entries: number;
  readonly ways: number;
  readonly replacement: 'lru' | 'fifo' | 'random';
}

interface Held {
  readonly asid: number;
  readonly page: number;
  flags: NaiveFlags;
  readonly inserted: number;
  used: number;
}

export interface NaiveFlags {
  dirty: boolean;
  readonly writable: boolean;
}

/** Knuth's MMIX generator, of which the bits from 33 up draw: what the report says of random ways. */
export function naiveDraws(seed: number): (below: number) => number {
  let state = BigInt.asUintN(64, BigInt(seed));
  return (below) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(below));
  };
}

/** Entries with times, in lists. */
export class NaiveListTlb {
  readonly #sets: (Held | undefined)[][];
  readonly #replacement: NaiveTlbShape['replacement'];
  readonly #draw: (below: number) => number;
  #time = 0;

  constructor({ entries, ways, replacement }: NaiveTlbShape, draw: (below: number) => number) {
    this.#sets = Array.from({ length: entries / ways }, () => Array<Held | undefined>(ways).fill(undefined));
    this.#replacement = replacement;
    this.#draw = draw;
  }

  /** A hit is a use. */
  find(asid: number, page: number): Held | undefined {
    const held = this.#setOf(page).find((one) => one?.page === page && one.asid === asid);
    if (held !== undefined) held.used = ++this.#time;
    return held;
  }

  /** An entry of the page that is there goes, and leaves its place and its times to this one. */
  insert(asid: number, page: number, flags: NaiveFlags): void {
    const set = this.#setOf(page);
    const there = set.find((one) => one?.page === page && one.asid === asid);
    if (there !== undefined) {
      there.flags = flags;
      return;
    }
    const now = ++this.#time;
    set[this.#place(set)] = { asid, page, flags, inserted: now, used: now };
  }

  drop(isMeant: (held: Held) => boolean): void {
    for (const set of this.#sets)
      set.forEach((held, way) => {
        if (held !== undefined && isMeant(held)) set[way] = undefined;
      });
  }

  #setOf(page: number): (Held | undefined)[] {
    return this.#sets[page % this.#sets.length]!;
  }

  #place(set: readonly (Held | undefined)[]): number {
    const empty = set.indexOf(undefined);
    if (empty !== -1) return empty;
    if (this.#replacement === 'random') return this.#draw(set.length);
    const times = set.map((one) => (this.#replacement === 'lru' ? one!.used : one!.inserted));
    return times.indexOf(Math.min(...times));
  }
}

export interface NaiveLookUps {
  /** `undefined`: there is no TLB. */
  readonly data: NaiveListTlb | undefined;
  readonly instructions: NaiveListTlb | undefined;
  readonly refill: 'hardware' | 'software';
  /** Whether a page that may be written is dirty from the first on, as registers have it. */
  readonly dirtyBits: 'by stores' | 'always set';
  /** Words that a look-up in the tables reads, asked at the moment at which it is made. */
  readonly reads: (space: number, page: number) => number;
  /** Whether the instruction at an address has four bytes. */
  readonly isLong: (address: number) => boolean;
}

type Entry = Parameters<Parameters<System['machine']['drainLookUps']>[0]>[0];
type Kind = 'fetch' | 'load' | 'store';
interface LookUp {
  readonly kind: Kind;
  readonly address: number;
}

const pageOf = (address: number): number => Math.floor(address / 4096);
const MOST_PROBLEMS = 5;

export class LookUpModel {
  readonly counts = { instructionMisses: 0, dataMisses: 0, cleanStores: 0, reads: 0, byHandler: 0 };
  /** Look-ups by kind; instructions that were completed; misses of what the same instruction had found before. */
  readonly made = { fetch: 0, load: 0, store: 0 };
  ownMisses = 0;
  retries = 0;
  readonly problems: string[] = [];
  readonly #system: System;
  readonly #parts: NaiveLookUps;
  /** Of the run under way. */
  #last: { readonly entry: LookUp; readonly end: 'tlb-miss' | 'tlb-modify' | undefined } | undefined;
  /** The look-ups of the instruction under way; of the one that each process was stopped in, and where. */
  #attempt: LookUp[] = [];
  #expected: readonly LookUp[] = [];
  readonly #stopped = new Map<number, { readonly pc: number; readonly attempt: readonly LookUp[] }>();
  /** Space and page where the entry in the tables is dirty. */
  readonly #dirty = new Set<string>();
  /** Who puts in what is filled next. */
  #filler: 'miss' | 'fault' = 'miss';

  constructor(system: System, parts: NaiveLookUps) {
    this.#system = system;
    this.#parts = parts;
    this.#listen();
    system.observe((event) => {
      if (event.type === 'fault') this.#filler = 'fault';
      if (event.type === 'map') this.#dirty.delete(`${event.space} ${event.vpn}`);
    });
  }

  #complain(text: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(text);
  }

  /** Hears what goes into the machine and comes out of it. */
  #listen(): void {
    const { machine } = this.#system;
    const { run, drainLookUps, flushPage, flushSpace, flushAll, fillTlb } = machine;
    let trap: ReturnType<typeof run> | undefined;
    let running = 0;
    machine.run = (fuel, stop) => {
      running = this.#system.root.running!;
      this.#begin(running, machine.pc);
      trap = { ...run.call(machine, fuel, stop) };
      return trap;
    };
    machine.drainLookUps = (each) => {
      drainLookUps.call(machine, (entry) => {
        if (!entry.kind.startsWith('flush')) this.#look(entry);
        each(entry);
      });
      this.#end(running, trap!);
    };
    machine.flushPage = (asid, page) => {
      this.#drop((held) => held.asid === asid && held.page === page);
      flushPage.call(machine, asid, page);
    };
    machine.flushSpace = (asid) => {
      this.#drop((held) => held.asid === asid);
      flushSpace.call(machine, asid);
    };
    machine.flushAll = () => {
      this.#drop(() => true);
      flushAll.call(machine);
    };
    machine.fillTlb = (asid, page, access, entry) => {
      this.#fill(asid, page, access, entry.flags);
      fillTlb.call(machine, asid, page, access, entry);
    };
  }

  #drop(isMeant: (held: { asid: number; page: number }) => boolean): void {
    for (const tlb of new Set([this.#parts.data, this.#parts.instructions])) tlb?.drop(isMeant);
  }

  get #space(): number {
    const { root } = this.#system;
    return root.processes.find(({ pid }) => pid === root.running)!.space;
  }

  #fill(asid: number, page: number, access: Kind, flags: number): void {
    if (this.#filler === 'fault') {
      this.counts.byHandler++;
      this.counts.reads += this.#parts.reads(this.#space, page);
    }
    this.#filler = 'miss';
    const dirty = (flags & 0x80) !== 0;
    const isKnown = this.#parts.dirtyBits === 'always set' || this.#dirty.has(`${this.#space} ${page}`);
    if (dirty !== ((flags & 4) !== 0 && (access === 'store' || isKnown)))
      this.#complain(`page ${page} was put in ${dirty ? 'dirty' : 'clean'} for a ${access}`);
    const tlb = access === 'fetch' ? this.#parts.instructions : this.#parts.data;
    if (dirty) this.#dirty.add(`${this.#space} ${page}`);
    tlb?.insert(asid, page, { dirty, writable: (flags & 4) !== 0 });
  }

  /** Who was stopped in an instruction is to try it again. */
  #begin(process: number, pc: number): void {
    const stopped = this.#stopped.get(process);
    this.#stopped.delete(process);
    this.#attempt = [];
    this.#last = undefined;
    this.#expected = stopped?.pc === pc ? stopped.attempt : [];
    if (this.#expected.length > 0) this.retries++;
  }

  #look(entry: Entry): void {
    const { kind, address, asid } = entry as Entry & { kind: Kind };
    if (this.#last?.end !== undefined) this.#complain(`went on behind a ${this.#last.end}`);
    this.made[kind]++;
    if (kind === 'fetch' && this.#attempt.length > 0 && !this.#isSecondHalf(address)) {
      if (this.#attempt.length < this.#expected.length) this.#complain('a retry ended early');
      this.#expected = [];
      this.#attempt = [];
    }
    this.#attempt.push({ kind, address });
    this.#compareRetry();
    const tlb = kind === 'fetch' ? this.#parts.instructions : this.#parts.data;
    const page = pageOf(address);
    const held = tlb?.find(asid, page);
    if ((held === undefined) !== entry.missed)
      this.#complain(`${kind} ${address.toString(16)}: ${entry.missed ? 'missed' : 'hit'}`);
    const wasDirty = held?.flags.dirty === true;
    const end = held === undefined ? this.#miss(tlb, entry) : this.#hit(held, entry);
    if (kind === 'store' && entry.found && !wasDirty) this.#dirty.add(`${this.#space} ${page}`);
    this.#last = { entry: { kind, address }, end };
  }

  /** The second half of an instruction's fetch is that of the next page, with nothing in between. */
  #isSecondHalf(address: number): boolean {
    const before = this.#attempt.at(-1);
    return (
      address % 4096 === 0 &&
      before?.kind === 'fetch' &&
      before.address === address - 2 &&
      this.#parts.isLong(before.address)
    );
  }

  #compareRetry(): void {
    const at = this.#attempt.length - 1;
    const before = this.#expected[at];
    const now = this.#attempt[at]!;
    if (before !== undefined && (before.kind !== now.kind || before.address !== now.address))
      this.#complain(`a retry looks up ${now.address.toString(16)} and not ${before.address.toString(16)}`);
  }

  #miss(tlb: NaiveListTlb | undefined, { kind, address, asid, found }: Entry): 'tlb-miss' | undefined {
    this.counts[kind === 'fetch' ? 'instructionMisses' : 'dataMisses']++;
    if (this.#attempt.length < this.#expected.length) this.ownMisses++;
    const page = pageOf(address);
    this.counts.reads += this.#parts.reads(this.#space, page);
    if (this.#parts.refill === 'software') return 'tlb-miss';
    const dirty = kind === 'store' || this.#dirty.has(`${this.#space} ${page}`);
    // What the walker has found it knows itself; a store that may not be is not found.
    if (found) tlb?.insert(asid, page, { dirty, writable: true });
    return undefined;
  }

  #hit(held: Held, { kind, address, found }: Entry): 'tlb-modify' | undefined {
    if (kind !== 'store' || held.flags.dirty || !held.flags.writable) return undefined;
    if (this.#parts.refill === 'software') return this.#modify(address);
    if (!found) return undefined;
    held.flags.dirty = true;
    this.#modify(address);
    return undefined;
  }

  #modify(address: number): 'tlb-modify' {
    this.counts.cleanStores++;
    this.counts.reads += this.#parts.reads(this.#space, pageOf(address));
    return 'tlb-modify';
  }

  #end(
    process: number,
    { cause, access, address, pc }: { cause: string; access: Kind; address: number; pc: number },
  ): void {
    const last = this.#last;
    const isStop = cause === 'tlb-miss' || cause === 'tlb-modify' || cause === 'page-fault';
    if (isStop) this.#stopped.set(process, { pc, attempt: this.#attempt });
    this.#filler = 'miss';
    if (last?.end !== undefined && last.end !== cause) this.#complain(`${cause} in the place of ${last.end}`);
    if (!cause.startsWith('tlb-')) return;
    if (last?.end !== cause) this.#complain(`${cause} without a reason`);
    if (last?.entry.kind !== access || last.entry.address !== address)
      this.#complain(`${cause} for ${access} ${address.toString(16)}`);
  }
}
