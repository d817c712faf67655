/**
 * The translation of one address: by the registers, as the hardware would, and what is done when that fails. The TLB holds
 * what the registers say, a page at a time; a page that a bound cuts in two is held with its bound, so that the check
 * stays exact to the byte.
 *
 *   address ──▶ all pieces in memory? ──▶ registers ─┬─▶ file not read yet? ──▶ TLB
 *                 └ no: bring in, wait               └─▶ below a stack? grow ─▶ again
 *                                                        else SIGSEGV
 */
import { PAGE_SIZE, pageOf, roundDown, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import type { Access, MachinePort } from '../../machine/contract.ts';
import { newWalk, type SchemeFault, type Walk } from '../../translation/contract.ts';
import type { EventSink } from '../events.ts';
import { findArea, growableTo } from '../memory/areas.ts';
import { BUS_ADRERR, SEGV_ACCERR, SEGV_MAPERR, SIGBUS, SIGSEGV } from '../memory/classify.ts';
import type { Clock, Outcome } from '../memory/contract.ts';
import {
  type Area,
  type Costs,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type RootState,
  type SpaceState,
} from '../state.ts';
import type { Arrivals } from './arrivals.ts';
import { withinRange } from './fills.ts';
import type { Pieces } from './pieces.ts';
import { endOf, translate } from './registers.ts';
import { type SegmentRules, segmentReach } from './rules.ts';
import type { Spaces } from './spaces.ts';
import type { Piece, SegmentsState } from './state.ts';

export interface MissParts {
  readonly root: RootState;
  readonly state: SegmentsState;
  readonly rules: SegmentRules;
  readonly machine: MachinePort;
  readonly spaces: Spaces;
  readonly pieces: Pieces;
  readonly arrivals: Arrivals;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly costs: Pick<Costs, 'fault' | 'trap'>;
}

export interface Attempt {
  readonly space: SpaceState;
  readonly address: VirtualAddress;
  readonly access: Access;
  readonly pc: VirtualAddress;
  readonly by: 'guest' | 'kernel';
}

/** Where an address leads, and up to which address what holds it goes on; or why it leads nowhere yet, or never. */
export type Reached =
  | { readonly kind: 'there'; readonly physical: number; readonly end: number; readonly protection: number }
  | Exclude<Outcome, { readonly kind: 'resumed' }>;

/** Flags of a TLB entry, as Sv39 has them. */
const VALID = 1;
const READ = 2;
const WRITE = 4;
const EXECUTE = 8;
const USER = 16;
const ACCESSED = 64;
const DIRTY = 128;

export class Misses {
  readonly #parts: MissParts;
  readonly #walk: Walk = newWalk();

  constructor(parts: MissParts) {
    this.#parts = parts;
  }

  /** The TLB lacks a page: fills it, or says what has to come first. */
  fill(attempt: Attempt): Outcome {
    const { machine } = this.#parts;
    const reached = this.reach(attempt);
    if (reached.kind !== 'there') return reached;
    const { space, address, access } = attempt;
    const first = roundDown(address);
    const frame = (roundDown(reached.physical) / PAGE_SIZE) as Parameters<MachinePort['setSpace']>[0];
    const to = Math.min(PAGE_SIZE, reached.end - first);
    const entry = { frame, flags: flagsOf(reached.protection) };
    machine.fillTlb(
      space.asid,
      pageOf(address),
      access,
      to === PAGE_SIZE ? entry : { ...entry, from: 0, to },
    );
    return { kind: 'resumed' };
  }

  /** The TLB holds the page, and the access is not allowed, or passes the bound that cuts it. */
  refused(attempt: Attempt): Outcome {
    const arrived = this.#parts.spaces.bringIn(attempt.space);
    if (arrived.kind !== 'resumed') return arrived;
    return this.#refuse(attempt, this.#translated(attempt).fault);
  }

  /** Translates an address that a program, or the kernel for it, accesses. */
  reach(attempt: Attempt): Reached {
    const { spaces } = this.#parts;
    const { space, address } = attempt;
    const arrived = spaces.bringIn(space);
    if (arrived.kind !== 'resumed') return arrived;
    for (;;) {
      const { fault, physical } = this.#translated(attempt);
      if (fault === undefined) return this.#contents(attempt, physical);
      const stack = fault === 'permission' ? undefined : growableTo(space.areas, address);
      if (stack === undefined) return this.#refuse(attempt, fault) as Reached;
      const grown = this.#growStack(attempt, stack);
      if (grown !== undefined) return grown;
    }
  }

  #translated({ space, address, access }: Attempt): Walk {
    translate(this.#parts.spaces.record(space.id).registers, address, access, this.#walk);
    return this.#walk;
  }

  /** What lies at a place that the registers lead to: it may have to be read first, or be lost. */
  #contents(attempt: Attempt, physical: number): Reached {
    const { pieces, arrivals, spaces, rules } = this.#parts;
    const { space, address } = attempt;
    const record = spaces.record(space.id);
    const index = rules.segmentBits === 0 ? 0 : Math.floor(address / segmentReach(rules));
    const own = record.segments.find(({ segment }) => segment === index)!;
    const piece = pieces.of(own.piece);
    const page = roundDown(address);
    const lost = piece.lost.get(page / PAGE_SIZE);
    if (lost !== undefined) return this.#lost(attempt, lost);
    if (this.#isAwaited(piece, page)) {
      const pending = arrivals.pendingFor(piece, 'file') ?? this.#readFiles(piece, attempt);
      return pending as Reached;
    }
    this.#relocate(space, piece);
    return {
      kind: 'there',
      physical,
      end: endOf(record.registers, rules, address),
      protection: own.protection,
    };
  }

  #isAwaited(piece: Piece, page: number): boolean {
    if (piece.fills.length === 0) return false;
    const isImage = this.#parts.rules.scheme.addresses === 'physical';
    // A program that is rewritten is read as a whole before any of it is used.
    return isImage || withinRange(piece.fills, page, page + PAGE_SIZE).length > 0;
  }

  #readFiles(piece: Piece, { space, pc }: Attempt): Outcome {
    const { arrivals, state, events } = this.#parts;
    state.counters.majorFaults++;
    const outcome = arrivals.fromFiles(piece, space.id);
    if (events.watched) events.emit({ type: 'segment-read', space: space.id, segment: piece.segment, pc });
    return outcome;
  }

  /** The loader's last work: addresses in the program become those where it lies. */
  #relocate({ id }: SpaceState, piece: Piece): void {
    const { spaces, machine, pieces, state } = this.#parts;
    const record = spaces.record(id);
    if (record.relocations === undefined) return;
    const { at, values } = record.relocations;
    for (const [i, address] of at.entries()) {
      const place = pieces.physical(piece, address);
      machine.ramView.setBigUint64(place, BigInt(values[i]!), true);
      pieces.wrote(place, 8);
    }
    state.figures.relocated += at.length;
    record.relocations = undefined;
  }

  /** Makes a stack's segment reach down to an address. */
  #growStack({ space, address, by }: Attempt, stack: Area): Reached | undefined {
    const { spaces, clock, costs, state } = this.#parts;
    const start = virtualAddress(roundDown(address));
    const areas = structuredClone(space.areas);
    areas[space.areas.indexOf(stack)]!.start = start;
    const failure = spaces.reserve(space, { areas, brk: space.brk, brkStart: space.brkStart });
    if (failure !== undefined) {
      spaces.settle(space);
      return failure;
    }
    stack.start = start;
    spaces.settle(space);
    state.figures.stackGrowths++;
    // The miss that led here was no more than a look at registers; this takes the kernel.
    if (by === 'guest') clock.charge('traps', costs.trap);
    clock.charge('faults', costs.fault);
    return undefined;
  }

  #refuse(attempt: Attempt, fault: SchemeFault | undefined): Outcome {
    const isDenied = fault === 'permission';
    this.#count(attempt, isDenied ? 'protection' : 'invalid');
    const code = isDenied ? SEGV_ACCERR : SEGV_MAPERR;
    const detail = `${accessLine(attempt)}${this.#why(attempt, fault)} (pc 0x${attempt.pc.toString(16)})`;
    return { kind: 'signal', signal: SIGSEGV, code, address: attempt.address, detail };
  }

  #lost(attempt: Attempt, why: string): Reached {
    const { state, root } = this.#parts;
    const { refused } = state.counters;
    refused[root.running] ??= { signals: 0, calls: 0 };
    refused[root.running]![attempt.by === 'guest' ? 'signals' : 'calls']++;
    const detail = `${accessLine(attempt)}, ${why} (pc 0x${attempt.pc.toString(16)})`;
    return { kind: 'signal', signal: SIGBUS, code: BUS_ADRERR, address: attempt.address, detail };
  }

  #count({ space, address, access, pc, by }: Attempt, name: 'invalid' | 'protection'): void {
    const { state, events } = this.#parts;
    state.counters.faults[name] = (state.counters.faults[name] ?? 0) + 1;
    if (events.watched) events.emit({ type: 'fault', space: space.id, address, access, by, case: name, pc });
  }

  #why({ space, address, access }: Attempt, fault: SchemeFault | undefined): string {
    const { rules, spaces } = this.#parts;
    const { registers } = spaces.record(space.id);
    if (registers.kind === 'one') return `, past the bound 0x${registers.one.bounds.toString(16)}`;
    const index = Math.floor(address / segmentReach(rules));
    const segment = registers.table.segments[index];
    const name = findArea(space.areas, address)?.name ?? '';
    const where = `segment ${index}${name === '' ? '' : ` (${name})`}`;
    if (fault === 'canonical address') return `, which has more than ${rules.addressBits} bits`;
    if (segment === undefined) return ` in segment ${index}, which has no memory`;
    if (fault === 'permission') return ` in ${where}, which may not be ${PARTICIPLE[access]}`;
    return `, outside of segment ${index}, which has 0x${segment.size.toString(16)} bytes`;
  }
}

const PARTICIPLE: Record<Access, string> = { load: 'read', store: 'written', fetch: 'executed' };
const PREPOSITION: Record<Access, string> = { load: 'load from', store: 'store to', fetch: 'fetch from' };
const accessLine = ({ access, address }: Attempt): string =>
  `${PREPOSITION[access]} 0x${address.toString(16)}`;

/** Everything is as good as used and written: nobody asks. */
function flagsOf(protection: number): number {
  let flags = VALID | USER | ACCESSED;
  if ((protection & PROT_READ) !== 0) flags |= READ;
  if ((protection & PROT_WRITE) !== 0) flags |= WRITE | DIRTY;
  if ((protection & PROT_EXEC) !== 0) flags |= EXECUTE;
  return flags;
}
