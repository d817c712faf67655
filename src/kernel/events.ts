/**
 * The one ordered stream of what happens. Reports, timelines, recordings and the lab are observers of it.
 * Emitters test `events.watched` first, so that nobody watching costs nothing.
 */
import type { Frame, Nanoseconds, Pid, Slot, SpaceId, VirtualAddress, Vpn } from '../base/numbers.ts';
import type { Access } from '../machine/contract.ts';
import type { PageKey } from '../policies/replacement/contract.ts';
import type { ForkMode } from './memory/contract.ts';
import type { SplitCause } from './memory/superpage-state.ts';

export type FaultCase =
  | 'zero'
  | 'file'
  | 'swapped'
  | 'copy-on-write'
  | 'spurious'
  | 'invalid'
  | 'protection'
  | 'mapped'
  | 'first-use'
  | 'first-write'
  | 'rescue'
  | 'table';

/** A frame looked at for a decision, and what was known of it. */
export interface Candidate {
  readonly frame: Frame;
  readonly known: Readonly<Record<string, number | boolean | string>>;
}

export type KernelEvent = { readonly time: Nanoseconds; readonly pid: Pid } & (
  | { readonly type: 'exec'; readonly path: string; readonly argv: readonly string[] }
  | { readonly type: 'exit'; readonly status: number; readonly signal: number }
  /** A process or a thread was made; the event's own process made it. */
  | {
      readonly type: 'clone';
      readonly child: Pid;
      readonly kind: 'process' | 'thread';
      readonly space: SpaceId;
    }
  /** A child that had ended was waited for, or nobody would. */
  | { readonly type: 'reap'; readonly child: Pid }
  /** The process has the processor from now on; what the scheduling policy knows of it. */
  | { readonly type: 'switch'; readonly known: Readonly<Record<string, number | string>> }
  /** Load control suspended a process or let it go on; the pages that it had used lately, and how many were swapped out. */
  | {
      readonly type: 'load';
      readonly change: 'suspended' | 'resumed';
      readonly suspended: Pid;
      readonly workingSet: number;
      readonly pages: number;
    }
  /** The program accessed what is watched. */
  | { readonly type: 'access'; readonly kind: 'load' | 'store'; readonly address: VirtualAddress }
  /** It waits, and what for. */
  | { readonly type: 'block'; readonly reason: string }
  /** A process is in another state from now on. */
  | {
      readonly type: 'state';
      readonly process: Pid;
      readonly state: 'ready' | 'running' | 'blocked' | 'zombie';
    }
  | { readonly type: 'trap'; readonly cause: string; readonly pc: VirtualAddress }
  /** A page fault and how it was classified; `access` made by the guest or by the kernel for it. */
  | {
      readonly type: 'fault';
      readonly space: SpaceId;
      readonly address: VirtualAddress;
      readonly access: 'fetch' | 'load' | 'store';
      readonly by: 'guest' | 'kernel';
      readonly case: FaultCase;
      readonly pc: VirtualAddress;
    }
  /** A page that is not in memory was asked for, in the fault before it or by a fork; the process waits for it. */
  | {
      readonly type: 'request';
      readonly kind: 'swap-in' | 'file-in';
      readonly space: SpaceId;
      readonly vpn: Vpn;
      readonly page: PageKey;
      readonly pc: VirtualAddress;
    }
  /** An entry leads to a page in memory; and the program gave one up (eviction is told by `evict` alone). */
  | {
      readonly type: 'map';
      readonly space: SpaceId;
      readonly vpn: Vpn;
      readonly frame: Frame;
      readonly page: PageKey;
    }
  /** A page has left its resident set, and stays in its frame for now. */
  | { readonly type: 'set-aside'; readonly frame: Frame; readonly page: PageKey }
  /** A page that had stayed in its frame for its next use is accessible again. */
  | { readonly type: 'reveal'; readonly space: SpaceId; readonly vpn: Vpn; readonly frame: Frame }
  | {
      readonly type: 'unmap';
      readonly space: SpaceId;
      readonly vpn: Vpn;
      readonly frame: Frame;
      readonly page: PageKey;
    }
  /** An address space was copied: pages that both have now, and pages that the child has copies of. */
  | {
      readonly type: 'fork';
      readonly space: SpaceId;
      readonly child: SpaceId;
      readonly mode: ForkMode;
      readonly shared: number;
      readonly copied: number;
    }
  /** A write to a page that was shared: to a copy in `frame` from now on, or in place because nobody else has it. */
  | {
      readonly type: 'copy-on-write';
      readonly space: SpaceId;
      readonly vpn: Vpn;
      readonly frame: Frame;
      readonly how: 'copied' | 'taken-over';
    }
  /** A victim was chosen, and why. `written`: to swap, to its file, or dropped because it was clean. */
  | {
      readonly type: 'evict';
      readonly frame: Frame;
      readonly page: PageKey;
      readonly incoming: PageKey;
      readonly written: 'swap' | 'file' | 'dropped';
      readonly policy: string;
      readonly why: readonly Candidate[];
    }
  | { readonly type: 'swap-out'; readonly slot: Slot; readonly frame: Frame; readonly page: PageKey }
  | { readonly type: 'swap-in'; readonly slot: Slot; readonly frame: Frame; readonly page: PageKey }
  | { readonly type: 'file-in'; readonly path: string; readonly index: number; readonly frame: Frame }
  | { readonly type: 'file-out'; readonly path: string; readonly index: number; readonly frame: Frame }
  | {
      readonly type: 'table';
      readonly space: SpaceId;
      readonly frame: Frame;
      /** `evicted`: written to swap, before its frame is freed; `returned`: read back into another. */
      readonly change: 'allocated' | 'freed' | 'evicted' | 'returned';
    }
  /** Pages from `vpn` on are mapped by one entry, or are no more: `freed` all together, else why it was split. */
  | {
      readonly type: 'superpage';
      readonly space: SpaceId;
      readonly vpn: Vpn;
      readonly frame: Frame;
      readonly pages: number;
      readonly change: 'mapped' | 'joined' | 'freed' | SplitCause;
    }
  | { readonly type: 'store-failure'; readonly slot: Slot; readonly failure: string; readonly detail: string }
  | {
      readonly type: 'refill';
      readonly space: SpaceId;
      readonly vpn: Vpn;
      readonly access: Access;
      /** Words that the look-up took. */
      readonly reads: number;
    }
  | { readonly type: 'flush'; readonly what: 'page' | 'space' | 'all'; readonly entries: number }
  | {
      readonly type: 'system-call';
      readonly number: number;
      readonly name: string;
      readonly result: number;
      readonly shown?: string;
    }
  | {
      readonly type: 'signal';
      readonly signal: number;
      readonly code: number;
      readonly address: VirtualAddress;
      readonly action: string;
    }
  | { readonly type: 'out-of-memory'; readonly detail: string }
  /** Base and size of each segment of the space that the processor translates in from now on; see segments/. */
  | {
      readonly type: 'registers';
      readonly space: SpaceId;
      /** They were put there for another process, or they lead elsewhere for the same one. */
      readonly why: 'switch' | 'changed';
      readonly registers: readonly { readonly base: number; readonly size: number }[];
    }
  /** A piece of memory came, went, or has other frames; `from`: where it was before it moved, and why it did. */
  | {
      readonly type: 'piece';
      readonly change: 'placed' | 'removed' | 'resized' | 'moved';
      readonly piece: number;
      readonly segment: number;
      readonly start: Frame;
      readonly frames: number;
      readonly spaces: readonly SpaceId[];
      readonly from?: number;
      readonly why?: 'grown' | 'compacted' | 'asked';
    }
  /** Pieces were moved together, because no hole had `wanted` frames though `free` were. */
  | {
      readonly type: 'compaction';
      readonly wanted: number;
      readonly free: number;
      readonly largestBefore: number;
      readonly largestAfter: number;
      readonly moved: number;
      readonly pages: number;
      readonly took: number;
    }
  /** A whole process left memory, or came back. */
  | {
      readonly type: 'roll';
      readonly direction: 'out' | 'in';
      readonly space: SpaceId;
      readonly pages: number;
    }
  /** What a segment shows of files is read. */
  | {
      readonly type: 'segment-read';
      readonly space: SpaceId;
      readonly segment: number;
      readonly pc: VirtualAddress;
    }
);

/** An event before the stream stamps it with time and process. */
export type EventBody = KernelEvent extends infer E
  ? E extends KernelEvent
    ? Omit<E, 'time' | 'pid'>
    : never
  : never;

export type Observer = (event: KernelEvent) => void;

/** Where parts of the kernel put what happened. */
export interface EventSink {
  /** False when nobody observes: do not even build the event. */
  readonly watched: boolean;
  emit(event: EventBody): void;
}
