/**
 * Branded numbers: plain JavaScript numbers at run time, distinct types at compile time, so that a page
 * number is never passed where a frame number is meant. All are exact integers below 2^53.
 */
declare const brand: unique symbol;
export type Branded<Name extends string> = number & { readonly [brand]: Name };

/** A byte address in a process's address space. User addresses of Sv39 are below 2^38. */
export type VirtualAddress = Branded<'VirtualAddress'>;
/** A byte address in RAM, counted from the first byte of frame 0. */
export type PhysicalAddress = Branded<'PhysicalAddress'>;
/** Virtual page number: virtual address / 4096. */
export type Vpn = Branded<'Vpn'>;
/** Page frame number: physical address / 4096. */
export type Frame = Branded<'Frame'>;
/** Process identifier, from 1. */
export type Pid = Branded<'Pid'>;
/** Index of an address space in the kernel's state; threads share one. */
export type SpaceId = Branded<'SpaceId'>;
/** Index of a page-sized slot of swap space, from 0. */
export type Slot = Branded<'Slot'>;
/** Virtual time in nanoseconds. */
export type Nanoseconds = Branded<'Nanoseconds'>;

/** Where a position in a trace is meant: the page is not referenced again. Later than every position. */
export const NEVER = 0xffff_ffff;

/** Owner of pages that no process has mapped. */
export const NOBODY = -1;

/** What a placement policy gives when no hole is large enough. */
export const NO_HOLE = -1;

export const PAGE_BITS = 12;
export const PAGE_SIZE = 4096;

export const virtualAddress = (n: number) => n as VirtualAddress;
export const physicalAddress = (n: number) => n as PhysicalAddress;
export const vpn = (n: number) => n as Vpn;
export const frame = (n: number) => n as Frame;
export const pid = (n: number) => n as Pid;
export const spaceId = (n: number) => n as SpaceId;
export const slot = (n: number) => n as Slot;
export const nanoseconds = (n: number) => n as Nanoseconds;

/** The page that an address lies in. */
export const pageOf = (address: VirtualAddress): Vpn => Math.floor(address / PAGE_SIZE) as Vpn;
/** The first address of a page. */
export const addressOf = (page: Vpn): VirtualAddress => (page * PAGE_SIZE) as VirtualAddress;
/** Byte offset of an address inside its page, 0 to 4095. */
export const offsetInPage = (address: number): number => address % PAGE_SIZE;
export const roundDown = (address: number): number => address - (address % PAGE_SIZE);
export const roundUp = (address: number): number => roundDown(address + PAGE_SIZE - 1);
