/** Builds small ELF files for tests: a header, program headers, and bytes for each segment. */

export interface TestSegment {
  type?: number;
  flags?: number;
  offset?: number;
  address?: number;
  fileBytes?: number;
  memoryBytes?: number;
  alignment?: number;
}

export interface TestElf {
  type?: number;
  machine?: number;
  flags?: number;
  entry?: number;
  segments?: TestSegment[];
  /** Size of the whole file. */
  bytes?: number;
}

/** A valid program unless told otherwise: 4 KiB of code at 0x10000 and 8 bytes of data with 16 KiB of bss after. */
export function elfFile(options: TestElf = {}): Uint8Array {
  const segments = options.segments ?? [
    { flags: 5, offset: 0, address: 0x10000, fileBytes: 0x1000, memoryBytes: 0x1000 },
    { flags: 6, offset: 0x1010, address: 0x12010, fileBytes: 8, memoryBytes: 0x4000 },
  ];
  const bytes = new Uint8Array(options.bytes ?? 0x2000);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
  view.setUint16(16, options.type ?? 2, true);
  view.setUint16(18, options.machine ?? 243, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(options.entry ?? 0x10100), true);
  view.setBigUint64(32, 64n, true);
  view.setUint32(48, options.flags ?? 5, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, segments.length, true);
  segments.forEach((segment, i) => {
    const at = 64 + i * 56;
    view.setUint32(at, segment.type ?? 1, true);
    view.setUint32(at + 4, segment.flags ?? 4, true);
    view.setBigUint64(at + 8, BigInt(segment.offset ?? 0), true);
    view.setBigUint64(at + 16, BigInt(segment.address ?? 0), true);
    view.setBigUint64(at + 32, BigInt(segment.fileBytes ?? 0), true);
    view.setBigUint64(at + 40, BigInt(segment.memoryBytes ?? segment.fileBytes ?? 0), true);
    view.setBigUint64(at + 48, BigInt(segment.alignment ?? 0x1000), true);
  });
  return bytes;
}

/** The same with some of its header's bytes replaced. */
export function patched(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}
