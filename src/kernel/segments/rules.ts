/**
 * Memory in contiguous pieces: three schemes, one mechanism.
 *
 *                  registers             rights       stack                  addresses
 *   base-bounds    one base and bounds   none         set aside in the piece translated
 *   segmented      2 to 16 segments      by segment   a segment that grows   translated
 *   relocated      none                  none         set aside in memory    physical, rewritten by the loader
 *
 * (Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", ch. 15 and 16.)
 */

export type SchemeName = 'base-bounds' | 'segmented' | 'relocated';

export interface Scheme {
  readonly name: SchemeName;
  readonly summary: string;
  /** Whether registers say what may be done to a segment; without, anything goes inside of the bounds. */
  readonly rights: 'by segment' | 'none';
  /** The stack has a segment that grows when it is touched, or all that it may ever have from the beginning. */
  readonly stack: 'grows' | 'set aside';
  /** Translated: the kernel may put a piece anywhere, and move it. Physical: one program, where it was loaded. */
  readonly addresses: 'translated' | 'physical';
}

export const schemes: Readonly<Record<SchemeName, Scheme>> = {
  'base-bounds': {
    name: 'base-bounds',
    summary: 'one piece a process, a base and a bounds register (dynamic relocation)',
    rights: 'none',
    stack: 'set aside',
    addresses: 'translated',
  },
  segmented: {
    name: 'segmented',
    summary: 'top address bits select a segment with a base, a size and rights of its own',
    rights: 'by segment',
    stack: 'grows',
    addresses: 'translated',
  },
  relocated: {
    name: 'relocated',
    summary: 'the loader rewrites the program to its physical address; no translation, no protection',
    rights: 'none',
    stack: 'set aside',
    addresses: 'physical',
  },
};

export interface SegmentRules {
  readonly scheme: Scheme;
  /** Bits of an address of the program, 20 to 38. */
  readonly addressBits: number;
  /** Of these, the top ones that select the segment: 1 to 4 when segmented, else 0. */
  readonly segmentBits: number;
  /** Bytes that a piece with a heap gets beyond what is needed, so that it need not be moved each time it grows. */
  readonly room: number;
  /** Most bytes of the stack; where it is set aside, all of them. */
  readonly stack: number;
  /** Physical address for the program's first byte, when relocated. */
  readonly loadAt: number;
  /** Virtual time between moves of pieces for no reason but to show that they can be, ns. */
  readonly moveEvery: number | undefined;
}

/** Bytes that one segment can have. */
export const segmentReach = ({ addressBits, segmentBits }: SegmentRules): number =>
  2 ** (addressBits - segmentBits);
