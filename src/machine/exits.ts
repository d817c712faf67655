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
  /** Inside the machine only: the record at pc has to be predecoded … */
  decode: 8,
  /** … a whole page's records have to be made room for … */
  codePage: 9,
  /** … or an instruction across two pages has to be decoded. */
  decodeCrossing: 10,
} as const;

export const ACCESS = { fetch: 0, load: 1, store: 2 } as const;
