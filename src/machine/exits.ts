/** How generated code tells why it stopped. Numbers, because WebAssembly returns them. */
export const EXIT = {
  none: 0,
  timer: 1,
  systemCall: 2,
  breakpoint: 3,
  illegal: 4,
  pageFault: 5,
  misaligned: 6,
  ringFull: 7,
  /** With a TLB that software refills: it lacks the page … */
  tlbMiss: 8,
  /** … or holds a page that may be written and is clean. */
  tlbModify: 9,
  /** Inside the machine only: the record at pc has to be predecoded … */
  decode: 10,
  /** … a whole page's records have to be made room for … */
  codePage: 11,
  /** … or an instruction across two pages has to be decoded. */
  decodeCrossing: 12,
} as const;

export const ACCESS = { fetch: 0, load: 1, store: 2 } as const;
